"""The language of formulas: which texts are formulas, and what in a text is none.

Python's own parser makes the tree, which is compared with a closed vocabulary, node by node; it is never compiled. The
text may come from a stranger's model file, so its characters, length and depth are limited first: only what can stand
in a formula reaches the parser.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import NamedTuple

from fastmlp._checks.text import brief

MAX_LENGTH = 1000
MAX_DEPTH = 100
MAX_CONSTANT = 3e38  # within float32
MAX_EXPONENT = 1024

CONSTANTS = {"pi": 3.141592653589793, "e": 2.718281828459045}
# arguments: how many, at least and at most
FUNCTIONS = {
    "min": (2, MAX_LENGTH),
    "max": (2, MAX_LENGTH),
    "abs": (1, 1),
    "exp": (1, 1),
    "log": (1, 1),
    "sqrt": (1, 1),
    "tanh": (1, 1),
    "sigmoid": (1, 1),
    "softplus": (1, 1),
    "erf": (1, 1),
    "sin": (1, 1),
    "cos": (1, 1),
    "cosh": (1, 1),
    "where": (3, 3),
}
BINARY = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
VOCABULARY = (
    "numbers, pi, e, + - * / **, min, max, abs, exp, log, sqrt, tanh, sigmoid, softplus, erf, sin, cos, cosh and "
    "where(condition, a, b) with < <= > >="
)


class Language(NamedTuple):
    """What a formula is about: its variables, by the first of which it is differentiated, and an example of one."""

    variables: tuple[str, ...]
    example: str

    @property
    def first(self) -> str:
        """The variable without which it is no formula."""
        return self.variables[0]


# an activation of the pre-activation x; a loss of the output o and the target t
ACTIVATION = Language(("x",), "x*sigmoid(x)")
LOSS = Language(("o", "t"), "log(cosh(o - t))")


def is_formula(text: str, language: Language = ACTIVATION) -> bool:
    """Return whether a text is meant as a formula, not as a name: it has x as a word, and an operator or a call.

    Examples
    --------
    >>> is_formula("x*tanh(x)"), is_formula("rellu"), is_formula("leaky-relu")
    (True, False, False)
    >>> is_formula("(o - t)**4", LOSS), is_formula("mse", LOSS)
    (True, False)
    """
    has_variable = re.search(rf"\b{language.first}\b", text) is not None
    return has_variable and re.search(r"[-+*/<>(]", text) is not None


def parse(text: str, language: Language = ACTIVATION) -> ast.expr:
    """Return the tree of a formula.

    Its nodes are names, numbers, signs, operators and calls, and one comparison as the first argument of where.

    Examples
    --------
    >>> ast.unparse(parse("-x*(1+x)"))
    '-x * (1 + x)'
    >>> parse("x*tan(x)")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: formula 'x*tan(x)': 'tan' at column 3 is none of x, numbers, pi, e, + - * / **, min, max, ...
    """
    if not isinstance(text, str):
        raise TypeError(f"a formula must be a string, got {brief(text)}: write {language.example!r}, for example.")
    if len(text) > MAX_LENGTH:
        raise ValueError(f"formula {excerpt(text)} has {len(text)} characters: write it with at most {MAX_LENGTH}.")
    odd = re.search(r"[^A-Za-z0-9_ .,+\-*/()<>=]", text)
    if odd:
        raise outside(text, odd.group(), odd.start(), language)
    start = len(text) - len(text.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what is refused below
            tree = ast.parse(text[start:], mode="eval").body
    except SyntaxError as error:
        column = start + (error.offset or 0)
        if start < column <= len(text.rstrip()):
            raise ValueError(
                f"formula {excerpt(text)} cannot be read from column {column} on: {_reason(error)}."
            ) from None
        raise ValueError(f"formula {excerpt(text)} ends too early: write an expression in {language.first}.") from None
    except (RecursionError, MemoryError, ValueError):
        raise ValueError(f"formula {excerpt(text)} is nested too deep: write it in fewer levels.") from None
    _Checker(text, start, language).check(tree, 1)
    first = language.first
    if not any(isinstance(node, ast.Name) and node.id == first for node in ast.walk(tree)):
        raise ValueError(
            f"formula {excerpt(text)} does not contain {first}: write an expression in {first}, "
            f"{language.example!r} say."
        )
    return tree


def excerpt(text: str) -> str:
    """Return a formula as a sentence may hold it."""
    return ascii(text if len(text) <= 40 else f"{text[:37]}...")


def outside(text: str, part: str, start: int, language: Language) -> ValueError:
    """Return the error for a part of the text that is not in the vocabulary."""
    return ValueError(
        f"formula {excerpt(text)}: {excerpt(part)} at column {start + 1} is none of "
        f"{', '.join(language.variables)}, {VOCABULARY}."
    )


def _reason(error: SyntaxError) -> str:
    """Return what Python's parser says, as far as it is about formulas."""
    known = ("was never closed", "unmatched ", "too many nested", "invalid decimal literal")
    message = str(error.msg)
    return message if any(part in message for part in known) else "an operator, a comma or a bracket is missing there"


