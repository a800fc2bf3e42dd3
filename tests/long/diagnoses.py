"""``python -m tests.long.diagnoses``: the doctor on many random networks, with gradients right and wrong.

No right gradient may be given a mistake. Of mistakes that are planted alone, and in a few samples alone, the kind is
compared; two at once must be said to be more than one, unless one known mistake gives the same numbers.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np

import fastmlp as fm

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

from students import KINDS, applies, planted, student

ALL = [name for name in fm.activations.ACTIVATIONS if name != "softmax"]
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


def random_network(random, seed):
    """Return a network of any activations, a loss that fits its end, and data that fit both."""
    losses = fm.losses
    outputs = int(random.integers(2, 5))
    loss, last, kind = [
        (losses.CrossEntropy(label_smoothing=0.1), "softmax", "classes"),
        (losses.CrossEntropy(class_weight="balanced"), "softmax", "classes"),
        (losses.Hinge(), "tanh", "classes"),
        (losses.Perceptron(), "step", "classes"),
        (losses.Quantile(0.2), "identity", "values"),
        (losses.Huber(0.1), "softplus", "values"),
        (losses.MeanAbsoluteError(), "sigmoid", "values"),
        (losses.Poisson(), "identity", "counts"),
        (losses.Formula("log(cosh(o - t))"), "identity", "values"),
        (losses.MeanSquaredError(), "identity", "values"),
    ][random.integers(10)]
    hidden = [
        fm.Dense(int(random.integers(1, 8)), str(random.choice(ALL)), l1=0.01 * (seed % 2), l2=0.1 * (seed % 3 == 0))
        for _ in range(random.integers(0, 3))
    ]
    layers = [*([fm.Standardize()] if random.random() < 0.3 else []), *hidden, fm.Dense(outputs, last)]
    scales = kind == "values" and last == "identity" and loss.degree > 0 and bool(random.random() < 0.5)
    dtype = str(random.choice(["float32", "float64"]))
    net = fm.Network(3, layers, loss=loss, seed=seed, dtype=dtype, scale_targets=scales)
    n = int(random.choice([1, 3, 20, 200]))
    X = random.normal(size=(n, 3)) * float(random.choice([0.01, 1.0, 10.0]))
    y = {
        "classes": lambda: random.integers(0, outputs, n),
        "values": lambda: 5 * random.normal(size=(n, outputs)) + 3,
        "counts": lambda: random.poisson(3, size=(n, outputs)),
    }[kind]()
    return net, X, y


def has_right_gradients(random, seed):
    """Return whether a network's own gradients, in either precision, are left in peace; None: it has none."""
    net, X, y = random_network(random, seed)
    try:
        net.fit(X, y, epochs=int(random.choice([1, 30])), optimizer=fm.Adam(0.01))
        found = net.gradients(X, y)
    except (FloatingPointError, ValueError):
        return None
    dtype = str(random.choice(["float32", "float64"]))
    weights, biases = ([np.asarray(one, dtype) for one in arrays] for arrays in (found.weights, found.biases))
    if not all(np.isfinite(one).all() for one in (*weights, *biases)):
        return None
    return fm.diagnose_gradients(net, X, y, weights=weights, biases=biases).is_right


def main() -> int:
    """Print what failed, and how many were tried."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # of units that do not learn
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

        for trial in range(10):
            is_right = has_right_gradients(random, 10 * seed + trial)
            if is_right is not None:
                count("right", is_right, "network", 10 * seed + trial)
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
    # two mistakes in the same sum (two sets of samples left out of a mean) are no pair that the doctor knows
    return 1 if failed["right"] or any(failed[what] > 0.05 * n for what, n in tried.items()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
