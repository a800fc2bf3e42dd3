"""Functions with gradients that are known, at random: what a check of gradients is tried on.

Each has terms of its own parameters and terms that couple them, is multiplied by a factor from 1e-200 to 1e200, takes
parameters in a unit of its own, and may compute in float32 or with noise. Gradients are written down beside each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
Value = Callable[[Array], Any]


class RandomFunction(NamedTuple):
    """A function, its gradient, the point, and what one of its values may be wrong by."""

    name: str
    way: str
    f: Callable[[Array], float]
    gradient: Callable[[Array], Array]
    x: Array
    noise: float


def _sines(random: np.random.Generator, n: int) -> tuple[Value, Value]:
    w, phase = random.uniform(0.2, 8, n), random.uniform(0, 6, n)
    return lambda x: np.sin(w * x + phase).sum(), lambda x: w * np.cos(w * x + phase)


def _powers(random: np.random.Generator, n: int) -> tuple[Value, Value]:
    c, p = random.normal(size=n), random.integers(1, 6, n)
    return lambda x: (c * x**p).sum(), lambda x: c * p * x ** (p - 1)


def _exponentials(random: np.random.Generator, n: int) -> tuple[Value, Value]:
    c = random.uniform(-2, 2, n)
    return lambda x: np.exp(c * x).sum(), lambda x: c * np.exp(c * x)


def _log_sum_exp(random: np.random.Generator, n: int) -> tuple[Value, Value]:
    c = random.uniform(0.5, 2, n)

    def gradient(x: Array) -> Array:
        e = np.exp(c * x)
        return c * e / e.sum()

    return lambda x: np.log(np.exp(c * x).sum()), gradient


def _quadratic(random: np.random.Generator, n: int) -> tuple[Value, Value]:
    k = min(n, 5)
    U, b = random.normal(size=(k, n)) / np.sqrt(n), random.normal(size=n)
    return lambda x: 0.5 * ((U @ x) ** 2).sum() + b @ x, lambda x: U.T @ (U @ x) + b


def _rational(random: np.random.Generator, n: int) -> tuple[Value, Value]:
    c = random.normal(size=n)
    return lambda x: (c / (1 + x * x)).sum(), lambda x: -2 * c * x / (1 + x * x) ** 2


def _network(random: np.random.Generator, n: int) -> tuple[Value, Value]:
    W, v = random.normal(size=(7, n)) / np.sqrt(n), random.normal(size=7)
    return lambda x: v @ np.tanh(W @ x), lambda x: W.T @ (v * (1 - np.tanh(W @ x) ** 2))


def _root(random: np.random.Generator, n: int) -> tuple[Value, Value]:
    c = random.uniform(0.5, 2, n)
    return lambda x: np.sqrt(1 + (c * x * x).sum()), lambda x: c * x / np.sqrt(1 + (c * x * x).sum())


FAMILIES = [_sines, _powers, _exponentials, _log_sum_exp, _quadratic, _rational, _network, _root]
WAYS = ["float64", "float64", "float64", "float32", "noise"]


def random_function(seed: int, most_parameters: int = 60) -> RandomFunction:
    """Return a function of 1 to ``most_parameters`` parameters."""
    random = np.random.default_rng(seed)
    n = int(np.exp(random.uniform(0, np.log(most_parameters))))
    family, way = FAMILIES[random.integers(len(FAMILIES))], WAYS[random.integers(len(WAYS))]
    value, slope = family(random, n)
    z = random.normal(size=n) * np.exp(random.uniform(-1, 1))
    if way == "float32":
        return RandomFunction(
            f"{family.__name__} {n} {seed}",
            way,
            lambda x: float(np.float32(value(x.astype(np.float32)))),
            lambda x: slope(x.astype(np.float32)).astype(np.float32),
            z,
            4 * 2.0**-24 * (abs(float(value(z))) + float(np.abs(slope(z) * z).sum())),
        )
    factor = 10.0 ** random.uniform(-200, 200)
    # of the parameters; where it is large, that of f is small, for a gradient shall be a number
    unit = 10.0 ** random.uniform(*sorted((-100, np.clip(np.log10(factor) + 100, -100, 100))))
    size = abs(float(value(z)))
    noise = 0.0 if way == "float64" else size * 10.0 ** random.uniform(-12, -8)

    def f(x: Array) -> float:
        return float(factor * (value(x / unit) + noise * random.uniform(-1, 1)))

    return RandomFunction(
        f"{family.__name__} {n} {seed}",
        way,
        f,
        lambda x: factor / unit * slope(x / unit),
        z * unit,
        factor * (noise + 4 * 2.0**-52 * (size + float(np.abs(slope(z) * z).sum()))),
    )


def visible_entry(function: RandomFunction, seed: int) -> int | None:
    """Return an entry of which the function shows a thousandth, if there is one."""
    slopes = np.abs(function.gradient(function.x).astype(np.float64))
    # curvature allows steps of a tenth of a parameter or less, in which a thousandth of the slope must stand out of the
    # noise a hundredfold; and a report calls small what it cannot see beside the largest
    shows = 1e-3 * slopes * 0.1 * np.abs(function.x) > 100 * function.noise
    shows &= slopes > (0.03 if function.way == "float32" else 1e-5) * slopes.max()
    return int(np.random.default_rng(seed).choice(np.flatnonzero(shows))) if shows.any() else None
