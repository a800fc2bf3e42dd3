"""A model as a file and back, bit for bit: what is written, and what is believed of what is read.

A model file has the safetensors layout: the length of a JSON header, the header, the tensors ``layers.0.weights``
(inputs, units), ``layers.0.bias`` (units,), ..., ``embedding.parameters``, one after the other. The description of the
model is one JSON string under the key "fastmlp" of the header's metadata: one key, because safetensors leaves the order
of several open, and the same model shall give the same bytes. Optimizer state and time are not in it; a record of its
trainings (record_file.py) and a checkpoint (checkpoint_file.py) are more keys, and tensors behind these. That no claim
of a description is believed as it is makes this a long file.

A layer, an activation, an initializer or a loss is its name and its settings, as the walk over the layers
(_model/description.py) gives them: a new kind of these needs nothing here, unless a setting is an object of yet another
registry (NESTED). container.py puts the description and the tensors into one file; a file of several networks takes
the parts of this one (estimator_file.py).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import IO, Any, NamedTuple, TypeAlias, TypeVar, cast

import numpy.typing as npt

from fastmlp._checks.text import brief
from fastmlp._files.atomic import write_atomically
from fastmlp._files.container import FORMAT, MISSING, TRAINING, check_digest, read_description, to_file
from fastmlp._files.costs import check_memory, check_work
from fastmlp._files.kept_training import check_no_training_is_lost
from fastmlp._files.names import check_model_name
from fastmlp._files.opening import OtherKindError
from fastmlp._files.plain_json import check_plain
from fastmlp._files.record_file import described_record, record_of
from fastmlp._files.safetensors import (
    DTYPES,
    check_keys,
    check_tensors,
    of_type,
    read_beside,
    read_into,
    take_beside,
)
from fastmlp._model.architecture import Architecture
from fastmlp._model.class_names import ClassNames, check_class_names
from fastmlp._model.description import described, finite_copies, finite_copy, settings_of
from fastmlp._model.model import Model
from fastmlp._model.record import Record
from fastmlp._model.stack import LAYERS, embedding_of, placed, shapes_of
from fastmlp.activations import ACTIVATIONS, Formula
from fastmlp.initializers import INITIALIZERS
from fastmlp.layers import Layer
from fastmlp.losses import LOSSES, CrossEntropy, Loss
from fastmlp.losses import Formula as LossFormula
from fastmlp.scalings import Standardize

# Settings that the first files of this format did not have: left out where they are the default.
CAME_LATER = {
    "piecewise_linear": ("columns",),
    "dense": ("weight_rate_factor", "bias_rate_factor", "initializer"),
    "maxout": ("weight_rate_factor", "bias_rate_factor"),
    "cross_entropy": ("label_smoothing", "class_weight"),
}
# Keys of the description that are left out where there is nothing to say: the first files did not have them.
OPTIONAL = ("target_scaling", "predicts_names")
FILED_LOSSES: dict[str, type[Loss]] = {**LOSSES, LossFormula.name: LossFormula}
# settings that are objects themselves, and their registries
NESTED: dict[str, Mapping[str, type[Any]]] = {
    "activation": {**ACTIVATIONS, Formula.name: Formula},
    "initializer": INITIALIZERS,
}
# The tensor of an embedding that is trained, (inputs, parameters of an input).
EMBEDDING = "embedding.parameters"
# Settings of layers whose type is looked at here, since a layer itself takes None, or an integer for a float.
JSON_TYPES: dict[str, type] = {
    "units": int, "pieces": int, "bins": int, "columns": int, "frequencies": int, "rate": float, "l1": float,
    "l2": float, "weight_rate_factor": float, "bias_rate_factor": float,
}  # fmt: skip

# the key of a description for a record, and the prefix of tensors for that
RECORD = "record"

Kind = TypeVar("Kind")
Described: TypeAlias = dict[str, Any]


class Content(NamedTuple):
    """A network, and what a user keeps with it."""

    model: Model
    classes: list[str] | None
    metadata: dict[str, Any]


class Read(NamedTuple):
    """What a file has: of a checkpoint also what it says of its training, and the entries of tensors for that.

    ``is_compared`` says whether a digest of all of it was.
    """

    content: Content
    description: Described
    training: Any
    beside: dict[str, Any]
    beside_begins: int
    is_compared: bool


class Blueprint(NamedTuple):
    """What a description says of a network, before memory is taken for it; shapes of weights and bias, in turn."""

    description: dict[str, Any]
    n_inputs: int
    layers: list[Layer]
    dtype: str
    shapes: dict[str, tuple[int, ...]]


def write(content: Content, path: str | os.PathLike[str]) -> None:
    """Write a model file; described at ``fastmlp.save``."""
    check_model_name(path, "a model")
    check_no_training_is_lost(path)
    write_atomically(path, *encoded(content))


def encoded(content: Content) -> list[bytes | memoryview]:
    """Return a model file in parts, by whose bytes exporters know a network."""
    description, tensors = with_record(content)
    try:
        return to_file(description, tensors)
    except ValueError as reason:
        raise ValueError(f"this network was not written: {reason}.") from None


def read(file: IO[bytes], size: int) -> Content:
    """Return what a file of so many bytes holds; an error (ValueError, TypeError) says in a clause what is wrong."""
    return read_network(file, size).content


def read_network(file: IO[bytes], size: int) -> Read:
    """Return the network of a file, and what a checkpoint says beside it, whose tensors are next in the file."""
    opened = read_description(file)
    header, description, start, digest, _ = opened
    if "estimator" in description:
        raise OtherKindError("holds an estimator for tables, not a network: read it with fastmlp.sklearn.load")
    training = description.pop(TRAINING, None)
    beside, beside_size = ({}, 0) if training is None else take_beside(header, f"{TRAINING}.")
    record = description.get(RECORD)
    of_record, record_size = ({}, 0) if record is None else take_beside(header, f"{RECORD}.")
    drawn = blueprint({key: value for key, value in description.items() if key != RECORD})
    own_size = size - start - beside_size - record_size
    order = check_tensors(header, drawn.shapes, drawn.dtype, own_size)
    content = built(drawn)
    model = content.model
    for name in order:
        read_into(file, tensor_of(model, name), name)
    if RECORD in description:
        tensors = read_beside(file, of_record, own_size)
        model.record = record_of(record, tensors, model.n_parameters, model.architecture.dtype)
    check_digest(file, opened)
    return Read(content, description, training, beside, own_size + record_size, digest is not MISSING)


def begun(network: Described, seed: int, n_parameters: int) -> Model:
    """Return the network that a record begins with; an error (ValueError, TypeError) says why there is none."""
    description = {"format": FORMAT, "seed": seed, "classes": None, "metadata": {}, **network}
    if description.get("target_scaling", ...) is None:
        del description["target_scaling"]
    drawn = blueprint(description)
    held = sum(math.prod(shape) for shape in drawn.shapes.values())
    if held != n_parameters:
        # before memory is taken for it
        raise ValueError(f"it has {held} parameters, but the network has {n_parameters}")
    model = built(drawn).model
    model.reset()
    return model


def network_described(architecture: Architecture, layers: Iterable[Layer], scaling: Standardize | None) -> Described:
    """Return what a description says of a network but for the names of its classes: the same for the same network."""
    return {
        "n_inputs": architecture.n_inputs,
        "layers": [{"kind": layer.name, **_settings(layer)} for layer in layers],
        "loss": {"name": architecture.loss.name, **_settings(architecture.loss)},
        "dtype": str(architecture.dtype),
        "target_scaling": None if scaling is None else settings_of(scaling),
    }


def with_record(content: Content) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Return the description of a network and its tensors, and where it has a record, that, too."""
    description, tensors = description_of(content)
    content.model.checked_record()
    return recorded(description, tensors, content.model.record_of_now())


