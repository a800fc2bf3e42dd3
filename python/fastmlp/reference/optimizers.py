"""Optimizers as rules for one number: from a parameter, its gradient and what the rule remembers to the next value.

Every parameter follows the same rule by itself, so a rule is written for one and ``Training`` applies it to all.
Definitions are PyTorch's; the settings are the objects of ``fastmlp.optimizers``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from fastmlp.optimizers import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Optimizer,
    RMSProp,
    Rprop,
    StepOptimizer,
    resolve_optimizer,
)
from fastmlp.schedules import Schedule

Value = TypeVar("Value")


def sgd(settings: SGD, rate: float, step: int, w: float, g: float, velocity: float = 0.0) -> tuple[float, ...]:
    """Step down the slope; with momentum, along a velocity that sums up old gradients and slowly forgets them.

    Nesterov's variant looks ahead: it adds to the gradient where the velocity will lead next.
    """
    velocity = settings.momentum * velocity + g
    direction = g + settings.momentum * velocity if settings.nesterov else velocity
    return w - rate * direction, velocity


def adam(
    settings: Adam | AdamW, rate: float, step: int, w: float, g: float, mean: float = 0.0, square: float = 0.0
) -> tuple[float, ...]:
    """Step along the running mean of the gradient, in units of its running root mean square.

    Both averages start at 0 and are too small at first: after ``step`` steps an average of a constant c with decay
    beta stands at (1 - beta^step) c, so it is divided by that factor.
    """
    mean = settings.beta1 * mean + (1.0 - settings.beta1) * g
    square = settings.beta2 * square + (1.0 - settings.beta2) * g * g
    corrected_mean = mean / (1.0 - settings.beta1**step)
    corrected_square = square / (1.0 - settings.beta2**step)
    w -= rate * corrected_mean / (math.sqrt(corrected_square) + settings.epsilon)
    return w, mean, square


def rmsprop(
    settings: RMSProp, rate: float, step: int, w: float, g: float, square: float = 0.0, velocity: float = 0.0
) -> tuple[float, ...]:
    """Divide the gradient by its running root mean square; with momentum, sum up what this gives."""
    square = settings.alpha * square + (1.0 - settings.alpha) * g * g
    velocity = settings.momentum * velocity + g / (math.sqrt(square) + settings.epsilon)
    return w - rate * velocity, square, velocity


def adagrad(settings: Adagrad, rate: float, step: int, w: float, g: float, total: float = 0.0) -> tuple[float, ...]:
    """Divide the gradient by the root of the sum of all its squares so far."""
    total += g * g
    return w - rate * g / (math.sqrt(total) + settings.epsilon), total


def rprop(
    settings: Rprop, rate: float, step: int, w: float, g: float, last: float = 0.0, size: float | None = None
) -> tuple[float, ...]:
    """Go down by a step whose size depends on whether the gradient kept its sign, not on how large it is.

    Where the sign changed, a minimum was passed: the step shrinks, and the parameter waits for the next gradient.
    """
    size = rate if size is None else size
    if g * last > 0.0:
        size *= settings.eta_plus
    elif g * last < 0.0:
        size *= settings.eta_minus
        g = 0.0
    size = min(max(size, settings.min_step), settings.max_step)
    direction = math.copysign(1.0, g) if g else 0.0
    return w - direction * size, direction, size


# settings, learning rate, number of this step (from 1), parameter, gradient, *memory -> parameter, *memory
OPTIMIZERS: dict[str, Callable[..., tuple[float, ...]]] = {
    "sgd": sgd,
    "adam": adam,
    "adamw": adam,  # on weights that have decayed, see Training
    "rmsprop": rmsprop,
    "adagrad": adagrad,
    "rprop": rprop,
}


def clipped(settings: StepOptimizer, gradients: Sequence[float]) -> list[float]:
    """Bring each gradient into its bounds, then the length of the vector of all."""
    clip_value, clip_norm = getattr(settings, "clip_value", None), getattr(settings, "clip_norm", None)
    values = list(gradients)
    if clip_value is not None:
        values = [max(-clip_value, min(g, clip_value)) for g in values]
    if clip_norm is not None:
        norm = math.sqrt(math.fsum(g * g for g in values))
        values = [g * min(1.0, clip_norm / (norm + 1e-6)) for g in values]
    return values


def per_parameter(shapes: Sequence[tuple[int, int]], pairs: Sequence[tuple[Value, Value]]) -> list[Value]:
    """Return one value for each parameter, from a pair for the weights and the biases of each layer."""
    sizes = zip(shapes, pairs, strict=True)
    return [value for (n_in, n_out), (w, b) in sizes for value in [w] * n_in * n_out + [b] * n_out]


class Training:
    """An optimizer at work: its settings, the number of steps made, and the memory of every parameter.

    Parameters
    ----------
    optimizer : str or optimizer object
        See ``fastmlp.optimizers``.

    See Also
    --------
    Network : What is trained.

    Examples
    --------
    >>> training = Training("sgd")
    >>> training.step([1.0, 2.0], [10.0, -10.0])
    [0.9, 2.1]
    """

    def __init__(self, optimizer: str | Optimizer) -> None:
        settings = resolve_optimizer(optimizer)
        if not isinstance(settings, StepOptimizer):
            raise ValueError("lbfgs has no rule for one step, which the reference goes by: use another optimizer.")
        self.settings: StepOptimizer = settings
        self.steps = 0
        self.memory: list[tuple[float, ...]] = []

    def step(
        self,
        parameters: Sequence[float],
        gradients: Sequence[float],
        rate: float | None = None,
        is_weight: Sequence[bool] | None = None,
        factors: Sequence[float] | None = None,
    ) -> list[float]:
        """Return the parameters after one step and remember what the rule wants to remember.

        Parameters
        ----------
        parameters, gradients : sequence of float
            One number of each for every parameter.
        rate : float, optional
            The learning rate of this step; default: that of the settings, which must be a number then.
        is_weight : sequence of bool, optional
            Which parameters decay (weights do, biases do not), where the optimizer has a weight decay; default: all.
        factors : sequence of float, optional
            On the rate of each parameter; with 0 it is frozen, and its gradient is none to be clipped. Default: 1.

        Returns
        -------
        list of float
            The parameters after the step.
        """
        rule = OPTIMIZERS[self.settings.name]
        if rate is None:
            if isinstance(self.settings.learning_rate, Schedule):
                raise ValueError(f"the rate of this step must be given: it follows {self.settings.learning_rate}.")
            rate = self.settings.learning_rate
        self.steps += 1
        factors = [1.0] * len(parameters) if factors is None else factors
        if self.settings.decay:
            decay = rate * self.settings.decay
            decays = [True] * len(parameters) if is_weight is None else is_weight
            parameters = [
                w * (1.0 - factor * decay) if is_decaying else w
                for w, factor, is_decaying in zip(parameters, factors, decays, strict=True)
            ]
        memory = self.memory or [()] * len(parameters)  # before the first step the defaults of the rule apply
        moving = clipped(self.settings, [g if factor else 0.0 for g, factor in zip(gradients, factors, strict=True)])
        updated = [
            rule(self.settings, factor * rate, self.steps, w, g, *m) if factor else (w, *m)
            for w, g, factor, m in zip(parameters, moving, factors, memory, strict=True)
        ]
        self.memory = [tuple(m) for _, *m in updated]
        return [w for w, *_ in updated]
