"""How many steps the core makes before it returns to Python: for fit.py, and for retraining.py, which repeats them."""

from __future__ import annotations

import fastmlp._core as _core

# short enough for Ctrl-C to feel immediate, long enough that entering the core is free
SLICE_SECONDS = 0.05
# a slice grows by no more than this: the first steps of a fit may be faster than the later ones
SLICE_GROWTH = 8


class SliceSizes:
    """How many steps the next slice has, and how many are left; after those before it."""

    def __init__(self, total: int, per_epoch: int, *, whole_epochs_apart: bool) -> None:
        self.left = total
        self._per_epoch, self._whole_epochs_apart = per_epoch, whole_epochs_apart
        self._size = 1

    def next(self) -> int:
        """Return the size of the next one."""
        # what is left of this epoch, or of the fit
        most = (self.left - 1) % self._per_epoch + 1 if self._whole_epochs_apart else self.left
        return min(self._size, most)

    def record(self, report: _core.RunReport) -> None:
        """Learn from a slice how many steps come in time."""
        self.left -= report.steps
        in_time = int(report.steps * SLICE_SECONDS / max(report.seconds, 1e-9))
        self._size = max(1, min(in_time, SLICE_GROWTH * self._size))
