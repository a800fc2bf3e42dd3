"""The embeddings at the entrance of a network as C: their arrays as the core has them, and calls of the templates."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._export.constants import Format
from fastmlp._model.embedding import edges_of, waves_of
from fastmlp.embeddings import Embedding, Periodic, PiecewiseLinear

BINS: tuple[str, ...] = ("embedding_lower", "embedding_least", "embedding_inverse")
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


def bins_product(embedding: PiecewiseLinear, n_inputs: int, columns: int, x: str, to: str) -> tuple[str, str]:
    """Return the call that makes the first layer's sums of so many columns from numbers in bins, and its template."""
    n = n_inputs if embedding.columns is None else embedding.columns
    arrays = ", ".join(f"model_{name}" for name in (*BINS, "weights_0", "bias_0"))
    sizes = f"{n}, {n_inputs - n}, {embedding.bins}, {columns}"
    return f"model_bins_product({sizes}, {x}, {arrays}, {to});", "bins_product"


def _call(suffix: str, embedding: Embedding, n_inputs: int, x: str, rest: str) -> tuple[str, str]:
    if isinstance(embedding, PiecewiseLinear):
        arrays, sizes, template = BINS, f"{embedding.bins}", f"bins{suffix}"
    else:
        assert isinstance(embedding, Periodic)
        parts = ["frequencies", "phases", "weights", *([] if suffix else ["bias"])]
        arrays, template = tuple(f"embedding_{name}" for name in parts), f"waves{suffix}"
        sizes = f"{embedding.frequencies}, {embedding.units - 1}"
    names = ", ".join(f"model_{name}" for name in arrays)
    return f"model_{template}({n_inputs}, {sizes}, {x}, {names}, {rest});", template


def _bins(embedding: PiecewiseLinear, n_inputs: int, form: Format) -> dict[str, npt.NDArray[Any]]:
    kept, factor = (form.dtype.type(form.numbers[name]) for name in ("kept", "factor"))
    # as inputs are gathered
    lower, upper = (
        np.where(np.abs(edges) < kept, 0.0, edges).astype(form.dtype) for edges in edges_of(embedding, n_inputs)
    )
    width = upper - lower
    least = width * factor
    # of bins that are not there, behind the others: no number is above them by so much
    is_behind = np.logical_and.accumulate(width[:, ::-1] <= 0, axis=1)[:, ::-1]
    least = np.select([is_behind, least >= kept], [np.finfo(form.dtype).max, least], 0.0)
    inverse = np.divide(1, width, out=np.zeros_like(width), where=width > 0)
    return dict(zip(BINS, (lower, least.astype(form.dtype), inverse), strict=True))


def _turns(values: npt.NDArray[Any], form: Format) -> npt.NDArray[Any]:
    """Return frequencies or phases as factors of waves."""
    large = np.where(np.abs(values) >= form.numbers["turn_least"], values, 0)
    return np.clip(large, -MOST_TURNS, MOST_TURNS).astype(form.dtype)
