"""The losses by name; value and delta of the last layer are computed in one pass in cpp/kernels/loss-inl.hpp.

A loss is a mean over samples. Formulas and sources: docs/math.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fastmlp._validation import resolve_by_name
from fastmlp.activations import Activation, Sigmoid, Softmax


@dataclass(frozen=True)
class CrossEntropy:
    """-sum_k y_k log a_k after softmax; -sum_k [y_k log a_k + (1 - y_k) log(1 - a_k)] after sigmoid (one-versus-all).

    Both are computed from the logits, so that a saturated output loses no precision.
    """

    name: ClassVar[str] = "cross_entropy"


@dataclass(frozen=True)
class MeanSquaredError:
    """(1 / n_outputs) sum_k (a_k - y_k)^2."""

    name: ClassVar[str] = "mse"


@dataclass(frozen=True)
class HalfSquaredError:
    """(1 / 2) sum_k (a_k - y_k)^2, the error E of the delta rule (Widrow and Hoff, 1960)."""

    name: ClassVar[str] = "half_squared_error"


Loss = CrossEntropy | MeanSquaredError | HalfSquaredError

LOSSES: dict[str, type[Loss]] = {kind.name: kind for kind in (CrossEntropy, MeanSquaredError, HalfSquaredError)}


def resolve_loss(value: str | Loss | None, last: Activation) -> Loss:
    """Return the loss object for a name, an object, or None: cross_entropy after softmax and sigmoid, else mse."""
    if value is None:
        return CrossEntropy() if isinstance(last, Softmax | Sigmoid) else MeanSquaredError()
    loss = resolve_by_name(value, LOSSES, "loss")
    if isinstance(loss, CrossEntropy) and not isinstance(last, Softmax | Sigmoid):
        raise ValueError(
            f"loss 'cross_entropy' needs softmax or sigmoid in the last layer, which has {last.name!r}: "
            "change that activation or use 'mse'."
        )
    return loss
