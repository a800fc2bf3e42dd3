"""Samples, targets and parameters as lists of floats, whatever sequence they came in (lists, tuples, arrays).

The checks of fastmlp/_checks/ are about arrays; these are the few that lists need, so that a short row is an
error and not a shorter sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import TypeAlias

from fastmlp._checks.arguments import check_integer
from fastmlp.losses import Loss
from fastmlp.reference.circuit import Matrix, Vector

Target: TypeAlias = Sequence[float] | float


def float_row(values: Iterable[float], length: int, name: str) -> list[float]:
    """Return ``values`` as a list of ``length`` floats."""
    row = [float(value) for value in values]
    check_length(row, length, name)
    return row


def check_length(values: Sized, length: int, name: str) -> None:
    """Raise ValueError unless there are ``length`` values."""
    if len(values) != length:
        raise ValueError(f"{name} has {len(values)} values, but {length} are expected.")


def target_row(target: Iterable[float] | float, n_outputs: int, name: str) -> list[float]:
    """Return the target of one sample as a row: a row itself, the number of a single output, or a label's indicator."""
    if isinstance(target, Iterable):
        return float_row(target, n_outputs, name)
    if n_outputs == 1:
        return [float(target)]
    label = check_integer(target, name, minimum=0, maximum=n_outputs - 1)
    return [1.0 if k == label else 0.0 for k in range(n_outputs)]


def samples_of(
    X: Sequence[Sequence[float]],
    y: Sequence[Target],
    sample_weight: Sequence[float] | None,
    sizes: tuple[int, int],
    loss: Loss,
) -> tuple[Matrix, Matrix, Vector]:
    """Return inputs, target rows and weights of samples, class weights included; sizes: inputs, outputs."""
    n_inputs, n_outputs = sizes
    check_integer(len(X), "the number of samples", minimum=1)
    check_length(y, len(X), "y")
    targets = [target_row(target, n_outputs, f"y[{n}]") for n, target in enumerate(y)]
    weights = [1.0] * len(X) if sample_weight is None else float_row(sample_weight, len(X), "sample_weight")
    weights = weigh_classes(loss.class_weight, targets, weights)
    return [float_row(x, n_inputs, f"X[{n}]") for n, x in enumerate(X)], targets, weights


def weigh_classes(
    class_weight: str | Mapping[int, float] | None, targets: Sequence[Sequence[float]], weights: Sequence[float]
) -> list[float]:
    """Return the weight of each sample times that of its class; targets are indicator rows, or 0 or 1 for one output.

    "balanced" gives all classes that occur the same sum of weights, and leaves the sum of all as it is.
    """
    if class_weight is None:
        return list(weights)
    labels = [int(row[0]) if len(row) == 1 else row.index(1.0) for row in targets]
    if isinstance(class_weight, Mapping):
        return [weight * class_weight.get(label, 1.0) for label, weight in zip(labels, weights, strict=True)]
    sums = dict.fromkeys(labels, 0.0)
    for label, weight in zip(labels, weights, strict=True):
        sums[label] += weight
    wanted = sum(weights) / sum(total > 0.0 for total in sums.values())
    return [weight and wanted * weight / sums[label] for label, weight in zip(labels, weights, strict=True)]


def row_numbers(order: Sequence[int] | None, n_rows: int) -> list[int]:
    """Return the numbers of the rows to take, all of them where no order is given."""
    return [
        check_integer(n, "a row number in order", minimum=0, maximum=n_rows - 1)
        for n in (range(n_rows) if order is None else order)
    ]
