"""What a fitted TabularClassifier or TabularRegressor says of itself in a file, and the fit's result out of that again.

Plain JSON and networks, never a pickle: a file executes nothing, and needs no version of scikit-learn. Every claim is
compared with the networks before anything is predicted. The file itself is _files/estimator_file.py's.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief, shortened
from fastmlp._files import estimator_file
from fastmlp._files.model_file import Content
from fastmlp._files.safetensors import check_keys, of_type
from fastmlp.activations import Sigmoid
from fastmlp.network import model_of, network_of
from fastmlp.sklearn._tabular.encoder import (
    LARGEST,
    MOST_CATEGORIES,
    CategoryColumn,
    NumberColumn,
    OrderColumn,
    TableColumn,
    TableEncoder,
)
from fastmlp.sklearn._tabular.results import TabularResult
from fastmlp.sklearn._tabular.text_numbers import WAYS, Reading
from fastmlp.sklearn._tabular.units import Units

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

Array = npt.NDArray[Any]
Described = dict[str, Any]

# how JSON has a dict whose keys are no text, such as weights of classes
PAIRS = "pairs"
# how a file calls what units are made of: in the first files there were means and standard deviations alone
UNITS = {"mean": "centre", "deviation": "spread", "least": "least", "greatest": "greatest"}
# kinds of labels that JSON gives back, by NumPy's letter of them
LABELS: Mapping[str, type] = {"b": bool, "i": int, "u": int, "f": float, "U": str, "O": str}


def write(estimator: BaseEstimator, result: TabularResult, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator to a file."""
    estimator_file.write(filed(estimator, result), path)


def filed(estimator: BaseEstimator, result: TabularResult) -> estimator_file.Estimator:
    """Return a fitted estimator as its file holds it."""
    kind = type(estimator)
    if not kind.__module__.startswith(f"{__package__}."):
        raise TypeError(
            f"{shortened(kind.__qualname__)} is a class of your own, which a file does not keep: fit a "
            "TabularClassifier or a TabularRegressor itself, or use pickle."
        )
    described: Described = {
        "kind": kind.__name__,
        "parameters": {name: _plain(name, value) for name, value in estimator.get_params(deep=False).items()},
        "columns": [_column_described(column) for column in result.encoder.columns],
        "names": result.feature_names_in_.tolist() if "feature_names_in_" in vars(result) else None,
        "n_iter": int(result.n_iter_),
        "best_iterations": [int(epoch) for epoch in result.best_iterations_],
    }
    if set(result.repeats_) != {1}:
        described["repeats"] = result.repeats_
    if "plan_" in vars(result):
        described["plan"] = result.plan_
    if "classes_" in vars(result):
        described["classes"] = _labels_described(result.classes_)
    if "units" in vars(result):
        described["units"] = _units_described(result.units)
    networks = [Content(model_of(network), network.classes, network.metadata) for network in result.networks_]
    return estimator_file.Estimator(described, networks)


