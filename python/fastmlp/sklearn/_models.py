"""What the estimators do with a network beyond the methods that users have: on its ``Model``, in one place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse
from sklearn.base import BaseEstimator

from fastmlp._checks.arrays import check_data
from fastmlp._checks.text import brief
from fastmlp._model.architecture import Architecture
from fastmlp._model.evaluation import plain_outputs as outputs_if_plain
from fastmlp._model.outputs import Meaning
from fastmlp._model.samples import Samples
from fastmlp._model.sparse_rows import SparseRows
from fastmlp._training.arguments import FitArguments
from fastmlp._training.checkpoint import Checkpoint, check_checkpoint, told
from fastmlp._training.fingerprint import digests_of
from fastmlp._training.fit import Training, training
from fastmlp.embeddings import Embedding
from fastmlp.layers import Dense
from fastmlp.losses import MeanSquaredError
from fastmlp.network import Network, model_of, network_of
from fastmlp.runtime import thread_limit
from fastmlp.scalings import Scaling

Array = npt.NDArray[Any]
# parameters of estimators that make no training another one
NEVER_ANOTHER = ("verbose", "n_threads", "calibrate", "max_iter")


def check_idle(network: Network) -> None:
    """Refuse, by RuntimeError, a network that is in ``fit``."""
    model_of(network).guard.check_idle()


def architecture_of(network: Network) -> Architecture:
    """Return what the network is, apart from its parameters."""
    return model_of(network).architecture


def with_architecture(network: Network, architecture: Architecture, *, keeps_optimizer: bool) -> Network:
    """Return another network of this architecture, of the same sizes, with the weights of this one.

    With the optimizer's state only where that is asked for and of the same dtype; what a scaling learned is kept unless
    another scaling is asked for.
    """
    model = model_of(network).with_architecture(architecture, keeps_optimizer=keeps_optimizer)
    return network_of(model, classes=network.classes, metadata=network.metadata)


def with_scaling(network: Network, scaling: Scaling | None) -> Network:
    """Return another network with these weights, whose inputs are scaled like this, or not at all."""
    architecture = architecture_of(network)
    layers = [layer for layer in architecture.layers if not isinstance(layer, Scaling)]
    first = () if scaling is None else (scaling,)
    return with_architecture(network, replace(architecture, layers=(*first, *layers)), keeps_optimizer=False)


def with_embedding(network: Network, embedding: Embedding) -> Network:
    """Return another network with these weights, whose inputs are embedded by this in the place of what it has."""
    architecture = architecture_of(network)
    layers = tuple(embedding if isinstance(layer, Embedding) else layer for layer in architecture.layers)
    return with_architecture(network, replace(architecture, layers=layers), keeps_optimizer=False)


def training_of(network: Network, X: Any, y: Array, *, owner: Network | None = None, **settings: Any) -> Training:
    """Return what ``network.fit`` does, to be run with others; callbacks are shown the owner in its place."""
    shown = network if owner is None else owner
    return training(model_of(network), shown, X, y, FitArguments(**settings))


def text_of_samples(X: Any, targets: Array, weights: Array | None) -> str:
    """Return by what a checkpoint knows samples again, sparse or not."""
    rows = SparseRows(X.tocsr()) if issparse(X) else np.asarray(X)
    return str(digests_of(Samples(rows, np.asarray(targets), weights)))


def told_of(estimator: BaseEstimator, checkpoint: Checkpoint | None, **given: object) -> Checkpoint | None:
    """Return a checkpoint of a fit that refuses another training in the words of the estimator's user.

    ``given`` are arguments of ``fit`` of which it says no more than whether they were there.
    """
    if check_checkpoint(checkpoint) is None:
        return None
    settings = {
        name: brief(value.item() if isinstance(value, np.generic) else value)
        for name, value in estimator.get_params(deep=False).items()
        if name not in NEVER_ANOTHER
    }
    are_given = {name: "none" if value is None else "given" for name, value in given.items()}
    return told(cast(Checkpoint, checkpoint), settings | are_given)


def check_random_state_is_kept(checkpoint: Checkpoint | None, random_state: Any) -> None:
    """Refuse a checkpoint of a fit that draws anew whenever it begins."""
    if check_checkpoint(checkpoint) is not None and not isinstance(random_state, int | np.integer):
        raise ValueError(
            f"a checkpoint needs the same draws in every call, but random_state is {brief(random_state)}: "
            "give random_state=0, for example."
        )


def unchanged_on_failure(network: Network) -> AbstractContextManager[None]:
    """Give a network that is trained inside the block its weights and optimizer back, where the block fails."""
    return model_of(network).unchanged_on_failure()


def plain_outputs(network: Network, X: Array) -> Array | None:
    """Return the outputs for an ordinary array that the core finds right, else None: scikit-learn checks it then."""
    return outputs_if_plain(model_of(network), X)


def logits_of(network: Network) -> Callable[[Array], Array]:
    """Return the function of data to the last layer's pre-activations, computed by the core as all else."""
    model = model_of(network)
    architecture = model.architecture
    *layers, last = architecture.layers
    as_values = replace(
        architecture, layers=(*layers, replace(cast(Dense, last), activation="identity")), loss=MeanSquaredError()
    )
    core = model.copied_core(as_values, architecture.dtype)

    def logits(X: Array) -> Array:
        data = check_data(X, architecture.n_inputs, architecture.dtype)
        pre_activations: Array = core.forward(X=data, threads=thread_limit())
        return pre_activations

    return logits


def meaning_of(network: Network) -> Meaning:
    """Return what the outputs stand for."""
    return architecture_of(network).meaning


def l2_of(network: Network) -> float:
    """Return the l2 of the first layer, which in the network of an estimator is that of all."""
    return network.layers[0].l2
