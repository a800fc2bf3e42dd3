"""How commands and their options are declared: one way for help texts, examples and conversions."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from fastmlp.activations import ACTIVATIONS, ALIASES, Activation, Softmax, resolve_activation

# by name only: a formula is one, too
HIDDEN_ACTIVATIONS = [name for name in ACTIVATIONS | ALIASES if name != Softmax.name]

Commands = Any  # argparse's own class for this is private


def add_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], summary: str, example: str
) -> argparse.ArgumentParser:
    """Add a command whose help ends with an example."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def widths(text: str) -> list[int]:
    """Return [64, 32] for "64,32", and no hidden layer for "none"."""
    if text.strip() == "none":
        return []
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of widths such as 64,32, nor none") from None


def activation(text: str) -> Activation:
    """Return the activation of a name, an alias or a formula that hidden layers may have."""
    try:
        found = resolve_activation(text)
    except (ValueError, TypeError) as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from None
    if isinstance(found, Softmax):
        raise argparse.ArgumentTypeError("softmax is for the last layer, which has it where classes are learned")
    return found


def delimiter(text: str) -> str:
    r"""Return the character of a delimiter; a tab may be written as ``tab`` or ``\t``."""
    character = "\t" if text in ("tab", "\\t") else text
    # what a cell of numbers may hold cannot stand between two of them
    if len(character) != 1 or character.isalnum() or character in '"\r\n.+-_':
        raise argparse.ArgumentTypeError(f"{text!r} is not a delimiter: give one character such as ; or tab")
    return character


def add_delimiter(parser: argparse.ArgumentParser) -> None:
    """Add ``--delimiter``."""
    parser.add_argument(
        "--delimiter",
        type=delimiter,
        metavar="CHARACTER",
        help="between the cells of the CSV (comma, semicolon or tab, as its first lines show)",
    )


def positive(text: str) -> int:
    """Return an integer of at least 1."""
    return _integer(text, 1)


def epochs_of_record(text: str) -> int:
    """Return a number of epochs, which may be left out: what stands in its place is the data, as often as not."""
    try:
        return positive(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of epochs: give one, or nothing, and the data before --record"
        ) from None


def natural(text: str) -> int:
    """Return an integer of at least 0."""
    return _integer(text, 0)


def _integer(text: str, minimum: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = minimum - 1
    if number < minimum:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer of at least {minimum}")
    return number


def fraction(text: str) -> float:
    """Return a number of at least 0 and below 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number < 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 0 and below 1")
    return number
