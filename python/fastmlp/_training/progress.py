"""The progress bar of fit; without a terminal, a counter of steps."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastmlp.history import History
from fastmlp.runtime import imported


class ProgressBar:
    """A bar of samples with epoch and loss, or nothing; counts the steps in both cases.

    Samples 0: their number is not known, and ``add`` counts them.
    """

    def __init__(self, wanted: bool | None, epochs: int, n_samples: int = 0, batch_size: int = 1) -> None:
        self.steps = 0
        self._epochs, self._n_samples, self._batch_size = epochs, n_samples, batch_size
        stream = sys.stderr
        # a program without a console has none, and a daemon may have closed its own
        can_show = stream is not None and not stream.closed
        self._wanted = can_show and (stream.isatty() if wanted is None else wanted)
        self._bar: Any = None

    def __enter__(self) -> ProgressBar:
        if self._wanted:
            tqdm = imported("tqdm").tqdm
            with self._while_it_can_be_seen():
                self._bar = tqdm(total=self._epochs * self._n_samples or None, unit=" samples", unit_scale=True)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            with self._while_it_can_be_seen():
                self._bar.close()

    def show(self, steps: int, history: History, last_loss: float) -> None:
        """Count the steps of a slice, and show them where tqdm finds it is time."""
        self.steps += steps
        if self._bar is None:
            return
        finished, rest = divmod(self.steps, -(-self._n_samples // self._batch_size))
        samples = finished * self._n_samples + rest * self._batch_size - self._bar.n
        self.add(samples, finished + 1, history, last_loss)

    def add(self, samples: int, epoch: int, history: History, last_loss: float) -> None:
        """Count samples of an epoch."""
        if self._bar is None:
            return
        self._bar.set_description_str(f"epoch {min(epoch, self._epochs)}/{self._epochs}", refresh=False)
        # one step's loss is noisy: it serves only until the first epoch has a mean
        loss = history["loss"][-1] if history else last_loss
        self._bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
        with self._while_it_can_be_seen():
            self._bar.update(samples)

    @contextmanager
    def _while_it_can_be_seen(self) -> Iterator[None]:
        """Give the bar up where writing fails: the reader of a pipe may go, and a fit is not lost for its bar."""
        try:
            yield
        except (OSError, ValueError):
            if self._bar is not None:
                # tqdm closes it with its last reference, and would write again
                self._bar.disable = True
            self._bar = None
