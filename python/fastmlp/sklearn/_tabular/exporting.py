"""What an exporter is told of a fitted estimator for tables; what it writes is _export/c_table.py's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastmlp._export.c_table import TableContent, ValueUnits
from fastmlp.sklearn._tabular.encoder import NumberColumn
from fastmlp.sklearn._tabular.files import filed
from fastmlp.sklearn._tabular.recipe import LEAST
from fastmlp.sklearn._tabular.results import TabularResult

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def table_content(estimator: BaseEstimator, result: TabularResult, smoothing: float) -> TableContent:
    """Return what a fit has left; ``smoothing``: that of its labels."""
    columns: list[float | Mapping[str | None, int]] = [
        column.median if isinstance(column, NumberColumn) else column.places for column in result.encoder.columns
    ]
    first = frozenset(index for index, column in enumerate(result.encoder.columns) if getattr(column, "in_bins", False))
    names = result.feature_names_in_.tolist() if "feature_names_in_" in vars(result) else None
    file = filed(estimator, result)
    content = TableContent(file, columns, names, first=first, repeats=result.repeats_)
    if "classes_" not in vars(result):
        units = result.units
        return content._replace(units=ValueUnits(units.mean, units.deviation, units.least, units.greatest))
    classes = list(map(str, result.classes_))
    return content._replace(classes=classes, smoothing=smoothing, least=LEAST * smoothing / len(classes))
