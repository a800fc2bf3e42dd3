"""Where an exported file comes from: the version of fastmlp, and the hash of the model."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import fastmlp._core as _core
from fastmlp._files.model_file import Content, encoded


class Origin(NamedTuple):
    """What every exported file names.

    Attributes
    ----------
    version : str
        Of fastmlp.
    sha256 : str
        Of the model file that ``save`` of this version writes of the network.
    """

    version: str
    sha256: str


def origin_of(content: Content) -> Origin:
    """Return the origin of what is exported now; a network that could not be saved is refused."""
    return Origin(str(_core.build_info()["version"]), hashlib.sha256(encoded(content)).hexdigest())
