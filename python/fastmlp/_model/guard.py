"""Who may touch a network while it is in ``fit``: only the thread that trains it, and not with everything.

The core refuses calls from other threads while it trains. This guards what does not pass through the core (parameters
are read and written through views), and keeps a callback from pulling the optimizer's state from under its own fit.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

IN_FIT = "the network is in fit: fit and reset must wait until it ends, also in a callback."


class FitGuard:
    """The state "in fit" of one network."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: int | None = None

    @contextmanager
    def fitting(self) -> Iterator[None]:
        """Hold the network for a fit; RuntimeError if one is running, in whichever thread."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def acquire(self) -> None:
        """Begin what ``fitting`` does; a with statement takes longer than a step of a small network."""
        if not self._lock.acquire(blocking=False):
            raise RuntimeError(IN_FIT)
        self._thread = threading.get_ident()

    def release(self) -> None:
        """End it."""
        self._thread = None
        self._lock.release()

    def check_idle(self) -> None:
        """Refuse what not even a callback may do."""
        if self._lock.locked():
            raise RuntimeError(IN_FIT)

    def check_access(self) -> None:
        """Refuse what only a callback may do while fit is running."""
        if self._lock.locked() and self._thread != threading.get_ident():
            raise RuntimeError("the network is in fit in another thread: wait until it ends, or use a copy of it.")
