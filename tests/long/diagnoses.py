"""``python -m tests.long.diagnoses``: the doctor on many random networks, with gradients right and wrong.

No right gradient may be given a mistake. Of mistakes that are planted alone, and in a few samples alone, the kind is
compared; two at once must be said to be more than one, unless one known mistake gives the same numbers.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

import fastmlp as fm

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

from students import KINDS, applies, planted, student

HIDDEN, LAST = ["sigmoid", "tanh"], ["softmax", "identity", "sigmoid", "tanh"]
# made in the sums, which single samples do not have
OF_SUMS = ("penalty", "sum", "mean", "sample", "batch", "bias", "negative", "double", "half", "transposed", "l1")


def random_shape(random):
    """Return inputs, layers, loss and l2 of a network whose second layer is square."""
    units = int(random.integers(3, 8))
    hidden = [(units, str(random.choice(HIDDEN))) for _ in range(random.integers(2, 4))]
    last = str(random.choice(LAST))
    loss = None if last == "softmax" else str(random.choice(["mse", "half_squared_error"]))
    outputs = int(random.integers(2, 5))
    return int(random.integers(2, 9)), [*hidden, (outputs, last)], loss, float(random.choice([0.0, 0.02]))


def main() -> int:
    """Print what failed, and how many were tried."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    tried = dict.fromkeys(["right", "alone", "two at once", "in some samples"], 0)
    failed = dict.fromkeys(tried, 0)

    def count(what, is_good, *said):
        tried[what] += 1
        if not is_good:
            failed[what] += 1
            print(what, *said)

    for seed in range(arguments.seed, arguments.seed + arguments.count):
        random = np.random.default_rng(seed)
        shape = random_shape(random)
        net, X, y, T, plain = planted(*shape, seed=seed, samples=int(random.integers(20, 120)))

        def diagnosed(mistakes, only=None, net=net, X=X, y=y, T=T, plain=plain):
            weights, biases = student(plain, X, T, mistakes, only)
            return fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)

        diagnosis = diagnosed([])
        count("right", diagnosis.is_right, shape, diagnosis)
        known = [mistake for mistake in KINDS if applies(mistake, *shape)]
        for mistake in random.choice(known, 6, replace=False):
            diagnosis = diagnosed([mistake])
            # a derivative of the inputs is none where no size allows it
            is_named = KINDS[mistake] in diagnosis.kinds and len(diagnosis.kinds) == 1
            count("alone", is_named or diagnosis.is_right, shape, mistake, diagnosis)
        for pair in (random.choice(known, 2, replace=False) for _ in range(6)):
            diagnosis = diagnosed(pair)
            count("two at once", diagnosis.mistakes or diagnosis.is_right, shape, *pair, diagnosis)
        local = [mistake for mistake in known if not any(word in mistake for word in OF_SUMS)]
        few = {int(i) for i in random.choice(len(X), 1 + len(X) // 100, replace=False)}
        for mistake in random.choice(local, 2, replace=False):
            diagnosis = diagnosed([mistake], few)
            count("in some samples", diagnosis.kinds == (KINDS[mistake],) or diagnosis.is_right, mistake, diagnosis)
    for what, n in tried.items():
        print(f"{what}: {n} tried, {failed[what]} not said")
    # two mistakes in the same sum (a bias of one row that is averaged too) are no pair that the doctor knows
    return 1 if failed["right"] or any(failed[what] > 0.05 * n for what, n in tried.items()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
