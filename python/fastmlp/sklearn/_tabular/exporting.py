"""Fitted estimators for tables as files of other programs: what an exporter is told, and the methods that users call.

What is written is c_table.py's and onnx_table.py's in _export/.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sklearn.utils.validation import check_is_fitted

from fastmlp._export import c_table, onnx_table
from fastmlp._export.c_table import TableContent, ValueUnits
from fastmlp._export.names import spellings
from fastmlp.losses import CrossEntropy
from fastmlp.network import Network
from fastmlp.sklearn._tabular.encoder import CategoryColumn
from fastmlp.sklearn._tabular.files import filed
from fastmlp.sklearn._tabular.recipe import LEAST
from fastmlp.sklearn._tabular.results import TabularResult

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def table_content(estimator: BaseEstimator, result: TabularResult, smoothing: float) -> TableContent:
    """Return what a fit has left; ``smoothing``: that of its labels."""
    columns: list[float | Mapping[str | None, int]] = [
        _by_text(column) if isinstance(column, CategoryColumn) else column.median for column in result.encoder.columns
    ]
    first = frozenset(index for index, column in enumerate(result.encoder.columns) if getattr(column, "in_bins", False))
    names = result.feature_names_in_.tolist() if "feature_names_in_" in vars(result) else None
    file = filed(estimator, result)
    content = TableContent(file, columns, names, first=first, repeats=result.repeats_)
    if "classes_" not in vars(result):
        if result.networks_[0].loss_function.meaning == "log_rates":
            raise ValueError("an exported file has no expected counts, which loss 'poisson' gives: save writes them.")
        units = result.units
        if len(units.centre) > 1:
            raise ValueError(
                f"an exported file has one value for each row, but y had {len(units.centre)}: save writes it."
            )
        values = (float(of[0]) for of in (units.centre, units.spread, units.least, units.greatest))
        return content._replace(units=ValueUnits(*values))
    if result.has_many:
        raise ValueError("an exported file has one label for each row, but y had several: save writes it.")
    classes = list(map(str, result.classes_))
    return content._replace(classes=classes, smoothing=smoothing, least=LEAST * smoothing / len(classes))


def _by_text(column: CategoryColumn) -> dict[str | None, int]:
    """Return the places of categories by all texts that stand for them."""
    others = spellings(column.places) if column.is_bool else {}
    return dict([*column.places.items(), *others.items()])


class ExportedTable:
    """An estimator that other programs can run."""

    networks_: list[Network]

    def to_c(self, path: str | os.PathLike[str], *, name: str = "model") -> None:
        """Write the fitted model as one header of C99 and C++11, with what its columns stand for.

        Parameters
        ----------
        path : path
            The file, by custom ``*.h``.
        name : str, default "model"
            What all names in the file begin with.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            There is nothing to write yet.
        ValueError, TypeError
            An argument is not as described; no file is left then.
        OSError
            The file cannot be written.

        See Also
        --------
        fastmlp.Network.to_c : What the file promises.
        save : A file that fastmlp reads again.

        Notes
        -----
        A row is an array of ``MODEL_INPUTS`` doubles: numbers as ``fit`` has read them, for a category the number that
        ``model_category(column, "text")`` returns, -1 for one that was not seen, for one of a column in order its
        place, from 0, and NaN for what is missing. Numbers taken for categories are "1", not "1.0", and bools "1" and
        "0", or "True" and "False".

        Examples
        --------
        >>> import os, tempfile
        >>> from fastmlp.sklearn import TabularRegressor
        >>> X, y = [[25, "cat"], [31, "dog"]] * 20, [4.0, 30.0] * 20
        >>> model = TabularRegressor(max_iter=5, random_state=0).fit(X, y)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "pets.h")
        ...     model.to_c(path, name="pets")
        ...     os.listdir(folder)
        ['pets.h']
        """
        check_is_fitted(self)
        c_table.write(self._table_content(), path, name=name)

    def to_onnx(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model as an ONNX model, with what its columns stand for: strings in, labels out.

        Needs the package onnx: pip install "onnx>=1.16".

        Parameters
        ----------
        path : path
            The file, by custom ``*.onnx``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            There is nothing to write yet.
        ImportError
            The package onnx is missing.
        ValueError, TypeError
            An argument is not as described, a column has both missing cells and cells of empty text, or a label is
            beyond int64; no file is left then.
        OSError
            The file cannot be written.

        See Also
        --------
        fastmlp.Network.to_onnx : The same of a network.
        save : A file that fastmlp reads again.

        Notes
        -----
        Each column is an input (rows, 1) of its name, or ``column_0``, ``column_1`` and so on where it has none.
        Numbers are float64, NaN where one is missing: text that ``fit`` has read as numbers is given as these
        numbers. Categories are text, the empty one where it is missing; numbers taken for categories are "1", not
        "1.0", and bools "1" and "0", or "True" and "False" where they have no order. Outputs are ``label`` (rows,) and
        ``probabilities`` (rows, classes), or ``values`` (rows, 1).

        Examples
        --------
        >>> import os, tempfile
        >>> from fastmlp.sklearn import TabularRegressor
        >>> X, y = [[25, "cat"], [31, "dog"]] * 20, [4.0, 30.0] * 20
        >>> model = TabularRegressor(max_iter=5, random_state=0).fit(X, y)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "pets.onnx")
        ...     model.to_onnx(path)
        ...     os.listdir(folder)
        ['pets.onnx']
        """
        check_is_fitted(self)
        onnx_table.write(self._table_content(), path)

    def _table_content(self) -> TableContent:
        return table_content(self, TabularResult.of(self), self._smoothing)

    @property
    def _smoothing(self) -> float:
        """The label smoothing that the networks were trained with."""
        loss = self.networks_[0].loss_function
        return loss.label_smoothing if isinstance(loss, CrossEntropy) else 0.0
