"""JSON from a stranger, and plain JSON for one: how much of it, how deep, and which numbers.

Looked at before it is parsed, for 16 MB of brackets become a gigabyte of objects: what has more brackets or commas than
any sound file is refused unread. Errors (ValueError) are clauses, to which others add the name of the file.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from fastmlp._checks.text import brief

# The numbers and names of a network of a quarter of a million inputs; memory and time grow with these.
MAX_VALUES = 500_000
MAX_CONTAINERS = 100_000
MAX_MEMBERS = 150_000
MAX_DEPTH = 32
# Python's own limit, which its oldest versions did not have
MAX_DIGITS = 4000


def parse_object(text: str | bytes, subject: str) -> dict[str, Any]:
    """Return a JSON object, strictly: UTF-8, no key twice, finite numbers, and not too much of it."""
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError:
            raise ValueError(f"{subject} is not JSON") from None
    check_amount(text, subject)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise ValueError(f"{subject} has a key twice")
        return members

    def finite(literal: str) -> float:
        number = float(literal)
        if not math.isfinite(number):
            refuse(literal)
        return number

    def integer(literal: str) -> int:
        if len(literal) > MAX_DIGITS:
            refuse(literal)
        return int(literal)

    def refuse(literal: str) -> NoReturn:
        raise ValueError(f"{subject} holds the number {literal[:40]}")

    try:
        value = json.loads(text, object_pairs_hook=unique, parse_float=finite, parse_int=integer, parse_constant=refuse)
    except json.JSONDecodeError:
        raise ValueError(f"{subject} is not JSON") from None
    except RecursionError:
        raise ValueError(f"{subject} is nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError(f"{subject} is {brief(value)}")
    return value


def check_amount(text: str, subject: str) -> None:
    """Refuse JSON of too many values, by what must stand between them; what stands in strings counts as well."""
    counts = (
        (text.count(","), MAX_VALUES, "values"),
        (text.count("[") + text.count("{"), MAX_CONTAINERS, "lists and objects"),
        (text.count(":"), MAX_MEMBERS, "members of objects"),
    )
    for count, most, what in counts:
        if count > most:
            raise ValueError(f"{subject} may hold {count} {what}, more than {most}")


def check_plain(value: Any, subject: str) -> None:
    """Refuse a dict that JSON does not give back as it is (other types, NaN, other keys than strings), or too deep."""
    refusal = (
        f"{subject} must be a dict with string keys, and plain JSON in it: strings, finite numbers, bools, None, lists "
        "and dicts."
    )
    if not isinstance(value, dict):
        raise ValueError(refusal)
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict) and all(isinstance(key, str) for key in item):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            elif not _is_plain(item):
                raise ValueError(refusal)
        if not below:
            return
        level = below
    raise ValueError(f"{subject} is nested deeper than {MAX_DEPTH} levels.")


def _is_plain(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return value.bit_length() < MAX_DIGITS * math.log2(10)
    return value is None or isinstance(value, str)
