"""Names of inputs as an exporter is given them."""

from __future__ import annotations

from collections.abc import Sequence

from fastmlp._checks.arguments import is_list
from fastmlp._checks.arrays import count
from fastmlp._checks.text import brief


def checked_features(names: Sequence[str] | None, n_inputs: int) -> list[str] | None:
    """Return the names, if there is one for each input."""
    if names is None:
        return None
    found = list(names) if is_list(names) else []
    if len(found) != n_inputs or not all(isinstance(name, str) for name in found):
        raise ValueError(f"feature_names must be a list of {count(n_inputs, 'name')}, got {brief(names)}.")
    return found
