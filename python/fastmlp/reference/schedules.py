"""Schedules as their formulas: the learning rate of one step, with Python's own cosine, logarithm and powers.

The settings are the objects of ``fastmlp.schedules``. ReduceOnPlateau is not here: its rate is no function of the step.
"""

from __future__ import annotations

import math

from fastmlp.schedules import (
    Constant,
    Cosine,
    Coslog4,
    Exponential,
    InverseScaling,
    OneCycle,
    Schedule,
    Step,
    Warmup,
)


def rate_of(schedule: float | Schedule, step: int, total: int, steps_per_epoch: int) -> float:
    """Return the learning rate of a step.

    Parameters
    ----------
    schedule : float or schedule object
        A number is its own rate.
    step : int
        From 0.
    total : int
        Steps of the whole fit.
    steps_per_epoch : int

    Returns
    -------
    float

    Examples
    --------
    >>> round(rate_of(Cosine(1.0), 1, 3, 1), 6)
    0.75
    """
    match schedule:
        case float():
            return schedule
        case Constant(initial):
            return initial
        case Step(initial, factor, every_epochs, every_steps):
            return float(initial * factor ** (step // (every_steps or every_epochs * steps_per_epoch)))
        case Exponential(initial, factor):
            return float(initial * factor ** (step / steps_per_epoch))
        case InverseScaling(initial, power):
            return float(initial / (step + 1) ** power)
        case Cosine(initial, final):
            return along_cosine(initial, final, step / total)
        case OneCycle(initial, rise, first_divisor, last_divisor):
            first, last = initial / first_divisor, initial / first_divisor / last_divisor
            top, end = rise * total - 1.0, total - 1.0
            if step <= top:
                return along_cosine(first, initial, step / top if top > 0.0 else 1.0)
            top = max(top, 0.0)
            return along_cosine(initial, last, (step - top) / (end - top) if end > top else 1.0)
        case Coslog4(initial):
            return initial * 0.5 * (1.0 - math.cos(2.0 * math.pi * math.log2(1.0 + 15.0 * step / total)))
        case Warmup(inner, steps, fraction):
            rising = steps if steps is not None else round((fraction or 0.0) * total)
            rest = max(total - rising, 1)
            if step < rising:
                return rate_of(inner, 0, rest, steps_per_epoch) * (step + 1) / (rising + 1)
            return rate_of(inner, step - rising, rest, steps_per_epoch)
    raise TypeError(f"the reference has no formula of {schedule!r}: use another schedule.")


def along_cosine(start: float, end: float, progress: float) -> float:
    """Go from ``start`` to ``end`` along half a period of a cosine."""
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))
