"""The bar of a fit in a terminal, whose screen an emulator (pyte) draws, and in what is no terminal.

What could go wrong: a bar that is as wide as the window was at its start, so that it fills the screen with wrapped rows
when the window gets narrower (resizing); a bar of several rows, or rows that are left behind (one row); a log full of
carriage returns (redirected).
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios

import pytest

pyte = pytest.importorskip("pyte", reason="the terminal emulator is not installed: pip install pyte")

SECONDS_TO_WAIT = 60
# The fit waits in each epoch until it is told to go on; by then tqdm's pause between two updates is over.
PROGRAM = """
import sys, time
import fastmlp as fm

X, y = fm.datasets.moons(200, seed=0)
net = fm.Network(2, [fm.Dense(4, "tanh"), fm.Dense(2, "softmax")], seed=0)

def wait(net, row):
    sys.stdin.readline()
    time.sleep(0.15)

net.fit(X, y, epochs=6, validation_fraction=0.2, callbacks=[wait])
"""


class Window:
    """A terminal of some columns with the program in it, whose standard error it shows."""

    def __init__(self, columns):
        self.screen = pyte.Screen(columns, 8)
        self._stream = pyte.ByteStream(self.screen)
        self._ours, theirs = pty.openpty()
        self.resize(columns)
        self._program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stderr=theirs, bufsize=0
        )
        os.close(theirs)

    def resize(self, columns):
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", 8, columns, 0, 0))
        self.screen.resize(8, columns)

    def go_on(self, until):
        """Let the program go on, and return the rows that are not empty when one of them has this text."""
        self._program.stdin.write(b"\n")
        while not any(until in row for row in self.screen.display):
            assert select.select([self._ours], [], [], SECONDS_TO_WAIT)[0], self.screen.display
            self._stream.feed(os.read(self._ours, 65536))
        return [row.rstrip() for row in self.screen.display if row.strip()]

    def close(self):
        self._program.stdin.close()
        assert self._program.wait(SECONDS_TO_WAIT) == 0
        os.close(self._ours)


@pytest.fixture
def window():
    opened = Window(100)
    yield opened
    opened.close()


def test_the_bar_has_the_width_of_the_window_whatever_becomes_of_it(window):
    for epoch, columns in enumerate((100, 60, 60, 130, 80), 1):
        window.resize(columns)
        rows = window.go_on(f"epoch {epoch}/6")
        assert len(rows) == 1
        assert columns - 2 <= len(rows[0]) <= columns
        assert ", validation_loss 0." in rows[0]
    (row,) = window.go_on(": 100%|")
    assert row.startswith("epoch 6/6, loss 0.")
