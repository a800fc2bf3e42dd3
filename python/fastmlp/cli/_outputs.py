"""Where a command writes, and how: not over what it reads, under no name of another format, and nothing raw."""

from __future__ import annotations

import os

from fastmlp._checks.text import printable
from fastmlp._files.atomic import check_destination
from fastmlp._files.names import MODEL_SUFFIX, check_format, check_model_name
from fastmlp.cli._sources import STANDARD_INPUT


def check_output(path: str, written: str, suffix: str, *reads: str, option: str = "--out") -> None:
    """Check a file to write before any work is done.

    Parameters
    ----------
    path : str
    written : str
        What will be written, for the sentence: "a model".
    suffix : str
        The one that suits it; names of other known formats are refused, and for a model all others.
    reads : paths
        What the command reads, "-" for the standard input.
    option : str
        Of the command, that says the path.
    """
    target = check_destination(path)
    if suffix == MODEL_SUFFIX:
        check_model_name(path, written)
    else:
        check_format(path, written, suffix)
    for source in reads:
        if os.path.exists(target) and _is_same(target, source):
            name = "the standard input" if source == STANDARD_INPUT else source
            raise ValueError(f"{path} would be written over {name}, which is read: give another name with {option}.")


def _is_same(target: str, source: str) -> bool:
    try:
        found = os.fstat(0) if source == STANDARD_INPUT else os.stat(source)
    except OSError:
        # what is wrong with it is said where it is read
        return False
    return os.path.samestat(os.stat(target), found)


def say(text: str, *, flush: bool = False) -> None:
    """Print lines for a reader; what a terminal would obey is escaped."""
    print("\n".join(map(printable, text.split("\n"))), flush=flush)
