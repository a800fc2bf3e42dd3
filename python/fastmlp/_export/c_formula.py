"""A formula's program as a function of C: one line for each instruction, in the order of the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from fastmlp._export.c_text import number, suffixed
from fastmlp._export.constants import Format
from fastmlp._formula import Program

# an operation, its destination, its sources
Instruction: TypeAlias = tuple[str, int, tuple[int, ...]]

# the instructions of cpp/kernels/formula-inl.hpp; a condition is 1 or 0, which only select reads
OPERATIONS = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "model_times({}, {})",
    "divide": "{} / {}",
    "multiply_add": "model_fma({}, {}, {})",
    "multiply_subtract": "model_fma({}, {}, -{})",
    "subtract_product": "model_fma(-{}, {}, {})",
    "maximum": "model_maximum({}, {})",
    "minimum": "model_minimum({}, {})",
    "absolute": "model_abs({})",
    "negate": "-{}",
    "sign": "model_sign_of({})",
    "less": "{} < {} ? 1.0 : 0.0",
    "less_equal": "{} <= {} ? 1.0 : 0.0",
    "select": "{} != 0.0 ? {} : {}",
    **{
        name: f"model_{name}({{}})"
        for name in ("exp", "log", "sqrt", "tanh", "sigmoid", "softplus", "erf", "sin", "cos")
    },
}
# the templates behind them, where the name is not that of the operation
FUNCTIONS = {
    "multiply": "times",
    "multiply_add": "fma",
    "multiply_subtract": "fma",
    "subtract_product": "fma",
    "absolute": "abs",
    "sign": "sign_of",
    "add": None,
    "subtract": None,
    "divide": None,
    "negate": None,
    "less": None,
    "less_equal": None,
    "select": None,
}


class FormulaText(NamedTuple):
    """A function of one number, and the templates that it calls."""

    text: str
    needs: list[str]


def formula_function(name: str, program: Program, form: Format, *, slope: bool = False) -> FormulaText:
    """Return the function that computes the value of a formula, or its derivative.

    Examples
    --------
    >>> import fastmlp as fm
    >>> from fastmlp._export.constants import FLOAT
    >>> print(formula_function("model_bump", fm.activations.Formula("x*exp(-x*x)").program, FLOAT).text)
    static inline float model_bump(float r0) {
      float r1, r2, r3;
      r1 = -r0;
      r2 = model_times(r0, r1);
      r2 = model_exp(r2);
      r3 = model_times(r0, r2);
      return r3;
    }
    """
    result = program.derivative if slope else program.value
    steps = _needed(program.instructions if slope else program.instructions[: program.value_length], result)

    def source(place: int) -> str:
        if place >= 0:
            return f"r{place}"
        constant = number(program.constants[-place - 1], form.dtype)
        return f"({constant})" if constant.startswith("-") else constant

    lines, needs = [], []
    for operation, destination, sources in steps:
        value = suffixed(OPERATIONS[operation], form.dtype).format(*map(source, sources))
        lines.append(f"r{destination} = {value};")
        function = FUNCTIONS.get(operation, operation)
        needs += [function] if function else []
    own = sorted({destination for _, destination, _ in steps} - {0})
    if own:
        lines.insert(0, f"{form.real} {', '.join(f'r{register}' for register in own)};")
    if result != 0 and not any(0 in sources for _, _, sources in steps):
        lines.insert(len(own) > 0, "(void)r0;")
    body = "\n".join(f"  {line}" for line in [*lines, f"return {source(result)};"])
    return FormulaText(f"static inline {form.real} {name}({form.real} r0) {{\n{body}\n}}", needs)


def _needed(steps: Sequence[Instruction], result: int) -> list[Instruction]:
    """Return the instructions behind a result: a derivative does not need all that the value does."""
    wanted, found = {result}, []
    for step in reversed(steps):
        _, destination, sources = step
        if destination in wanted:
            wanted = (wanted - {destination}) | set(sources)
            found.append(step)
    return found[::-1]
