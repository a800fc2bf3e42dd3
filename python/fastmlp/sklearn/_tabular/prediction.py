"""The outputs of the members for rows of a table, block by block: as numbers a table may take many times its room."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from fastmlp.network import Network
from fastmlp.sklearn._blocks import by_blocks
from fastmlp.sklearn._tabular.checks import rows_of
from fastmlp.sklearn._tabular.columns import Table
from fastmlp.sklearn._tabular.encoded import Encoded
from fastmlp.sklearn._tabular.encoder import TableEncoder

Array = npt.NDArray[Any]

# Rows of a table that are looked at together in a prediction, and numbers that they are made at a time: a column of
# categories takes a column of these for each.
ROWS, ENTRIES = 65536, 2**22


def combined(
    networks: Sequence[Network],
    encoder: TableEncoder,
    table: Table,
    function_of: Callable[[Network], Callable[[Array], Array]],
    combine: Callable[[list[Array]], Array],
) -> Array:
    """Return what comes of the values of a function of each network for the rows of a table."""
    rows = rows_of(table)
    functions = [function_of(network) for network in networks]

    def values_of(numbers: Array) -> Array:
        return combine([function(numbers) for function in functions])

    return by_blocks(lambda part: of_rows(values_of, encoder.encode(rows[part])), len(table), ROWS)


def of_rows(function: Callable[[Array], Array], table: Encoded) -> Array:
    """Return what a function makes of the rows of an encoded table, block by block."""
    size = max(1, ENTRIES // table.width)
    return by_blocks(lambda some: function(table.taken(some).dense()), len(table), size)


def log_of_mean(logs: list[Array], repeats: Sequence[int]) -> Array:
    """Return the logarithm of the mean of what networks give, each so often, from the logarithms of that."""
    times = np.array(repeats)[:, np.newaxis, np.newaxis]
    found: Array = logsumexp(np.array(logs) + np.log(times), axis=0) - math.log(sum(repeats))
    return found
