"""What a network is, apart from its parameters: checked, settled, immutable, and the same after pickling.

Knows how the core is told of it, what its outputs mean (outputs.py), and which data fit it (fastmlp/_checks).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._checks.arguments import check_class_weight_labels, check_dtype, check_flag, check_integer, check_real
from fastmlp._checks.arrays import check_data, check_sample_weight
from fastmlp._checks.targets import check_targets
from fastmlp._model.class_weight import weigh_classes
from fastmlp._model.indexed_rows import IndexedRows
from fastmlp._model.outputs import Meaning, meaning_of_outputs
from fastmlp._model.samples import NAMES, Data, Samples
from fastmlp._model.sparse_rows import SparseRows
from fastmlp._model.stack import Placed, check_stack, embedding_of, placed, scaling_of, shapes_of
from fastmlp.activations import Activation, Identity, Softmax
from fastmlp.embeddings import Embedding
from fastmlp.layers import MAX_UNITS, Layer, WeightedLayer
from fastmlp.losses import Loss, resolve_loss
from fastmlp.scalings import Scaling, Standardize

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Architecture:
    """The arguments of a Network, with nothing left open: penalties stand in the layers, the seed is drawn."""

    n_inputs: int
    layers: tuple[Layer, ...]  # the user's list; what a scaling learns is the model's
    loss: Loss
    dtype: np.dtype[Any]
    seed: int
    target_scaling: Standardize | None = None  # as given; what it learns is the model's
    seed_is_drawn: bool = field(default=False, compare=False)  # nobody has asked for this one

    @classmethod
    def of(
        cls,
        n_inputs: int,
        layers: Iterable[Layer],
        *,
        loss: str | Loss | None = None,
        dtype: npt.DTypeLike = "float32",
        seed: int | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        scale_targets: bool | Standardize = False,
    ) -> Architecture:
        """Check and settle the arguments."""
        n_inputs = check_integer(n_inputs, "n_inputs", minimum=1, maximum=MAX_UNITS)
        l1, l2 = check_real(l1, "l1", minimum=0.0), check_real(l2, "l2", minimum=0.0)
        settled = tuple(_with_penalties(layer, l1, l2) for layer in check_stack(layers, n_inputs))
        last = placed(settled)[-1].layer
        resolved = resolve_loss(loss, last.activation_object)
        # one output tells two classes apart
        check_class_weight_labels(resolved.class_weight, max(last.units, 2))
        target_scaling = _settled_target_scaling(scale_targets, resolved, last)
        is_drawn = seed is None
        seed = int.from_bytes(os.urandom(8), "little") if seed is None else seed
        return cls(
            n_inputs,
            settled,
            resolved,
            check_dtype(dtype),
            check_integer(seed, "seed", minimum=0, maximum=2**64 - 1),
            target_scaling,
            is_drawn,
        )

    @cached_property
    def placed(self) -> tuple[Placed, ...]:
        """The layers with weights, and what is done to their inputs."""
        return tuple(placed(self.layers))

    @property
    def scaling(self) -> Scaling | None:
        """The scaling of the inputs, as given."""
        return scaling_of(self.layers)

    @property
    def embedding(self) -> Embedding | None:
        """The embedding of the inputs, as given."""
        return embedding_of(self.layers)

    @property
    def n_outputs(self) -> int:
        """Units of the last layer."""
        return self.placed[-1].layer.units

    @property
    def last_activation(self) -> Activation:
        """That of the outputs."""
        return self.placed[-1].layer.activation_object

    @cached_property
    def meaning(self) -> Meaning:
        """What the outputs mean; kept, because finding out takes longer than predicting a row."""
        return meaning_of_outputs(self.last_activation, self.loss, self.n_outputs)

    @property
    def shapes(self) -> list[tuple[tuple[int, int], tuple[int]]]:
        """Of the weights and the bias of each layer."""
        return shapes_of(self.n_inputs, self.placed)

    @property
    def rate_factors(self) -> list[tuple[float, float]]:
        """Factors on the learning rate of each layer's weights and bias."""
        return [layer.rate_factors for layer, _ in self.placed]

    @property
    def has_rate_factors(self) -> bool:
        """Whether any of these is not 1."""
        return any(factors != (1.0, 1.0) for factors in self.rate_factors)

    def new_core(self, dtype: npt.DTypeLike) -> _core.Network32:
        """Return a network of the core, with weights of zero and no scaling of its inputs."""
        kind = _core.Network32 if np.dtype(dtype) == np.float32 else _core.Network64
        embedding = self.embedding
        n_first = self.n_inputs if embedding is None else embedding.width_of(self.n_inputs)
        sizes = pairwise([n_first, *(layer.units for layer, _ in self.placed)])
        return kind(
            n_inputs=self.n_inputs,
            layers=[_spec(part, n_in, units) for part, (n_in, units) in zip(self.placed, sizes, strict=True)],
            loss=self.loss.core_name(self.last_activation),
            loss_parameter=self.loss.parameter,
            loss_formula=self.loss.formula,
            embedding=None if embedding is None else embedding.for_core,
        )

    def check(
        self,
        X: Data,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        names: tuple[str, str, str] = NAMES,
    ) -> Samples:
        """Return data, targets and weights as the core takes them; an error calls the three by these names.

        Targets that are scaled are in float64 and in the user's units: see ``Model.for_core``.
        """
        if isinstance(X, SparseRows | IndexedRows):
            data: Array | SparseRows | IndexedRows = X
        else:
            data = check_data(X, self.n_inputs, self.dtype, names[0])
        targets = self.check_targets(y, len(data), (names[0], names[1]))
        weights = check_sample_weight(sample_weight, len(data), names[2], names[0])
        weights = weigh_classes(self.loss.class_weight, targets, weights, names[1])
        return Samples(data, targets, weights)

    def check_targets(self, y: npt.ArrayLike, rows: int, names: tuple[str, str] = ("X", "y")) -> Array:
        """Return the targets of so many rows as the core takes them, or values in float64 that are to be scaled."""
        targets = check_targets(
            y,
            rows,
            self.n_outputs,
            np.dtype(np.float64) if self.target_scaling else self.dtype,
            takes=self.loss.takes,
            add_up=isinstance(self.last_activation, Softmax),
            loss=self.loss.name,
            names=names,
        )
        if self.target_scaling and targets.ndim == 1:
            raise ValueError(
                f"{names[1]} holds labels, but scale_targets is for values: give rows of shape "
                f"({rows}, {self.n_outputs}), or build the network without it."
            )
        return targets.astype(np.float64, copy=False) if self.target_scaling else targets


