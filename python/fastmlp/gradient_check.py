"""Derivatives of a user's own function against differences that know their own error.

The differences, their errors and the verdicts are made in _gradient_check/; here is what a user calls, for a gradient,
a Jacobian and a product with a Hessian.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_choice, check_function, check_integer, check_real
from fastmlp._checks.arrays import check_gradient, check_point, check_values
from fastmlp._gradient_check.arrays import Arrays, median, scales_of
from fastmlp._gradient_check.checker import Checker
from fastmlp._gradient_check.lines import Part
from fastmlp._gradient_check.noise import EPS, SINGLE_EPS
from fastmlp._gradient_check.report import GradientReport, Probe, Sampling
from fastmlp._gradient_check.values import Distance, ValuesOf

__all__ = ["GradientReport", "Probe", "Sampling", "check_gradients", "check_hessian_product", "check_jacobian"]

Array = npt.NDArray[Any]
Point = npt.ArrayLike | Sequence[npt.ArrayLike] | Mapping[Any, npt.ArrayLike]

STEP = 2.0**-8
METHODS = ("differences", "complex")


def check_gradients(
    f: Callable[[Any], float],
    gradient: Callable[[Any], Any] | Any,
    x: Point,
    *,
    step: float = STEP,
    tolerance: float = 1e-6,
    max_parameters: int = 2000,
    method: str = "differences",
    seed: int = 0,
) -> GradientReport:
    """Compare the gradient of a function with differences of it, entry by entry.

    Each entry is judged by itself: it is wrong where it differs by more than ``tolerance`` times itself and what the
    differences may be wrong by, which Ridders' extrapolation and the noise of f tell. What that error hides is
    undecided, with its reason: noise of f, a kink, overflow, an f that computes in float32.

    Parameters
    ----------
    f : callable
        From what ``x`` is, in float64, to a number.
    gradient : callable or array
        The gradient at ``x``, or a function that returns it; of the shape of ``x``, or a list or dict of such.
    x : array, or list or dict of arrays
        Where.
    step : float, default 2^-8
        The first step of the differences, in units of an entry; others are found where it does not do.
    tolerance : float, default 1e-6
        The largest relative error that passes.
    max_parameters : int, default 2000
        An array of more is checked at random entries and along random directions.
    method : {"differences", "complex"}, default "differences"
        By the complex step f'(x) = Im f(x + ih) / h, which has no rounding of differences, f must compute with complex
        numbers and analytically, without abs, max or comparisons; where differences contradict it, nothing is decided.
    seed : int, default 0
        Of what is chosen at random.

    Returns
    -------
    GradientReport
        ``passed`` only if nothing is ``wrong`` and nothing ``undecided``; a table when printed.

    Raises
    ------
    ValueError, TypeError
        Shapes do not agree, or ``f`` does not return one number.

    See Also
    --------
    check_jacobian : For functions of several values.
    check_hessian_product : For products with second derivatives.
    fastmlp.testing.assert_gradients : The same in a test.

    References
    ----------
    C. J. F. Ridders, Accurate computation of F'(x) and F'(x)F''(x), Adv. Eng. Software 4 (1982). J. J. More and S. M.
    Wild, Estimating computational noise, SIAM J. Sci. Comput. 33 (2011). W. Squire and G. Trapp, Using complex
    variables to estimate derivatives of real functions, SIAM Review 40 (1998).

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.check_gradients(lambda x: (x**3).sum(), lambda x: 3 * x**2, [1.0, 2.0]).passed
    True
    >>> fm.check_gradients(lambda x: (x**3).sum(), lambda x: 2 * x**2, [1.0, 2.0]).passed
    False
    >>> point, gradient = {"w": [2.0], "b": [3.0]}, {"w": [3.0], "b": [2.5]}
    >>> fm.check_gradients(lambda p: (p["w"] * p["b"]).sum(), gradient, point).wrong[0].parameter
    "x['b'][0]"
    """
    f = check_function(f)
    point = Arrays(x)
    method = check_choice(method, "method", METHODS)
    analytic, dtype = point.gradients(gradient(point.for_function()) if callable(gradient) else gradient)
    step = check_real(step, "step", above=0.0)
    limit = check_integer(max_parameters, "max_parameters", minimum=1)

    values = ValuesOf(f, point)
    checker = Checker(
        values,
        roundoff=values.roundoff,
        step=step,
        tolerance=tolerance,
        seed=seed,
        eps=_eps_of(dtype),
        aside=values.aside if method == "complex" else None,
    )
    checker.compare(
        [
            Part(name, name, array, part[np.newaxis], scales_of(array), limit, units_apart=True)
            for name, array, part in zip(point.names, point.arrays, analytic, strict=True)
        ]
    )
    return checker.report()


def check_jacobian(
    f: Callable[[Array], Any],
    jacobian: Callable[[Array], npt.ArrayLike] | npt.ArrayLike,
    x: npt.ArrayLike,
    *,
    step: float = STEP,
    tolerance: float = 1e-6,
    max_parameters: int = 2000,
    method: str = "differences",
    seed: int = 0,
) -> GradientReport:
    """Compare the Jacobian of a function of several values with differences of it, entry by entry.

    Parameters
    ----------
    f : callable
        From an array of the shape of ``x``, in float64, to an array of numbers.
    jacobian : callable or array
        The derivatives at ``x``, or a function that returns them: the shape of f's values, then that of ``x``.
    x : array
        Where.
    step, tolerance, max_parameters, method, seed : numbers and a name
        As for ``check_gradients``.

    Returns
    -------
    GradientReport
        Entries are called jacobian[i, j], first the value of f, then the entry of ``x``.

    Raises
    ------
    ValueError, TypeError
        Shapes do not agree.

    See Also
    --------
    check_gradients : For functions of one value; there, how entries are judged.

    Examples
    --------
    >>> import fastmlp as fm
    >>> import numpy as np
    >>> A = np.array([[1.0, 2.0], [0.0, 3.0]])
    >>> fm.check_jacobian(lambda x: np.tanh(A @ x), lambda x: (1 - np.tanh(A @ x) ** 2)[:, None] * A, [0.1, 0.2]).passed
    True
    >>> fm.check_jacobian(lambda x: A @ x, A.T, [0.1, 0.2]).wrong[0].parameter
    'jacobian[0, 1]'
    """
    f = check_function(f)
    point = Arrays(check_point(x))
    method = check_choice(method, "method", METHODS)
    shape = check_values(f(point.for_function()), "the values of f").shape
    given = jacobian(point.for_function()) if callable(jacobian) else jacobian
    analytic = check_gradient(given, shape + point.arrays[0].shape, "jacobian", "the values of f and x")
    values = ValuesOf(f, point, shape)
    checker = Checker(
        values,
        roundoff=values.roundoff,
        step=check_real(step, "step", above=0.0),
        tolerance=tolerance,
        seed=seed,
        eps=_eps_of(np.asarray(given).dtype),
        shape=shape,
        aside=values.aside if method == "complex" else None,
    )
    array = point.arrays[0]
    limit = check_integer(max_parameters, "max_parameters", minimum=1)
    derivatives = analytic.reshape(-1, *array.shape)
    checker.compare([Part("jacobian", "jacobian", array, derivatives, scales_of(array), limit, units_apart=True)])
    return checker.report()


def check_hessian_product(
    gradient: Callable[[Array], npt.ArrayLike],
    product: Callable[[Array, Array], npt.ArrayLike] | npt.ArrayLike,
    x: npt.ArrayLike,
    v: npt.ArrayLike,
    *,
    step: float = STEP,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> GradientReport:
    """Compare a product of the Hessian and a vector with differences of the gradient along the vector.

    Parameters
    ----------
    gradient : callable
        The gradient of a function, from an array of the shape of ``x``; it is taken as right.
    product : callable or array
        H v at ``x``, of its shape, or a function of ``x`` and ``v`` that returns it.
    x, v : array
        Where, and of which vector.
    step, tolerance, seed : numbers
        As for ``check_gradients``.

    Returns
    -------
    GradientReport
        Entries are called product[i].

    Raises
    ------
    ValueError, TypeError
        Shapes do not agree, or ``v`` is zero.

    See Also
    --------
    check_gradients : Check the gradient first.

    Examples
    --------
    >>> import fastmlp as fm
    >>> import numpy as np
    >>> A = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> fm.check_hessian_product(lambda x: A @ x, lambda x, v: A @ v, [0.1, 0.2], [1.0, -1.0]).passed
    True
    """
    gradient = check_function(gradient, "gradient")
    center, along = check_point(x), check_point(v, "v")
    if along.shape != center.shape:
        raise ValueError(f"v has shape {along.shape}, but must have that of x: {center.shape}.")
    length = float(np.abs(along).max())
    if length == 0:
        raise ValueError("v is zero, along which nothing changes: take another vector.")
    given = product(center.copy(), along.copy()) if callable(product) else product
    analytic = check_gradient(given, center.shape, "product")
    distance = np.zeros(())
    values = ValuesOf(
        lambda moved: check_gradient(gradient(center + moved * along), center.shape, "the value of gradient"),
        Distance(distance),
        center.shape,
    )
    checker = Checker(
        values,
        roundoff=values.roundoff,
        step=check_real(step, "step", above=0.0),
        tolerance=tolerance,
        seed=seed,
        eps=_eps_of(np.asarray(given).dtype),
        shape=center.shape,
    )
    # f changes its shape where the longest entry of v moves by the size of x
    scale = np.asarray(median(scales_of(center)) / length)
    checker.compare([Part("product", "product", distance, analytic.reshape(-1), scale, 1)])
    return checker.report()


def _eps_of(dtype: np.dtype[Any]) -> float:
    """Return the unit roundoff of derivatives that came in this dtype."""
    return SINGLE_EPS if dtype == np.float32 else float(np.finfo(dtype).eps) if dtype == np.float16 else EPS
