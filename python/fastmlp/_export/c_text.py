"""C as text: numbers in decimal digits that give every bit back, arrays of them, strings, names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief, shortened

COLUMNS = 118
# what a compiler of C99 must take (5.2.4.1): characters of a string, the first ones of a name that tell it from others
LONGEST_STRING = 4095
LONGEST_PREFIX = 40
DIGITS = {np.dtype(np.float32): 9, np.dtype(np.float64): 17}
SUFFIX = {np.dtype(np.float32): "f", np.dtype(np.float64): ""}


def number(value: float, dtype: np.dtype[Any]) -> str:
    """Return a finite number as a constant of C of this format.

    Examples
    --------
    >>> number(0.1, np.dtype("float32")), number(2.0, np.dtype("float64")), number(1e30, np.dtype("float32"))
    ('0.100000001f', '2.0', '1.00000002e+30f')
    """
    text = f"{float(dtype.type(value)):.{DIGITS[dtype]}g}"
    return text + ("" if "." in text or "e" in text else ".0") + SUFFIX[dtype]


def suffixed(text: str, dtype: np.dtype[Any]) -> str:
    """Return a text of C in which constants of double have become constants of this format.

    Examples
    --------
    >>> suffixed("x * 0.5 + 1.5f", np.dtype("float32"))
    'x * 0.5f + 1.5f'
    """
    return re.sub(r"\b\d+\.\d+\b", lambda found: found[0] + SUFFIX[dtype], text)


def array(declaration: str, values: npt.NDArray[Any]) -> str:
    """Return the definition of a constant array of this format.

    Examples
    --------
    >>> print(array("model_bias", np.array([0.5, -1.0], np.float32)))
    static const float model_bias[2] = {
      0.5f, -1.0f
    };
    """
    kind = "float" if values.dtype == np.float32 else "double"
    written = [number(value, values.dtype) for value in values.ravel().tolist()]
    return f"static const {kind} {declaration}[{values.size}] = {{\n" + "\n".join(filled(written)) + "\n};"


def filled(parts: Sequence[str], indent: str = "  ") -> list[str]:
    """Return lines of these parts with commas between them."""
    lines = [indent]
    for index, part in enumerate(parts):
        word = part + ("," if index + 1 < len(parts) else "")
        if len(lines[-1]) + len(word) + 1 > COLUMNS and lines[-1] != indent:
            lines.append(indent)
        lines[-1] += ("" if lines[-1] == indent else " ") + word
    return lines


def string(text: str, what: str) -> str:
    r"""Return a text as a string of C, its UTF-8 in octal where it is not plain; ``what`` is its name in an error.

    Examples
    --------
    >>> print(string('a "b" \N{LATIN SMALL LETTER E WITH ACUTE}?', "a class"))
    "a \"b\" \303\251\077"
    """
    try:
        encoded = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ValueError(
            f"{what} has a name that is no text, {shortened(repr(text), 60)}: give it another one."
        ) from None
    if 0 in encoded:
        raise ValueError(
            f"{what} has a NUL in its name, {shortened(repr(text), 60)}, where strings of C end: give it another one."
        )
    if len(encoded) > LONGEST_STRING:
        raise ValueError(
            f"{what} has a name of {len(encoded)} bytes, {shortened(repr(text), 60)}, but C takes strings of at most "
            f"{LONGEST_STRING}: give it a shorter one."
        )
    # a question mark may be part of a trigraph
    plain = set(range(32, 127)) - set(b'?"\\')
    escaped = {ord('"'): '\\"', ord("\\"): "\\\\"}
    return '"' + "".join(chr(byte) if byte in plain else escaped.get(byte, f"\\{byte:03o}") for byte in encoded) + '"'


def check_prefix(name: Any) -> str:
    """Return the name with which all names of a header begin, if C and C++ leave such names to programs."""
    if (
        not isinstance(name, str)
        or len(name) > LONGEST_PREFIX
        or not re.fullmatch("[A-Za-z](_?[A-Za-z0-9])*", name, re.ASCII)
    ):
        kind = TypeError if not isinstance(name, str) else ValueError
        raise kind(
            f"name must be a name in C, letters, digits and single underscores between them, at most {LONGEST_PREFIX}, "
            f"got {brief(name)}: write name='model', for example."
        )
    return name
