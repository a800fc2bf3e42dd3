"""What a network is, apart from its parameters: checked, settled, immutable, and the same after pickling.

Knows the names by which the core is told of it, what its outputs mean (_outputs.py), and which data fit it
(_validation.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp import _core
from fastmlp._checks.arguments import check_class_weight_labels, check_dtype, check_integer, check_real
from fastmlp._checks.arrays import check_data, check_sample_weight, check_targets
from fastmlp._model.class_weight import weigh_classes
from fastmlp._model.outputs import Meaning, meaning_of_outputs
from fastmlp._model.scaling import columns_of
from fastmlp._model.sparse_rows import SparseRows
from fastmlp._model.stack import resolve_layers
from fastmlp.activations import Activation, Formula, Identity, core_parameter, resolve_activation
from fastmlp.initializers import Initializer, resolve_initializer
from fastmlp.layers import MAX_UNITS, AnyLayer, Dense, Maxout, Scaling, check_scaling
from fastmlp.losses import CrossEntropy, Huber, Loss, Quantile, resolve_loss

Array = npt.NDArray[Any]


def activation_of(layer: Dense | Maxout) -> Activation:
    """Return the activation of a layer; that of maxout units is the maximum itself."""
    return Identity() if isinstance(layer, Maxout) else resolve_activation(layer.activation)


def pieces_of(layer: Dense | Maxout) -> int:
    """Return the linear functions of each unit."""
    return layer.pieces if isinstance(layer, Maxout) else 1


Checked = tuple[Any, Array, Array | None]


@dataclass(frozen=True)
class Architecture:
    """The arguments of a Network, with nothing left open: penalties stand in the layers, the seed is drawn."""

    n_inputs: int
    layers: tuple[Dense | Maxout, ...]
    loss: Loss
    dtype: np.dtype[Any]
    seed: int
    dropout: tuple[float, ...]  # of the inputs of each layer
    normalizes: tuple[bool, ...]  # the inputs of each layer
    scaling: Scaling | None  # as given: what a fit learns is the network's

    @classmethod
    def of(
        cls,
        n_inputs: int,
        layers: Iterable[AnyLayer],
        loss: str | Loss | None,
        dtype: npt.DTypeLike,
        seed: int | None,
        l1: float,
        l2: float,
    ) -> Architecture:
        """Check and settle the arguments."""
        n_inputs = check_integer(n_inputs, "n_inputs", minimum=1, maximum=MAX_UNITS)
        l1, l2 = check_real(l1, "l1", minimum=0.0), check_real(l2, "l2", minimum=0.0)
        stack = resolve_layers(layers)
        settled = tuple(
            replace(layer, l1=l1 if layer.l1 is None else layer.l1, l2=l2 if layer.l2 is None else layer.l2)
            for layer in stack.dense
        )
        if stack.scaling is not None:
            check_scaling(stack.scaling, n_inputs)
        resolved = resolve_loss(loss, activation_of(settled[-1]))
        if isinstance(resolved, CrossEntropy):
            # one output tells two classes apart
            check_class_weight_labels(resolved.class_weight, max(settled[-1].units, 2))
        seed = int.from_bytes(os.urandom(8), "little") if seed is None else seed
        return cls(
            n_inputs,
            settled,
            resolved,
            check_dtype(dtype),
            check_integer(seed, "seed", minimum=0, maximum=2**64 - 1),
            stack.dropout,
            stack.normalizes,
            stack.scaling,
        )

    @property
    def n_outputs(self) -> int:
        """Units of the last layer."""
        return self.layers[-1].units

    @property
    def activations(self) -> list[Activation]:
        """One for each layer."""
        return [activation_of(layer) for layer in self.layers]

    @property
    def initializers(self) -> list[Initializer | None]:
        """One for each layer, None where the activation decides."""
        return [None if isinstance(layer, Maxout) else resolve_initializer(layer.initializer) for layer in self.layers]

    @property
    def draws(self) -> list[tuple[str, float] | None]:
        """How the core draws the weights of each layer."""
        sizes = pairwise([self.n_inputs, *(layer.units for layer in self.layers)])
        return [
            None if initializer is None else initializer.draw(n_in, n_out)
            for initializer, (n_in, n_out) in zip(self.initializers, sizes, strict=True)
        ]

    @cached_property
    def meaning(self) -> Meaning:
        """What the outputs mean; kept, because finding out takes longer than predicting a row."""
        return meaning_of_outputs(self.activations[-1], self.loss, self.n_outputs)

    @property
    def core_loss(self) -> str:
        """The core's name of the loss: cross-entropy is one with its activation there."""
        if isinstance(self.loss, CrossEntropy):
            return f"{self.activations[-1].name}_cross_entropy"
        return self.loss.name

    @property
    def loss_parameter(self) -> float:
        """The one number of the loss that the core is told."""
        if isinstance(self.loss, CrossEntropy):
            return self.loss.label_smoothing
        if isinstance(self.loss, Huber):
            return self.loss.delta
        return self.loss.q if isinstance(self.loss, Quantile) else 0.0

    def penalties(self, layer: int) -> tuple[float, float]:
        """Return l1 and l2 of a layer."""
        return float(self.layers[layer].l1 or 0.0), float(self.layers[layer].l2 or 0.0)

    @property
    def rate_factors(self) -> list[tuple[float, float]]:
        """Factors on the learning rate of each layer's weights and bias."""
        return [(layer.weight_rate_factor, layer.bias_rate_factor) for layer in self.layers]

    @property
    def has_rate_factors(self) -> bool:
        """Whether any of these is not 1."""
        return any(factors != (1.0, 1.0) for factors in self.rate_factors)

    def new_core(self, dtype: npt.DTypeLike, scaling: Scaling | None) -> _core.Network32:
        """Return a network of the core, with weights of zero."""
        kind = _core.Network32 if np.dtype(dtype) == np.float32 else _core.Network64
        specs = [
            _core.LayerSpec(
                units=layer.units,
                activation=activation.name,
                parameter=_parameter(activation),
                l1=float(layer.l1 or 0.0),
                l2=float(layer.l2 or 0.0),
                pieces=pieces_of(layer),
                normalizes=normalizes,
                dropout=dropout,
                weight_rate_factor=layer.weight_rate_factor,
                bias_rate_factor=layer.bias_rate_factor,
                draw=draw,
            )
            for layer, activation, normalizes, dropout, draw in zip(
                self.layers, self.activations, self.normalizes, self.dropout, self.draws, strict=True
            )
        ]
        core = kind(n_inputs=self.n_inputs, layers=specs, loss=self.core_loss, loss_parameter=self.loss_parameter)
        shift, scale, *limit = columns_of(scaling, self.n_inputs, dtype) or (None, None)
        core.set_input_scaling(shift=shift, scale=scale, limit=limit[0] if limit else 0.0)
        return core

    def check(self, X: Any, y: Any, sample_weight: Any = None, names: tuple[str, str] = ("X", "y")) -> Checked:
        """Return data, targets and weights as the core takes them; an error calls X and y by these names."""
        data = X if isinstance(X, SparseRows) else check_data(X, self.n_inputs, self.dtype, names[0])
        targets = check_targets(y, len(data), self.n_outputs, self.core_loss, self.dtype, names)
        weights = check_sample_weight(sample_weight, len(data))
        if isinstance(self.loss, CrossEntropy):
            weights = weigh_classes(self.loss.class_weight, targets, weights, names[1])
        return data, targets, weights


def _parameter(activation: Activation) -> Any:
    """Return what the core must know of an activation beside its name."""
    if isinstance(activation, Formula):
        return activation.program.for_core()
    return core_parameter(activation)
