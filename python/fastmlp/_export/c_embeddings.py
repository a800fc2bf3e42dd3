"""The embeddings at the entrance of a network as C: their arrays as the core has them, and calls of the templates."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._export.constants import Format
from fastmlp._model.embedding import edges_of, waves_of
from fastmlp.embeddings import Embedding, Periodic, PiecewiseLinear

# beyond so many turns the core takes a frequency or a phase for that
MOST_TURNS = 1024.0


def embedding_arrays(
    embedding: Embedding, parameters: npt.NDArray[Any] | None, n_inputs: int, form: Format
) -> dict[str, npt.NDArray[Any]]:
    """Return the constant arrays of an embedding by name."""
    if isinstance(embedding, PiecewiseLinear):
        return _bins(embedding, n_inputs, form)
    assert isinstance(embedding, Periodic)
    assert parameters is not None
    waves = waves_of(embedding, parameters)
    # a wave of a negative frequency is that of a positive one, and of the phase's opposite
    phases = np.where(waves.frequencies < 0, -waves.phases, waves.phases)
    return {
        "embedding_frequencies": np.abs(_turns(waves.frequencies, form)),
        "embedding_phases": _turns(phases, form),
        "embedding_weights": waves.weights,
        "embedding_bias": waves.bias,
    }


def embedding_call(embedding: Embedding, n_inputs: int, x: str, to: str) -> tuple[str, str]:
    """Return the call that embeds the numbers x, and its template."""
    return _call("", embedding, n_inputs, x, to)


def embedding_back(embedding: Embedding, n_inputs: int, x: str, deltas: str, to: str) -> tuple[str, str]:
    """Return the call that takes derivatives back to the numbers x, and its template."""
    return _call("_back", embedding, n_inputs, x, f"{deltas}, {to}")


def _call(suffix: str, embedding: Embedding, n_inputs: int, x: str, rest: str) -> tuple[str, str]:
    if isinstance(embedding, PiecewiseLinear):
        arrays, sizes, template = ["lower", "least", "inverse"], f"{embedding.bins}", f"bins{suffix}"
    else:
        assert isinstance(embedding, Periodic)
        arrays, template = ["frequencies", "phases", "weights", *([] if suffix else ["bias"])], f"waves{suffix}"
        sizes = f"{embedding.frequencies}, {embedding.units - 1}"
    names = ", ".join(f"model_embedding_{name}" for name in arrays)
    return f"model_{template}({n_inputs}, {sizes}, {x}, {names}, {rest});", template


def _bins(embedding: PiecewiseLinear, n_inputs: int, form: Format) -> dict[str, npt.NDArray[Any]]:
    kept, factor = (form.dtype.type(form.numbers[name]) for name in ("kept", "factor"))
    # as inputs are gathered
    lower, upper = (
        np.where(np.abs(edges) < kept, 0.0, edges).astype(form.dtype) for edges in edges_of(embedding, n_inputs)
    )
    width = upper - lower
    least = width * factor
    return {
        "embedding_lower": lower,
        "embedding_least": np.where(least >= kept, least, 0).astype(form.dtype),
        "embedding_inverse": np.divide(1, width, out=np.zeros_like(width), where=width > 0),
    }


def _turns(values: npt.NDArray[Any], form: Format) -> npt.NDArray[Any]:
    """Return frequencies or phases as factors of waves."""
    large = np.where(np.abs(values) >= form.numbers["turn_least"], values, 0)
    return np.clip(large, -MOST_TURNS, MOST_TURNS).astype(form.dtype)
