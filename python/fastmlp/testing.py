"""For tests of your own: an assertion that shows the report, and functions out of PyTorch and JAX to check.

PyTorch and JAX are imported in the function of their name alone; fastmlp needs neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_function
from fastmlp._checks.text import brief
from fastmlp.gradient_check import Point, check_gradients

__all__ = ["Checkable", "assert_gradients", "from_jax", "from_torch"]

Array = npt.NDArray[Any]


class Checkable(NamedTuple):
    """The first three arguments of ``check_gradients`` and ``assert_gradients``: ``check_gradients(*checkable)``.

    Attributes
    ----------
    f : callable
        The function, of what ``x`` is.
    gradient : callable
        Its gradient.
    x : array, or list or dict of arrays
        Where to check.

    See Also
    --------
    from_torch : Makes one of a module.
    from_jax : Makes one of a function.

    Examples
    --------
    >>> import fastmlp as fm
    >>> square = fm.testing.Checkable(lambda x: x[0] * x[0], lambda x: [2 * x[0]], [3.0])
    >>> fm.check_gradients(*square).passed
    True
    """

    f: Callable[[Any], float]
    gradient: Callable[[Any], Any]
    x: Any


def assert_gradients(
    f: Callable[[Any], float], gradient: Callable[[Any], Any] | Any, x: Point, **settings: Any
) -> None:
    """Raise AssertionError with the report unless the gradient passes ``check_gradients``.

    Parameters
    ----------
    f, gradient, x : functions and a point
        As for ``check_gradients``.
    **settings : keyword arguments
        Its other arguments.

    Raises
    ------
    AssertionError
        Something is wrong, or cannot be told.

    See Also
    --------
    fastmlp.check_gradients : The same, with a report to look at.

    Examples
    --------
    >>> from fastmlp.testing import assert_gradients
    >>> assert_gradients(lambda x: (x**3).sum(), lambda x: 3 * x**2, [1.0, 2.0])
    """
    # pytest shows the test, not this line
    __tracebackhide__ = True
    report = check_gradients(f, gradient, x, **settings)
    if not report.passed:
        raise AssertionError(f"the gradient of f does not pass the check\n{report}")


def from_torch(module: Any, loss: Callable[[Any, Any], Any], X: npt.ArrayLike, y: Any) -> Checkable:
    """Return the loss of a PyTorch module as a function of its parameters, and autograd's gradient.

    Both are computed in float64 on a copy of the module, which stays as it is; X and y are converted to float64 where
    they are not of integers.

    Parameters
    ----------
    module : torch.nn.Module
        Without randomness: put it into ``eval()`` where it has dropout.
    loss : callable
        From the module's outputs and ``y`` to a tensor of one number.
    X, y : array or tensor
        What the module and the loss take.

    Returns
    -------
    Checkable
        Its ``x`` is a dict of arrays by the names of ``module.named_parameters()``, frozen ones left out.

    See Also
    --------
    from_jax : The same for functions of JAX.

    Examples
    --------
    >>> report = fm.check_gradients(*from_torch(module, torch.nn.functional.mse_loss, X, y))  # doctest: +SKIP
    """
    import copy

    import torch

    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {brief(module)}.")
    for name, value in (("X", X), ("y", y)):
        if value is None:
            raise TypeError(f"{name} must be an array or tensor, got None.")
    twin = copy.deepcopy(module).double()
    inputs, targets = (one.double() if one.is_floating_point() else one for one in map(torch.as_tensor, (X, y)))
    loss_of: Callable[..., Any] = check_function(loss, "loss")
    parameters = {name: one for name, one in twin.named_parameters() if one.requires_grad}
    if not parameters:
        raise ValueError("module has no parameters that require a gradient, and so nothing to check.")

    def value_at(point: Mapping[str, Array]) -> Any:
        with torch.no_grad():
            for name, one in parameters.items():
                one.copy_(torch.from_numpy(point[name]))
        found = loss_of(twin(inputs), targets)
        if getattr(found, "numel", lambda: 0)() != 1:
            raise ValueError(f"loss must return a tensor of one number, got {brief(found)}: use reduction='mean'.")
        return found

    def f(point: Mapping[str, Array]) -> float:
        with torch.no_grad():
            return float(value_at(point))

    def gradient(point: Mapping[str, Array]) -> dict[str, Array]:
        value = value_at(point)
        slopes: Sequence[Any] = [None] * len(parameters)
        if value.requires_grad:  # which a loss that depends on nothing does not
            slopes = torch.autograd.grad(value, list(parameters.values()), allow_unused=True)
        return {
            name: np.zeros(one.shape) if slope is None else slope.numpy().copy()
            for (name, one), slope in zip(parameters.items(), slopes, strict=True)
        }

    x = {name: one.detach().numpy().copy() for name, one in parameters.items()}
    if not np.array_equal(f(x), f(x), equal_nan=True):
        raise ValueError("module gives another loss each time: put it into eval(), where nothing is dropped.")
    return Checkable(f, gradient, x)


def from_jax(function: Callable[..., Any], parameters: Any, *data: Any) -> Checkable:
    """Return a function of JAX as one of arrays, and ``jax.grad`` of it by its first argument.

    Both are computed in float64, whatever JAX's own setting is.

    Parameters
    ----------
    function : callable
        From ``parameters`` and ``data`` to one number: the loss.
    parameters : array, or list or dict of arrays
        The first argument of the function. What is nested deeper comes as a dict, by names like "encoder.weights".
    *data : array-like
        What else the function takes; arrays of floats are converted to float64.

    Returns
    -------
    Checkable
        Function, gradient and point.

    See Also
    --------
    from_torch : The same for modules of PyTorch.

    Examples
    --------
    >>> report = fm.check_gradients(*from_jax(lambda p, X: jnp.tanh(X @ p["W"]).sum(), {"W": W}, X))  # doctest: +SKIP
    """
    import jax

    function = check_function(function, "function")
    # where it was before JAX 0.8
    in_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else import_module("jax.experimental").enable_x64

    def in_double(value: Any) -> Any:
        if not (hasattr(value, "dtype") or hasattr(value, "__array__")):
            return value
        array = np.asarray(value)
        return array.astype(np.float64) if array.dtype.kind == "f" or array.dtype.name == "bfloat16" else array

    others = [jax.tree_util.tree_map(in_double, one) for one in data]
    slopes = jax.jit(jax.grad(function))
    values = jax.jit(function)
    point = jax.tree_util.tree_map(lambda one: np.asarray(one, np.float64), parameters)
    leaves, structure = jax.tree_util.tree_flatten_with_path(point)
    if not leaves:
        raise ValueError(
            f"parameters hold no arrays, got {brief(parameters)}: give an array, or a list or dict of some."
        )
    is_nested = any(len(path) > 1 for path, _ in leaves)
    names = [".".join(map(_key, path)) for path, _ in leaves]

    def nested(point: Any) -> Any:
        return structure.unflatten(point[name] for name in names) if is_nested else point

    def f(point: Any) -> float:
        with in_x64(True):
            return float(values(nested(point), *others))

    def gradient(point: Any) -> Any:
        with in_x64(True):
            found = jax.tree_util.tree_map(np.asarray, slopes(nested(point), *others))
        return dict(zip(names, jax.tree_util.tree_leaves(found), strict=True)) if is_nested else found

    if is_nested:
        point = {name: leaf for name, (_, leaf) in zip(names, leaves, strict=True)}
    return Checkable(f, gradient, point)


def _key(step: Any) -> str:
    """Return what a step of JAX into a tree is called: a key, an index or an attribute."""
    return str(next(getattr(step, word) for word in ("key", "idx", "name") if hasattr(step, word)))
