"""What an exporter is told of a fitted estimator for tables; what it writes is _export/c_table.py's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastmlp._export.c_table import TableContent, ValueUnits
from fastmlp.sklearn._tabular.encoder import CategoryColumn
from fastmlp.sklearn._tabular.files import filed
from fastmlp.sklearn._tabular.recipe import LEAST
from fastmlp.sklearn._tabular.results import TabularResult

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def table_content(estimator: BaseEstimator, result: TabularResult, smoothing: float) -> TableContent:
    """Return what a fit has left; ``smoothing``: that of its labels."""
    columns: list[float | Mapping[str | None, int]] = [
        column.places if isinstance(column, CategoryColumn) else column.median for column in result.encoder.columns
    ]
    names = result.feature_names_in_.tolist() if "feature_names_in_" in vars(result) else None
    file = filed(estimator, result)
    if "classes_" not in vars(result):
        if result.networks_[0].loss_function.meaning == "log_rates":
            raise ValueError("a header of C has no expected counts, which loss 'poisson' gives: save writes them.")
        units = result.units
        if len(units.centre) > 1:
            raise ValueError(
                f"a header of C has one value for each row, but y had {len(units.centre)}: save writes it."
            )
        values = (float(of[0]) for of in (units.centre, units.spread, units.least, units.greatest))
        return TableContent(file, columns, names, units=ValueUnits(*values))
    if result.has_many:
        raise ValueError("a header of C has one label for each row, but y had several: save writes it.")
    classes = list(map(str, result.classes_))
    return TableContent(file, columns, names, classes, smoothing, LEAST * smoothing / len(classes))
