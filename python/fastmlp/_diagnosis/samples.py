"""Which samples a sum was taken over, and in which of them a mistake was made, from what each one adds to it.

Both are questions about rows of numbers alone: rows that add up to something, all but some of them or a few of many.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
# of a sample's share, before all entries are looked at
_ALIKE = 1e-3
# samples that are looked for one after the other
_MOST_PURSUED = 24
# samples, to solve for all of them, to try all pairs of them, and all threes and fours
_MOST_SOLVED, _MOST_PAIRED, _MOST_COMBINED = 600, 3000, 700
# how near sums must be along one direction, of the largest number in them
_EXACT = 1e-11
_MOST_CANDIDATES = 200_000


class Left(NamedTuple):
    """Samples that are in the sum, what it is multiplied by for a mean of them, and the sentence of the mistake."""

    kept: Array
    factor: float
    sentence: str


def left_out(added: Array, rest: Array, wanted: Array, near: Array) -> list[Left]:
    """Return which samples, left out of the sum of rows or of their mean, give a vector but for the rest.

    ``near``: how near each entry must be.
    """
    n = len(added)
    if n < 2:
        return []
    sums = np.cumsum(added, axis=0)
    ends = np.arange(1, n)
    found = []
    for what, each, n_kept in [
        ("first", sums[:-1], ends),
        ("last", sums[-1] - sums[:-1], n - ends),
        ("all but", sums[-1] - added, np.full(n, n - 1)),
    ]:
        for is_mean in (False, True):
            factors = n / n_kept if is_mean else np.ones(len(each))
            for i in _agreeing(each, factors, rest, wanted, near):
                at = int(i)
                if what == "all but" and at in (0, n - 1):  # said already
                    continue
                kept = np.ones(n, bool)
                kept[{"first": slice(at + 1, n), "last": slice(0, at + 1), "all but": slice(at, at + 1)}[what]] = False
                words = _words(what, at, n) + (" of the mean" if is_mean else " of the sum")
                found.append(Left(kept, float(factors[at]), words))
    return found


def _words(what: str, at: int, n: int) -> str:
    if what == "all but":
        return f"sample {at} (from 0) is left out"
    n_kept, other = (at + 1, "last") if what == "first" else (n - at - 1, "first")
    if n_kept <= n / 2:
        return f"all but the {what} {'sample' if n_kept == 1 else f'{n_kept} samples'} are left out"
    return f"the {other} {'sample is' if n_kept == n - 1 else f'{n - n_kept} samples are'} left out"


def _agreeing(each: Array, factors: Array, rest: Array, wanted: Array, near: Array) -> Array:
    # entry by entry: after the first ones, few rows are left
    alive = np.arange(len(each))
    for entry in range(len(wanted)):
        made = factors[alive] * each[alive, entry] + rest[entry]
        alive = alive[np.abs(made - wanted[entry]) <= near[entry]]
        if len(alive) == 0:
            break
    return alive


def adding_up(added: Array, wanted: Array, roundoff: float) -> Iterator[tuple[int, ...]]:
    """Yield sets of rows, at most half of them, that may add up to a vector, whose entries are rounded by so much."""
    if not np.isfinite(added).all() or not np.isfinite(wanted).all() or not wanted.any():
        return
    near = _ALIKE * np.abs(wanted).max()
    apart = np.abs(added - wanted).max(axis=1)
    if apart.min() <= near and len(added) > 1:
        yield (int(apart.argmin()),)
    if len(added) <= min(_MOST_SOLVED, added.shape[1]):
        found = np.linalg.lstsq(added.T, wanted, rcond=None)[0]
        is_in = np.abs(found - 1) < 0.1
        if (is_in | (np.abs(found) < 0.1)).all() and 0 < is_in.sum() <= len(added) / 2:
            yield tuple(int(i) for i in np.flatnonzero(is_in))
    if 4 <= len(added) <= _MOST_PAIRED:
        yield from _two(added, wanted, near)
    if 6 <= len(added) <= _MOST_COMBINED:
        yield from _three_or_four(added, wanted, near, roundoff)
    yield from _few(added, wanted, near)


def _two(added: Array, wanted: Array, near: float) -> Iterator[tuple[int, ...]]:
    rest = wanted - added
    # squares of the distances between what one row leaves and each other one
    apart = (rest**2).sum(axis=1)[:, np.newaxis] + (added**2).sum(axis=1) - 2 * rest @ added.T
    np.fill_diagonal(apart, np.inf)
    first, second = np.unravel_index(int(apart.argmin()), apart.shape)
    if np.abs(rest[first] - added[second]).max() <= near:
        yield tuple(sorted((int(first), int(second))))


def _three_or_four(added: Array, wanted: Array, near: float, roundoff: float) -> Iterator[tuple[int, ...]]:
    """Look for three and four rows in a sorted list of the sums of all pairs: the fourth root of trying all.

    Sums are compared along one direction first, where they are single numbers (Horowitz and Sahni, Journal of the ACM
    21, 1974).
    """
    # any direction that no symmetry of the rows has
    direction = np.cos(np.arange(1.0, added.shape[1] + 1) ** 2)
    along, aim = added @ direction, float(wanted @ direction)
    first, second = np.triu_indices(len(added), 1)
    sums = along[first] + along[second]
    order = np.argsort(sums)
    sums, first, second = sums[order], first[order], second[order]
    size = max(float(np.abs(along).max()), abs(aim))
    pairs = np.stack([first, second])
    for others, left in ((np.arange(len(added))[np.newaxis], aim - along), (pairs, aim - sums)):
        for window in (_EXACT * size, roundoff * np.sqrt(len(wanted))):
            start = np.searchsorted(sums, left - window)
            counts = np.searchsorted(sums, left + window, side="right") - start
            if counts.sum() > _MOST_CANDIDATES:
                break
            which = np.repeat(np.arange(len(left)), counts)
            at = np.repeat(start - np.cumsum(counts) + counts, counts) + np.arange(int(counts.sum()))
            sets = np.sort(np.concatenate([others[:, which], pairs[:, at]]), axis=0)
            sets = np.unique(sets[:, (np.diff(sets, axis=0) > 0).all(axis=0)], axis=1)
            # all entries only of those that agree in a few
            for few in (slice(8), slice(None)):
                apart = np.abs(added[:, few][sets].sum(axis=0) - wanted[few])
                sets = sets[:, apart.max(axis=1) <= near]
            yield from (tuple(int(i) for i in one) for one in sets.T)


def _few(added: Array, wanted: Array, near: float) -> Iterator[tuple[int, ...]]:
    """Look for rows one after the other, also where there are more rows than numbers.

    Orthogonal matching pursuit (Pati, Rezaiifar and Krishnaprasad, Asilomar 1993).
    """
    lengths = np.linalg.norm(added, axis=1)
    chosen: list[int] = []
    left = wanted
    for _ in range(min(_MOST_PURSUED, len(added) // 2)):
        alike = np.abs(added @ left) / np.where(lengths > 0, lengths, np.inf)
        alike[chosen] = -1
        chosen.append(int(alike.argmax()))
        found = np.linalg.lstsq(added[chosen].T, wanted, rcond=None)[0]
        left = wanted - found @ added[chosen]
        if np.abs(left).max() <= near and (np.abs(found - 1) < 0.1).all():
            yield tuple(sorted(chosen))
            return
