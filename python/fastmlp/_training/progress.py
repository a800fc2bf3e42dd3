"""What a fit shows of itself: a bar that is redrawn, a line now and then where nothing can be redrawn, or nothing.

By default a bar, in a notebook and in a terminal; elsewhere a fit is silent unless it is asked. The thread that trains
shows it, between two slices of steps.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, TextIO

from fastmlp._checks.arguments import ProgressKind
from fastmlp.history import History
from fastmlp.runtime import imported

SECONDS_BETWEEN_LINES = 10.0
# what is said beside the epoch, where the history has it
LOSSES = ("loss", "validation_loss")


class Progress:
    """Samples, epoch and losses of a fit, wherever they can be seen.

    Samples 0: their number is not known, and ``add`` counts them.
    """

    def __init__(self, wanted: ProgressKind, epochs: int, n_samples: int = 0, batch_size: int = 1) -> None:
        self._wanted = wanted
        self._epochs, self._n_samples, self._batch_size = epochs, n_samples, batch_size
        self._steps = 0
        self._display: Any = None

    def __enter__(self) -> Progress:
        with self._while_it_can_be_seen():
            self._display = _display(self._wanted, self._epochs * self._n_samples or None)
        return self

    def __exit__(self, error: object, *rest: object) -> None:
        if self._display is None:
            return
        if error is None and self._display.total is not None:
            # a fit that a callback ended is whole, too
            self._display.total = self._display.n
        with self._while_it_can_be_seen():
            self._display.close()

    def show(self, steps: int, history: History, last_loss: float) -> None:
        """Count the steps of a slice, and show them where it is time."""
        if self._display is None:
            return
        self._steps += steps
        per_epoch = -(-self._n_samples // self._batch_size)
        finished, rest = divmod(self._steps, per_epoch)
        samples = finished * self._n_samples + rest * self._batch_size - self._display.n
        self.add(samples, -(-self._steps // per_epoch), history, last_loss)

    def add(self, samples: int, epoch: int, history: History, last_loss: float) -> None:
        """Count samples of an epoch, and show them where it is time."""
        if self._display is None:
            return
        # one step's loss is noisy: it serves only until the first epoch has a mean
        losses = {name: history[name][-1] for name in LOSSES if name in history} or {"loss": last_loss}
        words = [f"epoch {epoch}/{self._epochs}"]
        # of one length, so that the bar stays where it is
        words += [f"{name} {value:#.4g}" for name, value in losses.items()]
        self.advance(samples, ", ".join(words))

    def advance(self, samples: int, words: str) -> None:
        """Count samples, and show these words where it is time."""
        if self._display is None:
            return
        # before the bar, since a narrow window cuts off the end
        self._display.desc = words
        with self._while_it_can_be_seen():
            self._display.update(samples)

    @contextmanager
    def _while_it_can_be_seen(self) -> Iterator[None]:
        """Give the display up where writing fails: the reader of a pipe may go, and a fit is not lost for its bar."""
        try:
            yield
        except (OSError, ValueError):
            if self._display is not None:
                # tqdm closes it with its last reference, and would write again
                self._display.disable = True
            self._display = None


class _Lines:
    """What stands in the place of a tqdm, with those of its attributes that are used here."""

    def __init__(self, stream: TextIO, total: int | None) -> None:
        self.n, self.total, self.desc, self.disable = 0, total, "", False
        self._stream = stream
        self._began = self._written = time.monotonic()

    def update(self, samples: int) -> None:
        """Count samples, and write a line if the last one is long ago."""
        self.n += samples
        if time.monotonic() - self._written >= SECONDS_BETWEEN_LINES:
            self._write()

    def close(self) -> None:
        """Write how it ended."""
        self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        line: str = imported("tqdm").tqdm.format_meter(
            self.n,
            self.total,
            self._written - self._began,
            ncols=0,  # no bar
            prefix=self.desc,
            unit=" samples",
            unit_scale=True,
        )
        print(line, file=self._stream, flush=True)


def _display(wanted: ProgressKind, total: int | None) -> Any:
    """Return what shows a fit of so many samples: a tqdm, lines, or None."""
    in_notebook = _is_in_notebook()
    # a notebook shows as an error what comes by stderr
    stream = sys.stdout if in_notebook else sys.stderr
    # a program without a console has none, and a daemon may have closed its own
    if wanted is False or stream is None or stream.closed:
        return None
    can_redraw = in_notebook or stream.isatty()
    if wanted == "lines" or (wanted and not can_redraw):
        return _Lines(stream, total)
    if not can_redraw:
        return None
    # tqdm.auto warns where a notebook has no widgets, but a bar of text needs none
    has_widgets = in_notebook and find_spec("ipywidgets") is not None
    tqdm = imported("tqdm.auto" if has_widgets else "tqdm").tqdm
    # the width is asked for anew each time: a window may be resized
    bar = tqdm(total=total, unit=" samples", unit_scale=True, dynamic_ncols=True, file=stream)
    if not has_widgets:
        bar.sp = _row_of(bar)
    return bar


def _row_of(bar: Any) -> Callable[[str], None]:
    """Return what writes the text of a bar over the last one.

    tqdm's own blanks out all that the last one had: after that of a wider window, it opens a new row.
    """
    width = 0

    def write(text: str) -> None:
        nonlocal width
        blanked = text.ljust(width if bar.ncols is None else min(width, bar.ncols))
        width = len(text)
        bar.fp.write(f"\r{blanked}")
        bar.fp.flush()

    return write


def _is_in_notebook() -> bool:
    """Return whether this code runs in the kernel of a notebook, which has imported IPython."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    kernel = getattr(get_ipython(), "kernel", None)
    # a forked child cannot reach the page: each of its messages would be refused with a page of warnings
    session = getattr(kernel, "session", None)
    return kernel is not None and getattr(session, "pid", os.getpid()) == os.getpid()
