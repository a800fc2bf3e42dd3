"""What is measured on samples beside the loss: the metrics that suit a network, and which way each is better."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_metrics
from fastmlp._checks.monitor import Columns, Mode
from fastmlp._checks.targets import check_metric_value
from fastmlp._checks.text import brief
from fastmlp._model.architecture import Architecture
from fastmlp._model.evaluation import loss, outputs_of
from fastmlp._model.model import Model
from fastmlp._model.outputs import metric, metric_name
from fastmlp._model.samples import Samples
from fastmlp.activations import Sigmoid, Softmax
from fastmlp.metrics import METRICS, Metric, TopK, top_k

Array = npt.NDArray[Any]
SampleWeight = npt.NDArray[np.float64] | None


@dataclass(frozen=True)
class Measure:
    """A metric for one network: a function of targets, outputs and weights as the core has them.

    ``mode`` says whether less or more is better; None: a user's own, whose name does not say.
    """

    function: Callable[[Array, Array, SampleWeight], float]
    mode: Mode | None


Measures = Mapping[str, Measure]


def evaluate(
    model: Model,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    sample_weight: npt.ArrayLike | None,
    metrics: Iterable[Metric] | None,
) -> dict[str, float]:
    """Return the loss and the metrics of samples; described at ``Network.evaluate``."""
    samples = model.check(X, y, sample_weight)
    return measured(model, samples, resolve_measures(metrics, model.architecture, samples.targets))


def measured(model: Model, samples: Samples, measures: Measures) -> dict[str, float]:
    """Return the loss and the measures of checked samples."""
    found = {"loss": loss(model, samples)}
    if measures:
        outputs = outputs_of(model, samples)
        for name, measure in measures.items():
            found[name] = measure.function(samples.targets, outputs, samples.sample_weight)
    return found


def validation_columns(measures: Measures) -> tuple[list[str], dict[str, Mode]]:
    """Return the names of the columns that these measures make of validation samples, and which way each is better."""
    modes: dict[str, Mode] = {"validation_loss": "min"}
    modes |= {f"validation_{name}": measure.mode for name, measure in measures.items() if measure.mode is not None}
    return [f"validation_{name}" for name in ("loss", *measures)], modes


def with_modes(columns: list[str]) -> Columns:
    """Return columns that say which way they are better; names in a plain list say it where a metric has them."""
    if isinstance(columns, Columns):
        return columns
    modes = {column: _mode_of(column.removeprefix("validation_")) for column in columns}
    return Columns(columns, {column: mode for column, mode in modes.items() if mode is not None})


def _mode_of(name: str) -> Mode | None:
    """Return which way a metric of this name is better: a user's own may have that of one that is known."""
    if name == "loss":
        return "min"
    known = METRICS.get("top_k" if name.startswith("top_") else name)
    return None if known is None else known.mode


def resolve_measures(
    metrics: Iterable[Metric] | None, architecture: Architecture, targets: Array
) -> dict[str, Measure]:
    """Return the metrics by name, checked to suit the network and its targets; None: accuracy or mae."""
    own = metric_name(targets, architecture.meaning)
    if metrics is None:
        return {own: _own_measure(own, architecture)}
    named = {name: known.function for name, known in METRICS.items()}
    return {name: _suited(name, given, own, architecture) for name, given in check_metrics(metrics, named).items()}


def _suited(name: str, given: Any, own: str, architecture: Architecture) -> Measure:
    """Return the metric for this network; ``own`` is the network's default one."""
    k = given.k if isinstance(given, TopK) else 5 if given is top_k else None
    # by the function, for a user's own may have the same name
    named = next((one for one in METRICS.values() if one.function is given), None)
    known = METRICS["top_k"] if k is not None else named
    if known is None:
        return Measure(_of_user(given, name), _mode_of(name))
    wanted = "classes" if own == "accuracy" else "values"
    if known.of != wanted:
        others = ", ".join(repr(other) for other, one in METRICS.items() if one.of == wanted)
        raise ValueError(f"metric {brief(name)} is of {known.of}, but these targets are {wanted}: use one of {others}.")
    if k is not None and k >= architecture.n_outputs:
        raise ValueError(
            f"metric {brief(name)} looks at {k} outputs, but the network has {architecture.n_outputs}: "
            "take a smaller k, fm.metrics.TopK(k), or 'accuracy'."
        )
    last = architecture.last_activation
    adds_up = isinstance(last, Softmax) or (isinstance(last, Sigmoid) and architecture.n_outputs == 1)
    if name == "log_loss" and not adds_up:
        raise ValueError(
            "metric 'log_loss' needs probabilities that add up to 1, from softmax or one sigmoid in the last layer, "
            f"which has {architecture.n_outputs} of {last.name!r}: use 'accuracy' or 'auc'."
        )
    return _own_measure(name, architecture) if name == own else Measure(given, known.mode)


def _own_measure(name: str, architecture: Architecture) -> Measure:
    meaning = architecture.meaning
    return Measure(lambda targets, outputs, weight: metric(outputs, targets, weight, meaning), METRICS[name].mode)


def _of_user(function: Callable[..., Any], name: str) -> Callable[[Array, Array, SampleWeight], float]:
    """Return a user's function with its value checked; it gets the weights if it has a place for them."""
    try:
        takes_weight = "sample_weight" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # some compiled functions have no signature
        takes_weight = False

    def measure(targets: Array, outputs: Array, weight: SampleWeight) -> float:
        called = partial(function, sample_weight=weight) if takes_weight else function
        return check_metric_value(called(targets, outputs), name)

    return measure
