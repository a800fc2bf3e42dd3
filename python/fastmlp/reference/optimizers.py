"""Optimizers as rules for one number: from a parameter, its gradient and what the rule remembers to the next value.

Every parameter follows the same rule by itself, so a rule is written for one and ``Training`` applies it to all.
Definitions are PyTorch's; the settings are the objects of ``fastmlp.optimizers``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from fastmlp.optimizers import SGD, Adam, Optimizer, resolve_optimizer


def sgd(settings: SGD, step: int, w: float, g: float, velocity: float = 0.0) -> tuple[float, ...]:
    """Step down the slope; with momentum, along a velocity that sums up old gradients and slowly forgets them.

    Nesterov's variant looks ahead: it adds to the gradient where the velocity will lead next.
    """
    velocity = settings.momentum * velocity + g
    direction = g + settings.momentum * velocity if settings.nesterov else velocity
    return w - settings.learning_rate * direction, velocity


def adam(settings: Adam, step: int, w: float, g: float, mean: float = 0.0, square: float = 0.0) -> tuple[float, ...]:
    """Step along the running mean of the gradient, in units of its running root mean square.

    Both averages start at 0 and are too small at first: after ``step`` steps an average of a constant c with decay
    beta stands at (1 - beta^step) c, so it is divided by that factor.
    """
    mean = settings.beta1 * mean + (1.0 - settings.beta1) * g
    square = settings.beta2 * square + (1.0 - settings.beta2) * g * g
    corrected_mean = mean / (1.0 - settings.beta1**step)
    corrected_square = square / (1.0 - settings.beta2**step)
    w -= settings.learning_rate * corrected_mean / (math.sqrt(corrected_square) + settings.epsilon)
    return w, mean, square


# settings, number of this step (from 1), parameter, gradient, *memory -> parameter, *memory
OPTIMIZERS: dict[str, Callable[..., tuple[float, ...]]] = {"sgd": sgd, "adam": adam}


class Training:
    """An optimizer at work: its settings, the number of steps made, and the memory of every parameter.

    Parameters
    ----------
    optimizer : str or optimizer object
        See ``fastmlp.optimizers``.

    Examples
    --------
    >>> training = Training("sgd")
    >>> training.step([1.0, 2.0], [10.0, -10.0])
    [0.9, 2.1]
    """

    def __init__(self, optimizer: str | Optimizer) -> None:
        self.settings = resolve_optimizer(optimizer)
        self.steps = 0
        self.memory: list[tuple[float, ...]] = []

    def step(self, parameters: Sequence[float], gradients: Sequence[float]) -> list[float]:
        """Return the parameters after one step and remember what the rule wants to remember."""
        rule = OPTIMIZERS[self.settings.name]
        self.steps += 1
        memory = self.memory or [()] * len(parameters)  # before the first step the defaults of the rule apply
        updated = [
            rule(self.settings, self.steps, w, g, *m) for w, g, m in zip(parameters, gradients, memory, strict=True)
        ]
        self.memory = [tuple(m) for _, *m in updated]
        return [w for w, *_ in updated]