def recorded(
    description: dict[str, Any], tensors: dict[str, npt.NDArray[Any]], record: Record | None
) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Return them with a record."""
    if record is None:
        return description, tensors
    of_record: dict[str, npt.NDArray[Any]] = {}
    return description | {RECORD: described_record(record, of_record)}, tensors | of_record


def description_of(content: Content) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Return the description of a network and its tensors, by name; what would not be read is an error."""
    model, architecture = content.model, content.model.architecture
    model.guard.check_access()
    tensors: dict[str, npt.NDArray[Any]] = {}
    layers: list[Layer] = []
    number = 0
    for layer, weights, bias in described(model):
        layers.append(layer)
        if weights is not None and bias is None:
            tensors[EMBEDDING] = finite_copy(weights, EMBEDDING, "written")
        if weights is None or bias is None:
            continue
        copies = finite_copies(weights, bias, number, "written")
        tensors[f"layers.{number}.weights"], tensors[f"layers.{number}.bias"] = copies
        number += 1
    network = network_described(architecture, layers, model.target_scaling)
    target_scaling = network.pop("target_scaling")
    description = {
        "format": FORMAT,
        **network,
        "seed": architecture.seed,
        "classes": check_class_names(content.classes, architecture.n_outputs),
        "metadata": _checked_metadata(content.metadata),
    }
    if target_scaling is not None:
        description["target_scaling"] = target_scaling
    if content.classes is not None and model.names.are_predicted:
        description["predicts_names"] = True
    try:
        check_work(network["layers"])
        check_memory([values.shape for values in tensors.values()], str(architecture.dtype))
    except ValueError as reason:
        raise ValueError(f"this network was not written: {reason}.") from None
    return description, tensors


