"""Every check of an argument and every error sentence of the library.

A sentence names the subject, the rule, what came and how to mend it. ValueError for values and shapes, TypeError for
types. The core behind ``_core`` only asserts: what passes here is C-contiguous, aligned, native and in range. No check
makes a temporary of the size of X when all is well, and nothing that came in is ever written.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from fastmlp import _core

Array = npt.NDArray[Any]
Kind = TypeVar("Kind")


def check_real(
    value: Any,
    name: str,
    *,
    minimum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> float:
    """Return a finite float within the bounds (``minimum`` included, ``above`` and ``below`` excluded)."""
    bounds = [
        text
        for text, bound in (
            (f"at least {minimum}", minimum),
            (f"above {above}", above),
            (f"below {below}", below),
        )
        if bound is not None
    ]
    rule = " and ".join(bounds) or "finite"
    # NumPy's complex numbers would lose their imaginary part without an error
    if isinstance(value, bool | np.bool_ | str | bytes | np.complexfloating):
        raise TypeError(f"{name} must be a number ({rule}), got {value!r}.")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number ({rule}), got {value!r}.") from None
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {number}.")
    if (
        (minimum is not None and number < minimum)
        or (above is not None and number <= above)
        or (below is not None and number >= below)
    ):
        raise ValueError(f"{name} must be {rule}, got {value!r}.")
    return number


def check_integer(value: Any, name: str, *, minimum: int, maximum: int | None = None) -> int:
    """Return an int within the bounds, both included."""
    rule = f"an integer of at least {minimum}" if maximum is None else f"an integer from {minimum} to {maximum}"
    if isinstance(value, bool):
        raise TypeError(f"{name} must be {rule}, got {value!r}.")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be {rule}, got {value!r}.") from None
    if number < minimum or (maximum is not None and number > maximum):
        raise ValueError(f"{name} must be {rule}, got {number}.")
    return number


def check_flag(value: Any, name: str) -> bool:
    """Return a bool; NumPy's bools count, other numbers do not."""
    if type(value).__name__ not in ("bool", "bool_"):
        raise TypeError(f"{name} must be True or False, got {value!r}.")
    return bool(value)


def resolve_by_name(value: Any, kinds: Mapping[str, type[Kind]], subject: str) -> Kind:
    """Return ``value`` if it is an object of one of ``kinds``, or a default object of the kind with that name."""
    names = ", ".join(repr(name) for name in kinds)
    if isinstance(value, str):
        if value not in kinds:
            raise ValueError(f"{subject} {value!r} does not exist: use one of {names}, or an object of these kinds.")
        return kinds[value]()
    for kind in kinds.values():
        if type(value) is kind:
            return value
    raise TypeError(f"{subject} must be one of the names {names} or an object of these kinds, got {value!r}.")


def check_class_weight(value: Any) -> Any:
    """Return None, "balanced" or a dict of labels and weights, none negative."""
    if value is None or (isinstance(value, str) and value == "balanced"):
        return value
    if not isinstance(value, Mapping):
        raise TypeError(f"class_weight must be None, 'balanced' or a dict of labels and weights, got {value!r}.")
    return {
        check_integer(label, "a label in class_weight", minimum=0): check_real(
            weight, f"class_weight[{label}]", minimum=0.0
        )
        for label, weight in value.items()
    }


def check_class_weight_labels(value: Any, n_classes: int) -> None:
    """Refuse a dict with a label that the network does not have."""
    if isinstance(value, Mapping) and value and max(value) >= n_classes:
        raise ValueError(
            f"class_weight has the label {max(value)}, but the network has {n_classes} classes: "
            f"labels must be 0 to {n_classes - 1}."
        )


def check_dtype(value: Any) -> np.dtype[Any]:
    """Return the dtype of a network: float32 or float64."""
    try:
        dtype: np.dtype[Any] = np.dtype("V" if value is None else value)
    except TypeError:
        dtype = np.dtype("V")
    if dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype must be 'float32' or 'float64', got {value!r}.")
    return dtype


def check_data(X: Any, n_inputs: int, dtype: np.dtype[Any], name: str = "X") -> Array:
    """Return data as the core takes it, (rows, n_inputs) in uint8, float32 or float64; a copy only where it must be."""
    array = _numeric_array(X, name)
    if array.ndim == 1:
        raise ValueError(
            f"{name} has shape {array.shape}, but must be (samples, inputs): "
            f"use {name}.reshape(1, -1) for one sample or {name}.reshape(-1, 1) for one input."
        )
    if array.ndim != 2:
        mend = f": use {name}.reshape({len(array)}, -1)." if array.ndim > 2 else "."
        raise ValueError(f"{name} has shape {array.shape}, but must be (samples, inputs){mend}")
    rows, columns = array.shape
    if columns != n_inputs:
        raise ValueError(
            f"{name} has {_count(columns, 'column')}, but the network expects {_count(n_inputs, 'input')}."
        )
    if rows == 0:
        raise ValueError(f"{name} has no rows: give at least one sample.")
    return _as_core_takes_it(array, name, dtype)


