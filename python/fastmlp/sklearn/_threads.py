"""How many threads an estimator uses: what it was told, and where processes work side by side, one."""

from __future__ import annotations

from joblib.parallel import get_active_backend

from fastmlp._checks.arguments import check_integer


def threads_of(n_threads: int | None) -> int | None:
    """Return the limit of a fit; None: what fastmlp may use. A joblib worker's neighbours use the other processors."""
    if n_threads is not None:
        return check_integer(n_threads, "n_threads", minimum=1)
    return 1 if get_active_backend()[0].nesting_level else None
