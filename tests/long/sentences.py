"""What counts as the library's own sentence: mutants.py and calls.py ask it of every error and every warning.

An error is the library's own where a ``raise`` in its Python made it; what NumPy, pybind11 or Python raise on the way
is not, whatever its words are.
"""

from __future__ import annotations

import linecache
import os
import traceback
import warnings
from types import FrameType
from typing import NoReturn

import fastmlp as fm

PACKAGE = os.path.dirname(fm.__file__)
ALLOWED = (ValueError, TypeError, FloatingPointError, RuntimeError, OSError, ImportError)
LONGEST = 400


class HangError(BaseException):
    """What an alarm raises; no Exception, so that nothing takes it for a refusal."""


def ring(signal_number: int, frame: FrameType | None) -> NoReturn:
    """Be the handler of the alarm."""
    raise HangError


def fault_of_error(error: BaseException) -> str:
    """Return what is wrong with an error, "" where it is a sentence of the library's own."""
    text = str(error)
    # the first line of the statement that raised it
    *_, last = traceback.extract_tb(error.__traceback__)
    said = linecache.getline(last.filename, last.lineno or 0).strip()
    where = f"{os.path.relpath(last.filename, PACKAGE)}:{last.lineno}"
    if isinstance(error, HangError):
        return f"a hang at {where}"
    # the core's own words for an array that no memory holds
    if isinstance(error, MemoryError) and text.startswith("fastmlp could not get"):
        return ""
    if not isinstance(error, ALLOWED):
        return f"{type(error).__name__} at {where}: {text[:200]}"
    if not (last.filename.startswith(PACKAGE) and said.startswith("raise")):
        return f"{type(error).__name__} of another's at {where}: {text[:200]}"
    return fault_of_text(text, where)


def fault_of_text(text: str, where: str) -> str:
    """Return what is wrong with a sentence."""
    if "\n" in text or not text.endswith(".") or not 15 < len(text) <= LONGEST:
        return f"no sentence at {where}, {len(text)} characters: {text[:200]!r}"
    return ""


def fault_of_warnings(caught: list[warnings.WarningMessage]) -> str:
    """Return what is wrong with the first of the warnings that is none of the library's own."""
    for warning in caught:
        fault = fault_of_text(str(warning.message), f"a {warning.category.__name__}")
        if fault:
            return fault
    return ""
