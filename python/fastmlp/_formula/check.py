"""A formula's derivative against differences of its value, before a network is made of it.

The derivative is made by graph.py, so a wrong one would be an error of ours; a derivative that is right but lost to
cancellation or overflow is found as well. Points are irregular, so that a kink (min, max, abs, where) is rarely within
a step of one; two of them may disagree.
"""

from __future__ import annotations

import numpy as np

from fastmlp._formula.program import Program
from fastmlp._formula.syntax import ACTIVATION, Language, excerpt

# 16 points of (-4, 4), where pre-activations lie, by the golden ratio: never round numbers
POINTS = 8.0 * ((np.arange(1, 17) * 0.6180339887498949) % 1.0) - 4.0
# larger steps round less, smaller ones curve less
STEPS = np.array([1e-3, 1e-4, 1e-5, 1e-6, 1e-7])
TOLERANCE = 1e-3  # far above the errors of the best step, far below a wrong term
MOST_KINKS = 2


def check_derivative(program: Program, text: str, language: Language = ACTIVATION) -> None:
    """Raise ValueError if a formula has no value anywhere, or another derivative than its differences say.

    Examples
    --------
    >>> from fastmlp._formula import compile_formula, parse
    >>> check_derivative(compile_formula(parse("log(x - 9)"), "log(x - 9)"), "log(x - 9)")
    Traceback (most recent call last):
        ...
    ValueError: formula 'log(x - 9)' has no finite value for x from -4 to 4, where its inputs lie: change it.
    """
    # in the other order, so that the difference of two variables takes all sizes
    others = [POINTS[::-1]] * (len(language.variables) - 1)
    value, slope = program.run(POINTS, *others)
    if not np.isfinite(value).any():
        where = f"{' and '.join(language.variables)} from -4 to 4"
        raise ValueError(f"formula {excerpt(text)} has no finite value for {where}, where its inputs lie: change it.")
    beside = [np.repeat(other[:, np.newaxis], len(STEPS), 1) for other in others]
    above, _ = program.run(POINTS[:, np.newaxis] + STEPS, *beside)
    below, _ = program.run(POINTS[:, np.newaxis] - STEPS, *beside)
    with np.errstate(all="ignore"):
        quotient = (above - below) / (2.0 * STEPS)
        rounding = 1e-15 * np.abs(value)[:, np.newaxis] / STEPS
        scale = np.maximum(np.abs(quotient), np.abs(slope)[:, np.newaxis])
        agrees = np.abs(quotient - slope[:, np.newaxis]) <= TOLERANCE * scale + rounding
    comparable = np.isfinite(quotient).all(axis=1)
    wrong = comparable & ~agrees.any(axis=1)
    if wrong.sum() > MOST_KINKS:
        raise ValueError(
            f"formula {excerpt(text)} has a derivative that differences of its value do not confirm, at "
            f"{language.first} = {POINTS[wrong][0]:.3g} for example: avoid overflow and cancellation in it."
        )
