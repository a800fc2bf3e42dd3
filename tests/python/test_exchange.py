"""``from_arrays``: networks out of arrays. Modules of PyTorch: ``python -m tests.peers.torch_modules``.

What could go wrong: weights taken for their transposes, digits lost on the way into float32, a network that shares the
caller's memory, a number that is not finite, and lists that do not belong together.
"""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm

RNG = np.random.default_rng(3)
WEIGHTS = [RNG.normal(size=(4, 5)), RNG.normal(size=(5, 3))]
BIASES = [RNG.normal(size=5), RNG.normal(size=3)]


def test_outputs_are_those_of_the_arrays():
    net = fm.from_arrays(WEIGHTS, BIASES, ["tanh", "softmax"])
    X = RNG.normal(size=(7, 4))
    z = np.tanh(X @ WEIGHTS[0] + BIASES[0]) @ WEIGHTS[1] + BIASES[1]
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    # some tens of roundings in float64
    np.testing.assert_allclose(net.forward(X), expected, rtol=0, atol=1e-14)
    assert (net.dtype, net.n_inputs, net.loss_function.name) == (np.float64, 4, "cross_entropy")


def test_no_digit_is_lost_unless_asked_for():
    single = [array.astype(np.float32) for array in WEIGHTS], [array.astype(np.float32) for array in BIASES]
    assert fm.from_arrays(*single, ["relu", "identity"]).dtype == np.float32
    assert fm.from_arrays(single[0], BIASES, ["relu", "identity"]).dtype == np.float64
    net = fm.from_arrays(WEIGHTS, BIASES, ["relu", "identity"], dtype="float32")
    np.testing.assert_array_equal(net.layers[0].weights, single[0][0])


def test_a_missing_bias_is_zero_and_nothing_is_shared():
    weights = [array.copy() for array in WEIGHTS]
    net = fm.from_arrays(weights, [None, BIASES[1]], ["relu", fm.activations.ELU(0.5)], loss="mae", seed=7)
    weights[0][:] = 0.0
    np.testing.assert_array_equal(net.layers[0].weights, WEIGHTS[0])
    assert not net.layers[0].bias.any()
    assert (net.loss_function.name, net.seed) == ("mae", 7)
    net.fit(RNG.normal(size=(9, 4)), RNG.normal(size=(9, 3)), progress=False)
    assert net.layers[0].bias.any()


class WithGradient:
    """As a parameter of PyTorch answers NumPy."""

    def __array__(self, *arguments, **settings):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weights": [WEIGHTS[0].T, WEIGHTS[1].T]}, "has 4 units, .* give the transposes, .inputs, units."),
        ({"weights": [WEIGHTS[0], WEIGHTS[1][:-1]]}, r"weights\[1\] has 4 inputs: give \(inputs, units\)"),
        (
            {"weights": [WEIGHTS[0].ravel(), WEIGHTS[1]]},
            r"^weights\[0\] must be an array \(inputs, units\), got shape \(20,\)",
        ),
        ({"weights": [WEIGHTS[0] * np.nan, WEIGHTS[1]]}, r"^weights\[0\]"),
        ({"biases": [BIASES[0], BIASES[1] * np.inf]}, r"^biases\[1\]"),
        ({"biases": [BIASES[0], BIASES[0]]}, r"^biases\[1\] must have the shape \(3,\), .* got \(5,\)"),
        ({"biases": [BIASES[0][:, np.newaxis], BIASES[1]]}, r"got \(5, 1\): give biases\[0\]\.ravel\(\)"),
        ({"weights": [WithGradient(), WEIGHTS[1]]}, r"^weights\[0\] .* cannot be made into one: Can't call numpy"),
        ({"biases": [BIASES[0]]}, "have 2, 1 and 2 entries"),
        ({"weights": [], "biases": [], "activations": []}, "have 0, 0 and 0 entries"),
        ({"activations": ["softmax", "softmax"]}, "softmax, but only the last layer may"),
        ({"activations": ["straight", "softmax"]}, "straight"),
        ({"weights": [WEIGHTS[0] * 1e300, WEIGHTS[1]], "dtype": "float32"}, r"^weights\[0\]"),
    ],
)
def test_what_makes_no_network_is_refused(changed, message):
    given = {"weights": WEIGHTS, "biases": BIASES, "activations": ["relu", "softmax"]} | changed
    with pytest.raises(ValueError, match=message):
        fm.from_arrays(**given)


@pytest.mark.parametrize("name", ["weights", "biases", "activations"])
@pytest.mark.parametrize("value", ["relu", np.ones((2, 2, 2)), None, 3, {"relu": 1}, iter(WEIGHTS)])
def test_what_is_no_list_is_refused(name, value):
    given = {"weights": WEIGHTS, "biases": BIASES, "activations": ["relu", "softmax"]} | {name: value}
    with pytest.raises(TypeError, match=f"^{name} must be a list with an entry for each layer"):
        fm.from_arrays(**given)
