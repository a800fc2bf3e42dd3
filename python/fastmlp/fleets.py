"""``fastmlp.fit_many``: many networks trained in one call, each with the bits of its own fit.

What it is given becomes members in _training/members.py, and a fleet of them in _training/fleet.py, which a crew trains
(_training/crew.py) or an executor (_fleets/elsewhere.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import ProgressKind, check_integer, check_progress, check_real, is_list
from fastmlp._checks.text import brief
from fastmlp._fleets.elsewhere import train_elsewhere
from fastmlp._training.checkpoint import check_checkpoint, checkpoints_of
from fastmlp._training.fleet import Fleet, TimeLimit
from fastmlp._training.members import Member, SharedRows, check_settings, with_validation
from fastmlp.history import History
from fastmlp.network import Network, model_of

if TYPE_CHECKING:
    from concurrent.futures import Executor


class Histories(list[History]):
    """What ``fit_many`` returns: a History for each network, and what the clock decided.

    Parameters
    ----------
    histories : iterable of History
        One for each network.
    plan : iterable of int or None
        Likewise.

    Attributes
    ----------
    plan : list of int or None
        For each network after how many epochs the time limit or a given plan ended it; 0: it was not trained; None: it
        ended by itself.

    See Also
    --------
    fit_many : Returns one, and takes its plan.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.moons()
    >>> nets = [fm.Network(2, [fm.Dense(2, "softmax")], seed=seed) for seed in range(2)]
    >>> histories = fm.fit_many(nets, X, y, settings={"epochs": 10**9}, time_limit=0.2)
    >>> again = [fm.Network(2, [fm.Dense(2, "softmax")], seed=seed) for seed in range(2)]
    >>> other = fm.fit_many(again, X, y, settings={"epochs": 10**9}, plan=histories.plan)
    >>> bool((nets[0].get_parameters() == again[0].get_parameters()).all())
    True
    """

    def __init__(self, histories: Iterable[History] = (), plan: Iterable[int | None] = ()) -> None:
        super().__init__(histories)
        self.plan = list(plan)


def fit_many(
    networks: Sequence[Network],
    X: npt.ArrayLike | Sequence[npt.ArrayLike],
    y: npt.ArrayLike | Sequence[npt.ArrayLike],
    *,
    rows: Sequence[Any] | None = None,
    validation_rows: Sequence[Any] | None = None,
    settings: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    time_limit: float | None = None,
    plan: Sequence[int | None] | None = None,
    executor: Executor | None = None,
    progress: ProgressKind = None,
) -> Histories:
    """Train many networks at once, each as its own ``fit`` would: to the same bits.

    Folds, seeds, searches, ensembles: one network a thread, the next one as a thread comes free. Networks may differ in
    everything. There is one X for all of them: rows are taken by their numbers and copied by nobody.

    Parameters
    ----------
    networks : list of Network
        They are trained in place.
    X : array (samples, inputs), or a list of such arrays
        Shared, or one for each network.
    y : array (samples,) or (samples, outputs), or a list of such arrays
        As for ``fit``; a list where X is one.
    rows : list, optional
        For each network which rows of X and y it learns: numbers, a mask or a slice; None: all. A number may come
        twice, as in bagging.
    validation_rows : list, optional
        For each network on which rows of X and y it is evaluated after each epoch, in the place of its
        ``validation_data``; None: on none.
    settings : list of dict, or a dict, optional
        For each network the arguments of its ``fit`` by name, but for X, y and ``progress``; one dict: for all.
        A ``checkpoint`` for all has "{network}" in its path, for the number of the network; a time limit or a plan that
        has ended a training does not count as its end. Not with an executor.
        Callbacks are called on the thread that called this, and may use the network that they are given, since the
        others are being trained; those that keep something between epochs, such as EarlyStopping, are for one network
        each. Not the optimizer LBFGS.
    time_limit : float, optional
        Seconds after which no network begins any more, and none begins an epoch that would not be done in time, as its
        last one says: the first epoch of a network may end later. Default: no result depends on time.
    plan : list of int or None, optional
        For each network after how many of its epochs it ends, as if a callback had ended it; 0: it is not trained;
        None: it ends by itself. That of an earlier result makes the same networks again.
    executor : Executor of concurrent.futures, optional
        Trains each network on one thread in another process, or on another machine: a ProcessPoolExecutor, that of
        Dask's ``Client.get_executor()``, or mpi4py's MPIPoolExecutor. What a task needs is sent with it, its own rows
        of X included, and the results are written into the given networks; callbacks are called there, and copies of
        them where it is another process. Default: the threads of this process.
    progress : bool or "lines", optional
        As for ``fit``, of all together.

    Returns
    -------
    Histories
        A list of History, and the ``plan`` that the clock made. Entry i is what ``networks[i].fit(X[rows[i]],
        y[rows[i]], **settings[i])`` returns, but for the seconds. One whose loss or weights became no number has the
        reason as ``error``, and the epochs before; the others go on.

    Raises
    ------
    ValueError, TypeError
        An argument is not as described; nothing has changed then.
    KeyboardInterrupt
        Ctrl-C; each network holds its last finished step, as after ``fit``. Whatever else a callback raises ends all
        of them likewise.

    See Also
    --------
    Network.fit : Train one.
    Histories : What comes back.
    set_num_threads : How many at once.

    Notes
    -----
    Where there are fewer networks than threads, each may use several. No result depends on any of that.

    Examples
    --------
    Three seeds, each on its own two thirds of the data, judged on the rest:

    >>> import numpy as np
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.moons(120)
    >>> nets = [fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], seed=seed) for seed in range(3)]
    >>> rest = [np.arange(120) % 3 == fold for fold in range(3)]
    >>> histories = fm.fit_many(
    ...     nets, X, y, rows=[~one for one in rest], validation_rows=rest, settings={"epochs": 20, "batch_size": 16}
    ... )
    >>> [len(history["validation_accuracy"]) for history in histories]
    [20, 20, 20]
    """
    networks = _list_of(networks, "networks", "networks")
    for index, network in enumerate(networks):
        if not isinstance(network, Network):
            raise TypeError(f"networks[{index}] must be a Network, got {brief(network)}.")
    n = len(networks)
    if y is None:
        raise ValueError("fit_many learns from arrays X and y, got no y: batches are for the fit of one network.")
    own_data = _of_each(X, y, n)
    own_rows, own_validation = _for_each(rows, "rows", n), _for_each(validation_rows, "validation_rows", n)
    given = [settings or {}] * n if settings is None or isinstance(settings, Mapping) else settings
    shared = settings.get("checkpoint") if isinstance(settings, Mapping) else None
    checkpoints = checkpoints_of(shared, n, 'give Checkpoint("run-{network}.ckpt"), for example')
    members = []
    for index, one in enumerate(_for_each(given, "settings", n)):
        name = "settings" if isinstance(settings, Mapping) else f"settings[{index}]"
        arguments = check_settings({} if one is None else one, name)
        model, data = model_of(networks[index]), own_data[index]
        if own_validation[index] is not None:
            name = f"validation_rows[{index}]"
            arguments = with_validation(arguments, data.of(model, own_validation[index], name), name)
        own_X, own_y = data.of(model, own_rows[index], f"rows[{index}]")
        own = check_checkpoint(arguments.checkpoint)
        if own is not None:
            own = checkpoints[index] or own.of(index)
        arguments = replace(arguments, checkpoint=own, metadata=networks[index].metadata)
        members.append(Member(model, networks[index], own_X, own_y, arguments))
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise TypeError(f"executor must be an Executor of concurrent.futures, got {brief(executor)}.")
    if executor is not None and any(member.arguments.checkpoint is not None for member in members):
        raise ValueError("a checkpoint is written by the process that trains: take it away, or leave executor out.")
    seconds = None if time_limit is None else check_real(time_limit, "time_limit", above=0.0)
    limit, kind = TimeLimit(seconds), check_progress(progress)
    planned = [
        None if epochs is None else check_integer(epochs, f"plan[{index}]", minimum=0)
        for index, epochs in enumerate(_for_each(plan, "plan", n))
    ]
    with Fleet(members, planned, limit) as fleet, fleet.shown.on(kind):
        if executor is None:
            fleet.train()
        else:
            train_elsewhere(fleet, networks, members, executor)
    return Histories(fleet.histories, [last.plan for last in fleet.last_epochs])


def _of_each(X: Any, y: Any, n: int) -> list[SharedRows]:
    """Return for each network the data that it has rows of."""
    if not isinstance(X, list | tuple) or not X or np.ndim(X[0]) != 2:
        return [SharedRows(X, y)] * n
    own_X, own_y = _for_each(X, "X", n), _for_each(y, "y", n)
    return [SharedRows(*pair, f"[{index}]") for index, pair in enumerate(zip(own_X, own_y, strict=True))]


def _for_each(values: Iterable[Any] | None, name: str, n: int) -> list[Any]:
    """Return one value for each network."""
    if values is None:
        return [None] * n
    listed = _list_of(values, name, "entries")
    if len(listed) != n:
        raise ValueError(f"{name} has {len(listed)} entries, but must have one for each of {n} networks.")
    return listed


def _list_of(values: Any, name: str, of: str) -> list[Any]:
    if isinstance(values, str | Mapping) or not (isinstance(values, list | tuple) or is_list(values)):
        raise TypeError(f"{name} must be a list, got {brief(values)}: put its {of} into one.")
    found = list(values)
    if not found:
        raise ValueError(f"{name} is empty: give at least one.")
    return found
