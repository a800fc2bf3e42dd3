"""The settings that a table's size decides where the user leaves them "auto": bins, rates, epochs, dropout.

Measured on tables of 140 to 49 000 rows (docs/decisions, 34). What a network is made of them is recipe.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from fastmlp._checks.arguments import check_integer, check_real
from fastmlp._checks.text import brief
from fastmlp.embeddings import PiecewiseLinear
from fastmlp.optimizers import Adam
from fastmlp.schedules import Coslog4
from fastmlp.sklearn._sizes import hidden_sizes

AUTO = "auto"
Kind = TypeVar("Kind")
# below so many rows bins hold too few of them to say more than the number itself
ROWS_FOR_BINS = 2000
BINS_OF_VALUES, BINS_OF_LABELS = 48, 32
# beside more columns of numbers bins are coarser: all together tell more than each, and finer ones take time
FEW_COLUMNS = 10
# from so many rows on so many epochs, whose steps are the more
EPOCHS = ((30_000, 24), (8000, 32), (ROWS_FOR_BINS, 48), (0, 112))
# the lower rate of labels is that of few rows
RATE_OF_VALUES, RATE_OF_LABELS, RATE_OF_FEW_LABELS = 0.07, 0.04, 0.01
# many labels are learned by wider networks, of which dropout lets the bins be sharp
HIDDEN, HIDDEN_OF_MANY_LABELS = (64, 64, 64), (128, 128)
DROPOUT_OF_MANY_LABELS, SHARPNESS_OF_LABELS = 0.2, 4.0
# values of some thousand rows are told more finely by many bins that are blunt each, over more epochs; more rows have
# no time for these
ROWS_FOR_FINE_BINS = range(8000, 30_000)
FINE_BINS, SHARPNESS_OF_FINE_BINS, EPOCHS_OF_FINE_BINS = 128, 0.42, 48


@dataclass(frozen=True)
class Settled:
    """How the members of a model are made, all settled."""

    hidden: tuple[int, ...]
    activation: str
    bins: int
    dropout: float
    learning_rate: float
    epochs: int
    # how much larger the shares of bins are beside other inputs than they would be
    sharpness: float = 1.0
    # whether a training ends amid its schedule where nothing improves
    ends_early: bool = False

    @property
    def optimizer(self) -> Adam:
        """That of the members."""
        return Adam(Coslog4(self.learning_rate), beta2=0.95)

    def sharpness_of(self, columns: int) -> float:
        """Return the sharpness where so many columns may be put in bins."""
        return self.sharpness if self.bins and columns else 1.0

    def embedding_of(self, columns: int) -> PiecewiseLinear | None:
        """Return the bins of so many columns of numbers, if there are some."""
        if not self.bins or not columns:
            return None
        return PiecewiseLinear(max(min(self.bins, FEW_COLUMNS * self.bins // columns), 1), columns=columns)


@dataclass(frozen=True)
class Wanted:
    """What a user has asked for; None is what the size decides."""

    hidden: tuple[int, ...] | None
    bins: int | None
    dropout: float | None
    learning_rate: float | None
    epochs: int | None

    def fitting(self, n_samples: int, activation: str, *, is_classifier: bool) -> Settled:
        """Return the settings for so many rows."""
        has_many = n_samples >= ROWS_FOR_BINS
        has_many_labels = has_many and is_classifier
        rate_of_labels = RATE_OF_LABELS if has_many else RATE_OF_FEW_LABELS
        bins = BINS_OF_LABELS if is_classifier else BINS_OF_VALUES
        epochs = next(number for rows, number in EPOCHS if n_samples >= rows)
        sharpness = SHARPNESS_OF_LABELS if is_classifier else 1.0
        if not is_classifier and n_samples in ROWS_FOR_FINE_BINS and self.bins is None:
            bins, sharpness, epochs = FINE_BINS, SHARPNESS_OF_FINE_BINS, EPOCHS_OF_FINE_BINS
        return Settled(
            _either(self.hidden, HIDDEN_OF_MANY_LABELS if has_many_labels else HIDDEN),
            activation,
            _either(self.bins, bins if has_many else 0),
            _either(self.dropout, DROPOUT_OF_MANY_LABELS if has_many_labels else 0.0),
            _either(self.learning_rate, rate_of_labels if is_classifier else RATE_OF_VALUES),
            _either(self.epochs, epochs),
            sharpness,
            ends_early=has_many,
        )


def wanted_of(estimator: Any) -> Wanted:
    """Return what the arguments of an estimator ask for, checked."""
    hidden = estimator.hidden_layer_sizes
    bins = _unless_auto(estimator.bins, "bins")
    rate = _unless_auto(estimator.learning_rate, "learning_rate")
    epochs = _unless_auto(estimator.max_iter, "max_iter")
    dropout = _unless_auto(estimator.dropout, "dropout")
    return Wanted(
        None if _unless_auto(hidden, "hidden_layer_sizes") is None else hidden_sizes(hidden),
        None if bins is None else check_integer(bins, "bins", minimum=0, maximum=2**16),
        None if dropout is None else check_real(dropout, "dropout", minimum=0.0, below=1.0),
        None if rate is None else check_real(rate, "learning_rate", above=0.0),
        None if epochs is None else check_integer(epochs, "max_iter", minimum=1),
    )


def _either(asked: Kind | None, otherwise: Kind) -> Kind:
    return otherwise if asked is None else asked


def _unless_auto(value: Any, name: str) -> Any:
    """Return None for "auto"."""
    if isinstance(value, str):
        if value != AUTO:
            raise ValueError(f"{name} must be 'auto' or a number, got {brief(value)}.")
        return None
    return value