def result_of(read: estimator_file.Estimator, *, is_classifier: bool) -> TabularResult:
    """Return what the fit left; an error (ValueError, TypeError) says in a clause what is wrong with the file."""
    described = read.description
    target = "classes" if is_classifier else "units"
    known = {"kind", "parameters", "columns", "names", "n_iter", "best_iterations", target}
    check_keys(described, known | ({"repeats", "plan"} & described.keys()), "its estimator")
    result = TabularResult()
    result.encoder = TableEncoder()
    result.encoder.columns = [_column(entry) for entry in of_type(described["columns"], list, "columns")]
    widths = [column.width if isinstance(column, CategoryColumn) else 1 for column in result.encoder.columns]
    n_outputs = 1
    if is_classifier:
        result.classes_ = _labels(described["classes"])
        n_outputs = len(result.classes_)
    else:
        result.units = _units(described["units"])
        n_outputs = len(result.units.centre)
    result.networks_ = [network_of(one.model, classes=one.classes, metadata=one.metadata) for one in read.networks]
    for network in result.networks_:
        sizes = (network.n_inputs, network.layers[-1].units)
        if sizes != (sum(widths), n_outputs):
            raise ValueError(
                f"a network goes from {sizes[0]} to {sizes[1]} numbers, not from {sum(widths)} to {n_outputs}"
            )
    if is_classifier:
        result.has_many = _has_many(result)
    result.n_features_in_ = len(widths)
    names = described["names"]
    if names is not None:
        if len(_all_of(names, str, "names")) != len(widths):
            raise ValueError(f"it has {len(widths)} columns and {len(names)} names")
        result.feature_names_in_ = np.array(names, dtype=object)
    result.n_iter_ = _natural(described["n_iter"], "n_iter")
    result.best_iterations_ = [
        _natural(epoch, "a best iteration") for epoch in of_type(described["best_iterations"], list, "best_iterations")
    ]
    if "plan" in described:
        result.plan_ = _natural(described["plan"], "plan")
    repeats = of_type(described.get("repeats", [1] * len(result.networks_)), list, "repeats")
    result.repeats_ = [_natural(times, "a repeat") for times in repeats]
    if len(result.repeats_) != len(result.networks_) or not all(result.repeats_):
        raise ValueError(f"its {len(result.networks_)} networks count {brief(result.repeats_)} times")
    if len(result.best_iterations_) != len(result.networks_):
        raise ValueError(f"it has {len(result.networks_)} networks and {len(result.best_iterations_)} best iterations")
    return result


def parameters_of(read: estimator_file.Estimator, known: Sequence[str]) -> Described:
    """Return the parameters of the constructor; those that came later may be missing."""
    parameters = of_type(read.description.get("parameters"), dict, "parameters")
    check_keys(parameters, set(known) & set(parameters), "its list of parameters")
    return {name: _of_plain(value) for name, value in parameters.items()}


def _of_plain(value: Any) -> Any:
    if isinstance(value, dict):
        check_keys(value, {PAIRS}, "a parameter")
        pairs = of_type(value[PAIRS], list, "a parameter")
        if not all(
            isinstance(pair, list) and len(pair) == 2 and not isinstance(pair[0], list | dict) for pair in pairs
        ):
            raise ValueError(f"a parameter has the pairs {brief(pairs)}")
        return dict(pairs)
    return tuple(value) if isinstance(value, list) else value