def check_targets(
    y: Any, rows: int, n_outputs: int, loss: str, dtype: np.dtype[Any], names: tuple[str, str] = ("X", "y")
) -> Array:
    """Return y as int32 labels (rows,) or float rows (rows, n_outputs); ``loss`` is the core's name of it."""
    data_name, name = names
    array = _numeric_array(y, name, mend="code labels as integers with names, y = numpy.unique(y, return_inverse=True)")
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} has shape {array.shape}, but must be labels (samples,) or rows (samples, outputs).")
    if len(array) != rows:
        raise ValueError(
            f"{name} has {_count(len(array), 'row')}, but {data_name} has {rows}: "
            "give one label or row for each sample."
        )
    if array.ndim == 2 and array.shape[1] != n_outputs:
        raise ValueError(
            f"{name} has shape {array.shape}, but the network has {_count(n_outputs, 'output')}: "
            f"give labels of shape ({rows},) or rows of shape ({rows}, {n_outputs})."
        )
    cross_entropy = loss.endswith("cross_entropy")
    if array.ndim == 1 and (n_outputs > 1 or cross_entropy):
        if array.dtype.kind in "biu":
            # one sigmoid output tells two classes apart, and takes their labels as its targets
            binary = loss == "sigmoid_cross_entropy" and n_outputs == 1
            labels = _check_labels(array, 2 if binary else n_outputs, name)
            return labels.astype(dtype)[:, np.newaxis] if binary else labels
        if loss == "softmax_cross_entropy" or n_outputs > 1:
            raise TypeError(
                f"{name} is a vector of {array.dtype}, but the network has {_count(n_outputs, 'output')}: "
                f"give integer labels, {name}.astype(int), or rows of shape ({rows}, {n_outputs})."
            )
    values = _as_core_takes_it(array.reshape(rows, n_outputs), name, dtype)
    if values.dtype == np.uint8:
        values = values.astype(dtype)
    if cross_entropy:
        _check_probabilities(values, name, add_up=loss == "softmax_cross_entropy")
    elif loss in ("hinge", "perceptron"):
        _check_sides(values, name, loss)
    elif loss == "poisson" and values.min() < 0:
        where = int(np.argmax(values < 0))
        raise ValueError(
            f"{name} holds {values.flat[where]} in {_place(values, where)}, "
            "but the counts of loss 'poisson' must not be negative."
        )
    return values


def check_indicators(rows: Array, name: str) -> Array:
    """Return the labels of rows with a single 1 among zeros; a single column holds the labels 0 and 1."""
    ones = rows == 1
    alone = rows.shape[1] == 1
    sound = (ones | (rows == 0)).all(axis=1) & (alone | (ones.sum(axis=1) == 1))
    if not sound.all():
        row = int(np.argmin(sound))
        raise ValueError(
            f"row {row} of {name} is neither a label nor an indicator row, which class_weight needs: "
            "give labels, or use sample_weight instead."
        )
    labels: Array = rows[:, 0].astype(np.intp) if alone else rows.argmax(axis=1)
    return labels


def check_sample_weight(sample_weight: Any, rows: int) -> Array | None:
    """Return the weights as float64 (rows,): finite, none negative, some positive."""
    if sample_weight is None:
        return None
    array = _numeric_array(sample_weight, "sample_weight")
    if array.shape != (rows,):
        raise ValueError(
            f"sample_weight has shape {array.shape}, but must have one number for each row of X: ({rows},)."
        )
    weights = np.require(_as_core_takes_it(array, "sample_weight", np.dtype(np.float64)), np.float64)
    if weights.min() < 0:
        row = int(np.argmax(weights < 0))
        raise ValueError(f"sample_weight[{row}] is {weights[row]}, but weights must not be negative.")
    return check_total_weight(weights, "sample_weight")


def check_total_weight(weights: Array, name: str) -> Array:
    """Return weights whose sum is positive and finite."""
    with np.errstate(over="ignore"):
        total = weights.sum()
    if not 0 < total < math.inf:
        raise ValueError(f"{name} adds up to {total}, but must add up to a positive finite number.")
    return weights


