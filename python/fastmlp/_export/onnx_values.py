"""What the nodes of an ONNX model give, as it is read: constants, rows of numbers, comparisons, labels.

Rows are a linear layer's outputs, or the inputs, of which a formula is taken, and of that a linear function column by
column, which the next layer takes in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fastmlp._export.onnx_functions import RefusedError, number_text

Floats: TypeAlias = npt.NDArray[np.float64]
# in the place of a formula, the last one
SOFTMAX = "softmax"


class Settings(dict[str, Any]):
    """Attributes of a node by their names, which know what has been asked of them: the rest would be overlooked."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self._asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute, or the default."""
        self._asked.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self._asked.add(name)
        return super().__getitem__(name)

    def forget(self, *names: str) -> None:
        """Take these for asked: they change no number."""
        self._asked.update(names)

    def check_all_asked(self) -> None:
        """Refuse what nothing has asked for."""
        for name in self:
            if name not in self._asked:
                raise RefusedError(f"has the attribute {name}, which is not read")


@dataclass(eq=False)
class Stage:
    """Where formulas begin: inputs (before: None), a linear layer, or, without weights, a normalization."""

    before: Rows | None
    width: int
    dtype: np.dtype[Any]
    weights: Floats | None = None
    bias: Floats | None = None


class Affine(NamedTuple):
    """(values - centre) * scale + shift, column by column: what is subtracted first is kept as it is."""

    centre: Floats
    scale: Floats
    shift: Floats

    @property
    def offset(self) -> Floats:
        """What is added to values * scale."""
        return self.shift - self.centre * self.scale

    def then(self, scale: Floats, shift: Floats) -> Affine:
        """Return this times scale, and shift more."""
        if (self.scale == 1).all() and not self.shift.any() and (scale == 1).all():
            return self._replace(centre=self.centre - shift)
        return Affine(self.centre, self.scale * scale, self.shift * scale + shift)


@dataclass(frozen=True, eq=False)
class Rows:
    """A formula in x of a stage, and what its columns are multiplied by, and what is added.

    Flat rows are without an axis of columns, of which there is one.
    """

    stage: Stage
    text: str = "x"
    affine: Affine | None = None
    is_flat: bool = False

    def then(self, scale: Floats | float, shift: Floats | float) -> Rows:
        """Return these rows times scale, and shift more; of a linear layer it becomes another one."""
        stage, width = self.stage, self.stage.width
        factors = np.broadcast_to(np.asarray(scale, np.float64), width)
        terms = np.broadcast_to(np.asarray(shift, np.float64), width)
        if not (np.isfinite(factors).all() and np.isfinite(terms).all()):
            raise RefusedError("has NaN or infinity among its numbers")
        if self.text == "x" and self.affine is None and stage.weights is not None and stage.bias is not None:
            return replace(
                self, stage=replace(stage, weights=stage.weights * factors, bias=stage.bias * factors + terms)
            )
        return replace(self, affine=self.known_affine.then(factors, terms))

    @property
    def known_affine(self) -> Affine:
        """The factors and terms of columns, 1 and 0 where there are none."""
        width = self.stage.width
        return self.affine or Affine(np.zeros(width), np.ones(width), np.zeros(width))

    @property
    def plain(self) -> Rows:
        """These, without factors and terms."""
        return replace(self, affine=None)

    @property
    def is_plain(self) -> bool:
        """Whether there are no factors and terms that change anything."""
        centre, scale, shift = self.known_affine
        return bool((scale == 1).all()) and not centre.any() and not shift.any()


class Condition(NamedTuple):
    """A comparison of formulas of one stage; above: rows, and a number that they must exceed, if that is what it is."""

    rows: Rows
    text: str
    above: tuple[Rows, float] | None


class Moment(NamedTuple):
    """A part of a normalization that is written out: the mean, the centred rows, their squares, and so on."""

    kind: str
    of: Rows


class Block(NamedTuple):
    """Inputs of more axes than one beside the rows, which are flattened before anything else is done."""

    flat: Rows


class Pair(NamedTuple):
    """Probabilities of two classes, of which the second are rows; after it nothing but labels are made."""

    second: Rows


class Label(NamedTuple):
    """Classes that are made of rows: of the largest column, or of a number that one column exceeds; and their names."""

    rows: Rows
    rule: Literal["largest", "half", "zero"]
    values: tuple[Any, ...]


Value: TypeAlias = Any


def scalar_of(value: Value) -> float | None:
    """Return the one number of a constant."""
    is_one = isinstance(value, np.ndarray) and value.size == 1 and value.ndim <= 2 and value.dtype.kind in "fiu"
    return float(value.ravel()[0]) if is_one else None


def row_of(value: Value, rows: Rows) -> Floats:
    """Return a constant that has a number for each column of rows, or one for all, and gives them no other shape."""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        raise RefusedError("has factors or terms that are no constant numbers")
    width, axes = rows.stage.width, 1 if rows.is_flat else 2
    if value.ndim > axes or (value.size != 1 and (value.size != width or value.shape[-1] != width or rows.is_flat)):
        raise RefusedError(f"takes a constant of shape {value.shape} for {width} columns")
    return np.broadcast_to(value.astype(np.float64).ravel(), width)


def formula_of(value: Value) -> Rows:
    """Return rows of which a formula can be taken."""
    if not isinstance(value, Rows) or value.text == SOFTMAX:
        raise RefusedError("takes something else than numbers of a layer")
    if value.affine is not None:
        raise RefusedError("stands after factors of columns that no linear layer follows")
    return value


def text_of(value: Value, beside: Rows) -> str:
    """Return what stands in a formula for a number, or for rows of the same stage and shape as others."""
    number = scalar_of(value)
    if number is not None and value.ndim <= (1 if beside.is_flat else 2):
        return number_text(number, beside.stage.dtype)
    if isinstance(value, np.ndarray):
        raise RefusedError(f"has a constant of shape {value.shape} in a formula")
    rows = formula_of(value)
    if rows.stage is not beside.stage or rows.is_flat != beside.is_flat:
        raise RefusedError("joins two branches")
    return rows.text
