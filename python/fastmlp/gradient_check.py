"""Gradients against central differences, in float64: of a network, or of a user's own function.

A probe compares one derivative, by a single parameter or along a random direction, with (f(x + h) - f(x - h)) / 2h. Its
relative error is the difference over the norm of the whole gradient of its array (the weights or the bias of a
layer, the inputs), for a single small element says more about rounding than about the formula. A probe that fails with
h = 1e-6 gets three more steps, larger ones against rounding and a smaller one against curvature and kinks: a wrong
derivative is wrong with each. What rounding does to the quotient with the largest step that helps is not counted.

Samples with a pre-activation within 1e-5 of a kink or jump of its activation are left out, and so are samples with an
output as near to a kink of the loss (mae, quantile, hinge, perceptron) and weights as near to 0 under an l1 penalty.
Everything here is arithmetic for a check, far from the hot path.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_function, check_integer, check_real
from fastmlp._checks.arrays import check_gradient, check_point, check_value
from fastmlp._model.derivatives import gradients_of
from fastmlp._model.kinks import far_from_kinks
from fastmlp._model.model import Model
from fastmlp._model.samples import Samples
from fastmlp._model.scaling import ColumnScaling
from fastmlp._model.text_table import text_table
from fastmlp.runtime import imported, thread_limit

Array = npt.NDArray[Any]

STEP = 1e-6
STEP_FACTORS = (1.0, 30.0, 1000.0, 1 / 30)
KINK = 1e-5
# rounding errors in one value of f, in units of its size: sums over samples and layers
ROUNDINGS = 16
# probes of an array too large to be checked element by element
SINGLE_PROBES = 100
DIRECTIONS = 10


@dataclass(frozen=True)
class Probe:
    """One comparison: ``where`` is "layer 1", "inputs" or "x", ``parameter`` e.g. "weights[3, 5]"."""

    where: str
    parameter: str
    analytic: float
    numeric: float
    relative_error: float


@dataclass(frozen=True)
class GradientReport:
    """The outcome of a gradient check; printed, a table with the worst parameter of each layer, worst layer first.

    Attributes
    ----------
    worst : tuple of Probe
        The worst comparison of each layer and of the inputs, largest error first.
    tolerance : float
    n_checked : int
        Comparisons made.
    n_left_out : int
        Weights that were not compared, since l1 |w| has its kink there.
    n_samples : int
        Samples that were used, 0 for a function.
    n_samples_left_out : int
        Samples that were not, since one of their pre-activations or outputs lies at a kink.
    """

    worst: tuple[Probe, ...]
    tolerance: float
    n_checked: int
    n_left_out: int = 0
    n_samples: int = 0
    n_samples_left_out: int = 0

    @property
    def max_relative_error(self) -> float:
        """The largest relative error, infinite where a value was not finite."""
        return max((probe.relative_error for probe in self.worst), default=math.inf)

    @property
    def passed(self) -> bool:
        """Whether something was compared and all of it agrees."""
        return self.max_relative_error <= self.tolerance

    def __str__(self) -> str:
        rows = [("layer", "worst parameter", "analytic", "numeric", "relative error")]
        rows += [
            (
                probe.where,
                probe.parameter,
                f"{probe.analytic:.9g}",
                f"{probe.numeric:.9g}",
                f"{probe.relative_error:.1e}",
            )
            for probe in self.worst
        ]
        lines = text_table(rows, "<<>>>")
        samples = (
            f", {self.n_samples} samples used, {self.n_samples_left_out} left out at kinks" if self.n_samples else ""
        )
        verdict = "passed" if self.passed else "FAILED"
        lines.append(
            f"{verdict}: tolerance {self.tolerance:g}, {self.n_checked} compared, {self.n_left_out} left out{samples}"
        )
        return "\n".join(lines)


def check_gradients(
    f: Callable[[Array], float],
    gradient: Callable[[Array], npt.ArrayLike] | npt.ArrayLike,
    x: npt.ArrayLike,
    *,
    step: float = STEP,
    tolerance: float = 1e-6,
    max_parameters: int = 2000,
    seed: int = 0,
) -> GradientReport:
    """Compare the gradient of a function of a vector with central differences.

    Parameters
    ----------
    f : callable
        From a float64 vector of the shape of ``x`` to a number.
    gradient : callable or array
        The gradient at ``x``, or a function that returns it; of the shape of ``x``.
    x : array (n,)
        Where; f should be smooth there.
    step : float, default 1e-6
        Of the differences, relative to the element where that is above 1.
    tolerance : float, default 1e-6
        The largest relative error that passes.
    max_parameters : int, default 2000
        A longer vector is checked at random elements and along random directions.
    seed : int, default 0
        Of these random choices.

    Returns
    -------
    GradientReport
        ``passed``, ``max_relative_error``, and a table when printed.

    Raises
    ------
    ValueError, TypeError
        Shapes do not agree, or ``f`` does not return one number.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.check_gradients(lambda x: (x**3).sum(), lambda x: 3 * x**2, [1.0, 2.0]).passed
    True
    >>> fm.check_gradients(lambda x: (x**3).sum(), lambda x: 2 * x**2, [1.0, 2.0]).passed
    False
    """
    f = check_function(f)
    point = check_point(x)
    # copies go out: a function may keep or change what it gets
    analytic = check_gradient(gradient(point.copy()) if callable(gradient) else gradient, point.shape)
    step = check_real(step, "step", above=0.0)
    limit = check_integer(max_parameters, "max_parameters", minimum=1)
    checker = _Checker(lambda: check_value(f(point.copy())), step=step, tolerance=tolerance, seed=seed)
    checker.compare("x", "x", point, analytic, np.maximum(1, np.abs(point)), limit)
    return checker.report()


def check_network(
    model: Model, samples: Samples, *, tolerance: float, max_samples: int, max_parameters: int, seed: int
) -> GradientReport:
    """Check a model, in float64 at its weights; described at ``Network.check_gradients``."""
    max_samples = check_integer(max_samples, "max_samples", minimum=1)
    max_parameters = check_integer(max_parameters, "max_parameters", minimum=1)
    architecture, core = model.architecture, model.double()
    n_inputs = architecture.n_inputs
    scaling = model.columns or ColumnScaling(np.zeros(n_inputs), np.ones(n_inputs))
    weights = samples.sample_weight
    candidates = np.arange(samples.rows) if weights is None else np.flatnonzero(weights)
    taken = candidates[np.linspace(0, len(candidates) - 1, min(max_samples, len(candidates))).astype(np.intp)]
    samples = model.for_core(samples, np.float64)
    far = far_from_kinks(core, architecture, scaling, _in_float64(samples.taken(taken)), KINK)
    if not far.any():
        raise ValueError(
            f"each of the {len(taken)} samples has a pre-activation within {KINK:g} of the kink of its activation, "
            "or an output as near to one of the loss, where gradients cannot be compared: use other samples, "
            "or initial biases other than 0."
        )
    rows = taken[far]
    used = _in_float64(samples.taken(rows))

    found = gradients_of(core, model, used)
    outputs = core.activations(X=used.dense, threads=thread_limit())
    checker = _Checker(
        lambda: (
            model.loss_unit
            * core.loss(X=used.dense, targets=used.targets, sample_weight=used.sample_weight, threads=thread_limit())
        ),
        step=STEP,
        tolerance=tolerance,
        seed=seed,
        # a cross-entropy near zero is the difference of logits, and has their rounding errors
        size=1.0 if architecture.loss.takes == "labels" else 0.0,
        # where straight lines meet, gradients are sums of signs, which may cancel to nothing but rounding, and a long
        # step meets a kink
        longest=1.0 if architecture.loss.may_have_kinks else max(STEP_FACTORS),
    )
    limit = max_parameters if model.n_parameters <= max_parameters else SINGLE_PROBES
    into_layers = [scaling.of(used.dense), *outputs[:-1]]
    for index, (into, dW, db) in enumerate(zip(into_layers, found.weights, found.biases, strict=True)):
        W, b = core.weights(index), core.bias(index)
        # a step moves no pre-activation of this layer by more than about itself
        reach = np.maximum(1, np.abs(into).max(axis=0))[:, np.newaxis]
        smooth = np.abs(W) > KINK if model.layers[index].l1 > 0 else np.ones(W.shape, bool)
        where = f"layer {index + 1}"
        checker.compare(where, "weights", W, dW, np.maximum(1, np.abs(W)) / reach, limit, smooth)
        checker.compare(where, "bias", b, db, np.maximum(1, np.abs(b)), limit)
    reach = np.maximum(1, np.abs(core.weights(0)).max(axis=1) * np.abs(scaling.scale))
    data = used.dense
    checker.compare("inputs", "X", data, found.inputs, np.maximum(1, np.abs(data)) / reach, max_parameters, rows=rows)
    return checker.report(n_samples=len(rows), n_samples_left_out=len(taken) - len(rows))


def _in_float64(samples: Samples) -> Samples:
    """Return the samples with a copy of their data, which a check may write."""
    return samples._replace(X=samples.dense.astype(np.float64))


class _Checker:
    """Compares gradients of ``evaluate`` with differences of it, array by array, and keeps the worst of each layer."""

    def __init__(
        self,
        evaluate: Callable[[], float],
        *,
        step: float,
        tolerance: float,
        seed: int,
        size: float = 0.0,
        longest: float = max(STEP_FACTORS),
    ) -> None:
        self._evaluate = evaluate
        self._step = step
        self._tolerance = check_real(tolerance, "tolerance", above=0.0)
        self._random = imported("numpy.random").default_rng(check_integer(seed, "seed", minimum=0))
        unit = ROUNDINGS * float(np.finfo(np.float64).eps) / (step * longest)
        self._rounding = unit * max(size, abs(evaluate()))
        self._worst: dict[str, Probe] = {}
        self._n_compared = self._n_left_out = 0

    def compare(
        self,
        where: str,
        name: str,
        array: Array,
        analytic: Array,
        steps: Array,
        limit: int,
        smooth: Array | None = None,
        rows: Array | None = None,
    ) -> None:
        """Probe every element, or random ones and directions if there are more than ``limit``.

        ``array`` is written and restored; ``steps`` are relative to the checker's. Elements that are not ``smooth`` are
        left out; ``rows`` are the numbers by which the first index is called.
        """
        smooth = np.ones(array.shape, bool) if smooth is None else smooth
        elements = np.flatnonzero(smooth)
        self._n_left_out += array.size - elements.size
        norm = float(np.linalg.norm(analytic[smooth]))
        directions = 0
        if elements.size > limit:
            directions = DIRECTIONS
            elements = self._random.choice(elements, min(limit, SINGLE_PROBES), replace=False)
        for element in elements:
            index = tuple(int(i) for i in np.unravel_index(element, array.shape))
            called = index if rows is None else (int(rows[index[0]]), *index[1:])
            label = f"{name}[{', '.join(map(str, called))}]"
            self._probe(where, label, array, index, float(analytic[index]), float(steps[index]), norm)
        for _ in range(directions):
            # of about one step in each pre-activation: signs are random, and fan-in is the first dimension
            move = smooth * steps * self._random.choice([-1.0, 1.0], array.shape) / math.sqrt(len(array))
            length = math.sqrt(float(np.mean(move**2)))
            unit = move / length
            norm_along = float(np.linalg.norm(analytic * unit))
            slope = float(np.sum(analytic * unit))
            self._probe(where, f"{name}, random direction", array, ..., slope, length, norm_along, unit)

    def report(self, n_samples: int = 0, n_samples_left_out: int = 0) -> GradientReport:
        """Return what was found."""
        worst = sorted(self._worst.values(), key=lambda probe: -probe.relative_error)
        return GradientReport(
            tuple(worst), self._tolerance, self._n_compared, self._n_left_out, n_samples, n_samples_left_out
        )

    def _probe(
        self,
        where: str,
        label: str,
        array: Array,
        index: tuple[int, ...] | EllipsisType,
        analytic: float,
        step: float,
        norm: float,
        unit: float | Array = 1.0,
    ) -> None:
        """Compare the derivative along ``unit`` of ``array[index]`` with quotients until one agrees."""
        best = Probe(where, label, analytic, math.nan, math.inf)
        for factor in STEP_FACTORS:
            numeric = self._quotient(array, index, factor * self._step * step, unit)
            difference = abs(analytic - numeric) - self._rounding
            if difference <= 0:
                error = 0.0
            else:  # NaN and infinity are not to be compared, and count as an infinite error
                error = difference / max(norm, abs(numeric)) if math.isfinite(difference) else math.inf
            # false for NaN, where the norm is
            if error < best.relative_error:
                best = Probe(where, label, analytic, numeric, error)
            if error <= self._tolerance:
                break
        self._n_compared += 1
        if where not in self._worst or best.relative_error > self._worst[where].relative_error:
            self._worst[where] = best

    def _quotient(self, array: Array, index: tuple[int, ...] | EllipsisType, step: float, unit: float | Array) -> float:
        kept = np.copy(array[index])
        with np.errstate(over="ignore", invalid="ignore"):  # a value that is infinite, as it may be
            forward, backward = kept + step * unit, kept - step * unit
        try:
            array[index] = forward
            above = self._evaluate()
            array[index] = backward
            below = self._evaluate()
        finally:
            array[index] = kept
        # where an infinite activation leaves no step that moves it by itself, there is nothing to compare with
        return (above - below) / (2 * step) if step > 0 else math.nan
