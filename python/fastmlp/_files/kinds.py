"""Which kind of model a file holds, as its description tells before anything of it is built."""

from __future__ import annotations

import os
from typing import IO, Literal, TypeAlias

from fastmlp._files.container import TRAINING, read_description
from fastmlp._files.opening import read_file

Kind: TypeAlias = Literal["network", "checkpoint", "estimator"]


def kind_of(path: str | os.PathLike[str]) -> Kind:
    """Return the kind of a model file; one that is none is an error, ModelFileError."""

    def read(file: IO[bytes], size: int) -> Kind:
        description = read_description(file).description
        if "estimator" in description:
            return "estimator"
        return "checkpoint" if TRAINING in description else "network"

    return read_file(path, read)
