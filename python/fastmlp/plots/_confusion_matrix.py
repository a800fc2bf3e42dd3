"""How often each class was taken for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief
from fastmlp._drawing.canvas import Array, axes
from fastmlp.plots._checks import check_labels, class_names, common_classes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def confusion_matrix(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, classes: Sequence[Any] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw how many samples of each class were predicted as each class.

    Parameters
    ----------
    y_true, y_pred : array (samples,) or (samples, classes)
        Labels, or rows with the largest value at the label.
    classes : list, optional
        The labels in the order wanted; or, where labels are integers, the names of classes 0, 1, ...
        Default: the labels that occur.
    ax : matplotlib Axes, optional
        Where to draw; default: a new figure.

    Returns
    -------
    matplotlib Axes
        With one image and the counts as texts; a row is a true class, a column a predicted one. The colour of a cell
        is its share of the row.

    Raises
    ------
    ValueError
        The lengths differ, or a label is not among the classes.
    ImportError
        matplotlib is not installed.

    See Also
    --------
    fastmlp.metrics : Numbers in the place of a picture.

    Examples
    --------
    >>> import fastmlp as fm
    >>> ax = fm.plots.confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1], classes=["cat", "dog"])
    >>> [text.get_text() for text in ax.texts]
    ['1', '1', '0', '2']
    """
    true = check_labels(y_true, "y_true")
    predicted = check_labels(y_pred, "y_pred", len(true), other="y_true")
    labels, names = _labels_and_names(common_classes(true, predicted, ("y_true", "y_pred")), classes)
    position = {label: index for index, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(counts, ([position[a] for a in true.tolist()], [position[a] for a in predicted.tolist()]), 1)

    side = float(np.clip(0.55 * len(labels) + 1.6, 4.0, 12.0))
    ax = axes(ax, (side, side))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        ax.text(
            column,
            row,
            str(counts[row, column]),
            ha="center",
            va="center",
            color="white" if shares[row, column] > 0.5 else "black",
            alpha=1.0 if counts[row, column] else 0.3,
        )
    ticks = range(len(labels))
    long = max(map(len, names)) > 4
    ax.set_xticks(ticks, names, rotation=45 if long else 0, ha="right" if long else "center")
    ax.set_yticks(ticks, names)
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    ax.set_title(f"accuracy {np.trace(counts) / len(true):.1%} of {len(true)} samples")
    return ax


def _labels_and_names(occurring: Array, classes: Sequence[Any] | None) -> tuple[list[Any], list[str]]:
    """Return the labels of the rows from top to bottom, and what they are called."""
    if classes is None:
        return occurring.tolist(), class_names(occurring, None)
    given = list(classes)
    named = occurring.dtype.kind in "biu" and all(isinstance(name, str) for name in given)
    labels = list(range(len(given))) if named else given
    unknown = [label for label in occurring.tolist() if label not in labels]
    if unknown:
        raise ValueError(f"label {brief(unknown[0])} is not among the {len(given)} classes: name every class.")
    return labels, [str(name) for name in given]
