"""Whether two formulas are the same operations on the same numbers, in whatever order what commutes is written."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

import numpy as np

from fastmlp._formula.graph import Graph, build
from fastmlp._formula.syntax import ACTIVATION, parse


def first_equal(text: str, others: Iterable[str], dtype: np.dtype[Any]) -> int | None:
    """Return which of other formulas in x is the first that equals this one; numbers are compared in this dtype.

    Examples
    --------
    >>> single, double = np.dtype(np.float32), np.dtype(np.float64)
    >>> first_equal("sigmoid(x)*x", ["x", "x*sigmoid(x)"], double)
    1
    >>> others = ["x*0.33333334"]
    >>> first_equal("x*0.3333333333333333", others, single), first_equal("x*0.3333333333333333", others, double)
    (0, None)
    """
    graph = Graph()
    wanted = _node(text, graph, dtype)
    return next((index for index, other in enumerate(others) if _node(other, graph, dtype) == wanted), None)


def _node(text: str, graph: Graph, dtype: np.dtype[Any]) -> int:
    tree = parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = float(dtype.type(node.value))
    return build(tree, text, ACTIVATION, graph)[1]
