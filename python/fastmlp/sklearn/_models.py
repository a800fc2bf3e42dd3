"""All that the estimators do with a Network beyond its public methods: this file alone touches its private parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy.typing as npt

from fastmlp._model.architecture import Architecture
from fastmlp._model.outputs import Meaning
from fastmlp.network import Network
from fastmlp.runtime import thread_limit

Array = npt.NDArray[Any]


def check_idle(network: Network) -> None:
    """Refuse, by RuntimeError, a network that is in ``fit``."""
    network._guard.check_idle()


def architecture_of(network: Network) -> Architecture:
    """Return what the network is, apart from its parameters."""
    return network._architecture


def with_architecture(network: Network, architecture: Architecture, *, keeps_optimizer: bool) -> Network:
    """Return another network of this architecture, of the same sizes, with the weights of this one.

    With the optimizer's state only where that is asked for and of the same dtype; what a scaling learned is kept unless
    another scaling is asked for.
    """
    old = network._architecture
    state = network.__getstate__() | {"architecture": architecture}
    if not keeps_optimizer or architecture.dtype != old.dtype:
        state["optimizer_state"] = None
    if architecture.scaling != old.scaling:
        state["scaling"] = architecture.scaling
    same = Network.__new__(Network)
    same.__setstate__(state)
    return same


@contextmanager
def unchanged_on_failure(network: Network) -> Iterator[None]:
    """Give a network that is trained inside the block its weights and optimizer back, where the block fails.

    Weights and optimizer state are copied, not the network: it stays the object that the estimator has, and building
    another takes ten times as long, a tenth of the ``partial_fit`` of a small batch.
    """
    parameters, optimizer_state = network.get_parameters(), network._core.optimizer_state()
    epochs_trained = network._epochs_trained
    try:
        yield
    except BaseException:
        # a fit of another thread, if one is running now, is why this one was refused: nothing has changed then
        with suppress(RuntimeError):
            network._guard.check_idle()
            network._write(parameters)
            network._core.set_optimizer_state(optimizer_state)
            network._epochs_trained = epochs_trained
        raise


def plain_outputs(network: Network, X: Array) -> Array | None:
    """Return the outputs for an ordinary array that the core finds right, else None: scikit-learn checks it then."""
    outputs: Array | None = network._core.plain_outputs(X=X, threads=thread_limit())
    return outputs


def meaning_of(network: Network) -> Meaning:
    """Return what the outputs stand for."""
    return network._architecture.meaning


def l2_of(network: Network) -> float:
    """Return the l2 of the first layer, which in the network of an estimator is that of all."""
    return network._architecture.penalties(0)[1]
