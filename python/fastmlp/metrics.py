"""How right outputs are: the metrics of ``fit`` and ``evaluate``, by name, as functions, or as functions of one's own.

Every function takes what is wanted, the outputs of ``Network.forward`` and weights of the samples; a weight of 2 is the
sample twice. NumPy computes them in float64: unlike losses, which the core computes, their last digits may depend on
NumPy's build. Which of them suit a network is said in _training/measures.py. Mostly documentation, hence a long file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_integer
from fastmlp._checks.monitor import Mode
from fastmlp._checks.targets import check_metric_arrays
from fastmlp._model.outputs import in_range, metric

__all__ = ["TopK", "accuracy", "auc", "log_loss", "mae", "r2", "rmse", "top_k"]

Array = npt.NDArray[Any]
Metric: TypeAlias = "str | TopK | Callable[[Array, Array], float]"


def accuracy(y_true: npt.ArrayLike, outputs: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the share of samples whose largest output, or for one output its side of 0.5, is the right class.

    Parameters
    ----------
    y_true : array (samples,) or (samples, outputs)
        Labels, or one row for each sample, whose largest entry is its class.
    outputs : array (samples, outputs) or (samples,)
        As ``Network.forward`` returns them.
    sample_weight : array (samples,), optional
        What each sample counts; not negative.

    Returns
    -------
    float
        0 to 1, more is better.

    See Also
    --------
    top_k : One of the k largest is enough.
    auc : Of the order of the outputs.
    fastmlp.Network.evaluate : Takes it by name.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.metrics.accuracy([0, 1, 1], [[0.8, 0.2], [0.4, 0.6], [0.7, 0.3]], sample_weight=[1, 1, 2])
    0.5
    """
    wanted, given, weight = check_metric_arrays(y_true, outputs, sample_weight)
    return metric(given, wanted, weight, "binary" if given.shape[1] == 1 else "many")


def top_k(
    y_true: npt.ArrayLike, outputs: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None, *, k: int = 5
) -> float:
    """Return the share of samples whose class is among the k largest outputs.

    Parameters
    ----------
    y_true, outputs, sample_weight : array-like
        As for ``accuracy``.
    k : int, default 5
        Of equal outputs the first counts as the larger one, so that k = 1 gives the accuracy.

    Returns
    -------
    float
        0 to 1, more is better.

    See Also
    --------
    TopK : With a k of your own.
    accuracy : Only the first counts.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.metrics.top_k([0, 2], [[0.3, 0.6, 0.1], [0.3, 0.6, 0.1]], k=2)
    0.5
    """
    wanted, given, weight = check_metric_arrays(y_true, outputs, sample_weight)
    labels = wanted if wanted.ndim == 1 else wanted.argmax(axis=1)
    own = np.take_along_axis(given, labels[:, np.newaxis].astype(np.intp), axis=1)
    before = (given > own) | ((given == own) & (np.arange(given.shape[1]) < labels[:, np.newaxis]))
    # an output that is no number is not larger than any, but no answer either
    hits = (before.sum(axis=1) < check_integer(k, "k", minimum=1)) & ~np.isnan(own[:, 0])
    return float(np.average(hits, weights=weight))


