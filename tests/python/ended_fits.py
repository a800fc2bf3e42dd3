"""A callback that ends fits as nothing of a user's does, for the tests of what goes on from there."""

from __future__ import annotations

import fastmlp as fm


class Ended(BaseException):
    """Ends a fit as nothing else does."""


class EndAt:
    """Ends a fit, or a fleet, in the epoch of this number; None: in no epoch."""

    def __init__(self, epoch: int | None = None) -> None:
        self.epoch = epoch

    def __call__(self, network: fm.Network, epoch: dict[str, float]) -> None:
        if epoch["epoch"] == self.epoch:
            raise Ended

    def state_dict(self) -> dict[str, object]:
        return {}

    def load_state_dict(self, state: dict[str, object]) -> None:
        pass
