"""The record of a network's trainings: what made its weights of its seed, and a chain of digests by epoch.

A ``Model`` holds one while its weights come from trainings that can be made again, and ends it where something else
changes them. A fit writes it in _training/recorder.py, files keep it by _files/record_file.py, and
_training/retraining.py trains again and compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arrays import count
from fastmlp.runtime import imported

Array = npt.NDArray[Any]

DIGEST_BYTES = 16


def digest_of(vector: Array) -> bytes:
    """Return the digest of parameters, which is the same on every machine."""
    content = np.ascontiguousarray(vector, vector.dtype.newbyteorder("<")).view(np.uint8).data
    found: bytes = imported("hashlib").blake2b(content, digest_size=DIGEST_BYTES).digest()
    return found


@dataclass(frozen=True)
class KeptState:
    """All that the epochs after this one depend on, but for data and arguments.

    Attributes
    ----------
    epoch : int
        Of its fit, from 1.
    steps : int
        Of the optimizer, over all fits that it made.
    slots : list of arrays
        Of the optimizer, as flat vectors.
    parameters : array (n_parameters,)
    put_back : array (n_parameters,) or None
        At the end of a fit: the weights of another epoch, where a callback has put these back.
    """

    epoch: int
    steps: int
    slots: list[Array]
    parameters: Array
    put_back: Array | None = None


@dataclass
class RecordedFit:
    """One fit of a record.

    Attributes
    ----------
    version : str
        Of the fastmlp that trained.
    arguments : dict
        Optimizer, schedule, steps of all epochs, batch_size, shuffle, validation_fraction, as the core was told.
    data : dict
        Digests of X, y and sample_weight as the network saw them.
    rows : int
        Samples of an epoch.
    is_restart : bool
        Whether the optimizer began anew, as after ``load``, though the weights are those of the fit before.
    digests : list of bytes
        Of the weights after each epoch.
    rates : list of float or None
        The learning rate of each epoch, where it follows what epochs measured.
    states : list of KeptState
        After some of the epochs.
    weights_of : int or None
        The epoch whose weights the network had in the end; None: the fit has not come to its end.
    classes : list of str or None
        What the classes were called then; None: they had no names, or the record is one of the first.
    """

    version: str
    arguments: dict[str, Any]
    data: dict[str, str]
    rows: int
    is_restart: bool
    digests: list[bytes] = field(default_factory=list)
    rates: list[float] | None = None
    states: list[KeptState] = field(default_factory=list)
    weights_of: int | None = None
    classes: list[str] | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Steps that go once over the samples."""
        return -(-self.rows // int(self.arguments["batch_size"]))

    def about(self) -> dict[str, Any]:
        """Return what the chain holds of it beside its epochs."""
        about = {
            "version": self.version,
            "arguments": self.arguments,
            "data": self.data,
            "rows": self.rows,
            "is_restart": self.is_restart,
        }
        # which the first records did not have
        return about if self.classes is None else about | {"classes": self.classes}

    def copy(self) -> RecordedFit:
        """Return one that may grow by itself; nothing in its lists is ever changed."""
        rates = None if self.rates is None else list(self.rates)
        return replace(self, digests=list(self.digests), rates=rates, states=list(self.states))

    def __str__(self) -> str:
        made, arguments = len(self.digests), self.arguments
        settings = ", ".join(f"{name}={value}" for name, value in arguments["settings"].items() if value is not None)
        # how many epochs were asked for is not among it: where no rate depends on that, no verification shows it
        lines = [
            f"{count(made, 'epoch')} of {count(self.rows, 'row')}, batch_size {arguments['batch_size']}, "
            f"{arguments['optimizer']} ({settings})"
        ]
        if self.rates is not None:
            lines[0] += ", its rate set between epochs"
        elif arguments["schedule"] is not None:
            lines[0] += f", schedule {arguments['schedule'][0]}"
        lines.append(", ".join(f"{name} {digest}" for name, digest in self.data.items() if digest != "none"))
        if self.weights_of not in (None, made):
            lines.append(f"weights of epoch {self.weights_of} put back")
        if self.states:
            lines.append(f"states kept after {count(len(self.states), 'epoch')}")
        return "\n       ".join(lines)


class End(NamedTuple):
    """Where a record ends before the network does: after which epoch of which fit, from 1, and why."""

    fit: int
    epoch: int
    reason: str

    def __str__(self) -> str:
        where = f"after epoch {self.epoch} of fit {self.fit}" if self.epoch else f"at the begin of fit {self.fit}"
        return f"ended {where}: {self.reason}"


class Record:
    """What made the weights of a network: its seed, its fits, and a chain of digests of the weights by epoch.

    ``fit(..., record=True)`` writes one, ``Network.record`` is it, model files keep it, and ``verify`` trains again and
    compares.

    Parameters
    ----------
    network : dict
        What the network was made of, as model files have it.
    seed : int
        Of the initial weights.
    initial : bytes
        The digest of these.

    Attributes
    ----------
    fits : list
        One object for each fit, with ``version``, ``arguments`` (dict), ``data`` (dict of digests), ``rows``,
        ``digests`` (of the weights after each epoch) and ``weights_of`` (the epoch whose weights it ended with).
    end : str or None
        Where the record ends and why, if something changed the weights that cannot be made again; None: it is whole.
    head : str
        The last link of the chain, 32 hexadecimal digits. Who writes it down, or publishes it, can later show that
        the record was this one.

    See Also
    --------
    verify : Train again and compare.
    Network.fit : Writes one.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.moons(100)
    >>> net = fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], seed=0)
    >>> history = net.fit(X, y, epochs=20, record=True)
    >>> net.record.end is None, len(net.record.fits[0].digests)
    (True, 20)
    >>> net.set_parameters(net.get_parameters() + 1)
    >>> net.record.end
    'ended after epoch 20 of fit 1: set_parameters was called'
    """

    def __init__(self, network: dict[str, Any], seed: int, initial: bytes) -> None:
        self.network, self.seed, self.initial = network, seed, initial
        self.fits: list[RecordedFit] = []
        self.ending: End | None = None

    @property
    def end(self) -> str | None:
        """Where it ends and why; None: it is whole."""
        return None if self.ending is None else str(self.ending)

    @property
    def n_epochs(self) -> int:
        """Epochs of all fits."""
        return sum(len(fit.digests) for fit in self.fits)

    @property
    def is_under_way(self) -> bool:
        """Whether its last fit has not come to its end."""
        return self.ending is None and bool(self.fits) and self.fits[-1].weights_of is None

    def epochs_before(self, number: int) -> int:
        """Return the epochs that the network counts when a fit begins: from them shuffling and dropout are drawn."""
        trained = 0
        for fit in self.fits[: number - 1]:
            trained = (0 if fit.is_restart else trained) + len(fit.digests)
        is_restart = number <= len(self.fits) and self.fits[number - 1].is_restart
        return 0 if is_restart else trained

    @property
    def last(self) -> bytes:
        """The digest of the weights that it leads to."""
        if not self.fits:
            return self.initial
        fit = self.fits[-1]
        return fit.digests[(fit.weights_of or len(fit.digests)) - 1] if fit.digests else self.initial

    def finish(self, reason: str) -> None:
        """End it here, unless it has ended before."""
        if self.ending is None:
            self.ending = End(len(self.fits), len(self.fits[-1].digests), reason)

    def links(self) -> Iterator[bytes]:
        """Yield the links of the chain: of the network, then of each fit, its epochs and its end, in turn."""
        blake2b = imported("hashlib").blake2b

        def following(link: bytes, item: Any) -> bytes:
            content = (
                item if isinstance(item, bytes) else json.dumps(item, sort_keys=True, separators=(",", ":")).encode()
            )
            found: bytes = blake2b(link + content, digest_size=DIGEST_BYTES).digest()
            return found

        link = following(b"", {"network": self.network, "seed": self.seed, "weights": self.initial.hex()})
        yield link
        for fit in self.fits:
            yield (link := following(link, fit.about()))
            for number, digest in enumerate(fit.digests):
                rate = b"" if fit.rates is None else np.array(fit.rates[number], "<f8").tobytes()
                yield (link := following(link, digest + rate))
            if fit.weights_of is not None:
                yield (link := following(link, {"weights_of": fit.weights_of}))
        if self.ending is not None:
            yield following(link, list(self.ending))

    @property
    def head(self) -> str:
        """The last link of the chain."""
        *_, last = self.links()
        return last.hex()

    def copy(self) -> Record:
        """Return one that grows by itself."""
        twin = Record(self.network, self.seed, self.initial)
        twin.fits, twin.ending = [fit.copy() for fit in self.fits], self.ending
        return twin

    def __repr__(self) -> str:
        return (
            f"Record({count(len(self.fits), 'fit')}, {count(self.n_epochs, 'epoch')}, {self._state}, head {self.head})"
        )

    def __str__(self) -> str:
        versions = ", ".join(dict.fromkeys(fit.version for fit in self.fits))
        fits = [f"fit {number}: {fit}" for number, fit in enumerate(self.fits, 1)]
        return "\n".join([f"record {self._state}; seed {self.seed}, fastmlp {versions}", *fits, f"head   {self.head}"])

    @property
    def _state(self) -> str:
        return self.end or ("under way" if self.is_under_way else "whole")
