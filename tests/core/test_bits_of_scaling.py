"""One set of bits for scaled and clipped inputs, on every target and for any number of threads; and how near they are.

What could go wrong: a root or a quotient that the compiler makes from an estimate, a product and a sum contracted, a
type of source scaled in the wrong one, rows taken through another index in a shuffled epoch (the hash differs between
targets, threads or from the one kept here); a formula other than the clip, its square infinite for what is far away,
its derivative that of another place (compared with it in longer numbers, also far away).

The hash is of trained weights, losses and gradients; each target runs in a process of its own, the planner off.
"""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from bits import KINDS, NETWORKS, chain, new_network, print_hashes, sgd, train
from fastmlp import _core

ROWS, COLUMNS, BATCH = 101, 37, 54
LIMITS = (0.0, 3.0, 0.7)
EXPECTED = "b0b6b9cb4c076ad8ea7951d7254368d7bc7cd4c2c7d5c6d8905a09b1dc06e0f1"


def numbers_of_trainings(threads: int) -> Iterator[object]:
    random = np.random.default_rng(0)
    shift, scale = random.normal(0, 3, COLUMNS), random.uniform(0.1, 2, COLUMNS)
    scale[5] = 0.0
    X = np.where(random.random((ROWS, COLUMNS)) < 0.02, 1e6, random.normal(0, 3, (ROWS, COLUMNS)))
    sources = (X, X.astype(np.float32), random.integers(0, 256, X.shape).astype(np.uint8))
    y = random.integers(0, 5, ROWS).astype(np.int32)
    layers = chain((19, "tanh"), (5, "softmax"))
    for kind, _ in KINDS:
        for source in sources:
            for limit in LIMITS:
                net = new_network(kind, COLUMNS, layers, "softmax_cross_entropy", seed=1)
                net.set_input_scaling(shift=shift, scale=scale, limit=limit)
                train(net, source, y, sgd(0.02, 0.5), threads=threads, batch_size=BATCH, seed=1)
                data = {"X": source, "targets": y, "sample_weight": None, "threads": threads}
                value, weights, biases, inputs = net.gradients(**data)
                for layer in range(2):
                    yield from (net.weights(layer), weights[layer], biases[layer])
                yield from (value, net.loss(**data), inputs, net.forward(X=source, threads=threads))


def print_bits() -> None:
    print_hashes(numbers_of_trainings)


@pytest.mark.parametrize("target", _core.available_targets())
def test_scaled_inputs_have_one_hash_on_every_target_and_any_number_of_threads(hashes_on, target):
    assert hashes_on(target, print_bits) == dict.fromkeys("124", EXPECTED)


def pass_through(kind, limit):
    """Return a network of one input whose output is what the scaling makes of it, (x - 2) / 4 clipped."""
    net = kind(n_inputs=1, layers=chain((1, "identity")), loss="mae")
    net.weights(0)[:] = 1
    net.set_input_scaling(shift=np.array([2.0]), scale=np.array([0.25]), limit=limit)
    return net


@pytest.mark.parametrize("limit", [3.0, 0.7, 1e-30, 1e29])
@pytest.mark.parametrize("source", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("kind", NETWORKS)
def test_the_clip_and_its_derivative_are_those_of_the_formula(kind, source, limit):
    random = np.random.default_rng(3)
    sizes = np.float32(10.0) ** random.uniform(-20, 30, 4096)
    x = np.where(random.random(4096) < 0.5, sizes, random.normal(0, 20, 4096)) * random.choice([-1, 1], 4096)
    x = (np.abs(x) % 256 if source is np.uint8 else x).astype(source)
    net = pass_through(kind, limit)
    outputs = net.forward(X=x[:, np.newaxis], threads=1)[:, 0]
    # the scaled input itself is rounded in the wider of the two types
    wide = np.promote_types(outputs.dtype, np.float32 if source is np.uint8 else source)
    z = ((x.astype(wide) - wide.type(2)) * wide.type(0.25)).astype(np.longdouble)
    exact = z / np.hypot(np.longdouble(1), z / limit)
    # of five roundings of z / limit squared, at most half enter the root; then a sum, root, quotient and conversion
    eps = np.finfo(outputs.dtype).eps
    tiny = np.finfo(outputs.dtype).smallest_normal
    np.testing.assert_allclose(outputs, exact.astype(outputs.dtype), rtol=3 * eps, atol=tiny)

    # an error of 1 in each of 4096 rows: the gradient of the mean is exactly the derivative / 4096 / 4
    targets = (outputs.astype(np.float64) - 2 * np.maximum(1, np.abs(outputs)))[:, np.newaxis]
    gradients = net.gradients(X=x[:, np.newaxis], targets=targets, sample_weight=None, threads=1)
    inputs = gradients[3][:, 0]
    slopes = 1 / np.hypot(np.longdouble(1), z / limit) ** 3
    # as above, three times over, and products
    np.testing.assert_allclose(inputs * (4096 * 4), slopes.astype(outputs.dtype), rtol=8 * eps, atol=1e-20)


@pytest.mark.parametrize("kind", NETWORKS)
def test_what_is_far_away_is_at_the_limit_and_what_is_not_finite_stays_so(kind):
    net = pass_through(kind, 3.0)
    largest = np.finfo(np.float32).max
    x = np.array([[largest], [-largest], [np.inf], [-np.inf], [np.nan]], np.float32)
    for source in (x, x.astype(np.float64)):
        outputs = net.forward(X=source, threads=1)[:, 0]
        np.testing.assert_allclose(outputs[:2], [3, -3], rtol=3 * np.finfo(outputs.dtype).eps)
        assert np.isnan(outputs[2:]).all()
        assert net.plain_outputs(X=source, threads=1) is None
        assert net.plain_outputs(X=source[:2], threads=1) is not None


if __name__ == "__main__":
    globals()[sys.argv[1]]()
