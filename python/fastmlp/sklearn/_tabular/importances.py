"""How much each column of a table moves predictions, by derivatives of the fitted networks: nothing is trained again.

Between a row and another one the outputs change by the integral of their derivatives along the straight line, and each
column has its part of that: integrated gradients (M. Sundararajan, A. Taly and Q. Yan, Axiomatic attribution for deep
networks, ICML 2017), with other rows as what is compared with (G. Erion and others, Improving performance of deep
learning models with axiomatic attribution priors and expected gradients, Nature Machine Intelligence, 2021).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fastmlp.network import Network
from fastmlp.sklearn._tabular.checks import rows_of
from fastmlp.sklearn._tabular.columns import Table
from fastmlp.sklearn._tabular.encoder import CategoryColumn, TableEncoder
from fastmlp.sklearn._tabular.prediction import ENTRIES

Values = npt.NDArray[np.float64]

# Gauss and Legendre's: exact for derivatives that are polynomials of degree 15 along the line
NODES, SHARES = np.polynomial.legendre.leggauss(8)


def importances_of(
    networks: Sequence[Network],
    repeats: Sequence[int],
    encoder: TableEncoder,
    table: Table,
    max_rows: int,
    random_state: np.random.RandomState,
) -> Values:
    """Return the mean over rows of what the parts come to, whatever their signs: (outputs, columns)."""
    order = random_state.permutation(len(table))[:max_rows]
    numbers = encoder.encode(rows_of(table)[order]).dense().astype(np.float64)
    # each row is compared with the next one
    others = np.roll(numbers, 1, axis=0)
    columns = columns_of_inputs(encoder)
    size = max(1, ENTRIES // (networks[0].n_inputs * networks[0].n_outputs))
    total = np.zeros((networks[0].n_outputs, columns.max() + 1))
    for start in range(0, len(numbers), size):
        some = slice(start, start + size)
        total += np.abs(parts(networks, repeats, numbers[some], others[some], columns)).sum(axis=0)
    return total / len(numbers)


def parts(
    networks: Sequence[Network], repeats: Sequence[int], rows: Values, others: Values, columns: npt.NDArray[np.intp]
) -> Values:
    """Return the part of each column in the change of mean outputs from other rows: (rows, outputs, columns)."""
    slopes = np.zeros((len(rows), networks[0].n_outputs, rows.shape[1]))
    for node, share in zip(NODES.tolist(), SHARES.tolist(), strict=True):
        # from -1 to 1 they are, with shares that add up to 2
        between = others + (node + 1.0) / 2.0 * (rows - others)
        for network, times in zip(networks, repeats, strict=True):
            slopes += share / 2.0 * times / sum(repeats) * network.jacobian(between)
    by_input = slopes * (rows - others)[:, np.newaxis, :]
    by_column = np.zeros((*by_input.shape[:2], columns.max() + 1))
    for place, column in enumerate(columns.tolist()):
        by_column[:, :, column] += by_input[:, :, place]
    return by_column


def columns_of_inputs(encoder: TableEncoder) -> npt.NDArray[np.intp]:
    """Return the table's column of each input: numbers come first, then one input for each category."""
    categories = [
        [index] * column.width for index, column in enumerate(encoder.columns) if isinstance(column, CategoryColumn)
    ]
    return np.array([*encoder.numbers, *(index for of_column in categories for index in of_column)], np.intp)
