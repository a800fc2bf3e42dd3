"""How the command line is called in these tests: in this process, with what it wrote."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from fastmlp.cli import main


class Outcome(NamedTuple):
    status: int
    out: str
    error: str


@pytest.fixture
def run(capsys):
    def call(*arguments):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as exit_:
            # argparse ends the process itself
            status = exit_.code
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return call
