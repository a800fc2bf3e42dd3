"""How text that came from outside is shown in a sentence: not too long, and nothing in it that a terminal would obey.

The library shortens what it repeats of an argument or a file; the command also makes printable what it prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

# about four lines of a terminal: what a reader still reads
LONGEST = 300
# a value or a list of names, beside the rule that it breaks
LONGEST_VALUE = 100
LONGEST_LIST = 200
# a name or a cell, of which a sentence may hold several
LONGEST_NAME = 60


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return the text, the middle left out where it has more than ``longest`` characters.

    Examples
    --------
    >>> shortened("a header of a few columns")
    'a header of a few columns'
    >>> shortened("0123456789" * 1000, 40)
    '0123456789012 [9974 more] 7890123456789'
    """
    if len(text) <= longest:
        return text
    # the mark is never longer than this one
    kept = max(0, longest - len(f" [{len(text)} more] "))
    end = kept // 2
    return f"{text[: kept - end]} [{len(text) - kept} more] {text[len(text) - end :]}"


def brief(value: Any) -> str:
    """Return the repr of any value on one line, cut where it is long; as quick for a large value as for a small one.

    Examples
    --------
    >>> brief([1, "two", (3,)])
    "[1, 'two', (3,)]"
    >>> numbers = brief(list(range(10**6)))
    >>> numbers[:12], numbers[-4:]
    ('[0, 1, 2, 3,', ' ...')
    """
    pieces = _pieces(value)
    text = next(pieces)
    for piece in pieces:
        text += piece
        if len(text) > LONGEST_VALUE:
            return f"{text[: LONGEST_VALUE - 4]} ..."
    return shortened(text, LONGEST_VALUE)


# of these the repr is made piece by piece, so that it can stop
BRACKETS: dict[type, str] = {list: "[]", tuple: "()", set: "{}", dict: "{}"}
# as many are shown by NumPy, unless its print options are others
MOST_ELEMENTS = 1000


def _pieces(value: Any) -> Iterator[str]:
    kind = type(value)
    if kind in BRACKETS and value:
        opening, closing = tuple(BRACKETS[kind])
        for index, item in enumerate(value.items() if kind is dict else value):
            yield ", " if index else opening
            key, *of_key = item if kind is dict else (item,)
            yield from _pieces(key)
            for part in of_key:
                yield ": "
                yield from _pieces(part)
        yield f",{closing}" if kind is tuple and len(value) == 1 else closing
    elif kind is str:
        yield repr(shortened(value, LONGEST_VALUE - 2))
    elif kind in (bytes, bytearray) and len(value) > LONGEST_VALUE:
        yield repr(value[:LONGEST_VALUE])
        yield " ..."
    elif isinstance(value, np.ndarray) and value.size > MOST_ELEMENTS:
        yield f"an array of shape {value.shape} and dtype {value.dtype}"
    else:
        yield _one_repr(value)


def _one_repr(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        # Python refuses to write out an integer of thousands of digits
        return f"an integer of {value.bit_length()} bits" if type(value) is int else object.__repr__(value)
    return " ".join(text.split()) if "\n" in text else text


def listed(names: Sequence[Any]) -> str:
    """Return names as a sentence lists them, not more than 20, and none at full length that is long.

    Examples
    --------
    >>> listed(["setosa", "virginica"])
    "'setosa', 'virginica'"
    >>> listed(range(30))
    '0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 and 10 more'
    """
    texts: list[str] = []
    while len(texts) < min(20, len(names)) and sum(map(len, texts)) <= LONGEST_LIST:
        texts.append(shortened(brief(names[len(texts)]), LONGEST_NAME))
    left = len(names) - len(texts)
    return ", ".join(texts) + (f" and {left} more" if left else "")


def joined(names: Iterable[str]) -> str:
    """Return names of columns as a sentence lists them: without quotes, the middle left out where they are long."""
    return shortened(", ".join(names), LONGEST_LIST)


def printable(text: str) -> str:
    r"""Return the text with every character escaped that is not printed as itself, as ``repr`` escapes them.

    Examples
    --------
    >>> printable("rose\x1b[31m\n")
    'rose\\x1b[31m\\n'
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def decimal(number: float, digits: int, largest: float = 1e6) -> str:
    """Return a number with so many digits behind the point, or with an exponent where it is too small or too large."""
    text = f"{number:.{digits}f}"
    if abs(number) >= largest or (number != 0 and digits > 0 and float(text) == 0):
        return f"{number:.1e}"
    return "0" if text == "-0" else text
