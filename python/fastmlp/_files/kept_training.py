"""What no ``save`` may take the place of: the checkpoint of a training that has not ended."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import IO

from fastmlp._checks.text import shortened
from fastmlp._files.container import TRAINING, read_description
from fastmlp._files.lock import SUFFIX, is_held
from fastmlp._files.names import check_path


def check_no_training_is_lost(path: str | os.PathLike[str]) -> None:
    """Refuse a path where a training would go on from; what is no sound checkpoint may be replaced as any file."""
    name = check_path(path)
    if is_held(os.path.realpath(name) + SUFFIX):
        raise ValueError(
            f"{shortened(name)} is the checkpoint of a training that runs, and writes there: give another "
            "path, or wait until it ends."
        )
    if os.path.isfile(name) and _has_not_ended(name):
        raise ValueError(
            f"{shortened(name)} is the checkpoint of a training that has not ended, and goes on from it: give another "
            "path, let that training end, or remove the file."
        )


def _has_not_ended(name: str) -> bool:
    with suppress(OSError, ValueError, TypeError, LookupError), open(name, "rb") as file:
        return _state_of(file)["parameters"] is None
    return False


def _state_of(file: IO[bytes]) -> dict[str, object]:
    state: dict[str, object] = read_description(file).description[TRAINING]["state"]["dict"]
    return state
