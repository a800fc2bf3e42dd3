"""Embeddings of numbers out of gates: what inputs become before the first layer, and what is drawn for it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import pairwise

from fastmlp.embeddings import Embedding, Periodic, PiecewiseLinear
from fastmlp.reference.functions import Row
from fastmlp.reference.graph import Gate, add, as_gate, cos, maximum, minimum


def embedded(x: Row, embedding: Embedding, parameters: Sequence[Row]) -> Row:
    """Return what the inputs of a sample become; parameters: of each input, where an embedding has some."""
    if isinstance(embedding, PiecewiseLinear):
        n = embedding.columns or len(x)
        edges = embedding.edges or [()] * n
        filled = [share for x_i, own in zip(x[:n], edges, strict=True) for share in shares(x_i, own, embedding.bins)]
        return filled + list(x[n:])
    assert isinstance(embedding, Periodic)
    return [unit for x_i, own in zip(x, parameters, strict=True) for unit in waves(x_i, embedding, own)]


def shares(x: Gate, edges: Sequence[float], bins: int) -> Row:
    """Return how far x has filled each bin, clip((x - low) / (high - low), 0, 1); bins that are missing stay 0."""
    filled = [minimum(maximum((x - low) / (high - low), 0.0), 1.0) for low, high in pairwise(edges)]
    return [*filled, *(as_gate(0.0) for _ in range(bins - len(filled)))]


def waves(x: Gate, settings: Periodic, parameters: Row) -> Row:
    """Return sums of cosines of 2 pi (f x + p), and the number itself; parameters: f, p, W [frequency][unit], b."""
    n, sums = settings.frequencies, settings.units - 1
    frequencies, phases = parameters[:n], parameters[n : 2 * n]
    weights, bias = parameters[2 * n : n * (2 + sums)], parameters[n * (2 + sums) :]
    cosines = [cos(2.0 * math.pi * (f * x + p)) for f, p in zip(frequencies, phases, strict=True)]
    return [*(add(*(c * weights[k * sums + u] for k, c in enumerate(cosines)), bias[u]) for u in range(sums)), x]


def empty_embedding(embedding: Embedding | None, n_inputs: int) -> list[list[float]]:
    """Return parameters of 0 for each input; nothing where the embedding has none."""
    n = 0 if embedding is None else embedding.n_parameters
    return [[0.0] * n for _ in range(n_inputs if n else 0)]


def drawn_embedding(embedding: Embedding | None, n_inputs: int, generator: random.Random) -> list[list[float]]:
    """Return new parameters of each input: normal frequencies, phases over a turn, weights and bias as for a layer."""
    if not isinstance(embedding, Periodic):
        return []
    n, size = embedding.frequencies, 1.0 / math.sqrt(embedding.frequencies)
    return [
        [generator.gauss(0.0, embedding.deviation) for _ in range(n)]
        + [generator.uniform(-0.5, 0.5) for _ in range(n)]
        + [generator.uniform(-size, size) for _ in range(embedding.n_parameters - 2 * n)]
        for _ in range(n_inputs)
    ]
