"""The record of a network's trainings as a part of its file, and back; what is read is believed in nothing.

In the description of a model file it is the key ``record``: a digest, by which damage is seen, and a tree of plain
values (tree.py), whose arrays are the tensors ``record.0``, ``record.1``, ... An error (ValueError) says in a clause
what is wrong. That the record leads to the weights beside it, the model looks at; that it tells the truth, only
training again can show.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief
from fastmlp._files.safetensors import check_keys, of_type, tensor_parts
from fastmlp._files.tree import Tensors, decoded, digest_of, encoded
from fastmlp._model.record import DIGEST_BYTES, End, KeptState, Record, RecordedFit
from fastmlp.optimizers import OPTIMIZERS, StepOptimizer
from fastmlp.schedules import SCHEDULES

# as the writer of another version might mean something else by the same names
FORMAT = 1
PREFIX = "record"
MOST_STEPS = 2**62
LONGEST_TEXT = 200

KEYS = {"format", "network", "seed", "initial", "fits", "end", "head"}
OF_FIT = {
    "version": str, "arguments": dict, "data": dict, "rows": int, "is_restart": object, "digests": np.ndarray,
    "rates": (np.ndarray, type(None)), "states": list, "weights_of": (int, type(None)),
}  # fmt: skip
OF_ARGUMENTS = {
    "optimizer": str, "settings": dict, "schedule": (list, type(None)), "total_steps": int, "batch_size": int,
    "shuffle": object, "validation_fraction": (float, type(None)),
}  # fmt: skip


def described_record(record: Record, tensors: Tensors) -> dict[str, Any]:
    """Return what a description says of a record, and add its arrays to the tensors."""
    state = {
        "format": FORMAT,
        "network": record.network,
        "seed": record.seed,
        "initial": record.initial.hex(),
        "fits": [_described(fit) for fit in record.fits],
        "end": None if record.ending is None else list(record.ending),
        "head": record.head,
    }
    tree = encoded(state, tensors, PREFIX, "the record")
    return {"digest": digest_of(tree, tensor_parts(tensors)), "state": tree}


def _described(fit: RecordedFit) -> dict[str, Any]:
    return {
        **fit.about(),
        "digests": np.frombuffer(b"".join(fit.digests), np.uint8).reshape(-1, DIGEST_BYTES),
        "rates": None if fit.rates is None else np.array(fit.rates, np.float64),
        "states": [vars(state) for state in fit.states],
        "weights_of": fit.weights_of,
    }


def record_of(entry: Any, tensors: Tensors, n_parameters: int, dtype: np.dtype[Any]) -> Record:
    """Return the record that a description and its tensors tell of, of a network of so many parameters."""
    check_keys(of_type(entry, dict, PREFIX), {"digest", "state"}, PREFIX)
    if entry["digest"] != digest_of(entry["state"], tensor_parts(tensors)):
        raise ValueError("the digest of its record is of another content")
    state = of_type(decoded(entry["state"], tensors, "its record"), dict, "its record")
    if state.get("format") != FORMAT:
        raise ValueError(f"its record has format {brief(state.get('format'))} and this fastmlp reads {FORMAT}")
    check_keys(state, KEYS, "its record")
    record = Record(
        of_type(state["network"], dict, "network of its record"),
        _integer(state["seed"], 0, 2**64 - 1, "seed of its record"),
        _digest(state["initial"]),
    )
    record.fits = [_fit(fit, n_parameters, dtype) for fit in of_type(state["fits"], list, "fits of its record")]
    if not record.fits or any(fit.weights_of is None for fit in record.fits[:-1]):
        raise ValueError("its record has no fit, or one after another that has not come to its end")
    record.ending = None if state["end"] is None else _end(state["end"], record)
    if state["head"] != record.head:
        raise ValueError("the head of its record is of another content")
    return record


def _fit(entry: Any, n_parameters: int, dtype: np.dtype[Any]) -> RecordedFit:
    _check(of_type(entry, dict, "a fit of its record"), OF_FIT, "a fit of its record")
    arguments = entry["arguments"]
    _check(arguments, OF_ARGUMENTS, "a fit of its record")
    optimizer_of(arguments)
    _check_schedule(arguments["schedule"])
    for name, flag in (("shuffle", arguments["shuffle"]), ("is_restart", entry["is_restart"])):
        if type(flag) is not bool:
            raise ValueError(f"{name} of its record is {brief(flag)}")
    rows = _integer(entry["rows"], 1, MOST_STEPS, "rows of its record")
    _integer(arguments["batch_size"], 1, rows, "batch_size of its record")
    _integer(arguments["total_steps"], 1, MOST_STEPS, "total_steps of its record")
    if arguments["validation_fraction"] is not None and not 0.0 < arguments["validation_fraction"] < 1.0:
        raise ValueError(f"validation_fraction of its record is {arguments['validation_fraction']}")
    check_keys(entry["data"], {"X", "y", "sample_weight"}, "data of its record")
    for digest in entry["data"].values():
        if digest != "none":
            _digest(digest)
    digests, rates, weights_of = entry["digests"], entry["rates"], entry["weights_of"]
    if digests.dtype != np.uint8 or digests.ndim != 2 or digests.shape[1] != DIGEST_BYTES:
        raise ValueError("digests of its record are not rows of bytes")
    made = len(digests)
    if weights_of is not None:
        _integer(weights_of, 1, made, "weights_of of its record")
    if rates is not None and (rates.dtype != np.float64 or rates.shape != (made,) or not _are_rates(rates)):
        raise ValueError("rates of its record are not one number for each epoch")
    fit = RecordedFit(
        _text(entry["version"]), arguments, entry["data"], rows, entry["is_restart"],
        [row.tobytes() for row in digests], None if rates is None else rates.tolist(), [], weights_of,
    )  # fmt: skip
    for kept in entry["states"]:
        state = _state(kept, n_parameters, dtype)
        _integer(state.epoch, 1 + (fit.states[-1].epoch if fit.states else 0), made, "epoch of a state of its record")
        fit.states.append(state)
    return fit


def optimizer_of(arguments: Mapping[str, Any]) -> StepOptimizer:
    """Return the optimizer of a recorded fit."""
    kind, settings = OPTIMIZERS.get(arguments["optimizer"]), arguments["settings"]
    if kind is None or not issubclass(kind, StepOptimizer):
        raise ValueError(f"the optimizer of its record is {brief(arguments['optimizer'])}")
    check_keys(settings, {field.name for field in fields(cast(Any, kind))}, "settings of its record")
    if type(settings["learning_rate"]) is not float:
        raise ValueError(f"the learning_rate of its record is {brief(settings['learning_rate'])}")
    return kind(**settings)


def _check_schedule(schedule: Any) -> None:
    if schedule is None:
        return
    is_one = len(schedule) == 3 and isinstance(schedule[0], str) and isinstance(schedule[1], list)
    if (
        not is_one
        or schedule[0] not in SCHEDULES
        or any(type(number) is not float or not math.isfinite(number) for number in schedule[1])
    ):
        raise ValueError(f"the schedule of its record is {brief(schedule)}")
    _integer(schedule[2], 0, MOST_STEPS, "warmup of its record")


def _are_rates(rates: npt.NDArray[np.float64]) -> bool:
    return bool((np.isfinite(rates) & (rates >= 0.0)).all())


def _state(entry: Any, n_parameters: int, dtype: np.dtype[Any]) -> KeptState:
    check_keys(
        of_type(entry, dict, "a state of its record"),
        {field.name for field in fields(KeptState)},
        "a state of its record",
    )
    put_back = entry["put_back"]
    slots = of_type(entry["slots"], list, "slots of its record")
    for vector in (*slots, entry["parameters"], *([] if put_back is None else [put_back])):
        if not isinstance(vector, np.ndarray) or vector.dtype != dtype or vector.shape != (n_parameters,):
            raise ValueError(f"a state of its record has other vectors than of {n_parameters} {dtype}")
    _integer(entry["steps"], 0, MOST_STEPS, "steps of its record")
    return KeptState(**entry)


def _end(entry: Any, record: Record) -> End:
    if not isinstance(entry, list) or len(entry) != 3 or entry[:2] != [len(record.fits), len(record.fits[-1].digests)]:
        raise ValueError(f"the end of its record is {brief(entry)}")
    return End(entry[0], entry[1], _text(entry[2]))


def _check(entry: Mapping[str, Any], kinds: Mapping[str, Any], subject: str) -> None:
    check_keys(entry, set(kinds), subject)
    for name, kind in kinds.items():
        if not isinstance(entry[name], kind):
            raise ValueError(f"{name} of its record is {brief(entry[name])}")


def _integer(value: Any, minimum: int, maximum: int, subject: str) -> int:
    if type(value) is not int or not minimum <= value <= maximum:
        raise ValueError(f"{subject} is {brief(value)}")
    return value


def _digest(value: Any) -> bytes:
    try:
        found = bytes.fromhex(value)
    except (TypeError, ValueError):
        found = b""
    if len(found) != DIGEST_BYTES or found.hex() != value:
        raise ValueError(f"a digest of its record is {brief(value)}")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or not value.isprintable():
        raise ValueError(f"a text of its record is {brief(value)}")
    return value