def check_parameters(values: Any, size: int, dtype: np.dtype[Any]) -> Array:
    """Return one finite flat vector with a value for each parameter."""
    array = _numeric_array(values, "parameters")
    if array.shape != (size,):
        raise ValueError(f"parameters has shape {array.shape}, but must be one flat vector of shape ({size},).")
    return _as_core_takes_it(array, "parameters", dtype)


def check_point(x: Any) -> Array:
    """Return a float64 copy of the point at which a function's gradient is checked."""
    array = _numeric_array(x, "x")
    if array.ndim == 0 or array.size == 0:
        raise ValueError(f"x has shape {array.shape}, but must be a vector of at least one number.")
    return _as_core_takes_it(array, "x", np.dtype(np.float64)).astype(np.float64)


def check_row(x: Any, n_inputs: int, dtype: np.dtype[Any]) -> Array:
    """Return one sample as data of one row."""
    array = _numeric_array(x, "x")
    if array.shape != (n_inputs,):
        raise ValueError(
            f"x has shape {array.shape}, but must be one sample of {_count(n_inputs, 'input')}: ({n_inputs},)."
        )
    return check_data(array[np.newaxis], n_inputs, dtype, "x")


def check_batch(value: Any, name: str) -> tuple[Any, Any, Any]:
    """Return the members of a batch (X, y) or (X, y, sample_weight), the weights None where there are none."""
    if not isinstance(value, tuple | list) or len(value) not in (2, 3):
        raise TypeError(f"{name} must be (X, y) or (X, y, sample_weight), got {type(value).__name__}.")
    return value[0], value[1], value[2] if len(value) == 3 else None


def check_batches(value: Any, epochs: int) -> Iterable[Any]:
    """Return an iterable of batches that can be read so many times."""
    if not isinstance(value, Iterable) or hasattr(value, "__array__") or hasattr(value, "toarray"):
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


def check_gradient(gradient: Any, shape: tuple[int, ...]) -> Array:
    """Return a user's gradient as float64; whether its values make sense is for the comparison to say."""
    array = _numeric_array(gradient, "gradient")
    if array.shape != shape:
        raise ValueError(f"gradient has shape {array.shape}, but must have that of x: {shape}.")
    return array.astype(np.float64)


def check_function(value: Any) -> Callable[[Array], Any]:
    """Return a user's function of a vector."""
    if not callable(value):
        raise TypeError(f"f must be a function of a vector, got {value!r}: write lambda x: ..., for example.")
    return value  # type: ignore[no-any-return]


def check_value(value: Any) -> float:
    """Return the value of a user's function."""
    array = _numeric_array(value, "the value of f")
    if array.size != 1:
        raise ValueError(f"the value of f has shape {array.shape}, but must be one number.")
    return float(array.reshape(()))


def check_full_batch(optimizer: str, full_batch: Iterable[str], batch_size: int, rows: int) -> None:
    """Refuse batches where the optimizer compares gradients of all samples."""
    if optimizer in full_batch and batch_size < rows:
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


def check_outputs(outputs: Array) -> None:
    """Refuse outputs that no label or value can be read from."""
    where = _core.first_nonfinite(outputs)
    if where >= 0:
        raise FloatingPointError(
            f"the outputs hold {outputs.flat[where]} in {_place(outputs, where)}: "
            "a weight is not finite, or the inputs are too large; scale them, or train again."
        )


