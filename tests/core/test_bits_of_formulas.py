"""Formulas have one set of bits, too: for every target and any number of threads.

What could go wrong: an instruction that computes differently on a target (a vector of another width, a software fma), a
constant that is rounded or repeated wrongly, a block or a share of columns that is cut differently. All operations of a
formula occur; each target runs in a process of its own, see test_bits.py.
"""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

import fastmlp as fm
from bits import print_hashes

CASES = [
    ["x*sigmoid(1.702*x)", "x/2*(1 + erf(x/sqrt(2)))", "softmax"],
    ["where(x > 0, x, exp(x) - 1)", "sin(2*x) + cos(x)/3 - sqrt(x*x + 1)", "x**3/(1 + abs(x))"],
    ["max(min(x, 2), -0.5, 0.3*x)", "softplus(x) - log(1 + x**2)*tanh(x)", "(1 + x**2)**0.3 - where(x <= 0, -x, pi)"],
]
EXPECTED = "dfe751980d4cb81f3a79c7448892108d1557544ba07114976b56cfc6554a2131"


def numbers_of_trainings(threads: int) -> Iterator[object]:
    for dtype in ("float32", "float64"):
        for number, (*hidden, last) in enumerate(CASES):
            random = np.random.default_rng(number)
            X = random.standard_normal((131, 9)).astype(np.float32)
            y = random.integers(0, 5, 131)
            layers = [*(fm.Dense(33 + 16 * number, text) for text in hidden), fm.Dense(5, last)]
            net = fm.Network(9, layers, dtype=dtype, seed=number)
            with fm.num_threads(threads):
                net.fit(X, y, epochs=3, batch_size=29, optimizer=fm.Adam(1e-3))
                g = net.gradients(X, y)
                outputs = [net.forward(X), net.forward(X[:1])]
            for part in [net.get_parameters(), np.array(g.loss), *g.weights, *g.biases, g.inputs, *outputs]:
                assert np.isfinite(part).all()
                yield part


def print_bits() -> None:
    print_hashes(numbers_of_trainings)


@pytest.mark.parametrize("target", fm.available_targets())
def test_networks_of_formulas_have_one_hash_on_every_target_and_any_number_of_threads(hashes_on, target):
    assert hashes_on(target, print_bits) == dict.fromkeys("124", EXPECTED)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