def _plain(name: str, value: Any) -> Any:
    """Return a parameter as JSON has it."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(name, one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {PAIRS: [[_plain(name, one) for one in pair] for pair in value.items()]}
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise TypeError(
        f"{name} is {brief(value)}, which a file does not keep: set_params({name}=...) to a number or None before save."
    )


def _column_described(column: TableColumn) -> Described:
    if isinstance(column, OrderColumn):
        return {"order": list(column.places), "median": column.median}
    if isinstance(column, NumberColumn):
        # the first files did not have the last
        later = {"in_bins": True} if column.in_bins else {}
        return {"numbers": vars(column.reading), "median": column.median} | later
    return {"categories": list(column.places), "places": list(column.places.values()), "is_bool": column.is_bool}


def _column(entry: Any) -> TableColumn:
    if "order" in of_type(entry, dict, "a column"):
        check_keys(entry, {"order", "median"}, "a column of categories in order")
        order = _all_of(entry["order"], str, "the order of categories")
        if len(set(order)) != len(order):
            raise ValueError(f"a column has the order {brief(order)}")
        return OrderColumn(
            {name: place for place, name in enumerate(order)}, _number(entry["median"], "a median", LARGEST)
        )
    if "numbers" in of_type(entry, dict, "a column"):
        check_keys(entry, {"numbers", "median"} | ({"in_bins"} & entry.keys()), "a column of numbers")
        reading = of_type(entry["numbers"], dict, "the reading of a column")
        check_keys(reading, {"decimal", "thousands", "is_percent"}, "the reading of a column")
        if (reading["decimal"], reading["thousands"]) not in WAYS:
            raise ValueError(f"a column is read with the marks {brief([reading['decimal'], reading['thousands']])}")
        return NumberColumn(
            Reading(reading["decimal"], reading["thousands"], _bool(reading["is_percent"], "is_percent")),
            _number(entry["median"], "a median", LARGEST),
            _bool(entry.get("in_bins", False), "in_bins"),
        )
    check_keys(entry, {"categories", "places", "is_bool"}, "a column of categories")
    names, places = (of_type(entry[key], list, key) for key in ("categories", "places"))
    if any(not (name is None or isinstance(name, str)) for name in names) or len(set(names)) != len(names):
        raise ValueError(f"a column has the categories {brief(names)}")
    found = sorted({_natural(place, "the place of a category") for place in places})
    if len(places) != len(names) or found != list(range(len(found))) or len(found) > MOST_CATEGORIES:
        raise ValueError(f"a column has the places {brief(places)}")
    return CategoryColumn(dict(zip(names, places, strict=True)), _bool(entry["is_bool"], "is_bool"))


def _labels_described(classes: Array) -> Described:
    dtype = classes.dtype
    # of objects, fit has let through nothing but text
    values = list(map(str, classes)) if dtype.kind == "O" else classes.tolist()
    described = {"dtype": "O" if dtype.kind == "O" else dtype.str, "values": values}
    try:
        _labels(described)
    except ValueError:
        raise TypeError(
            f"the labels are {dtype}, which a file does not keep: fit on text, y.astype(str), before."
        ) from None
    return described


def _labels(entry: Any) -> Array:
    check_keys(of_type(entry, dict, "classes"), {"dtype", "values"}, "classes")
    text = of_type(entry["dtype"], str, "dtype of the classes")
    values = of_type(entry["values"], list, "classes")
    try:
        dtype = np.dtype(text)
    except TypeError:
        raise ValueError(f"its classes are of {brief(text)}") from None
    kind = LABELS.get(dtype.kind)
    if not values or not all(type(value) is kind for value in values) or dtype.subdtype:
        raise ValueError(f"its classes are {brief(values)} of {brief(text)}")
    try:
        labels = np.array(values, dtype)
    except OverflowError:
        raise ValueError(f"its classes are {brief(values)} of {brief(text)}") from None
    if labels.tolist() != values or any(one >= other for one, other in pairwise(values)):
        raise ValueError(f"its classes are {brief(values)}, which are no different labels in order")
    return labels


def _has_many(result: TabularResult) -> bool:
    """Return whether rows may have several labels, which the networks' last activation says."""
    found = {isinstance(network.layers[-1].activation, Sigmoid) for network in result.networks_}
    if len(found) != 1:
        raise ValueError("its networks have different last activations")
    has_many = found.pop()
    if has_many and result.classes_.tolist() != list(range(len(result.classes_))):
        raise ValueError(f"its classes are {brief(result.classes_.tolist())}, which are no columns")
    return has_many


def _units_described(units: Units) -> Described:
    values = {key: getattr(units, name).tolist() for key, name in UNITS.items()}
    return {key: of[0] if len(of) == 1 else of for key, of in values.items()}


def _units(entry: Any) -> Units:
    check_keys(of_type(entry, dict, "units"), set(UNITS), "units")
    columns = {key: value if isinstance(value, list) else [value] for key, value in entry.items()}
    if len(set(map(len, columns.values()))) != 1:
        raise ValueError(f"its units are {brief(entry)}")
    units = Units(**{name: np.array([_number(value, key) for value in columns[key]]) for key, name in UNITS.items()})
    if not len(units.spread) or not (units.spread > 0).all() or not (units.least <= units.greatest).all():
        raise ValueError(f"its units are {brief(entry)}")
    return units


def _all_of(values: Any, kind: type, subject: str) -> list[Any]:
    for value in of_type(values, list, subject):
        of_type(value, kind, subject)
    found: list[Any] = values
    return found


def _natural(value: Any, subject: str) -> int:
    number: int = of_type(value, int, subject)
    if number < 0:
        raise ValueError(f"{subject} is {number}")
    return number


def _number(value: Any, subject: str, most: float = math.inf) -> float:
    number = of_type(value, int | float, subject)
    if not abs(number) <= most:
        raise ValueError(f"{subject} is {brief(number)}")
    return float(number)


def _bool(value: Any, subject: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{subject} is {brief(value)}")
    return value