def check_pair(value: Any, name: str) -> tuple[Any, Any]:
    """Return the two members of a pair (X, y)."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{name} must be a pair (X, y), got {type(value).__name__}.")
    return value[0], value[1]


def check_one_validation(validation_data: Any, validation_fraction: Any) -> float | None:
    """Return the fraction, if that is given; data and fraction exclude each other."""
    if validation_fraction is None:
        return None
    if validation_data is not None:
        raise ValueError("validation_data and validation_fraction are both given: keep one of them.")
    return check_real(validation_fraction, "validation_fraction", above=0.0, below=1.0)


def check_thread_variable(name: str, text: str) -> int:
    """Return the number in an environment variable that limits threads, 0 where it is empty."""
    if text.strip() and not (text.strip().isdecimal() and int(text) >= 1):
        raise ValueError(f"{name}={text!r} is not a number of threads: set an integer of at least 1, or unset it.")
    return int(text) if text.strip() else 0


def check_callables(values: Any, name: str) -> list[Any]:
    """Return the callables as a list."""
    if not isinstance(values, Iterable):
        raise TypeError(f"{name} must be a list of callables, got {values!r}: put it into a list.")
    callables = list(values)
    for index, value in enumerate(callables):
        if not callable(value):
            raise TypeError(f"{name}[{index}] must be callable with (network, epoch), got {value!r}.")
    return callables


def check_monitor(monitor: Any, mode: Any) -> None:
    """Refuse what cannot be a column, and what is no way to compare."""
    if monitor is not None and not isinstance(monitor, str):
        raise TypeError(f"monitor must be the name of a column or None, got {monitor!r}.")
    if mode not in (None, "min", "max"):
        raise ValueError(f"mode must be 'min', 'max' or None, got {mode!r}.")


def resolve_monitor(who: str, monitor: str | None, columns: list[str]) -> str:
    """Return the column to look at: the one that was asked for, or the loss, of the validation if there is one."""
    default = "validation_loss" if "validation_loss" in columns else "loss"
    column = default if monitor is None else monitor
    if column not in columns:
        hint = "give validation_data or monitor" if column.startswith("validation") else "monitor"
        raise ValueError(
            f"{who} monitors {column!r}, which this fit does not have: {hint} one of {', '.join(columns)}."
        )
    return column


def check_verdict(value: Any) -> bool:
    """Return what a callback wants: True to end the fit."""
    if value is not None and type(value).__name__ not in ("bool", "bool_"):
        raise TypeError(f"a callback must return True (end the fit), False or None, got {value!r}.")
    return bool(value)


def check_metrics(metrics: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics as functions by name: those of ``names`` and any others."""
    known = ", ".join(repr(name) for name in names)
    if isinstance(metrics, str) or not isinstance(metrics, Iterable):
        raise TypeError(f"metrics must be a list of names and functions, got {metrics!r}: put it into a list.")
    found: dict[str, Any] = {}
    for index, metric in enumerate(metrics):
        if isinstance(metric, str):
            if metric not in names:
                raise ValueError(
                    f"metric {metric!r} does not exist: use one of {known}, or a function of (y_true, outputs)."
                )
            name, function = metric, names[metric]
        elif isinstance(metric, type) or not callable(metric):
            raise TypeError(
                f"metrics[{index}] must be one of the names {known} or a function of (y_true, outputs), got {metric!r}."
            )
        else:
            # an object with __call__, such as functools.partial, is called by its class
            name, function = str(getattr(metric, "__name__", type(metric).__name__)), metric
        if name in found or name == "loss":
            raise ValueError(f"metrics[{index}] is called {name!r}, as another column: give each its own name.")
        found[name] = function
    return found


def check_metric_arrays(
    y_true: Any, outputs: Any, sample_weight: Any, *, values: bool = False
) -> tuple[Array, Array, Array | None]:
    """Return labels (samples,) or rows of the outputs' shape, outputs (samples, outputs), and weights.

    ``values``: whatever is wanted are values, never labels.
    """
    given, wanted = _numeric_array(outputs, "outputs"), _numeric_array(y_true, "y_true")
    if given.ndim == 1:
        given = given[:, np.newaxis]
    if given.ndim != 2 or given.size == 0:
        raise ValueError(f"outputs has shape {given.shape}, but must be (samples, outputs) with at least one sample.")
    rows, columns = given.shape
    if given.dtype.kind != "f" or values:
        given = given.astype(np.float64)
    if wanted.shape == (rows,) and columns > 1 and not values:
        if wanted.dtype.kind not in "biu":
            raise TypeError(f"y_true is a vector of {wanted.dtype}, but labels are integers: use y_true.astype(int).")
        return _check_labels(wanted, columns, "y_true"), given, check_sample_weight(sample_weight, rows)
    if wanted.shape not in ((rows, columns), *([(rows,)] if columns == 1 else [])):
        kinds = "" if values else f"labels of shape ({rows},) or "
        raise ValueError(
            f"y_true has shape {wanted.shape}, but outputs {given.shape}: give {kinds}rows of the outputs' shape."
        )
    wanted = wanted.reshape(rows, columns).astype(np.float64)
    return wanted, given, check_sample_weight(sample_weight, rows)


def check_metric_value(value: Any, name: str) -> float:
    """Return what a user's metric gave; NaN is an answer, too."""
    array = _numeric_array(value, f"the value of metric {name!r}")
    if array.size != 1:
        raise ValueError(f"the value of metric {name!r} has shape {array.shape}, but must be one number.")
    return float(array.reshape(()))


