"""Saving a network to a model file and loading it again, bit for bit.

A model file has the safetensors layout: the length of a JSON header, the header, the tensors ``layers.0.weights``
(inputs, units), ``layers.0.bias`` (units,), ... one after the other. The network's description is one JSON string
under the key "fastmlp" of the header's metadata: one key, because safetensors leaves the order of several open, and
the same network shall give the same bytes. Optimizer state and time are not in it.

The safetensors package writes the file; _files/safetensors.py reads it, because every claim of the header must be
compared with the file and with the architecture before memory is taken, which no call of that package does.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save as to_safetensors

from fastmlp._files.atomic import write_atomically
from fastmlp._files.safetensors import (
    DTYPES,
    MAX_HEADER_BYTES,
    check_keys,
    check_tensors,
    of_type,
    parse_object,
    read_header,
    read_tensors,
    short,
)
from fastmlp.activations import ACTIVATIONS, Activation, Formula
from fastmlp.initializers import INITIALIZERS, Initializer
from fastmlp.layers import AnyLayer, Dense, Dropout, LayerNorm, Maxout, Rescale, RobustScale, Standardize
from fastmlp.losses import LOSSES, CrossEntropy, Loss

if TYPE_CHECKING:
    from fastmlp.network import Network

FORMAT = 1
MAX_METADATA_DEPTH = 32
RATE_FACTORS = ("weight_rate_factor", "bias_rate_factor")

Kind = TypeVar("Kind")


class ModelFileError(ValueError):
    """A file is not a sound fastmlp model."""


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network to a model file; the same network gives the same bytes.

    The file appears whole or not at all: an older file of that name stays until the new one is on the disk.

    Parameters
    ----------
    network : Network
        Its architecture, weights, seed, ``classes`` and ``metadata`` are kept, its optimizer state is not.
    path : path
        The file, by custom ``*.safetensors``.

    Raises
    ------
    ValueError
        A weight is not finite, or ``metadata`` is not a plain JSON object or is too large.
    RuntimeError
        Another thread is training the network.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(1)], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.safetensors")
    ...     fm.save(net, path)
    ...     bool((fm.load(path).get_parameters() == net.get_parameters()).all())
    True
    """
    # a copy without gaps: safetensors writes a buffer as it lies, and the weights have a padded leading dimension
    parameters = network.get_parameters()
    tensors: dict[str, npt.NDArray[Any]] = {}
    start = 0
    for index, layer in enumerate(network.layers):
        for part, shape in (("weights", layer.weights.shape), ("bias", layer.bias.shape)):
            values = parameters[start : start + math.prod(shape)].reshape(shape)
            if not np.isfinite(values).all():
                raise ValueError(f"layers[{index}].{part} holds NaN or infinity: this network was not saved.")
            tensors[f"layers.{index}.{part}"] = values
            start += values.size
    text = json.dumps(
        {
            "format": FORMAT,
            "n_inputs": network.n_inputs,
            "layers": list(_described_layers(network)),
            "loss": _loss_entry(network.loss_function),
            "dtype": str(network.dtype),
            "seed": network.seed,
            "classes": _checked_classes(network.classes, network.n_outputs),
            "metadata": _checked_metadata(network.metadata),
        },
        separators=(",", ":"),
    )
    content = to_safetensors(tensors, metadata={"fastmlp": text})
    if int.from_bytes(content[:8], "little") > MAX_HEADER_BYTES:
        raise ValueError(f"metadata and classes take more than the {MAX_HEADER_BYTES} bytes of a model file's header.")
    write_atomically(path, content)


def load(path: str | os.PathLike[str]) -> Network:
    """Read a network from a model file; it predicts the same bits as the one that was saved.

    Parameters
    ----------
    path : path
        A file that ``save`` wrote. Any other content is refused; it is safe to load a file from a stranger.

    Returns
    -------
    Network

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ModelFileError
        The file is damaged, truncated or not a fastmlp model.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.load("digits.safetensors")  # doctest: +SKIP
    """
    name = os.fspath(path)
    if not Path(path).exists():
        raise FileNotFoundError(f"{name} does not exist: give the path of a model file.")
    if not Path(path).is_file():
        raise ModelFileError(f"{name} is not a regular file: give the path of a model file.")
    with open(path, "rb") as file:
        try:
            return _read(file, os.fstat(file.fileno()).st_size)
        except (ValueError, TypeError) as error:
            reason = str(error).rstrip(".")
            raise ModelFileError(f"{name} is not a sound fastmlp model: {reason}.") from None


