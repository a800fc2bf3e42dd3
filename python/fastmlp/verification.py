"""``fastmlp.verify``: does this training give these weights? What it trains again is in _training/retraining.py."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._checks.arguments import ProgressKind, check_integer, check_progress
from fastmlp._checks.arrays import count
from fastmlp._checks.text import brief
from fastmlp._model.record import Record as Record
from fastmlp._training.progress import Progress
from fastmlp._training.retraining import OtherwiseError, Retraining, Segment, segments_of
from fastmlp.network import Network, model_of
from fastmlp.runtime import imported
from fastmlp.serialization import load


@dataclass(frozen=True)
class Verification:
    """What ``verify`` found.

    Attributes
    ----------
    proved : bool
        Whether all that was trained again came out as the record has it, to the last bit.
    sentence : str
        What was found.
    first_difference : (int, int) or None
        Fit and epoch, both from 1, after which the weights are others for the first time; epoch 0: those that the fit
        begins with. None where there is none, or where nothing was trained.
    segments : list of (int, int, int) or None
        Those that were drawn: fit, and the first and the last of their epochs. None: the whole.

    See Also
    --------
    verify : Returns one.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.moons(100)
    >>> net = fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], seed=0)
    >>> history = net.fit(X, y, epochs=20, record=True)
    >>> fm.verify(net, X, y)
    Verification(proved: 20 epochs of 1 fit, trained again from the seed, gave the same weights after each.)
    >>> y[17] = 1 - y[17]
    >>> fm.verify(net, X, y).proved
    False
    """

    proved: bool
    sentence: str
    first_difference: tuple[int, int] | None = None
    segments: list[tuple[int, int, int]] | None = None

    def __bool__(self) -> bool:
        return self.proved

    def __repr__(self) -> str:
        return f"Verification({'proved' if self.proved else 'not proved'}: {self.sentence})"


def verify(
    model: Network | str | os.PathLike[str],
    X: npt.ArrayLike | Sequence[npt.ArrayLike],
    y: npt.ArrayLike | Sequence[npt.ArrayLike],
    sample_weight: npt.ArrayLike | Sequence[npt.ArrayLike | None] | None = None,
    *,
    segments: int | None = None,
    progress: ProgressKind = None,
) -> Verification:
    """Train again what the record of a network tells of, and compare the weights after every epoch, bit by bit.

    The network itself stays as it is. Neither callbacks nor validation data are needed: what they decided is in the
    record. Any number of threads and any instruction set give the same answer.

    Parameters
    ----------
    model : Network or path
        With a record, see ``Network.fit``.
    X : array (samples, inputs), or a list of such arrays
        That of the training, in the same order of rows: of all its fits, or one for each.
    y : array (samples,) or (samples, outputs), or a list of such arrays
        As ``fit`` was given it; a list where X is one.
    sample_weight : array (samples,), or a list of such arrays, optional
        Likewise.
    segments : int, optional
        Train only so many of the segments between the states that the record keeps (``fit(..., record=10)``), drawn at
        random. Who forged one of n is found by s segments with probability s / n. Default: train the whole, from the
        seed.
    progress : bool or "lines", optional
        As for ``fit``.

    Returns
    -------
    Verification
        Which is true in an ``if`` where the training is proved.

    Raises
    ------
    ValueError, TypeError
        The network has no record, or an argument is not as described.
    ModelFileError
        The file is damaged, truncated or not a fastmlp model.

    See Also
    --------
    Network.fit : Keeps a record where it is told to.
    Record : What there is to verify.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.moons(100)
    >>> net = fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], seed=0)
    >>> history = net.fit(X, y, epochs=20, record=5)
    >>> bool(fm.verify(net, X, y)), len(fm.verify(net, X, y, segments=2).segments)
    (True, 2)
    """
    if not isinstance(model, Network | str | os.PathLike):
        raise TypeError(f"model must be a Network or the path of a model file, got {brief(model)}.")
    network = model if isinstance(model, Network) else load(model)
    record = network.record
    if record is None:
        raise ValueError("the network has no record of its training: train it with fit(..., record=True).")
    given = _of_each(X, y, sample_weight, len(record.fits))
    drawn = None if segments is None else _drawn(record, check_integer(segments, "segments", minimum=1))
    kind = check_progress(progress)
    if record.ending is not None:
        return Verification(False, f"the record {record.end}; what came after that is not in it.")
    rows = [(segment.last - segment.first) * record.fits[segment.fit - 1].rows for segment in drawn or ()]
    total = sum(rows) if drawn else sum(len(fit.digests) * fit.rows for fit in record.fits)
    shown = None if drawn is None else [(segment.fit, segment.first + 1, segment.last) for segment in drawn]
    with Progress(kind, 1, total) as bar:
        try:
            again = Retraining(model_of(network), record, lambda samples: bar.advance(samples, "training again"))
            again.take_data(given)
            if drawn is None:
                again.train_whole()
            for segment in drawn or ():
                again.train_segment(segment)
        except OtherwiseError as difference:
            sentence = f"{difference}{_version_beside(record)}."
            place = None if difference.place is None else (difference.place.fit, difference.place.epoch)
            return Verification(False, sentence, place, shown)
    if drawn is None:
        made = (
            f"{count(record.n_epochs, 'epoch')} of {count(len(record.fits), 'fit')}, trained again from the seed, gave"
        )
    else:
        made = f"{len(drawn)} of {count(len(segments_of(record)), 'segment')}, trained again, gave"
    return Verification(True, f"{made} the same weights after each.", segments=shown)


def _drawn(record: Record, n: int) -> list[Segment]:
    """Return some of the segments of a record, drawn by chance: nobody shall know beforehand which."""
    found = segments_of(record)
    if not found:
        raise ValueError(
            "the record keeps no states to begin from: verify the whole, or train with fit(..., record=10)."
        )
    return sorted(imported("random").SystemRandom().sample(found, min(n, len(found))), key=lambda one: one[:2])


def _of_each(X: Any, y: Any, sample_weight: Any, n: int) -> list[tuple[Any, Any, Any]]:
    """Return X, y and weights of each of n fits, which have the same object where they share them."""
    if not isinstance(X, list | tuple) or not len(X) or np.ndim(X[0]) != 2:
        return [(X, y, sample_weight)] * n
    weights = [None] * n if sample_weight is None else sample_weight
    for name, values in (("X", X), ("y", y), ("sample_weight", weights)):
        if not isinstance(values, list | tuple):
            raise TypeError(f"{name} must be a list as X is one, with an entry for each fit, got {brief(values)}.")
        if len(values) != n:
            raise ValueError(
                f"{name} has {count(len(values), 'entry', 'entries')}, but the record has {count(n, 'fit')}: give one "
                "array for all, or one for each."
            )
    return list(zip(X, y, weights, strict=True))


def _version_beside(record: Record) -> str:
    """Say where another version of fastmlp may be why bits differ."""
    here: str = _core.build_info()["version"]
    others = sorted({fit.version for fit in record.fits} - {here})
    return (
        f" (it is of fastmlp {', '.join(others)}, and this is {here}: other versions may give other bits)"
        if others
        else ""
    )