def _numeric_array(value: Any, name: str, mend: str = "convert it to numbers first") -> Array:
    """Return a plain array of bools, integers or floats of at most 64 bits, without copying one that is."""
    if hasattr(value, "toarray"):
        raise TypeError(f"{name} is sparse ({type(value).__name__}), but must be dense: use {name}.toarray().")
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError(f"{name} has masked values: remove or fill them first.")
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        # NumPy explains itself in several sentences
        reason = str(error).split(". ")[0].rstrip(".")
        raise ValueError(f"{name} must be an array of numbers, but cannot be made into one: {reason}.") from None
    if array.dtype.kind not in "biuf":
        came = "None" if value is None else f"{type(value).__name__} of dtype {array.dtype}"
        raise TypeError(f"{name} must be an array of real numbers, got {came}: {mend}.")
    if array.dtype.itemsize > 8:
        raise TypeError(f"{name} has dtype {array.dtype}, but at most float64 is used: use {name}.astype('float64').")
    return array


def _as_core_takes_it(array: Array, name: str, dtype: np.dtype[Any]) -> Array:
    """Return uint8, float32 or float64, contiguous, aligned, native, finite and in the range of ``dtype``."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind in "iu" and size == 8:
        _check_exact_in_float64(array, name)
    if kind == "b" or (kind == "u" and size == 1):
        # a bool is a byte of 0 or 1; asked for as it is first, for a view needs contiguous memory
        return np.require(array, requirements=["C", "A"]).view(np.uint8)
    exact_in_float32 = size <= 2 or (kind == "f" and size == 4)
    values = np.require(array, np.float32 if exact_in_float32 else np.float64, ["C", "A"])
    where = _core.first_nonfinite(values)
    if where >= 0:
        what, which = ("NaN", "missing") if np.isnan(values.flat[where]) else ("infinity", "infinite")
        raise ValueError(f"{name} holds {what} in {_place(values, where)}: remove or fill {which} values first.")
    if values.dtype.itemsize > dtype.itemsize:
        with np.errstate(over="ignore"):
            fits = np.isfinite(np.array([values.min(), values.max()]).astype(dtype)).all()
            where = 0 if fits else int(np.argmin(np.isfinite(values.astype(dtype))))
        if not fits:
            raise ValueError(
                f"{name} holds {values.flat[where]} in {_place(values, where)}, which {dtype} cannot hold: "
                "scale the data or use dtype='float64'."
            )
    return values


def _check_exact_in_float64(array: Array, name: str) -> None:
    limit = 2**53
    if array.size and (int(array.max()) > limit or int(array.min()) < -limit):
        where = int(np.argmax((array > limit) | (array < -limit)))
        raise ValueError(
            f"{name} holds the integer {array.flat[where]} in {_place(array, where)}, which float64 would round: "
            "subtract an offset, or use astype('float64') if that is wanted."
        )


def _check_labels(array: Array, n_classes: int, name: str) -> Array:
    labels = array.view(np.uint8) if array.dtype.kind == "b" else array
    if labels.min() < 0 or labels.max() >= n_classes:
        row = int(np.argmax((labels < 0) | (labels >= n_classes)))
        raise ValueError(
            f"{name}[{row}] is {labels[row]}, but the network has {_count(n_classes, 'class', 'classes')}: "
            f"labels must be 0 to {n_classes - 1}."
        )
    return np.require(labels, np.int32, ["C", "A"])


def _check_probabilities(rows: Array, name: str, *, add_up: bool) -> None:
    if rows.min() < 0 or rows.max() > 1:
        row, column = divmod(int(np.argmax((rows < 0) | (rows > 1))), rows.shape[1])
        raise ValueError(f"{name} holds {rows[row, column]} in row {row}, but probabilities must be 0 to 1.")
    if add_up:
        sums = rows.sum(axis=1, dtype=np.float64)
        # room for probabilities that were rounded to three digits or kept in float16
        wrong = np.abs(sums - 1) > 1e-3
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(
                f"row {row} of {name} adds up to {sums[row]:g}, but probabilities must add up to 1 after softmax."
            )


def _check_sides(rows: Array, name: str, loss: str) -> None:
    negative = 0 if rows.min() >= 0 else -1
    wrong = (rows != negative) & (rows != 1)
    if wrong.any():
        where = int(np.argmax(wrong))
        raise ValueError(
            f"{name} holds {rows.flat[where]} in {_place(rows, where)}, "
            f"but the targets of loss {loss!r} must be labels, all 0 or 1, or all -1 or 1."
        )


def _place(array: Array, flat_index: int) -> str:
    if array.ndim == 1:
        return f"row {flat_index}"
    row, column = divmod(flat_index, array.shape[1])
    return f"row {row}, column {column}"


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