class _Checker:
    """Compares a tree with the vocabulary; ``start`` characters of the text come before the tree."""

    def __init__(self, text: str, start: int, language: Language) -> None:
        self._text = text
        self._start = start
        self._language = language

    def check(self, node: ast.expr, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise self._error(node, f"stands in more than {MAX_DEPTH} levels: write it in fewer")
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            self.check(node.operand, depth + 1)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, BINARY):
            self.check(node.left, depth + 1)
            self.check(node.right, depth + 1)
        elif isinstance(node, ast.Call):
            self._check_call(node, depth)
        elif isinstance(node, ast.Constant):
            self._check_number(node)
        elif isinstance(node, ast.Compare):
            where = f"where({self._language.first} > 0, a, b)"
            raise self._error(node, f"is a comparison, which stands as the first argument of where: {where}")
        elif isinstance(node, ast.IfExp):
            raise self._error(node, "is a condition: write where(condition, a, b)")
        elif not isinstance(node, ast.Name) or (node.id not in self._language.variables and node.id not in CONSTANTS):
            raise self._outside(node)

    def _check_call(self, node: ast.Call, depth: int) -> None:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
            raise self._outside(node.func)
        name = node.func.id
        least, most = FUNCTIONS[name]
        if node.keywords or not least <= len(node.args) <= most:
            wanted = "two or more" if least < most else {1: "one", 3: "three"}[least]
            raise self._error(node, f"must have {wanted} argument{'s' if least > 1 else ''}, without names")
        arguments = list(node.args)
        if name == "where":
            condition = arguments.pop(0)
            if (
                not isinstance(condition, ast.Compare)
                or len(condition.ops) != 1
                or not isinstance(condition.ops[0], COMPARISONS)
            ):
                raise self._error(
                    condition, f"must be one comparison with < <= > >=, as in where({self._language.first} > 0, a, b)"
                )
            arguments += [condition.left, *condition.comparators]
        for argument in arguments:
            self.check(argument, depth + 1)

    def _check_number(self, node: ast.Constant) -> None:
        if type(node.value) not in (int, float):
            raise self._outside(node)
        if not abs(node.value) <= MAX_CONSTANT:  # type: ignore[arg-type]
            raise self._error(node, f"must be at most {MAX_CONSTANT:g}")

    def _part(self, node: ast.expr) -> str:
        return self._text[self._start + node.col_offset : self._start + (node.end_col_offset or 0)]

    def _outside(self, node: ast.expr) -> ValueError:
        return outside(self._text, self._part(node), self._start + node.col_offset, self._language)

    def _error(self, node: ast.expr, rule: str) -> ValueError:
        column = self._start + node.col_offset + 1
        return ValueError(f"formula {excerpt(self._text)}: {excerpt(self._part(node))} at column {column} {rule}.")