def _settled_target_scaling(given: bool | Standardize, loss: Loss, last: WeightedLayer) -> Standardize | None:
    """Return the scaling of targets, None for none; one after which loss or outputs mean something else is refused."""
    if not isinstance(given, Standardize):
        if not check_flag(given, "scale_targets", or_else=", or Standardize with the numbers of the targets"):
            return None
        given = Standardize()
    if loss.degree == 0:
        raise ValueError(
            f"scale_targets is for losses of values, but the loss is {loss.name!r}: "
            "use 'mse', 'mae', 'huber' or 'quantile', or leave scale_targets out."
        )
    if not isinstance(last.activation_object, Identity):
        raise ValueError(
            f"scale_targets needs 'identity' in the last layer, which has {last.activation_object.name!r}: "
            "change that activation, or leave scale_targets out."
        )
    if given.n_columns not in (None, last.units):
        raise ValueError(
            f"scale_targets has numbers for {given.n_columns} columns, but the network has {last.units} outputs: "
            "give one mean and one deviation for each output."
        )
    return given


def _with_penalties(layer: Layer, l1: float, l2: float) -> Layer:
    """Return a layer with the network's penalties where it has none of its own."""
    if not isinstance(layer, WeightedLayer):
        return layer
    own: Any = layer
    settled: Layer = replace(own, l1=l1 if layer.l1 is None else layer.l1, l2=l2 if layer.l2 is None else layer.l2)
    return settled


def _spec(part: Placed, n_in: int, units: int) -> _core.LayerSpec:
    """Return what the core is told of a layer with weights."""
    initializer = part.layer.initializer_object
    draw = None if initializer is None else initializer.draw(n_in, units)
    return _core.LayerSpec(**part.core_settings, draw=draw)
