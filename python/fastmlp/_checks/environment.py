"""What is wrong in the environment shows when fastmlp is imported: an error in a program, a sentence in the command.

The command is imported after the package, so it cannot turn such an error into its sentence itself (cli/).
"""

from __future__ import annotations

import os
import sys


def end_command(error: Exception) -> None:
    """Print what went wrong and end the process, if it is the command ``fastmlp``."""
    # a program that embeds Python may have no arguments
    program = (getattr(sys, "argv", None) or [""])[0]
    # "-m" is the first argument only until Python has found the module
    is_module = program == "-m" and ("-m", "fastmlp") in zip(sys.orig_argv, sys.orig_argv[1:], strict=False)
    if is_module or os.path.splitext(os.path.basename(program))[0] == "fastmlp":
        if sys.stderr is not None:
            print(f"fastmlp: {error}", file=sys.stderr)
        raise SystemExit(2) from None
