"""Activations and losses written as formulas: from a text to a program that computes value and derivative together.

1. ``syntax``: the text becomes a tree, or one sentence says what in it is wrong. Nothing of it is ever executed.
2. ``graph``: the tree becomes a graph in which equal subexpressions are one node; its derivative joins the same graph.
3. ``program``: the graph becomes instructions for a few registers, run in cpp/kernels/formula-inl.hpp.
4. ``check``: the derivative is compared with differences of the value before a network is made of it.

``equality`` says whether two of them are the same.

Grammar and semantics: docs/math.md. ``fastmlp.activations.Formula`` and ``fastmlp.losses.Formula`` are what
users see.
"""

from fastmlp._formula.check import check_derivative
from fastmlp._formula.equality import first_equal
from fastmlp._formula.program import Program, compile_formula
from fastmlp._formula.syntax import ACTIVATION, LOSS, is_formula, parse

__all__ = ["ACTIVATION", "LOSS", "Program", "check_derivative", "compile_formula", "first_equal", "is_formula", "parse"]
