"""The counter-based generator, the shuffles and the initial weights.

What could go wrong: a generator that is not Philox (known answers), a permutation that misses or repeats a row or
favours some places (permutations, uniformity), weights that depend on more than the seed or have the wrong spread.
"""

import numpy as np
import pytest

from bits import chain, new_network
from fastmlp._core import Network32, Network64, _testing, available_targets


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        # Known answers published with Random123 by the authors of the paper (philox4x32, 10 rounds).
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
@pytest.mark.parametrize("target", available_targets())
def test_philox_gives_its_known_answers(target, counter, key, expected):
    seed, first_pair = (words[0] | words[1] << 32 for words in (key, counter))
    numbers = _testing.random_numbers(target, seed, counter[3], counter[2], first_pair, 1)
    assert [word for number in numbers for word in (number & 0xFFFFFFFF, number >> 32)] == expected


@pytest.mark.parametrize("target", available_targets())
def test_a_number_does_not_depend_on_how_many_are_drawn_at_a_time(target):
    first_pair = 2**32 - 7  # so that the counter's second word is counted too
    together = _testing.random_numbers(target, 3, 1, 2, first_pair, 21)
    alone = [number for i in range(21) for number in _testing.random_numbers(target, 3, 1, 2, first_pair + i, 1)]
    assert together == alone
    assert len(set(together)) == 42


@pytest.mark.parametrize("n", [1, 2, 3, 16, 1000])
def test_a_shuffle_is_a_permutation_that_depends_on_seed_and_epoch(n):
    order = _testing.shuffled_order(n, 5, 0)
    assert sorted(order) == list(range(n))
    assert order == _testing.shuffled_order(n, 5, 0)
    if n >= 16:
        assert order != _testing.shuffled_order(n, 5, 1)
        assert order != _testing.shuffled_order(n, 6, 0)
        assert order != list(range(n))


def test_every_permutation_of_four_is_equally_likely():
    draws = 24_000
    counts = {}
    for epoch in range(draws):
        order = tuple(_testing.shuffled_order(4, 11, epoch))
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 24
    # Chi-square with 23 degrees of freedom exceeds 49.7 with probability 0.001; seed and counts are fixed.
    assert sum((count - draws / 24) ** 2 / (draws / 24) for count in counts.values()) < 49.7


def network(kind, activation):
    layers = chain((300, activation), (10, "softmax"), parameter=0.01)
    return new_network(kind, 400, layers, "softmax_cross_entropy", seed=3)


@pytest.mark.parametrize(
    ("activation", "variance"),
    [("relu", 2 / 400), ("leaky_relu", 2 / 400), ("tanh", 2 / 700), ("sigmoid", 2 / 700), ("identity", 2 / 700)],
)
def test_initial_weights_have_the_variance_of_he_or_glorot(activation, variance):
    weights = network(Network64, activation).weights(0)
    assert abs(weights).max() <= np.sqrt(3 * variance)
    assert abs(weights).max() > 0.999 * np.sqrt(3 * variance)
    # 120 000 numbers of a uniform distribution: standard error of the variance 0.26 %, of the mean 0.29 % of sigma.
    assert weights.var() == pytest.approx(variance, rel=0.01)
    assert abs(weights.mean()) < 0.012 * np.sqrt(variance)


def test_initial_weights_depend_on_the_seed_and_float32_rounds_those_of_float64():
    narrow, wide = network(Network32, "relu"), network(Network64, "relu")
    np.testing.assert_array_equal(narrow.weights(0), wide.weights(0).astype(np.float32))
    before = wide.weights(0).copy()
    wide.initialize(seed=4)
    assert (wide.weights(0) != before).mean() > 0.999
    wide.initialize(seed=3)
    np.testing.assert_array_equal(wide.weights(0), before)
    assert not wide.bias(0).any()
