"""How many threads the core may use, which instructions it uses, and what this installation is made of.

The number set here is an upper limit: the core also obeys OpenMP's own (OMP_NUM_THREADS, threadpoolctl, joblib) on each
call, and takes fewer threads where more would not help. No result depends on any of it. OpenMP hangs in a forked child
and ends the process where the system refuses it a thread, so the core goes on with those that it has in both cases, and
a warning says so once. Documentation makes this a long file.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import Any

import numpy as np

import fastmlp._core as _core
from fastmlp._checks.arguments import check_integer, check_thread_variable
from fastmlp._checks.caller import warn_caller

# what the core takes, a C int
LARGEST_LIMIT = 2**31 - 1
_limit = min(check_thread_variable("FASTMLP_NUM_THREADS", os.environ.get("FASTMLP_NUM_THREADS", "")), LARGEST_LIMIT)


class _OwnLimit:
    """A limit of calls from one thread of Python inside a with block.

    Ctrl-C may come within ``__exit__``, before it has put the outer limit back. So a limit is only referred to, and
    ends at the latest with its block, which alone holds it.
    """

    __slots__ = ("__weakref__", "_before", "threads")

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def __enter__(self) -> None:
        self._before = _own.limit
        _own.limit = weakref.ref(self)

    def __exit__(self, *failure: object) -> None:
        _own.limit = self._before


class _OwnLimits(threading.local):
    """The innermost limit of each thread."""

    # of the class, since asking an object for what it lacks takes as long as a row's evaluation
    limit: weakref.ref[_OwnLimit] | None = None


_own = _OwnLimits()
# threads that a fork took away from this process and that nobody was told of yet
_threads_lost = 0


# held by the thread that imports something, or that forks
_importing = threading.RLock()
# the names of what has been imported to its end
_whole: set[str] = set()


def _before_fork() -> None:
    global _threads_lost
    _importing.acquire()
    _threads_lost = get_num_threads()


def _after_fork_in_parent() -> None:
    global _threads_lost
    _threads_lost = 0
    _importing.release()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=lambda: _importing.release()
    )


def imported(name: str) -> Any:
    """Return a module that few calls need, imported in a call.

    A child has one thread: what another one was importing when the process was forked, the child would wait for for
    ever. So a fork waits until the module is there. And a second call does not import it again: before Python 3.11 that
    takes the lock of all imports, which Ctrl-C may leave locked, and other threads would wait for it for ever.
    """
    if name not in _whole or sys.modules.get(name) is None:
        with _importing:
            import_module(name)
            _whole.add(name)
    return sys.modules[name]


def thread_limit() -> int:
    """Return the limit as the core wants it: a C int, 0 for none."""
    # asked in every call of the core, some of which take two microseconds
    if _threads_lost > 1:
        _warn_of_fork()
    return _asked_limit()


def _asked_limit() -> int:
    own = _own.limit
    if own is None or (limit := own()) is None:
        return _limit
    return limit.threads


def _warn_of_fork() -> None:
    global _threads_lost
    _threads_lost = 0
    warn_caller(
        "this process was forked from one that had imported fastmlp, where OpenMP cannot open threads: fastmlp "
        "runs on one thread here; start processes by 'spawn' or 'forkserver' to have more, or call "
        "set_num_threads(1) before the fork.",
        RuntimeWarning,
    )


def _warn_of_refused_threads(left: int) -> None:
    warn_caller(
        f"the system refused to start more threads: fastmlp runs on {left} from here on; raise the limit on processes "
        "or memory (ulimit -u, ulimit -v, or the container's), or call set_num_threads to ask for fewer.",
        RuntimeWarning,
    )


_core.when_threads_are_refused(_warn_of_refused_threads)


def own_limit(n: int | None) -> AbstractContextManager[None]:
    """Limit calls from this thread of Python inside a with block to ``n`` threads; None changes nothing."""
    return nullcontext() if n is None else _OwnLimit(min(n, LARGEST_LIMIT))


def set_num_threads(n: int | None) -> None:
    """Let this process use at most ``n`` threads for each call; None takes the limit away.

    The environment variable FASTMLP_NUM_THREADS sets the same at import.

    Parameters
    ----------
    n : int or None
        At least 1.

    Raises
    ------
    TypeError, ValueError
        ``n`` is not an integer, or is below 1.

    See Also
    --------
    num_threads : For the length of a block.
    get_num_threads : Read it.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.set_num_threads(1)
    >>> fm.get_num_threads()
    1
    >>> fm.set_num_threads(None)
    """
    global _limit
    _limit = 0 if n is None else min(check_integer(n, "n", minimum=1), LARGEST_LIMIT)


def get_num_threads() -> int:
    """Return how many threads a call from this thread may use now: the limit, or what OpenMP gives if that is less.

    Returns
    -------
    int
        At least 1.

    See Also
    --------
    set_num_threads : Set the limit.
    num_threads : For the length of a block.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.get_num_threads() >= 1
    True
    """
    allowed, limit = _core.max_threads(), _asked_limit()
    return min(limit, allowed) if limit else allowed


@contextmanager
def num_threads(n: int | None) -> Iterator[None]:
    """Set the limit of threads inside a with block, for the whole process, and put the old one back after it.

    Parameters
    ----------
    n : int or None
        As for ``set_num_threads``.

    Yields
    ------
    None
        The limit acts inside the block.

    See Also
    --------
    set_num_threads : Set the limit.
    get_num_threads : Read it.

    Examples
    --------
    >>> import fastmlp as fm
    >>> with fm.num_threads(1):
    ...     fm.get_num_threads()
    1
    """
    global _limit
    before = _limit
    try:
        set_num_threads(n)
        yield
    finally:
        _limit = before  # no call, at whose begin Ctrl-C may come


def available_targets() -> list[str]:
    """Return the instruction-set targets that this build has and this CPU runs, slowest first.

    The environment variable FASTMLP_TARGET forces one of them at import.

    Returns
    -------
    list of str
        The names that ``FASTMLP_TARGET`` takes.

    See Also
    --------
    active_target : Which of them is in use.
    show_config : All of it, printed.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.active_target() in fm.available_targets()
    True
    """
    return _core.available_targets()


def active_target() -> str:
    """Return the instruction-set target in use.

    Returns
    -------
    str
        Such as "x86-64-v3".

    See Also
    --------
    available_targets : Those that this CPU runs.
    show_config : All of it, printed.

    Examples
    --------
    >>> import fastmlp as fm
    >>> isinstance(fm.active_target(), str)
    True
    """
    return _core.active_target()


def show_config() -> None:
    """Print versions, targets and threads: what a report of a problem should hold.

    See Also
    --------
    active_target : Which of them is in use.
    get_num_threads : Read it.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.show_config()  # doctest: +ELLIPSIS
    fastmlp ...
    """
    build = _core.build_info()
    facts = {
        "fastmlp": build.pop("version"),
        "Python": f"{platform.python_version()} ({sys.platform}, {platform.machine()})",
        "NumPy": np.__version__,
        **build,
        **_core.processor_info(),
        "active target": active_target(),
        "available targets": ", ".join(available_targets()),
        "processors": str(_core.available_processors()),
        "threads": f"{get_num_threads()} (limit: {thread_limit() or 'none'}; OpenMP: {_core.max_threads()})",
    }
    width = max(map(len, facts)) + 2
    print("\n".join(f"{name:<{width}}{value}" for name, value in facts.items()))
