"""``fastmlp.Checkpoint``: where and how often a fit writes down all that it needs to go on.

What is written, and how a fit goes on from it, is in keeper.py; the file in _files/checkpoint_file.py.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field

from fastmlp._checks.arguments import check_integer, check_real
from fastmlp._checks.text import brief
from fastmlp._files.names import MODEL_SUFFIX, check_format, check_path

CHECKPOINT_SUFFIX = ".ckpt"
DEFAULT_SECONDS = 30.0
# stands in a path for the number of the network, where many have one setting
PLACEHOLDER = "{network}"


@dataclass(frozen=True)
class Checkpoint:
    """A file from which a fit that was ended by anything, a kill or a power cut too, goes on to the same bits.

    Give it to ``fit``. If there is no such file, the training starts, and writes it from time to time. If there is one,
    the training goes on from it, whatever the weights of the network are: the same call does both. A training that has
    ended already returns its History at once. Weights, losses and what callbacks know are in the end those of a
    training that nothing disturbed, on any number of threads and any instruction set.

    Parameters
    ----------
    path : path
        The file, by custom ``*.ckpt``. In ``fit_many`` and in models of several networks, "{network}" in it stands for
        the number of the network, from 0. While it is in use, there is a lock beside it, ``*.lock``.
    seconds : float, optional
        Write when so many seconds have passed since the last time, positive. Default: 30, unless steps or epochs are
        given.
    steps : int, optional
        Write after every so many steps, in the place of seconds.
    epochs : int, optional
        Write after every so many epochs, in the place of seconds.

    See Also
    --------
    Network.fit : Takes one.
    load : Read the network of a checkpoint, at any time.
    ModelCheckpoint : Keep the best network of a fit.

    Notes
    -----
    A file takes the place of the one before when it is whole and on the disk. One that cannot be written (a disk may be
    full) is a warning, and the training goes on; the file before stays.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.moons(100)
    >>> def train(path):
    ...     net = fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], seed=0)
    ...     history = net.fit(X, y, epochs=20, checkpoint=fm.Checkpoint(path, epochs=5))
    ...     return history["loss"][-1]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "run.ckpt")
    ...     train(path) == train(path)  # the second one has nothing left to do
    True
    """

    path: str | os.PathLike[str]
    seconds: float | None = None
    steps: int | None = None
    epochs: int | None = None
    # by ``told``, and none of a user's
    told_by: Mapping[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        name = check_path(self.path)
        if not name.endswith(MODEL_SUFFIX):
            check_format(name, "a checkpoint", CHECKPOINT_SUFFIX)
        given = [value for value in (self.seconds, self.steps, self.epochs) if value is not None]
        if len(given) > 1:
            raise ValueError("a Checkpoint is written every so many seconds, steps or epochs: give one of the three.")
        if self.seconds is not None:
            object.__setattr__(self, "seconds", check_real(self.seconds, "seconds", above=0.0))
        for name in ("steps", "epochs"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, check_integer(getattr(self, name), name, minimum=1))
        if not given:
            object.__setattr__(self, "seconds", DEFAULT_SECONDS)

    @property
    def is_of_many(self) -> bool:
        """Whether the path has a place for the number of a network."""
        return PLACEHOLDER in os.fspath(self.path)

    def of(self, network: int) -> Checkpoint:
        """Return that of one network of several, by its number."""
        path = os.fspath(self.path).replace(PLACEHOLDER, str(network))
        return told(Checkpoint(path, self.seconds, self.steps, self.epochs), self.told_by)


def told(checkpoint: Checkpoint, given: Mapping[str, str]) -> Checkpoint:
    """Return the same one that knows what whoever calls the fit was given itself: texts by name.

    An estimator or a command makes seeds, layers and rows of its own arguments: a training that is another one is
    refused in the words of these.
    """
    twin = copy(checkpoint)
    object.__setattr__(twin, "told_by", dict(given))
    return twin


def check_checkpoint(value: object) -> Checkpoint | None:
    """Return the checkpoint of a fit, or None."""
    if value is not None and not isinstance(value, Checkpoint):
        raise TypeError(f"checkpoint must be a Checkpoint or None, got {brief(value)}: give fm.Checkpoint(path).")
    return value


def checkpoints_of(value: object, n: int, mend: str) -> list[Checkpoint | None]:
    """Return a checkpoint for each of n networks that have one setting."""
    given = check_checkpoint(value)
    if given is None:
        return [None] * n
    if n > 1 and not given.is_of_many:
        raise ValueError(
            f"checkpoint has one path, {brief(os.fspath(given.path))}, but {n} networks need one each: {mend}."
        )
    return [given.of(index) for index in range(n)]
