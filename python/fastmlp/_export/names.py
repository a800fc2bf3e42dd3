"""Names of inputs as an exporter is given them, and of categories as a table may have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from fastmlp._checks.arguments import is_list
from fastmlp._checks.arrays import count
from fastmlp._checks.text import brief

# of bools, which are known by "1" and "0"
SPELLED = {"1": ("True", "true", "TRUE"), "0": ("False", "false", "FALSE")}


def checked_features(names: Sequence[str] | None, n_inputs: int) -> list[str] | None:
    """Return the names, if there is one for each input."""
    if names is None:
        return None
    # a text would be taken for the names of its letters, and a set has no order
    found = list(names) if is_list(names) and not isinstance(names, str | bytes | Mapping | Set) else []
    if len(found) != n_inputs or not all(isinstance(name, str) for name in found):
        raise ValueError(f"feature_names must be a list of {count(n_inputs, 'name')}, got {brief(names)}.")
    return found


def spellings(places: Mapping[Any, int]) -> dict[str, int]:
    """Return the places of bools by the other texts that a table may have for them.

    Examples
    --------
    >>> spellings({"1": 0, None: 1})
    {'True': 0, 'true': 0, 'TRUE': 0}
    """
    return {text: place for name, place in places.items() for text in SPELLED.get(name, ())}
