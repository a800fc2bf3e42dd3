"""Initial weights by name and by object: distributions, what is usual for each activation, errors.

What could go wrong: a distribution of another spread, or a normal one that is not normal (moments, tails), numbers that
depend on more than the seed (repetition, float32), an activation that silently starts from another distribution
(usual), a name or setting that is lost or passes unseen (errors; model files are in tests/serialization).
"""

import math
import random

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import reference
from fastmlp.activations import ACTIVATIONS
from fastmlp.initializers import INITIALIZERS, NAMED, Constant, HeNormal, Normal, Uniform

N_IN, N_OUT = 300, 500
VARIANCE = {
    "he_uniform": 2 / N_IN,
    "he_normal": 2 / N_IN,
    "glorot_uniform": 2 / (N_IN + N_OUT),
    "glorot_normal": 2 / (N_IN + N_OUT),
    "lecun_uniform": 1 / N_IN,
    "lecun_normal": 1 / N_IN,
}
ONE_SIDED = ("relu", "leaky_relu", "elu", "softplus", "gelu", "gelu_tanh", "silu", "mish")


def weights(initializer, *, activation="tanh", dtype="float64", seed=3):
    layers = [fm.Dense(N_OUT, activation, initializer=initializer)]
    layer = fm.Network(N_IN, layers, dtype=dtype, seed=seed).layers[0]
    assert not layer.bias.any()
    return layer.weights.ravel()


def test_every_name_is_compared():
    assert set(VARIANCE) == NAMED.keys() - {"zeros"}
    assert INITIALIZERS.keys() - NAMED.keys() == {"constant", "uniform", "normal"}


@pytest.mark.parametrize("name", VARIANCE)
def test_weights_have_the_distribution_that_the_name_says(name):
    deviation = math.sqrt(VARIANCE[name])
    standard = weights(name) / deviation
    # 150 000 numbers: standard errors are 0.26 % of sigma for the mean, 0.37 % at most for the variance
    assert abs(standard.mean()) < 0.013
    assert standard.var() == pytest.approx(1, rel=0.02)
    if name.endswith("uniform"):
        assert 0.999 < abs(standard).max() / math.sqrt(3) <= 1
    else:
        # Kolmogorov and Smirnov's distance exceeds 1.95 / sqrt(n) with probability 0.001; seed and numbers are fixed
        expected = np.array([(1 + math.erf(x / math.sqrt(2))) / 2 for x in np.sort(standard)])
        assert abs(expected - (np.arange(standard.size) + 0.5) / standard.size).max() < 1.95 / math.sqrt(standard.size)
        # the largest of 150 000 lies beyond 3.9 and below 6 with probability 0.9999
        assert 3.9 < abs(standard).max() < 6


def test_weights_depend_on_the_seed_and_layer_only_and_float32_rounds_those_of_float64():
    for initializer in ("he_normal", "glorot_uniform"):
        wide = weights(initializer)
        np.testing.assert_array_equal(weights(initializer), wide)
        np.testing.assert_array_equal(weights(initializer, dtype="float32"), wide.astype(np.float32))
        assert (weights(initializer, seed=4) != wide).mean() > 0.999
    pair = fm.Network(9, [fm.Dense(9, initializer="he_normal"), fm.Dense(9, initializer="he_normal")], seed=0).layers
    assert (pair[0].weights != pair[1].weights).all()


def test_reset_draws_the_same_weights_again():
    net = fm.Network(3, [fm.Dense(4, initializer=Normal(0.1))], seed=0)
    before = net.get_parameters()
    net.layers[0].weights[:] = 7
    net.reset()
    np.testing.assert_array_equal(net.get_parameters(), before)


def test_objects_take_their_number():
    assert (weights(Constant(0.25)) == 0.25).all()
    assert (weights("zeros") == 0).all()
    assert 0.0999 < abs(weights(Uniform(0.1))).max() <= 0.1
    assert weights(Normal(0.01)).std() == pytest.approx(0.01, rel=0.02)
    np.testing.assert_array_equal(weights(HeNormal()), weights("he_normal"))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_what_is_usual_for_an_activation_is_what_the_mathematics_says(activation):
    usual = "lecun_normal" if activation == "selu" else "he_uniform" if activation in ONE_SIDED else "glorot_uniform"
    np.testing.assert_array_equal(weights(None, activation=activation), weights(usual, activation=activation))
    # the reference draws other numbers, but from the same distribution
    oracle, named = (
        reference.Network(4, [fm.Dense(5, activation, initializer=initializer)]) for initializer in (None, usual)
    )
    oracle.initialize(seed=1)
    named.initialize(seed=1)
    assert oracle.weights == named.weights


def test_the_reference_draws_from_every_distribution():
    for initializer, deviation in (("he_normal", math.sqrt(2 / 40)), (Uniform(1.0), math.sqrt(1 / 3))):
        oracle = reference.Network(40, [fm.Dense(50, initializer=initializer)])
        oracle.initialize(seed=2)
        numbers = np.ravel(oracle.weights[0])
        # 2000 numbers: the standard deviation is known to 1.6 %
        assert numbers.std() == pytest.approx(deviation, rel=0.06)
    oracle = reference.Network(2, [fm.Dense(1, initializer=Constant(0.5))])
    oracle.initialize(seed=2)
    assert oracle.weights == [[[0.5], [0.5]]]
    assert reference.initial.DISTRIBUTIONS["uniform"](random.Random(0), 0.0) == 0.0


def test_a_layer_shows_its_initializer_where_one_was_given():
    assert repr(fm.Dense(3, "relu", initializer="he_normal")).endswith("l2=None, initializer=HeNormal())")
    assert "initializer" not in repr(fm.Dense(3, "relu"))
    net = fm.Network(2, [fm.Dense(3, initializer=Constant(1)), fm.Dense(1)])
    assert [layer.initializer for layer in net.layers] == [Constant(1.0), None]


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (
            lambda: fm.Dense(1, initializer="xavier"),
            ValueError,
            "initializer 'xavier' does not exist: use one of 'he_uniform', 'he_normal', 'glorot_uniform', ",
        ),
        (lambda: fm.Dense(1, initializer="constant"), ValueError, "initializer 'constant' does not exist: "),
        (lambda: fm.Dense(1, initializer=0.5), TypeError, "initializer must be one of the names 'he_uniform', "),
        (lambda: Constant(math.nan), ValueError, "value must be finite, got nan."),
        (lambda: Constant("a"), TypeError, "value must be a number (finite), got 'a'."),
        (lambda: Uniform(-1), ValueError, "bound must be at least 0.0, got -1."),
        (lambda: Normal(math.inf), ValueError, "deviation must be finite, got inf."),
    ],
)
def test_bad_arguments_give_their_sentence(call, kind, sentence):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value).startswith(sentence)