def blueprint(description: dict[str, Any]) -> Blueprint:
    """Return what a description says, every claim of which was compared with what is allowed."""
    keys = {"format", "n_inputs", "layers", "loss", "dtype", "seed", "classes", "metadata"}
    check_keys(description, keys | (description.keys() & set(OPTIONAL)), "its description")
    dtype = of_type(description["dtype"], str, "dtype")
    if dtype not in DTYPES:
        raise ValueError(f"its dtype is {brief(dtype)}")
    n_inputs = of_type(description["n_inputs"], int, "n_inputs")
    entries = of_type(description["layers"], list, "layers")
    check_work(entries)
    layers = [_layer(entry) for entry in entries]
    shapes: dict[str, tuple[int, ...]] = {}
    for number, (weights, bias) in enumerate(shapes_of(n_inputs, placed(layers))):
        shapes |= {f"layers.{number}.weights": weights, f"layers.{number}.bias": bias}
    embedding = embedding_of(layers)
    if embedding is not None and embedding.n_parameters:
        shapes[EMBEDDING] = n_inputs, embedding.n_parameters
    check_memory(shapes.values(), dtype)
    return Blueprint(description, n_inputs, layers, dtype, shapes)


def built(drawn: Blueprint) -> Content:
    """Return the network of a blueprint, whose weights are to be read."""
    description = drawn.description
    seed = of_type(description["seed"], int, "seed")
    target_scaling = _target_scaling(description["target_scaling"]) if "target_scaling" in description else False
    model = Model(
        Architecture.of(
            drawn.n_inputs,
            drawn.layers,
            loss=_loss(description["loss"]),
            dtype=drawn.dtype,
            seed=seed,
            scale_targets=target_scaling,
        )
    )
    classes = check_class_names(description["classes"], model.architecture.n_outputs)
    predicts_names = description.get("predicts_names", False)
    if predicts_names not in (False, True) or (predicts_names and classes is None):
        raise ValueError(f"its predicts_names is {brief(predicts_names)}")
    model.names = ClassNames(classes, bool(predicts_names))
    return Content(model, classes, _checked_metadata(description["metadata"]))


