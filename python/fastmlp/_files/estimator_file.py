"""An estimator as a file and back: a description of its own, and the networks that it consists of.

The layout is that of a model file. The description has, beside the ``format``, ``estimator``: what the estimator says
of itself, which is its own matter; and ``networks``: a list of what a model file says of each. The tensors of network i
are called ``networks.i.layers.0.weights``, and so on. All networks have one dtype.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import IO, Any, NamedTuple

import numpy.typing as npt

from fastmlp._checks.text import brief
from fastmlp._files.atomic import write_atomically
from fastmlp._files.container import FORMAT, check_digest, read_description, to_file
from fastmlp._files.costs import check_memory, check_work
from fastmlp._files.kept_training import check_no_training_is_lost
from fastmlp._files.model_file import Content, blueprint, built, description_of, tensor_of
from fastmlp._files.names import check_model_name
from fastmlp._files.opening import OtherKindError
from fastmlp._files.safetensors import check_keys, check_tensors, of_type, read_into


class Estimator(NamedTuple):
    """What an estimator says of itself, in plain JSON, and its networks."""

    description: dict[str, Any]
    networks: list[Content]


def write(estimator: Estimator, path: str | os.PathLike[str]) -> None:
    """Write the file; what would not be read again is an error."""
    check_model_name(path, "an estimator")
    check_no_training_is_lost(path)
    write_atomically(path, *encoded(estimator))


def encoded(estimator: Estimator) -> list[bytes | memoryview]:
    """Return the file in parts, by whose bytes exporters know an estimator."""
    descriptions = []
    tensors: dict[str, npt.NDArray[Any]] = {}
    for number, network in enumerate(estimator.networks):
        description, of_network = description_of(network)
        descriptions.append(description)
        tensors |= {f"networks.{number}.{name}": values for name, values in of_network.items()}
    try:
        _check_costs(descriptions, [values.shape for values in tensors.values()], descriptions[0]["dtype"])
        return to_file({"format": FORMAT, "estimator": estimator.description, "networks": descriptions}, tensors)
    except ValueError as reason:
        raise ValueError(f"this estimator was not written: {reason}.") from None


def read(file: IO[bytes], size: int) -> Estimator:
    """Return what a file of so many bytes holds; an error (ValueError, TypeError) says in a clause what is wrong."""
    opened = read_description(file)
    header, description, start = opened[:3]
    if "estimator" not in description:
        raise OtherKindError("holds a network, not an estimator: read it with fastmlp.load")
    check_keys(description, {"format", "estimator", "networks"}, "its description")
    own = of_type(description["estimator"], dict, "its estimator")
    entries = of_type(description["networks"], list, "its list of networks")
    drawn = [blueprint(of_type(entry, dict, "a network")) for entry in entries]
    if not drawn:
        raise ValueError("it has no networks")
    dtype = drawn[0].dtype
    if any(one.dtype != dtype for one in drawn):
        raise ValueError(f"its networks are not all of {brief(dtype)}")
    shapes = {f"networks.{i}.{name}": shape for i, one in enumerate(drawn) for name, shape in one.shapes.items()}
    _check_costs(entries, list(shapes.values()), dtype)
    order = check_tensors(header, shapes, dtype, size - start)
    # memory is taken from here on
    networks = [built(one) for one in drawn]
    for name in order:
        _, number, of_network = name.split(".", 2)
        read_into(file, tensor_of(networks[int(number)].model, of_network), name)
    check_digest(file, opened)
    return Estimator(own, networks)


def _check_costs(descriptions: Sequence[dict[str, Any]], shapes: Sequence[tuple[int, ...]], dtype: str) -> None:
    """Hold all networks together to what one may cost."""
    check_work([layer for description in descriptions for layer in of_type(description["layers"], list, "layers")])
    check_memory(shapes, dtype)