def _read(file: IO[bytes], size: int) -> Network:
    """Return the network; an error says what is wrong, and ``load`` adds the name of the file."""
    from fastmlp.network import Network

    header, start = read_header(file)
    text = header.pop("__metadata__", None)
    if not isinstance(text, dict) or list(text) != ["fastmlp"] or not isinstance(text["fastmlp"], str):
        raise ValueError("its header does not describe a network")
    description = parse_object(text["fastmlp"].encode(errors="surrogatepass"), "its description")
    # looked at first: a later format may have other keys
    version = description.get("format")
    if type(version) is int and version > FORMAT:
        raise ValueError(f"it has format {short(version)} and this fastmlp reads up to {FORMAT}, so upgrade fastmlp")
    if type(version) is not int or version != FORMAT:
        raise ValueError(f"its format is {short(version)}, not {FORMAT}")
    check_keys(
        description,
        {"format", "n_inputs", "layers", "loss", "dtype", "seed", "classes", "metadata"},
        "its description",
    )

    layers = [_layer(entry) for entry in of_type(description["layers"], list, "layers")]
    dense = [layer for layer in layers if isinstance(layer, Dense | Maxout)]
    n_inputs = of_type(description["n_inputs"], int, "n_inputs")
    dtype = of_type(description["dtype"], str, "dtype")
    if dtype not in DTYPES:
        raise ValueError(f"its dtype is {short(dtype)}")
    shapes: dict[str, tuple[int, ...]] = {}
    for index, (n_in, layer) in enumerate(zip([n_inputs, *(layer.units for layer in dense)], dense, strict=False)):
        n_out = layer.units * (layer.pieces if isinstance(layer, Maxout) else 1)
        shapes[f"layers.{index}.weights"] = (n_in, n_out)
        shapes[f"layers.{index}.bias"] = (n_out,)
    order = check_tensors(header, shapes, dtype, size - start)

    network = Network(
        n_inputs,
        layers,
        loss=_loss(description["loss"]),
        dtype=dtype,
        seed=of_type(description["seed"], int, "seed"),
    )
    for name, values in read_tensors(file, order, shapes, dtype):
        _, number, part = name.split(".")
        getattr(network.layers[int(number)], part)[...] = values
    network.classes = _checked_classes(description["classes"], dense[-1].units)
    network.metadata = _checked_metadata(description["metadata"])
    return network


def _described_layers(network: Network) -> Iterator[dict[str, Any]]:
    if network.scaling is not None:
        yield {"kind": type(network.scaling).__name__.lower(), **asdict(network.scaling)}
    normalizes = network._architecture.normalizes
    for layer, normalizes_inputs, rate in zip(network.layers, normalizes, network.dropout, strict=True):
        if normalizes_inputs:
            yield {"kind": "layernorm"}
        if rate > 0:
            yield {"kind": "dropout", "rate": rate}
        if layer.pieces > 1:
            kind = {"kind": "maxout", "units": layer.units, "pieces": layer.pieces}
        else:
            kind = {"kind": "dense", "units": layer.units, "activation": _described(layer.activation)}
        # only where they were given, as older files have none
        given: dict[str, Any] = {key: getattr(layer, key) for key in RATE_FACTORS if getattr(layer, key) != 1.0}
        if layer.initializer is not None:
            given["initializer"] = _described(layer.initializer)
        yield {**kind, "l1": layer.l1, "l2": layer.l2, **given}


