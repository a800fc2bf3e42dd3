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

KEYS = {"format", "network", "seed", "initial", "kinds", "fits", "digests", "rates", "states", "vectors", "end", "head"}
OF_KIND = {"version": str, "arguments": dict, "data": dict, "rows": int, "is_restart": object}
OF_ARGUMENTS = {
    "optimizer": str, "settings": dict, "schedule": (list, type(None)), "total_steps": int, "batch_size": int,
    "shuffle": object, "validation_fraction": (float, type(None)),
}  # fmt: skip


def described_record(record: Record, tensors: Tensors) -> dict[str, Any]:
    """Return what a description says of a record, and add its arrays to the tensors.

    What grows with epochs and fits are the arrays, of which there are few: a header has its limits.
    """
    kinds: list[dict[str, Any]] = []
    fits: list[tuple[int, int, int]] = []
    states: list[tuple[int, int, int, int, int]] = []
    vectors: list[npt.NDArray[Any]] = []
    for number, fit in enumerate(record.fits, 1):
        if fit.about() not in kinds[-1:]:
            kinds.append(fit.about())
        fits.append((len(kinds) - 1, len(fit.digests), fit.weights_of or 0))
        for state in fit.states:
            put_back = [] if state.put_back is None else [state.put_back]
            states.append((number, state.epoch, state.steps, len(state.slots), len(put_back)))
            vectors += [state.parameters, *state.slots, *put_back]
    digests = b"".join(digest for fit in record.fits for digest in fit.digests)
    # not a number: the rate is what the arguments say
    rates = [rate for fit in record.fits for rate in fit.rates or [math.nan] * len(fit.digests)]
    tree = encoded(
        {
            "format": FORMAT,
            "network": record.network,
            "seed": record.seed,
            "initial": record.initial.hex(),
            "kinds": kinds,
            "fits": np.array(fits, np.int64),
            "digests": np.frombuffer(digests, np.uint8).reshape(-1, DIGEST_BYTES),
            "rates": None if np.isnan(rates).all() else np.array(rates, np.float64),
            "states": np.array(states, np.int64) if states else None,
            "vectors": np.stack(vectors) if states else None,
            "end": None if record.ending is None else list(record.ending),
            "head": record.head,
        },
        tensors,
        PREFIX,
        "the record",
    )
    return {"digest": digest_of(tree, tensor_parts(tensors)), "state": tree}


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
    kinds = of_type(state["kinds"], list, "kinds of its record")
    for kind in kinds:
        _check_kind(kind)
    fits = _array(state["fits"], "fits", np.int64, 3)
    digests = _array(state["digests"], "digests", np.uint8, DIGEST_BYTES)
    made = fits[:, 1]
    if not len(fits) or made.min() < 0 or made.max() > len(digests) or made.sum() != len(digests):
        raise ValueError("the fits of its record have other epochs than its digests")
    rates = np.full(len(digests), np.nan) if state["rates"] is None else state["rates"]
    if not isinstance(rates, np.ndarray) or rates.dtype != np.float64 or rates.shape != (len(digests),):
        raise ValueError("rates of its record are not one number for each epoch")
    ends = np.cumsum(made)
    for (place, epochs, weights_of), end in zip(fits.tolist(), ends.tolist(), strict=True):
        kind = kinds[_integer(place, 0, len(kinds) - 1, "kind of a fit of its record")]
        own = slice(end - epochs, end)
        record.fits.append(
            RecordedFit(
                **kind,
                digests=[row.tobytes() for row in digests[own]],
                rates=_rates(rates[own]),
                weights_of=_integer(weights_of, 0, epochs, "weights_of of its record") or None,
            )
        )
    if any(fit.weights_of is None for fit in record.fits[:-1]):
        raise ValueError("its record has a fit that has not come to its end before another one")
    _take_states(record, state["states"], state["vectors"], n_parameters, dtype)
    record.ending = None if state["end"] is None else _end(state["end"], record)
    if state["head"] != record.head:
        raise ValueError("the head of its record is of another content")
    return record


def _check_kind(kind: Any) -> None:
    """Refuse what cannot have been given to a fit."""
    kind = dict(of_type(kind, dict, "a fit of its record"))
    # which the first records did not have
    for name in of_type(kind.pop("classes", []), list, "classes of its record"):
        of_type(name, str, "a class of its record")
    _check(kind, OF_KIND, "a fit of its record")
    arguments = kind["arguments"]
    _check(arguments, OF_ARGUMENTS, "a fit of its record")
    optimizer_of(arguments)
    _check_schedule(arguments["schedule"])
    for name, flag in (("shuffle", arguments["shuffle"]), ("is_restart", kind["is_restart"])):
        if type(flag) is not bool:
            raise ValueError(f"{name} of its record is {brief(flag)}")
    rows = _integer(kind["rows"], 1, MOST_STEPS, "rows of its record")
    _integer(arguments["batch_size"], 1, rows, "batch_size of its record")
    _integer(arguments["total_steps"], 1, MOST_STEPS, "total_steps of its record")
    if arguments["validation_fraction"] is not None and not 0.0 < arguments["validation_fraction"] < 1.0:
        raise ValueError(f"validation_fraction of its record is {arguments['validation_fraction']}")
    check_keys(kind["data"], {"X", "y", "sample_weight"}, "data of its record")
    for digest in kind["data"].values():
        if digest != "none":
            _digest(digest)
    _text(kind["version"])


def _array(value: Any, name: str, dtype: npt.DTypeLike, columns: int) -> npt.NDArray[Any]:
    if not isinstance(value, np.ndarray) or value.dtype != dtype or value.shape[1:] != (columns,):
        raise ValueError(f"{name} of its record are not rows of {columns} {np.dtype(dtype)}")
    return value


def _rates(rates: npt.NDArray[Any]) -> list[float] | None:
    """Return the rates of a fit, which has one for each of its epochs or none at all."""
    if np.isnan(rates).all():
        return None
    if not (np.isfinite(rates) & (rates >= 0.0)).all():
        raise ValueError("rates of its record are not one number for each epoch")
    found: list[float] = rates.tolist()
    return found


def _take_states(record: Record, states: Any, vectors: Any, n_parameters: int, dtype: np.dtype[Any]) -> None:
    """Give the fits of a record their states, whose vectors stand one after the other."""
    if states is None and vectors is None:
        return
    places = _array(states, "states", np.int64, 5).tolist()
    left = list(_array(vectors, "vectors", dtype, n_parameters))
    for number, epoch, steps, n_slots, n_put_back in places:
        fit = record.fits[_integer(number, 1, len(record.fits), "fit of a state of its record") - 1]
        before = fit.states[-1].epoch if fit.states else 0
        _integer(epoch, before + 1, len(fit.digests), "epoch of a state of its record")
        _integer(steps, 0, MOST_STEPS, "steps of its record")
        _integer(n_slots, 0, len(left) - 1, "slots of its record")
        _integer(n_put_back, 0, min(1, len(left) - 1 - n_slots), "put_back of its record")
        parameters, *slots = left[: 1 + n_slots]
        put_back = left[1 + n_slots] if n_put_back else None
        del left[: 1 + n_slots + n_put_back]
        fit.states.append(KeptState(epoch, steps, slots, parameters, put_back))
    if left:
        raise ValueError("its record has more vectors than its states have")


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
