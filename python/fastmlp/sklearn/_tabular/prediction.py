"""The outputs of the members for rows of a table, block by block: as numbers a table may take many times its room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy.typing as npt

from fastmlp.network import Network
from fastmlp.sklearn._blocks import by_blocks
from fastmlp.sklearn._tabular.checks import rows_of
from fastmlp.sklearn._tabular.columns import Table
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
    size = max(1, ENTRIES // networks[0].n_inputs)

    def values_of(part: slice) -> Array:
        encoded = encoder.encode(rows[part])

        def values_of_some(some: slice) -> Array:
            numbers = encoded.taken(some).dense()
            return combine([function(numbers) for function in functions])

        return by_blocks(values_of_some, len(encoded), size)

    return by_blocks(values_of, len(table), ROWS)
