"""Changes of a model that take several steps, and are whole all the same when Ctrl-C comes amid them."""

from __future__ import annotations

from collections.abc import Callable


def completed(change: Callable[[], None]) -> None:
    """Make a change that can be made twice; what a signal's handler raises amid it waits until it has been made.

    Examples
    --------
    >>> steps = []
    >>> def change():
    ...     steps.append(1)
    ...     if len(steps) == 1:
    ...         raise KeyboardInterrupt
    ...     steps.append(2)
    >>> try:
    ...     completed(change)
    ... except KeyboardInterrupt:
    ...     steps
    [1, 1, 2]
    """
    try:
        change()
    except RuntimeError:  # the core's: the network is in use, and nothing has changed
        raise
    except BaseException:
        change()
        raise