def auc(y_true: npt.ArrayLike, outputs: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the area under the ROC curve: how often a sample of the class has a larger output than one of the rest.

    Parameters
    ----------
    y_true, outputs, sample_weight : array-like
        As for ``accuracy``. Rows may name several classes of a sample: what is at least 0.5 counts.

    Returns
    -------
    float
        0 to 1, 0.5 for guessing, more is better. Of two classes, that of class 1; of more, or of rows that name several
        classes, the mean over the classes, each against the rest. Classes that no sample or every sample has are left
        out; NaN if there are no others.

    See Also
    --------
    accuracy : Only the first counts.
    log_loss : Of probabilities.

    Notes
    -----
    From ranks, equal outputs counting one half: H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18,
    1947; that this is the area: J. A. Hanley and B. J. McNeil, Radiology 143, 1982.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.metrics.auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    wanted, given, weight = check_metric_arrays(y_true, outputs, sample_weight)
    weights = np.ones(len(given)) if weight is None else weight
    if wanted.ndim == 2 and given.shape[1] > 1 and _name_one_class(wanted):
        wanted = wanted.argmax(axis=1)
    columns = [1] if wanted.ndim == 1 and given.shape[1] == 2 else range(given.shape[1])
    areas = [
        _area(wanted == column if wanted.ndim == 1 else wanted[:, column] >= 0.5, given[:, column], weights)
        for column in columns
    ]
    found = [area for area in areas if area is not None]
    return float(np.mean(found)) if found else float("nan")


def _name_one_class(rows: Array) -> bool:
    return bool((((rows == 0) | (rows == 1)).all(axis=1) & (rows.sum(axis=1) == 1)).all())


def _area(positive: Array, scores: Array, weights: Array) -> float | None:
    """Return the area of one class against the rest, None where one side has no weight."""
    if np.isnan(scores).any():
        return float("nan")
    # samples of one score are a group; not by np.unique, which imports numpy.ma in its first call
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    group = np.cumsum(np.append(False, ordered[1:] != ordered[:-1]))
    inside, outside = (
        np.bincount(group, weights=np.where(side, weights, 0.0)[order]) for side in (positive, ~positive)
    )
    pairs = inside.sum() * outside.sum()
    if pairs == 0:
        return None
    below = np.cumsum(outside) - outside
    return float((inside * (below + outside / 2)).sum() / pairs)


def log_loss(y_true: npt.ArrayLike, outputs: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the mean of -log of the probability given to the right class.

    Parameters
    ----------
    y_true, outputs, sample_weight : array-like
        As for ``accuracy``; the outputs are probabilities: rows that add up to 1, or those of class 1. Rows of
        probabilities are wanted ones: -sum_k y_k log p_k.

    Returns
    -------
    float
        Not negative, less is better.

    See Also
    --------
    accuracy : Only the first counts.
    auc : Of the order of the outputs.

    Notes
    -----
    Probabilities are cut to eps and 1 - eps of the outputs' dtype, as scikit-learn does, so that it is finite. The loss
    "cross_entropy" is the same without the cut, computed from the logits.

    Examples
    --------
    >>> import fastmlp as fm
    >>> round(fm.metrics.log_loss([0, 1], [[0.5, 0.5], [0.25, 0.75]]), 4)  # (log 2 + log 4/3) / 2
    0.4904
    """
    wanted, given, weight = check_metric_arrays(y_true, outputs, sample_weight)
    eps = np.finfo(given.dtype).eps
    given = np.clip(given.astype(np.float64), eps, 1 - eps)
    if wanted.ndim == 1:
        by_row = -np.log(given[np.arange(len(given)), wanted])
    elif given.shape[1] == 1:
        by_row = -(wanted * np.log(given) + (1 - wanted) * np.log1p(-given))[:, 0]
    else:
        by_row = -(wanted * np.log(given)).sum(axis=1)
    return float(np.average(by_row, weights=weight))


def r2(y_true: npt.ArrayLike, outputs: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the coefficient of determination, 1 - sum (y - a)^2 / sum (y - mean y)^2, its mean over the outputs.

    Parameters
    ----------
    y_true : array (samples,) or (samples, outputs)
        Values.
    outputs : array (samples,) or (samples, outputs)
        As ``Network.forward`` returns them.
    sample_weight : array (samples,), optional
        What each sample counts; not negative.

    Returns
    -------
    float
        At most 1, 0 for always answering the mean, more is better. An output whose values are all the same counts 1
        where it is met exactly, else 0, as in scikit-learn.

    See Also
    --------
    rmse : Squares of errors, and their root.
    mae : Sizes of errors.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.metrics.r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """
    wanted, given, weight = check_metric_arrays(y_true, outputs, sample_weight, values=True)
    wanted, given, _ = in_range(wanted, given)
    with np.errstate(invalid="ignore"):  # of infinite values
        mean = np.average(wanted, axis=0, weights=weight)
        missed = np.average((wanted - given) ** 2, axis=0, weights=weight)
        spread = np.average((wanted - mean) ** 2, axis=0, weights=weight)
        constant = spread == 0
        shares = np.where(constant, missed != 0, missed / np.where(constant, 1.0, spread))
    return float(np.mean(1 - shares))


def mae(y_true: npt.ArrayLike, outputs: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the mean absolute error over samples and outputs.

    Parameters
    ----------
    y_true, outputs, sample_weight : array-like
        As for ``r2``.

    Returns
    -------
    float
        Not negative, less is better.

    See Also
    --------
    rmse : Squares of errors, and their root.
    r2 : Compared with the mean.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.metrics.mae([1.0, 2.0], [1.0, 5.0])
    1.5
    """
    wanted, given, weight = check_metric_arrays(y_true, outputs, sample_weight, values=True)
    return metric(given, wanted, weight, "values")


def rmse(y_true: npt.ArrayLike, outputs: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the root of the mean squared error over the samples, its mean over the outputs.

    Parameters
    ----------
    y_true, outputs, sample_weight : array-like
        As for ``r2``.

    Returns
    -------
    float
        Not negative, less is better.

    See Also
    --------
    mae : Sizes of errors.
    r2 : Compared with the mean.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.metrics.rmse([1.0, 2.0], [1.5, 1.5])
    0.5
    """
    wanted, given, weight = check_metric_arrays(y_true, outputs, sample_weight, values=True)
    wanted, given, power = in_range(wanted, given)
    with np.errstate(invalid="ignore"):  # of infinite outputs
        squares = np.average((wanted - given) ** 2, axis=0, weights=weight)
    return float(np.sqrt(squares).mean()) * power


@dataclass(frozen=True)
class TopK:
    """The metric ``top_k`` with a k of one's own; its column is "top_3" for k = 3.

    Parameters
    ----------
    k : int, default 5
        At least 1, and less than the network has classes.

    See Also
    --------
    top_k : One of the k largest is enough.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(3, "softmax")], seed=0)
    >>> net.evaluate([[1.0], [2.0]], [0, 2], metrics=[fm.metrics.TopK(2)]).keys()
    dict_keys(['loss', 'top_2'])
    """

    k: int = 5

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", check_integer(self.k, "k", minimum=1))

    @property
    def __name__(self) -> str:
        """The name of its column, where functions have theirs."""
        return f"top_{self.k}"

    def __call__(
        self, y_true: npt.ArrayLike, outputs: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> float:
        """Return ``top_k`` for this k."""
        return top_k(y_true, outputs, sample_weight, k=self.k)


class BuiltIn(NamedTuple):
    """A metric that has a name: what it compares, and whether less or more of it is better."""

    function: Callable[..., float]
    of: Literal["classes", "values"]
    mode: Mode


METRICS: dict[str, BuiltIn] = {
    "accuracy": BuiltIn(accuracy, "classes", "max"),
    "top_k": BuiltIn(top_k, "classes", "max"),
    "auc": BuiltIn(auc, "classes", "max"),
    "log_loss": BuiltIn(log_loss, "classes", "min"),
    "r2": BuiltIn(r2, "values", "max"),
    "mae": BuiltIn(mae, "values", "min"),
    "rmse": BuiltIn(rmse, "values", "min"),
}
