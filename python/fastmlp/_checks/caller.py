"""Warnings at the line of the user's program that a call of fastmlp stands in, however deep the reason was found."""

from __future__ import annotations

import os
import sys
import warnings

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost line outside of this package, and of scikit-learn and joblib where they stand between."""
    ours = (PACKAGE, *_folder_of("sklearn"), *_folder_of("joblib"))
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(ours):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _folder_of(package: str) -> tuple[str, ...]:
    """Return the folder of a package, if it is imported."""
    file = getattr(sys.modules.get(package), "__file__", None)
    return () if file is None else (os.path.dirname(file) + os.sep,)
