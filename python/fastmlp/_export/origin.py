"""Where an exported file comes from: the version of fastmlp, and the hash of the model."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import fastmlp._core as _core
from fastmlp._files import estimator_file, model_file


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


def origin_of(content: model_file.Content) -> Origin:
    """Return the origin of what is exported now; a network that could not be saved is refused."""
    return _origin_of_file(model_file.encoded(content))


def origin_of_estimator(estimator: estimator_file.Estimator) -> Origin:
    """Return the origin of an estimator that is exported now."""
    return _origin_of_file(estimator_file.encoded(estimator))


def _origin_of_file(parts: list[bytes | memoryview]) -> Origin:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return Origin(str(_core.build_info()["version"]), digest.hexdigest())