def _layer(entry: Any) -> AnyLayer:
    entry = of_type(entry, dict, "layer")
    factors = {key: of_type(entry[key], float, key) for key in RATE_FACTORS if key in entry}
    if entry.get("kind") == "dropout":
        check_keys(entry, {"kind", "rate"}, "a dropout layer")
        return Dropout(of_type(entry["rate"], float, "rate"))
    if entry.get("kind") == "layernorm":
        check_keys(entry, {"kind"}, "a layernorm layer")
        return LayerNorm()
    if entry.get("kind") == "maxout":
        check_keys(entry, {"kind", "units", "pieces", "l1", "l2"} | factors.keys(), "a maxout layer")
        units, pieces = (of_type(entry[key], int, key) for key in ("units", "pieces"))
        l1, l2 = (of_type(entry[key], float, key) for key in ("l1", "l2"))
        return Maxout(units, pieces, l1=l1, l2=l2, **factors)
    if entry.get("kind") == "standardize":
        check_keys(entry, {"kind", "mean", "deviation"}, "a standardize layer")
        return Standardize(entry["mean"], entry["deviation"])
    if entry.get("kind") == "rescale":
        check_keys(entry, {"kind", "to", "minimum", "maximum"}, "a rescale layer")
        return Rescale(entry["to"], entry["minimum"], entry["maximum"])
    if entry.get("kind") == "robustscale":
        check_keys(entry, {"kind", "median", "deviation", "limit"}, "a robustscale layer")
        return RobustScale(entry["median"], entry["deviation"], entry["limit"])
    optional = factors.keys() | (entry.keys() & {"initializer"})
    check_keys(entry, {"kind", "units", "activation", "l1", "l2"} | optional, "a layer")
    if entry["kind"] != "dense":
        raise ValueError(f"a layer is of the kind {short(entry['kind'])}")
    return Dense(
        of_type(entry["units"], int, "units"),
        _of_kind(entry["activation"], ACTIVATIONS | {Formula.name: Formula}, "activation"),
        l1=of_type(entry["l1"], float, "l1"),
        l2=of_type(entry["l2"], float, "l2"),
        initializer=_of_kind(entry["initializer"], INITIALIZERS, "initializer") if "initializer" in entry else None,
        **factors,
    )


def _described(settings: Activation | Initializer) -> dict[str, Any]:
    """Return {"name": ..., parameter: value, ...}."""
    return {"name": settings.name, **asdict(settings)}


def _loss_entry(loss: Loss) -> dict[str, Any]:
    """Return the description of a loss; cross-entropy had no parameters in the first files, so defaults stay out."""
    parameters = asdict(loss)
    if isinstance(loss, CrossEntropy):
        parameters = {name: value for name, value in parameters.items() if value != getattr(CrossEntropy, name)}
    return {"name": loss.name, **parameters}


def _loss(entry: Any) -> Loss:
    """Return the loss that ``_loss_entry`` described."""
    entry = dict(of_type(entry, dict, "loss"))
    if entry.get("name") == CrossEntropy.name:
        entry = {field.name: getattr(CrossEntropy, field.name) for field in fields(CrossEntropy)} | entry
        weights = entry["class_weight"]
        if isinstance(weights, dict):
            # JSON has made strings of the labels
            entry["class_weight"] = {_label(label): weight for label, weight in weights.items()}
        elif weights not in (None, "balanced"):
            raise ValueError(f"its class_weight is {short(weights)}")
    return _of_kind(entry, LOSSES, "loss")


def _label(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and str(int(text)) == text):
        raise ValueError(f"a label in its class_weight is {short(text)}")
    return int(text)


def _of_kind(entry: Any, kinds: Mapping[str, type[Kind]], subject: str) -> Kind:
    """Return the object that {"name": ..., parameter: value, ...} describes."""
    parameters = dict(of_type(entry, dict, subject))
    name = of_type(parameters.pop("name", None), str, f"name of the {subject}")
    if name not in kinds:
        raise ValueError(f"its {subject} is {short(name)}")
    kind: Any = kinds[name]
    check_keys(parameters, {field.name for field in fields(kind)}, f"{subject} {name!r}")
    made: Kind = kind(**parameters)
    return made


def _checked_classes(value: Any, n_outputs: int) -> list[str] | None:
    # one output tells two classes apart
    count = max(n_outputs, 2)
    if value is None:
        return None
    if (
        not isinstance(value, list)
        or any(not isinstance(name, str) for name in value)
        or len(value) != count
        or len(set(value)) != count
    ):
        raise ValueError(f"classes must be None or a list of {count} different names, got {short(value)}.")
    return value


def _checked_metadata(value: Any) -> dict[str, Any]:
    """Return ``metadata`` as JSON gives it back, if that is what went in."""
    try:
        again = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        again = None
    if not isinstance(value, dict) or again != value:
        raise ValueError(
            "metadata must be a dict with string keys, and plain JSON in it: strings, finite numbers, bools, None, "
            "lists and dicts."
        )
    level, depth = [again], 0
    while level:
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        depth += 1
        if depth > MAX_METADATA_DEPTH:
            raise ValueError(f"metadata is nested deeper than {MAX_METADATA_DEPTH} levels.")
    return dict(again)
