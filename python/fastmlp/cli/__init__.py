"""The command ``fastmlp``: one file per group of commands, all errors turned into one sentence here.

Exit status: 0 done, 1 a check failed, 2 an error of the user's or the machine's, 130 Ctrl-C, 141 the output's reader
has gone.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

from fastmlp._checks.text import printable, shortened
from fastmlp.cli import demo, export, inspection, tabular


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one sentence, like all others."""

    def error(self, message: str) -> NoReturn:
        """End the process with the sentence and exit status 2."""
        self.exit(2, f"{self.prog}: {_line(message)} (see {self.prog} --help).\n")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = Parser(prog="fastmlp", description="Train dense neural networks on this computer's CPU.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in (demo, tabular, inspection, export):
        group.add_commands(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Examples
    --------
    >>> from fastmlp.cli import main
    >>> main(["info", "no-such-model.safetensors"])
    2
    """
    arguments = build_parser().parse_args(argv)
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    try:
        status: int = arguments.run(arguments)
        # None where the shell closed it
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        _tell("\nfastmlp: stopped.")
        return 130
    except BrokenPipeError:
        # nothing may be written any more, not even by Python when it closes its streams
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except UnicodeEncodeError as error:
        lacking = error.object[error.start : error.end]
        _tell(
            f"fastmlp: the output's encoding, {error.encoding}, lacks {_line(lacking)!a}: set PYTHONIOENCODING=utf-8."
        )
        return 2
    except (ValueError, TypeError, RuntimeError, OSError, FloatingPointError, MemoryError, ImportError) as error:
        _tell(f"fastmlp: {_sentence(error)}")
        return 2
    return status


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    _tell(f"fastmlp: warning: {_line(str(message))}")


def _tell(sentence: str) -> None:
    """Print to the standard error, where it is open and takes it; the exit status tells in any case."""
    # print would take the standard output for None
    if sys.stderr is not None:
        with suppress(OSError):
            print(sentence, file=sys.stderr, flush=True)


def _sentence(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return _line(f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}.")
    if isinstance(error, MemoryError) and not str(error):
        return "the memory of this computer does not suffice."
    return _line(str(error))


def _line(text: str) -> str:
    """Return a text as one line that is not too long and that a terminal only shows."""
    return shortened(printable(" ".join(text.split())))
