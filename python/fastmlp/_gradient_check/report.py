"""What a check of gradients found: one verdict for each comparison, and the report that gathers them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fastmlp._drawing.html import html_of
from fastmlp._model.text_table import text_table

# of entries that cannot be told, so many are printed with their place
_PRINTED = 5


@dataclass(frozen=True)
class Probe:
    """One comparison: ``where`` is "layer 1", "inputs" or "x", ``parameter`` e.g. "weights[3, 5]".

    Attributes
    ----------
    where, parameter : str
    analytic, numeric : float
        The derivative that is checked, and the one out of differences.
    error : float
        What the numeric one may be wrong by.
    relative_error : float
        How far both are apart beyond that, over the larger of them; infinite where one is not finite, 0 where the error
        explains the difference.
    reason : str
        Why nothing can be told, else empty.

    See Also
    --------
    fastmlp.GradientReport : Holds them.

    Examples
    --------
    >>> import fastmlp as fm
    >>> report = fm.check_gradients(lambda x: x[0] * x[0], [5.0], [3.0])
    >>> probe = report.wrong[0]
    >>> probe.parameter, probe.analytic, round(probe.numeric, 6)
    ('x[0]', 5.0, 6.0)
    """

    where: str
    parameter: str
    analytic: float
    numeric: float
    error: float
    relative_error: float
    reason: str = ""

    @property
    def place(self) -> str:
        """Both words, or the parameter alone where it says the same."""
        return self.parameter if self.parameter.startswith(self.where) else f"{self.where} {self.parameter}"


@dataclass(frozen=True)
class Sampling:
    """An array of which not every entry was compared.

    Attributes
    ----------
    place : str
    n_entries, n_compared, n_directions : int
    least_error : float
        The least error of one entry that shows along every direction.

    See Also
    --------
    fastmlp.GradientReport : Holds them.

    Examples
    --------
    >>> import numpy as np
    >>> import fastmlp as fm
    >>> report = fm.check_gradients(lambda x: (x * x).sum(), lambda x: 2 * x, np.ones(500), max_parameters=200)
    >>> [(sampling.n_entries, sampling.n_compared) for sampling in report.samplings]
    [(500, 100)]
    """

    place: str
    n_entries: int
    n_compared: int
    n_directions: int
    least_error: float

    @property
    def chance_of_missing(self) -> float:
        """Of one wrong entry, where its error is smaller than what shows along every direction."""
        return 1 - self.n_compared / self.n_entries

    def __str__(self) -> str:
        return (
            f"{self.place}: {self.n_compared} of {self.n_entries} entries and {self.n_directions} random directions; "
            f"one wrong entry is missed with a chance of {100 * self.chance_of_missing:.3g} % where its error is below "
            f"{self.least_error:.1e}, else never"
        )


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
        Weights that were not compared, since ``l1 |w|`` has its kink there.
    n_samples : int
        Samples that were used, 0 for a function.
    n_samples_left_out : int
        Samples that were not, since one of their pre-activations or outputs lies at a kink.
    wrong : tuple of Probe
        What differs by more than the tolerance and the error of the numeric derivative, worst first.
    undecided : tuple of Probe
        What cannot be told, each with its reason.
    n_unseen : int
        Of those that agree, derivatives too small to be seen beside the rounding of f and the others.
    n_evaluations : int
        Values of f that the check took.
    samplings : tuple of Sampling
        Arrays too large to be compared entry by entry, and the chance of missing a wrong one.

    See Also
    --------
    check_gradients : Makes one.
    Network.check_gradients : Makes one, of a network.

    Examples
    --------
    >>> import fastmlp as fm
    >>> report = fm.check_gradients(lambda x: x[0] * x[1], lambda x: [x[1], 2 * x[0]], [3.0, 5.0])
    >>> report.passed, [probe.parameter for probe in report.wrong]
    (False, ['x[1]'])
    """

    worst: tuple[Probe, ...]
    tolerance: float
    n_checked: int
    n_left_out: int = 0
    n_samples: int = 0
    n_samples_left_out: int = 0
    wrong: tuple[Probe, ...] = ()
    undecided: tuple[Probe, ...] = ()
    n_unseen: int = 0
    n_evaluations: int = 0
    samplings: tuple[Sampling, ...] = ()

    @property
    def max_relative_error(self) -> float:
        """The largest relative error, infinite where a value was not finite."""
        return max((probe.relative_error for probe in self.worst), default=math.inf)

    @property
    def passed(self) -> bool:
        """Whether something was compared, all of it agrees, and nothing is undecided."""
        return self.n_checked > 0 and not self.wrong and not self.undecided

    def _rows(self, about: str) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [("layer", "worst parameter", "analytic", "numeric", about, "relative error")]
        for probe in self.worst:
            derivatives = f"{probe.analytic:.9g}", f"{probe.numeric:.9g}"
            rows.append(
                (probe.where, probe.parameter, *derivatives, f"{probe.error:.1e}", f"{probe.relative_error:.1e}")
            )
        return rows

    def __str__(self) -> str:
        lines = text_table(self._rows("+-"), "<<>>>>")
        shown = {id(probe) for probe in self.worst}
        others = [probe for probe in self.wrong if id(probe) not in shown]
        lines += [f"also wrong: {line}" for line in _listed(others, _numbers)]
        if any(probe.parameter.endswith("random direction") for probe in self.wrong):
            lines.append("which entries a random direction found, a larger max_parameters tells")
        lines += [f"cannot be told: {line}" for line in _listed(self.undecided, lambda probe: probe.reason)]
        lines += map(str, self.samplings)
        verdict = "passed" if self.passed else "FAILED" if self.wrong else "UNDECIDED"
        lines.append(f"{verdict}: {', '.join(self._counts())}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = self._rows("±")
        # what the text has below its table
        *lines, verdict = str(self).splitlines()[len(rows) :]
        return html_of("GradientReport", verdict, rows, "<<>>>>", "\n".join(lines))

    def _counts(self) -> Iterable[str]:
        yield f"tolerance {self.tolerance:g}"
        yield f"{self.n_checked} compared"
        if self.wrong:
            yield f"{len(self.wrong)} wrong"
        if self.undecided:
            yield f"{len(self.undecided)} undecided"
        if self.n_unseen:
            yield f"{self.n_unseen} too small to be seen"
        yield f"{self.n_left_out} left out"
        if self.n_samples:
            yield f"{self.n_samples} samples used"
            yield f"{self.n_samples_left_out} left out at kinks"
        yield f"{self.n_evaluations} evaluations"


def _numbers(probe: Probe) -> str:
    return f"{probe.analytic:.9g}, but numeric {probe.numeric:.9g} +- {probe.error:.1e}"


def _listed(probes: Sequence[Probe], what: Callable[[Probe], str]) -> Iterable[str]:
    yield from (f"{probe.place}: {what(probe)}" for probe in probes[:_PRINTED])
    if len(probes) > _PRINTED:
        yield f"and {len(probes) - _PRINTED} more"
