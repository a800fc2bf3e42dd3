"""What the nodes of an ONNX model give, as it is read: constants, rows of numbers, comparisons, labels.

Rows are a linear layer's outputs, or the inputs, of which a formula is taken, and of that a linear function column by
column, which the next layer takes in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fastmlp._export.onnx_functions import number_text

Floats: TypeAlias = npt.NDArray[np.float64]
# in the place of a formula, the last one
SOFTMAX = "softmax"


class RefusedError(Exception):
    """What is wrong with a node, in a clause."""


@dataclass(eq=False)
class Stage:
    """Where formulas begin: inputs (before: None), a linear layer, or, without weights, a normalization."""

    before: Rows | None
    width: int
    weights: Floats | None = None
    bias: Floats | None = None


@dataclass(frozen=True, eq=False)
class Rows:
    """A formula in x of a stage, and what it is multiplied by, and what added, column by column."""

    stage: Stage
    text: str = "x"
    scale: Floats | None = None
    shift: Floats | None = None

    def then(self, scale: Floats | float, shift: Floats | float) -> Rows:
        """Return these rows times scale, and shift more; of a linear layer it becomes another one."""
        stage, width = self.stage, self.stage.width
        factors = np.broadcast_to(np.asarray(scale, np.float64), width)
        terms = np.broadcast_to(np.asarray(shift, np.float64), width)
        if self.text == "x" and self.scale is None and stage.weights is not None and stage.bias is not None:
            return Rows(replace(stage, weights=stage.weights * factors, bias=stage.bias * factors + terms))
        own_scale, own_shift = self.affine
        return Rows(stage, self.text, own_scale * factors, own_shift * factors + terms)

    @property
    def affine(self) -> tuple[Floats, Floats]:
        """Scale and shift."""
        width = self.stage.width
        if self.scale is None or self.shift is None:
            return np.ones(width), np.zeros(width)
        return self.scale, self.shift

    @property
    def plain(self) -> Rows:
        """These, without scale and shift."""
        return Rows(self.stage, self.text)


class Condition(NamedTuple):
    """A comparison of formulas of one stage."""

    stage: Stage
    text: str


class Moment(NamedTuple):
    """A part of a normalization that is written out: the mean, the centred rows, their squares, and so on."""

    kind: str
    of: Rows


class Block(NamedTuple):
    """Inputs of more axes than one beside the rows, which are flattened before anything else is done."""

    flat: Rows


class Label(NamedTuple):
    """Classes that are made of outputs; their numbers are left to the network."""


Value: TypeAlias = Any


def scalar_of(value: Value) -> float | None:
    """Return the one number of a constant."""
    return float(value.ravel()[0]) if isinstance(value, np.ndarray) and value.size == 1 else None


def formula_of(value: Value) -> Rows:
    """Return rows of which a formula can be taken."""
    if not isinstance(value, Rows) or value.text == SOFTMAX:
        raise RefusedError("takes something else than numbers of a layer")
    if value.scale is not None:
        raise RefusedError("stands after factors of columns that no linear layer follows")
    return value


def text_of(value: Value, stage: Stage) -> str:
    """Return what stands for a number, or for rows of this stage, in a formula."""
    number = scalar_of(value)
    if number is not None:
        return number_text(number)
    if isinstance(value, np.ndarray):
        raise RefusedError(f"has a constant of shape {value.shape} in a formula")
    rows = formula_of(value)
    if rows.stage is not stage:
        raise RefusedError("joins two branches")
    return rows.text
