"""What a network is, apart from its parameters: checked, settled, immutable, and the same after pickling.

Knows the names by which the core is told of it, what its outputs mean (_outputs.py), and which data fit it
(_validation.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp import _core
from fastmlp._outputs import Meaning, meaning_of_outputs
from fastmlp._validation import (
    check_data,
    check_dtype,
    check_integer,
    check_real,
    check_sample_weight,
    check_targets,
)
from fastmlp.activations import Activation, Formula, LeakyReLU, resolve_activation
from fastmlp.layers import MAX_UNITS, Dense, resolve_layers
from fastmlp.losses import CrossEntropy, Loss, resolve_loss

Array = npt.NDArray[Any]
Checked = tuple[Array, Array, Array | None]


@dataclass(frozen=True)
class Architecture:
    """The arguments of a Network, with nothing left open: penalties stand in the layers, the seed is drawn."""

    n_inputs: int
    layers: tuple[Dense, ...]
    loss: Loss
    dtype: np.dtype[Any]
    seed: int

    @classmethod
    def of(
        cls,
        n_inputs: int,
        layers: Iterable[Dense],
        loss: str | Loss | None,
        dtype: npt.DTypeLike,
        seed: int | None,
        l1: float,
        l2: float,
    ) -> Architecture:
        """Check and settle the arguments."""
        n_inputs = check_integer(n_inputs, "n_inputs", minimum=1, maximum=MAX_UNITS)
        l1, l2 = check_real(l1, "l1", minimum=0.0), check_real(l2, "l2", minimum=0.0)
        settled = tuple(
            replace(layer, l1=l1 if layer.l1 is None else layer.l1, l2=l2 if layer.l2 is None else layer.l2)
            for layer in resolve_layers(layers)
        )
        seed = int.from_bytes(os.urandom(8), "little") if seed is None else seed
        return cls(
            n_inputs,
            settled,
            resolve_loss(loss, resolve_activation(settled[-1].activation)),
            check_dtype(dtype),
            check_integer(seed, "seed", minimum=0, maximum=2**64 - 1),
        )

    @property
    def n_outputs(self) -> int:
        """Units of the last layer."""
        return self.layers[-1].units

    @property
    def activations(self) -> list[Activation]:
        """One for each layer."""
        return [resolve_activation(layer.activation) for layer in self.layers]

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

    def penalties(self, layer: int) -> tuple[float, float]:
        """Return l1 and l2 of a layer."""
        return float(self.layers[layer].l1 or 0.0), float(self.layers[layer].l2 or 0.0)

    def new_core(self, dtype: npt.DTypeLike) -> _core.Network32:
        """Return a network of the core, with weights of zero."""
        kind = _core.Network32 if np.dtype(dtype) == np.float32 else _core.Network64
        specs = [
            (layer.units, activation.name, _parameter(activation), l1, l2)
            for layer, activation, (l1, l2) in zip(
                self.layers, self.activations, map(self.penalties, range(len(self.layers))), strict=True
            )
        ]
        return kind(self.n_inputs, specs, self.core_loss)

    def check(self, X: Any, y: Any, sample_weight: Any = None, names: tuple[str, str] = ("X", "y")) -> Checked:
        """Return data, targets and weights as the core takes them; an error calls X and y by these names."""
        data = check_data(X, self.n_inputs, self.dtype, names[0])
        targets = check_targets(y, len(data), self.n_outputs, self.core_loss, self.dtype, names)
        return data, targets, check_sample_weight(sample_weight, len(data))


def _parameter(activation: Activation) -> Any:
    """Return what the core must know of an activation beside its name."""
    if isinstance(activation, Formula):
        return activation.program.for_core()
    return activation.slope if isinstance(activation, LeakyReLU) else 0.0
