"""Schedules: how the learning rate changes during a fit; given to an optimizer in place of a number.

Every fit goes through its schedule from the start. The rates are computed step by step in the core
(cpp/core/schedule.hpp), and ``rate`` asks the same function, so what is plotted is what is used. Only those that look
at what was measured, such as ReduceOnPlateau, work in Python, epoch by epoch. A catalogue: an entry with its example
for each schedule, hence a long file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import fastmlp._core as _core
from fastmlp._checks.arguments import check_integer, check_real
from fastmlp._checks.monitor import Columns, Mode, Monitor, check_monitor, check_state, resolve_monitor
from fastmlp._checks.registry import by_name
from fastmlp._checks.text import brief
from fastmlp.history import Epoch

__all__ = [
    "Constant",
    "Cosine",
    "Coslog4",
    "EpochSchedule",
    "Exponential",
    "InverseScaling",
    "OneCycle",
    "ReduceOnPlateau",
    "Schedule",
    "Step",
    "Warmup",
]

# that the core can count: every integer up to here is a float64
MOST_STEPS = 2**53
# name of the core's schedule, its numbers, steps of warm-up
CoreSchedule: TypeAlias = tuple[str, list[float], int]


class Schedule:
    """What all schedules share: the rate of a step, and the class to recognize them by.

    See Also
    --------
    EpochSchedule : Those that follow what epochs measured.
    Cosine : Down along a cosine.

    Examples
    --------
    >>> import fastmlp as fm
    >>> isinstance(fm.schedules.Cosine(0.1), fm.schedules.Schedule)
    True
    """

    name: ClassVar[str]
    initial: float

    @property
    def needs_total(self) -> bool:
        """Whether a rate depends on the number of steps of the whole fit."""
        return False

    def rate(self, step: int, total: int, steps_per_epoch: int = 1) -> float:
        """Return the learning rate of a step.

        Parameters
        ----------
        step : int
            From 0.
        total : int
            Steps of the whole fit.
        steps_per_epoch : int, default 1
            For the schedules that count epochs.

        Returns
        -------
        float
            Positive, or 0 at the end of some schedules.

        Examples
        --------
        >>> import fastmlp as fm
        >>> [fm.schedules.Cosine(0.1).rate(step, 4) for step in (0, 2)]
        [0.1, 0.05]
        """
        step = check_integer(step, "step", minimum=0)
        total = check_integer(total, "total", minimum=1)
        steps_per_epoch = check_integer(steps_per_epoch, "steps_per_epoch", minimum=1)
        return _core.learning_rate(
            schedule=self.for_core(total, steps_per_epoch), base=self.initial, step=step, total=total
        )

    def for_core(self, total: int, steps_per_epoch: int) -> CoreSchedule:
        """Return the schedule of a fit of so many steps as the core takes it."""
        raise NotImplementedError


class EpochSchedule(Schedule):
    """A schedule whose rate is set between epochs, from what they measured.

    See Also
    --------
    ReduceOnPlateau : Less when nothing becomes better.
    Schedule : What all have in common.

    Examples
    --------
    >>> import fastmlp as fm
    >>> isinstance(fm.schedules.ReduceOnPlateau(0.1), fm.schedules.EpochSchedule)
    True
    """

    def rate(self, step: int, total: int, steps_per_epoch: int = 1) -> float:
        """Refuse: the rate depends on what a fit measures; it is in the History of the fit."""
        name = type(self).__name__
        raise TypeError(f"the rates of {name} depend on the fit: read history['learning_rate'] after it.")

    def for_core(self, total: int, steps_per_epoch: int) -> CoreSchedule:
        """Return a constant rate: that of the next epoch is set when it is known."""
        return "constant", [], 0

    def follow(self, columns: Columns) -> Callable[[Epoch, float], float]:
        """Return what one fit, whose epochs have these columns, asks for the rate after an epoch at a rate.

        It takes part in checkpoints if it has ``state_dict`` and ``load_state_dict``.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate in every step: useful after a ``Warmup``.

    Parameters
    ----------
    initial : float
        The rate, positive.

    See Also
    --------
    Warmup : Rise before another schedule.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.schedules.Warmup(fm.schedules.Constant(0.4), steps=3).rate(0, 100)
    0.1
    """

    initial: float
    name: ClassVar[str] = "constant"

    def __post_init__(self) -> None:
        _check(self)

    def for_core(self, total: int, steps_per_epoch: int) -> CoreSchedule:
        """Return the schedule of a fit of so many steps as the core takes it."""
        return self.name, [], 0


@dataclass(frozen=True)
class Step(Schedule):
    """Multiply the rate by ``factor`` after every so many epochs, or steps.

    Parameters
    ----------
    initial : float
        The first rate, positive.
    factor : float, default 0.1
        In (0, 1).
    every_epochs : int, default 10
        At least 1.
    every_steps : int, optional
        Takes the place of ``every_epochs``.

    See Also
    --------
    Exponential : A little less in every step.
    ReduceOnPlateau : Less when nothing becomes better.

    Examples
    --------
    >>> import fastmlp as fm
    >>> [fm.schedules.Step(1.0, 0.5, every_steps=2).rate(step, 6) for step in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    initial: float
    factor: float = 0.1
    every_epochs: int = 10
    every_steps: int | None = None
    name: ClassVar[str] = "step"

    def __post_init__(self) -> None:
        _check(self, factor={"above": 0.0, "below": 1.0})
        _put(self, "every_epochs", check_integer(self.every_epochs, "every_epochs", minimum=1, maximum=MOST_STEPS))
        if self.every_steps is not None:
            _put(self, "every_steps", check_integer(self.every_steps, "every_steps", minimum=1, maximum=MOST_STEPS))

    def for_core(self, total: int, steps_per_epoch: int) -> CoreSchedule:
        """Return the schedule of a fit of so many steps as the core takes it."""
        every = self.every_epochs * steps_per_epoch if self.every_steps is None else self.every_steps
        return self.name, [self.factor, float(every)], 0


@dataclass(frozen=True)
class Exponential(Schedule):
    """Shrink the rate in every step, so that an epoch multiplies it by ``factor``.

    Parameters
    ----------
    initial : float
        The first rate, positive.
    factor : float, default 0.95
        In (0, 1).

    See Also
    --------
    Step : Less after so many epochs.
    Cosine : Down along a cosine.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.schedules.Exponential(1.0, 0.25).rate(5, 100, steps_per_epoch=10)
    0.5
    """

    initial: float
    factor: float = 0.95
    name: ClassVar[str] = "exponential"

    def __post_init__(self) -> None:
        _check(self, factor={"above": 0.0, "below": 1.0})

    def for_core(self, total: int, steps_per_epoch: int) -> CoreSchedule:
        """Return the schedule of a fit of so many steps as the core takes it."""
        return self.name, [self.factor, float(steps_per_epoch)], 0


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """Divide the rate by a power of the step's number: initial / t^power, t = 1, 2, ... (Robbins and Monro, 1951).

    Parameters
    ----------
    initial : float
        The first rate, positive.
    power : float, default 0.5
        Not negative.

    See Also
    --------
    Exponential : A little less in every step.

    Notes
    -----
    The formula of scikit-learn's "invscaling", which changes the rate once an epoch and counts samples in t.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.schedules.InverseScaling(1.0).rate(3, 100)
    0.5
    """

    initial: float
    power: float = 0.5
    name: ClassVar[str] = "inverse_scaling"

    def __post_init__(self) -> None:
        _check(self, power={"minimum": 0.0})

    def for_core(self, total: int, steps_per_epoch: int) -> CoreSchedule:
        """Return the schedule of a fit of so many steps as the core takes it."""
        return self.name, [self.power], 0


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a period of a cosine from ``initial`` down to ``final`` (Loshchilov and Hutter, ICLR 2017, no restarts).

    Parameters
    ----------
    initial : float
        The first rate, positive.
    final : float, default 0.0
        What the rate goes to, not negative.

    See Also
    --------
    OneCycle : Up and down once.
    Warmup : Rise before another schedule.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.schedules.Cosine(1.0, final=0.5).rate(50, 100)
    0.75
    """

    initial: float
    final: float = 0.0
    name: ClassVar[str] = "cosine"

    def __post_init__(self) -> None:
        _check(self, final={"minimum": 0.0})

    @property
    def needs_total(self) -> bool:
        """Whether a rate depends on the number of steps of the whole fit."""
        return True

    def for_core(self, total: int, steps_per_epoch: int) -> CoreSchedule:
        """Return the schedule of a fit of so many steps as the core takes it."""
        return self.name, [self.final], 0


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up to a high rate and down again, both along cosines (Smith and Topin, 2018; the shape of PyTorch's OneCycleLR).

    Parameters
    ----------
    initial : float
        The peak, positive; the name is that of the other schedules' highest rate.
    rise : float, default 0.3
        The part of the steps in which the rate rises, in (0, 1).
    first_divisor : float, default 25.0
        The first rate is the peak divided by this, positive.
    last_divisor : float, default 1e4
        The last rate is the first divided by this, positive.

    See Also
    --------
    Cosine : Down along a cosine.
    Warmup : Rise before another schedule.

    Notes
    -----
    The momentum stays as it is.

    Examples
    --------
    >>> import fastmlp as fm
    >>> [fm.schedules.OneCycle(1.0).rate(step, 100) for step in (0, 29)]
    [0.04, 1.0]
    """

    initial: float
    rise: float = 0.3
    first_divisor: float = 25.0
    last_divisor: float = 1e4
    name: ClassVar[str] = "one_cycle"

    def __post_init__(self) -> None:
        positive = {"above": 0.0}
        _check(self, rise={"above": 0.0, "below": 1.0}, first_divisor=positive, last_divisor=positive)

    @property
    def needs_total(self) -> bool:
        """Whether a rate depends on the number of steps of the whole fit."""
        return True

    def for_core(self, total: int, steps_per_epoch: int) -> CoreSchedule:
        """Return the schedule of a fit of so many steps as the core takes it."""
        return self.name, [self.rise, self.first_divisor, self.last_divisor], 0


@dataclass(frozen=True)
class Coslog4(Schedule):
    """Four periods of a cosine over the logarithm of the progress: initial (1 - cos(2 pi log2(1 + 15 t))) / 2.

    Parameters
    ----------
    initial : float
        The highest rate, positive; the first and the last are 0.

    See Also
    --------
    Cosine : Down along a cosine.

    Notes
    -----
    Holzmueller, Grinsztajn and Steinwart, Better by Default, NeurIPS 2024.

    Examples
    --------
    >>> import fastmlp as fm
    >>> [fm.schedules.Coslog4(1.0).rate(step, 15) for step in (0, 1, 3)]
    [0.0, 0.0, 0.0]
    """

    initial: float
    name: ClassVar[str] = "coslog4"

    def __post_init__(self) -> None:
        _check(self)

    @property
    def needs_total(self) -> bool:
        """Whether a rate depends on the number of steps of the whole fit."""
        return True

    def for_core(self, total: int, steps_per_epoch: int) -> CoreSchedule:
        """Return the schedule of a fit of so many steps as the core takes it."""
        return self.name, [], 0


@dataclass(frozen=True)
class Warmup(Schedule):
    """Rise linearly to the first rate of another schedule, which has the steps that are left.

    Parameters
    ----------
    schedule : float, str or schedule
        What follows; not a Warmup or ReduceOnPlateau.
    steps : int, optional
        Of the rise, at least 1: step s has (s + 1) / (steps + 1) of the rate.
    fraction : float, optional
        Likewise as a part of all steps, in (0, 1). Exactly one of both is given.

    See Also
    --------
    OneCycle : Up and down once.
    Constant : A rate that stays.

    Examples
    --------
    >>> import fastmlp as fm
    >>> warmup = fm.schedules.Warmup(fm.schedules.Cosine(1.0), steps=1)
    >>> [warmup.rate(step, 5) for step in (0, 1, 3)]
    [0.5, 1.0, 0.5]
    """

    schedule: Schedule
    steps: int | None = None
    fraction: float | None = None
    name: ClassVar[str] = "warmup"

    def __post_init__(self) -> None:
        inner = resolve_schedule(self.schedule, 1e-3)
        inner = inner if isinstance(inner, Schedule) else Constant(inner)
        if isinstance(inner, Warmup | ReduceOnPlateau):
            raise TypeError(f"the schedule of a Warmup must not be a {type(inner).__name__}: give one of the others.")
        _put(self, "schedule", inner)
        if (self.steps is None) == (self.fraction is None):
            raise ValueError(
                f"Warmup needs steps or fraction, but not both, got {brief(self.steps)} and {brief(self.fraction)}: "
                "give fraction=0.05, for example."
            )
        if self.steps is not None:
            _put(self, "steps", check_integer(self.steps, "steps", minimum=1, maximum=MOST_STEPS))
        if self.fraction is not None:
            _put(self, "fraction", check_real(self.fraction, "fraction", above=0.0, below=1.0))

    @property
    def initial(self) -> float:  # type: ignore[override]
        """The rate that the rise ends at."""
        return self.schedule.initial

    @property
    def needs_total(self) -> bool:
        """Whether a rate depends on the number of steps of the whole fit."""
        return self.steps is None or self.schedule.needs_total

    def for_core(self, total: int, steps_per_epoch: int) -> CoreSchedule:
        """Return the schedule of a fit of so many steps as the core takes it."""
        warmup = round((self.fraction or 0.0) * total) if self.steps is None else self.steps
        name, numbers, _ = self.schedule.for_core(max(total - warmup, 1), steps_per_epoch)
        return name, numbers, warmup


@dataclass(frozen=True)
class ReduceOnPlateau(EpochSchedule):
    """Multiply the rate by ``factor`` when ``monitor`` has not improved for more than ``patience`` epochs.

    Parameters
    ----------
    initial : float
        The first rate, positive.
    factor : float, default 0.1
        In (0, 1).
    patience : int, default 10
        Epochs without improvement that are waited for, at least 0; after a reduction it counts anew.
    min_delta : float, default 1e-4
        What counts as an improvement, not negative.
    monitor : str, optional
        A column of the History; default: "validation_loss" if there are validation data, else "loss".
    mode : "min" or "max", optional
        Whether less or more of it is better; default: as the metric says. For a metric of one's own it must be said.

    See Also
    --------
    Step : Less after so many epochs.
    fastmlp.EarlyStopping : End in the place of going on slowly.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1)], seed=0)
    >>> schedule = fm.schedules.ReduceOnPlateau(1e-9, patience=2, factor=0.5)
    >>> history = net.fit([[0.0], [1.0]], [1.0, 3.0], epochs=8, optimizer=fm.SGD(schedule))
    >>> history["learning_rate"][-1]
    2.5e-10
    """

    initial: float
    factor: float = 0.1
    patience: int = 10
    min_delta: float = 1e-4
    monitor: str | None = None
    mode: Mode | None = None
    name: ClassVar[str] = "reduce_on_plateau"

    def __post_init__(self) -> None:
        _check(self, factor={"above": 0.0, "below": 1.0}, min_delta={"minimum": 0.0})
        _put(self, "patience", check_integer(self.patience, "patience", minimum=0))
        check_monitor(self.monitor, self.mode)

    def follow(self, columns: Columns) -> Callable[[Epoch, float], float]:
        """Return what one fit asks after each epoch: lower the rate where the column has stood still for too long."""
        monitor = resolve_monitor("ReduceOnPlateau", self.monitor, self.mode, columns, self.min_delta)
        return _Plateau(monitor, self.patience, self.factor)


class _Plateau:
    """How long one fit has stood still."""

    def __init__(self, monitor: Monitor, patience: int, factor: float) -> None:
        self._monitor, self._patience, self._factor = monitor, patience, factor
        self._waited = 0

    def __call__(self, epoch: Epoch, rate: float) -> float:
        self._waited = 0 if self._monitor.improves(epoch[self._monitor.column]) else self._waited + 1
        if self._waited <= self._patience:
            return rate
        self._waited = 0
        return rate * self._factor

    def state_dict(self) -> dict[str, Any]:
        return {"best": self._monitor.best, "waited": self._waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        check_state(state, best=float, waited=int)
        self._monitor.best, self._waited = state["best"], state["waited"]


SCHEDULES: dict[str, type[Schedule]] = by_name(
    Constant, Step, Exponential, InverseScaling, Cosine, OneCycle, Coslog4, Warmup, ReduceOnPlateau
)


def resolve_schedule(value: Any, default: float) -> float | Schedule:
    """Return a learning rate: a checked number or a schedule; a name stands for one that starts from ``default``."""
    if isinstance(value, str):
        named: dict[str, Any] = {name: kind for name, kind in SCHEDULES.items() if kind is not Warmup}
        if value not in named:
            names = ", ".join(repr(name) for name in named)
            raise ValueError(
                f"schedule {brief(value)} does not exist: use one of {names}, a number, or a schedule object."
            )
        schedule: Schedule = named[value](default)
        return schedule
    if isinstance(value, Schedule):
        return value
    return check_real(value, "learning_rate", above=0.0)


def _put(settings: Any, name: str, value: Any) -> None:
    object.__setattr__(settings, name, value)


def _check(settings: Any, **bounds: dict[str, float]) -> None:
    """Put checked values in the place of what was given: the initial rate and the real numbers with bounds."""
    for name, limits in {"initial": {"above": 0.0}, **bounds}.items():
        _put(settings, name, check_real(getattr(settings, name), name, **limits))
