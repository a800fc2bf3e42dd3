"""Every check of an argument that is no array, and its error sentence; those of data are in arrays.py.

A sentence names the subject, the rule, what came and how to mend it. ValueError for values and shapes, TypeError for
types.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias, TypeGuard

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief, listed

Array = npt.NDArray[Any]
# what a fit shows of itself; None: a bar where one can be seen
ProgressKind: TypeAlias = bool | Literal["lines"] | None


def check_real(
    value: Any,
    name: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> float:
    """Return a finite float within the bounds (``minimum`` and ``maximum`` included, the others excluded)."""
    if type(value) is float or type(value) is int:
        number = _as_float(value)
    else:
        # NumPy's complex numbers would lose their imaginary part without an error; NumPy 2.2 makes a number of [1.0]
        is_array = isinstance(value, np.ndarray) and value.ndim > 0
        if is_array or isinstance(value, bool | np.bool_ | str | bytes | np.complexfloating):
            raise TypeError(f"{name} must be a number ({_rule(minimum, maximum, above, below)}), got {brief(value)}.")
        try:
            number = _as_float(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"{name} must be a number ({_rule(minimum, maximum, above, below)}), got {brief(value)}."
            ) from None
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {number}.")
    if (
        (minimum is not None and number < minimum)
        or (maximum is not None and number > maximum)
        or (above is not None and number <= above)
        or (below is not None and number >= below)
    ):
        raise ValueError(f"{name} must be {_rule(minimum, maximum, above, below)}, got {brief(value)}.")
    return number


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _rule(minimum: float | None, maximum: float | None, above: float | None, below: float | None) -> str:
    bounds = (("at least", minimum), ("at most", maximum), ("above", above), ("below", below))
    return " and ".join(f"{text} {bound}" for text, bound in bounds if bound is not None) or "finite"


def check_integer(value: Any, name: str, *, minimum: int, maximum: int | None = None) -> int:
    """Return an int within the bounds, both included."""
    rule = f"an integer of at least {minimum}" if maximum is None else f"an integer from {minimum} to {maximum}"
    if isinstance(value, bool):
        raise TypeError(f"{name} must be {rule}, got {brief(value)}.")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be {rule}, got {brief(value)}.") from None
    if number < minimum or (maximum is not None and number > maximum):
        raise ValueError(f"{name} must be {rule}, got {brief(number)}.")
    return number


def check_flag(value: Any, name: str, or_else: str = "") -> bool:
    """Return a bool; NumPy's bools count, other numbers do not. ``or_else``: what else would have been right."""
    if type(value).__name__ not in ("bool", "bool_"):
        raise TypeError(f"{name} must be True or False{or_else}, got {brief(value)}.")
    return bool(value)


def check_progress(value: Any) -> ProgressKind:
    """Return whether and how a fit shows its progress."""
    if value is None:
        return None
    if isinstance(value, str) and value == "lines":
        return "lines"
    return check_flag(value, "progress", ", 'lines' or None")


def check_choice(value: Any, name: str, choices: tuple[str, ...]) -> str:
    """Return one of these words."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {listed(choices)}, got {brief(value)}.")
    return value


def check_class_weight(value: Any) -> Any:
    """Return None, "balanced" or a dict of labels and weights, none negative."""
    if value is None or (isinstance(value, str) and value == "balanced"):
        return value
    if not isinstance(value, Mapping):
        raise TypeError(f"class_weight must be None, 'balanced' or a dict of labels and weights, got {brief(value)}.")
    return {
        check_integer(label, "a label in class_weight", minimum=0): check_real(
            weight, f"class_weight[{brief(label)}]", minimum=0.0
        )
        for label, weight in value.items()
    }


def check_class_weight_labels(value: Any, n_classes: int) -> None:
    """Refuse a dict with a label that the network does not have."""
    if isinstance(value, Mapping) and value and max(value) >= n_classes:
        raise ValueError(
            f"class_weight has the label {brief(max(value))}, but the network has {n_classes} classes: "
            f"labels must be 0 to {n_classes - 1}."
        )


def check_dtype(value: Any) -> np.dtype[Any]:
    """Return the dtype of a network: float32 or float64."""
    try:
        dtype: np.dtype[Any] = np.dtype("V" if value is None else value)
    except Exception:  # NumPy shows what it does not know, and a repr of a user's own may raise anything
        dtype = np.dtype("V")
    if dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype must be 'float32' or 'float64', got {brief(value)}.")
    return dtype


def check_batch(value: Any, name: str) -> tuple[Any, Any, Any]:
    """Return the members of a batch (X, y) or (X, y, sample_weight), the weights None where there are none."""
    if not isinstance(value, tuple | list) or len(value) not in (2, 3):
        raise TypeError(f"{name} must be (X, y) or (X, y, sample_weight), got {type(value).__name__}.")
    return value[0], value[1], value[2] if len(value) == 3 else None


def check_batches(value: Any, epochs: int) -> Iterable[Any]:
    """Return an iterable of batches that can be read so many times."""
    if not is_list(value) or hasattr(value, "__array__") or hasattr(value, "toarray"):
        raise TypeError(
            "y must be an array of real numbers, got None: "
            "give the targets of X, or an iterable of batches (X, y) in the place of X."
        )
    if epochs > 1 and iter(value) is value:
        raise ValueError(
            f"epochs is {epochs}, but an iterator of batches can be read once: give epochs=1, "
            "or an iterable that starts anew each time."
        )
    return value


def check_function(value: Any, name: str = "f") -> Callable[[Any], Any]:
    """Return a user's function of a vector."""
    if not callable(value):
        raise TypeError(f"{name} must be a function of a vector, got {brief(value)}: write lambda x: ..., for example.")
    return value  # type: ignore[no-any-return]


