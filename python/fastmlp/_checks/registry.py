"""The one idiom of all registries: kinds of settings (activations, losses, optimizers, ...), each with its name.

A kind is a frozen dataclass with a class attribute ``name``. A registry maps names to kinds; a user gives a name or an
object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from fastmlp._checks.text import brief

Kind = TypeVar("Kind")


def by_name(*kinds: type[Kind]) -> dict[str, type[Kind]]:
    """Return the registry of some kinds."""
    return {str(vars(kind)["name"]): kind for kind in kinds}


def resolve_by_name(value: Any, kinds: Mapping[str, type[Kind]], subject: str) -> Kind:
    """Return ``value`` if it is an object of one of ``kinds``, or a default object of the kind with that name."""
    if isinstance(value, str) and value in kinds:
        return kinds[value]()
    if type(value) in kinds.values():
        return value  # type: ignore[no-any-return]
    names = ", ".join(repr(name) for name in kinds)
    if isinstance(value, str):
        raise ValueError(f"{subject} {brief(value)} does not exist: use one of {names}, or an object of these kinds.")
    raise TypeError(f"{subject} must be one of the names {names} or an object of these kinds, got {brief(value)}.")


def only_setting(settings: Any) -> float:
    """Return the one number that the core is told of a kind: its setting, or 0 where it has none.

    A kind with several settings must say itself which, or how they become one: silence would be a wrong answer.
    """
    names = [field.name for field in fields(settings)]
    if len(names) > 1:
        raise NotImplementedError(
            f"{type(settings).__name__} has the settings {', '.join(names)}: "
            "its property ``parameter`` must say what the core is told."
        )
    return float(getattr(settings, names[0])) if names else 0.0
