"""A model file opened for reading: which paths are one, and the error that says what is wrong with its content.

What a file holds is model_file.py's, for networks, and estimator_file.py's, for models of several.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import IO, TypeVar

from fastmlp._checks.text import shortened
from fastmlp._files.names import check_path

Content = TypeVar("Content")


class ModelFileError(ValueError):
    """A file is not a sound fastmlp model.

    See Also
    --------
    load : Read one.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastmlp as fm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.safetensors")
    ...     open(path, "w").close()
    ...     try:
    ...         fm.load(path)
    ...     except fm.ModelFileError as error:
    ...         print(str(error).removeprefix(folder + os.sep))
    model.safetensors is not a sound fastmlp model: it is truncated.
    """


class OtherKindError(Exception):
    """A file is sound, but holds another kind of model; says in a clause which, and what to call."""


def read_file(path: str | os.PathLike[str], read: Callable[[IO[bytes], int], Content]) -> Content:
    """Return what ``read`` makes of a file and its size; its ValueError or TypeError says in a clause what is wrong."""
    name = check_path(path)
    try:
        mode = os.stat(name).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(f"{shortened(name)} does not exist: give the path of a model file.") from None
    if not stat.S_ISREG(mode):
        raise ModelFileError(f"{shortened(name)} is not a regular file: give the path of a model file.")
    with open(name, "rb") as file:
        try:
            return read(file, os.fstat(file.fileno()).st_size)
        except OtherKindError as other:
            raise ModelFileError(f"{shortened(name)} {other}.") from None
        except (ValueError, TypeError) as error:
            reason = str(error).rstrip(".")
            raise ModelFileError(f"{shortened(name)} is not a sound fastmlp model: {reason}.") from None
