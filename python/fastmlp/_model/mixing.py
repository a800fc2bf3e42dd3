"""One model's parameters moved towards another's, which must be its twin in everything but numbers."""

from __future__ import annotations

from typing import Any

from fastmlp._model.architecture import Architecture
from fastmlp._model.model import Model


def move_towards(model: Model, other: Model, tau: float) -> None:
    """Take tau of another model's parameters and 1 - tau of this one's; a model of other layers is refused."""
    model.guard.check_access()
    other.guard.check_access()
    own, others = model.architecture, other.architecture
    # a copy has the same one
    if own is not others:
        _check_equal("inputs", own.n_inputs, others.n_inputs)
        _check_equal("dtype", own.dtype, others.dtype)
        _check_equal("layers", _layers(own), _layers(others))
    _check_equal("scaling", model.scaling, other.scaling)
    _check_equal("embedding", model.embedding_settings, other.embedding_settings)
    _check_equal("target_scaling", model.target_scaling, other.target_scaling)
    model.core.soft_update(other=other.core, tau=tau)
    model.end_record("soft_update was called")


def _check_equal(what: str, mine: Any, its: Any) -> None:
    if mine != its:
        raise ValueError(
            f"other has {what} {its}, but must have those of this network, {mine}: use copy() to make one."
        )


def _layers(architecture: Architecture) -> str:
    """Return units, pieces and activation of each layer, and where there is a normalization before it."""
    return ", ".join(
        ("LayerNorm and " if part.normalizes else "")
        + f"{part.layer.units} {part.layer.activation_object!r}"
        + (f" of {part.layer.pieces} pieces" if part.layer.pieces > 1 else "")
        for part in architecture.placed
    )
