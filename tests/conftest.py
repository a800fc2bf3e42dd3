"""Fixtures of several folders' tests: Ctrl-C, the planner switched off, dropout masks, trainings on every target.

The planner gives networks as small as a test's one thread; off, a request is taken as it is.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest

import fastmlp as fm
from fastmlp._core import _testing

DROPOUT_STREAM, STREAM_BITS = 2, 8  # core/random.hpp and junction.hpp


@pytest.fixture(scope="session", autouse=True)
def ctrl_c() -> None:
    """Let Ctrl-C raise where a shell without job control lets it be ignored, by what it starts with &."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def planner_off() -> Iterator[None]:
    _testing.enable_planner(False)
    yield
    _testing.enable_planner(True)


@pytest.fixture
def drawn_mask() -> Callable[..., list[float]]:
    """Factors on the inputs of a layer for one sample, number by number from the words of the generator."""

    def mask(seed: int, layer: int, epoch: int, position: int, units: int, rate: float) -> list[float]:
        blocks = -(-units // 4)
        stream = DROPOUT_STREAM + (layer << STREAM_BITS)
        numbers = _testing.random_numbers(fm.active_target(), seed, stream, epoch, position * blocks, blocks)
        words = [word for number in numbers for word in (number & 0xFFFFFFFF, number >> 32)][:units]
        return [0.0 if word < rate * 2**32 else 1.0 / (1.0 - rate) for word in words]

    return mask


@pytest.fixture
def bits_everywhere(planner_off: None) -> Iterator[Callable[..., set[bytes]]]:
    """Different bits that a training and its outputs have over all targets and 1, 2 and 4 threads."""
    active = fm.active_target()

    def bits(make: Callable[[], fm.Network], X: object, y: object) -> set[bytes]:
        found = set()
        for target in fm.available_targets():
            _testing.choose_target(target)
            for threads in (1, 2, 4):
                net = make()
                with fm.num_threads(threads):
                    net.fit(X, y, epochs=3, batch_size=9)
                    found.add(net.get_parameters().tobytes() + net.forward(X).tobytes())
        return found

    yield bits
    _testing.choose_target(active)