def tensor_of(model: Model, name: str) -> npt.NDArray[Any]:
    """Return the array of a network that a tensor's name means."""
    if name == EMBEDDING and model.embedding_parameters is not None:
        return model.embedding_parameters
    _, layer, part = name.split(".")
    array: npt.NDArray[Any] = getattr(model.layers[int(layer)], part)
    return array


def _settings(kind: Layer | Loss) -> dict[str, Any]:
    """Return the settings of a layer or a loss as this format has them; those that came later are the last."""
    later = CAME_LATER.get(kind.name, ())
    # of the kind, for a subclass of a user's own comes back as that
    defaults = {field.name: field.default for field in fields(cast(Any, {**LAYERS, **FILED_LOSSES}[kind.name]))}
    settings = settings_of(kind)
    shown = [name for name in defaults if name not in later]
    shown += [name for name in later if settings[name] != defaults[name]]
    return {name: settings[name] for name in shown}


def _layer(entry: Any) -> Layer:
    """Return the layer that {"kind": ..., setting: value, ...} describes."""
    settings = dict(of_type(entry, dict, "layer"))
    if "kind" not in settings:
        raise ValueError("a layer lacks 'kind'")
    name = settings.pop("kind")
    if not isinstance(name, str) or name not in LAYERS:
        raise ValueError(f"a layer is of the kind {brief(name)}")
    subject = "a layer" if name == "dense" else f"a {name} layer"
    _check_settings(LAYERS[name], settings, subject)
    for key, kinds in JSON_TYPES.items():
        if key in settings:
            of_type(settings[key], kinds, key)
    layer: Layer = _of_settings(LAYERS[name], settings)
    return layer


def _loss(entry: Any) -> Loss:
    """Return the loss that {"name": ..., setting: value, ...} describes."""
    settings = dict(of_type(entry, dict, "loss"))
    weights = settings.get("class_weight") if settings.get("name") == CrossEntropy.name else None
    if isinstance(weights, dict):
        # JSON has made strings of the labels
        settings["class_weight"] = {_label(label): weight for label, weight in weights.items()}
    elif weights not in (None, "balanced"):
        raise ValueError(f"its class_weight is {brief(weights)}")
    return _of_kind(settings, FILED_LOSSES, "loss")


def _target_scaling(entry: Any) -> Standardize:
    """Return the scaling of targets that {setting: value, ...} describes."""
    settings = of_type(entry, dict, "target_scaling")
    _check_settings(Standardize, settings, "its target_scaling")
    scaling: Standardize = _of_settings(Standardize, settings)
    return scaling


def _label(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and str(int(text)) == text):
        raise ValueError(f"a label in its class_weight is {brief(text)}")
    return int(text)


def _of_kind(entry: Any, kinds: Mapping[str, type[Kind]], subject: str) -> Kind:
    """Return the object that {"name": ..., setting: value, ...} describes."""
    settings = dict(of_type(entry, dict, subject))
    name = of_type(settings.pop("name", None), str, f"name of the {subject}")
    if name not in kinds:
        raise ValueError(f"its {subject} is {brief(name)}")
    _check_settings(kinds[name], settings, f"{subject} {brief(name)}")
    found: Kind = _of_settings(kinds[name], settings)
    return found


def _check_settings(kind: Any, settings: Mapping[str, Any], subject: str) -> None:
    """Refuse other settings than those of a kind; those that came later may be missing."""
    later = set(CAME_LATER.get(kind.name, ()))
    check_keys(settings, {field.name for field in fields(kind)} - (later - settings.keys()), subject)


def _of_settings(kind: Any, settings: Mapping[str, Any]) -> Any:
    """Return an object of a kind, which checks its settings itself."""
    return kind(
        **{name: _of_kind(value, NESTED[name], name) if name in NESTED else value for name, value in settings.items()}
    )


def _checked_metadata(value: Any) -> dict[str, Any]:
    """Return ``metadata`` if JSON gives back what goes in."""
    check_plain(value, "metadata")
    metadata: dict[str, Any] = value
    return metadata
