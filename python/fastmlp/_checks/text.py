"""How text that came from outside is shown in a sentence: not too long, and nothing in it that a terminal would obey.

The library shortens what it repeats of an argument or a file; the command also makes printable what it prints.
"""

from __future__ import annotations

from reprlib import Repr
from typing import Any

# about four lines of a terminal: what a reader still reads
LONGEST = 300
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


_REPR = Repr()
_REPR.maxlevel = 3
_REPR.maxlist = _REPR.maxtuple = _REPR.maxset = _REPR.maxfrozenset = _REPR.maxdict = _REPR.maxarray = 10
_REPR.maxstring = _REPR.maxother = 120
_REPR.maxlong = 60


def brief(value: Any) -> str:
    """Return the repr of an argument, the middle left out where it is long, and made of its first items only.

    Examples
    --------
    >>> brief("adam"), brief([1, 2.5])
    ("'adam'", '[1, 2.5]')
    >>> brief(list(range(10**6)))
    '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...]'
    """
    try:
        # of arrays and frames, which take several lines, one
        return shortened(" ".join(_REPR.repr(value).split("\n")), 150)
    except Exception:  # a repr of a user's own may raise anything
        return f"an object of {type(value).__name__}"


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