def check_full_batch(optimizer: str, batch_size: int, rows: int, *, needs_all_samples: bool) -> None:
    """Refuse batches where the optimizer compares gradients of all samples."""
    if needs_all_samples and batch_size < rows:
        raise ValueError(
            f"{optimizer} needs all {rows} samples in every step, got batch_size={batch_size}: use batch_size=None."
        )


def check_no_rate_factors(optimizer: str, factors: Iterable[tuple[float, float]]) -> None:
    """Refuse factors on a learning rate that the optimizer does not have."""
    for index, (weights, bias) in enumerate(factors):
        if (weights, bias) != (1.0, 1.0):
            raise ValueError(
                f"layers[{index}] has weight_rate_factor={weights:g} and bias_rate_factor={bias:g}, but {optimizer} "
                "has no learning rate to multiply: use another optimizer, or a network whose factors are all 1."
            )


def check_pair(value: Any, name: str) -> tuple[Any, Any]:
    """Return the two members of a pair (X, y)."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{name} must be a pair (X, y), got {type(value).__name__}.")
    return value[0], value[1]


def check_validation(value: Any, name: str) -> tuple[Any, Any, Any]:
    """Return X, y and the weights, or None, of (X, y) or (X, y, sample_weight)."""
    if not isinstance(value, tuple | list) or len(value) not in (2, 3):
        came = f"{len(value)} of them" if isinstance(value, tuple | list) else type(value).__name__
        raise TypeError(f"{name} must be a pair (X, y), or (X, y, sample_weight), got {came}.")
    X, y, *weights = value
    return X, y, weights[0] if weights else None


def check_one_validation(validation_data: Any, validation_fraction: Any) -> float | None:
    """Return the fraction, if that is given; data and fraction exclude each other."""
    if validation_fraction is None:
        return None
    if validation_data is not None:
        raise ValueError("validation_data and validation_fraction are both given: keep one of them.")
    return check_real(validation_fraction, "validation_fraction", above=0.0, below=1.0)


def check_row_numbers(value: Any, n: int, name: str) -> npt.NDArray[np.int64]:
    """Return the numbers, from 0, of some of n rows: those of a slice, a mask or a list, whose own may be negative."""
    if isinstance(value, slice):
        value = range(*value.indices(n))
    rule = f"{name} must be integers, a slice or a mask of {n} bools"
    try:
        rows = np.asarray(value, np.int64) if len(value) == 0 else np.asarray(value)
    except (TypeError, ValueError):
        raise TypeError(f"{rule}, got {brief(value)}.") from None
    if rows.ndim != 1 or rows.dtype.kind not in "biu":
        raise TypeError(f"{rule}, got {brief(value)}.")
    if rows.dtype.kind == "b":
        if len(rows) != n:
            raise ValueError(f"{rule}, got a mask of {len(rows)}.")
        rows = np.flatnonzero(rows)
    if len(rows) == 0:
        raise ValueError(f"{name} chooses no rows: give at least one.")
    wrong = (rows < -n) | (rows >= n)
    if wrong.any():
        raise ValueError(f"{name} must be from {-n} to {n - 1}, for as many rows, got {rows[np.argmax(wrong)]}.")
    return np.where(rows < 0, rows + n, rows).astype(np.int64)


def check_thread_variable(name: str, text: str) -> int:
    """Return the number in an environment variable that limits threads, 0 where it is empty."""
    if text.strip() and not (text.strip().isdecimal() and int(text) >= 1):
        raise ValueError(f"{name}={brief(text)} is not a number of threads: set an integer of at least 1, or unset it.")
    return int(text) if text.strip() else 0


def is_list(value: Any) -> TypeGuard[Iterable[Any]]:
    """Return whether it can be read as a list: arrays and memoryviews of other dimensions only look as if."""
    return isinstance(value, Iterable) and getattr(value, "ndim", 1) == 1


def check_callables(values: Any, name: str) -> list[Any]:
    """Return the callables as a list."""
    if not is_list(values):
        raise TypeError(f"{name} must be a list of callables, got {brief(values)}: put it into a list.")
    callables = list(values)
    for index, value in enumerate(callables):
        if not callable(value):
            raise TypeError(f"{name}[{index}] must be callable with (network, epoch), got {brief(value)}.")
    return callables


def check_verdict(value: Any) -> bool:
    """Return what a callback wants: True to end the fit."""
    if value is not None and type(value).__name__ not in ("bool", "bool_"):
        raise TypeError(f"a callback must return True (end the fit), False or None, got {brief(value)}.")
    return bool(value)


def check_metrics(metrics: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics as functions by name: those of ``names`` and any others."""
    known = ", ".join(repr(name) for name in names)
    if isinstance(metrics, str) or not is_list(metrics):
        raise TypeError(f"metrics must be a list of names and functions, got {brief(metrics)}: put it into a list.")
    found: dict[str, Any] = {}
    for index, metric in enumerate(metrics):
        if isinstance(metric, str):
            if metric not in names:
                raise ValueError(
                    f"metric {brief(metric)} does not exist: use one of {known}, or a function of (y_true, outputs)."
                )
            name, function = metric, names[metric]
        elif isinstance(metric, type) or not callable(metric):
            raise TypeError(
                f"metrics[{index}] must be one of the names {known} or a function of (y_true, outputs), "
                f"got {brief(metric)}."
            )
        else:
            # an object with __call__, such as functools.partial, is called by its class
            name, function = str(getattr(metric, "__name__", type(metric).__name__)), metric
        if name in found or name == "loss":
            raise ValueError(f"metrics[{index}] is called {brief(name)}, as another column: give each its own name.")
        found[name] = function
    return found
