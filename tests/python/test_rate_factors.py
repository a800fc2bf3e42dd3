"""Factors on the learning rate of a layer's weights and bias: what could go wrong, and which test sees it.

A factor that reaches something else than the rate, or not all that follows it: the decay of AdamW, Rprop's first step
(powers of two, which must give the bits of that learning rate; PyTorch's parameter groups; the reference is in
test_core_against_reference.py). Rows that get the factor of the bias, or none, where a layer is cut into units (shapes
around every size at which it is cut, over threads). What is frozen moves after all: a zero loses its sign, Rprop makes
its smallest step, penalties or decay pull (bits of the start), or its gradients count where gradients are clipped
together. A factor that is lost (files, pickles, every way of training), or that an optimizer without a rate ignores.
"""

import pickle
import warnings

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import schedules
from fastmlp.reference import Training

# each at a multiple of a learning rate
OPTIMIZERS = {
    "sgd": lambda f: fm.SGD(0.1 * f),
    "momentum": lambda f: fm.SGD(0.1 * f, momentum=0.9),
    "nesterov": lambda f: fm.SGD(0.1 * f, momentum=0.9, nesterov=True),
    "schedule": lambda f: fm.SGD(schedules.Warmup(schedules.Cosine(0.3 * f), steps=2), clip_value=0.01),
    "adam": lambda f: fm.Adam(0.01 * f),
    "adamw": lambda f: fm.AdamW(0.01 * f, weight_decay=0.3),
    "clip_norm": lambda f: fm.AdamW(schedules.OneCycle(0.05 * f), clip_norm=0.1),
    "rmsprop": lambda f: fm.RMSProp(0.01 * f),
    "rmsprop with momentum": lambda f: fm.RMSProp(0.01 * f, momentum=0.5),
    "adagrad": lambda f: fm.Adagrad(0.1 * f),
    "rprop": lambda f: fm.Rprop(0.01 * f),
}
ROWS, INPUTS = 23, 6


def samples(inputs=INPUTS, rows=ROWS, dtype="float64"):
    random = np.random.default_rng(3)
    return random.uniform(-1, 1, (rows, inputs)).astype(dtype), random.integers(0, 3, rows)


def layers(*factors):
    """Return a Dense, a Maxout and a Dense with these pairs."""
    names = [dict(zip(("weight_rate_factor", "bias_rate_factor"), pair, strict=True)) for pair in factors]
    return [fm.Dense(7, "tanh", **names[0]), fm.Maxout(5, 2, **names[1]), fm.Dense(3, "softmax", **names[2])]


def test_every_optimizer_with_a_learning_rate_is_looked_at():
    made = {type(make(1.0)) for make in OPTIMIZERS.values()}
    kinds = fm.optimizers.OPTIMIZERS.values()
    assert made == {kind for kind in kinds if issubclass(kind, fm.optimizers.StepOptimizer)}


def network(*factors, **arguments):
    return fm.Network(INPUTS, layers(*factors), **{"dtype": "float64", "seed": 9, "l2": 0.01, **arguments})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("factor", [0.25, 8.0])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_power_of_two_on_all_layers_gives_the_bits_of_that_learning_rate(name, factor, dtype):
    X, y = samples()
    found = []
    for of_layers, of_optimizer in ((factor, 1.0), (1.0, factor)):
        net = network(*[(of_layers, of_layers)] * 3, dtype=dtype)
        history = net.fit(X, y, epochs=6, batch_size=None, optimizer=OPTIMIZERS[name](of_optimizer))
        found.append((net.get_parameters().tobytes(), history["loss"]))
    assert found[0] == found[1]


# Inputs and units below, at and above 16, 32 and 48 rows and 128 and 512 columns, where units end; with 50 and 10 units
# lanes run along the inputs, with 129 x 47 x 513 there are enough units for large ones. 1 x 1 is the smallest.
SHAPES = [(1, 1), (15, 16), (16, 10), (33, 50), (48, 513), (784, 10), (129, 129), (600, 130)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("inputs", "units"), SHAPES)
@pytest.mark.parametrize("pair", [(0.5, 0.0), (0.0, 2.0), (1.0, 0.25), (0.5, 1.0), (2.0, 0.5)])
def test_each_row_moves_at_its_own_rate_however_a_layer_is_cut(pair, inputs, units, threads, planner_off):
    X, y = samples(inputs)

    def after_one_step(factors, rate):
        first, second = (
            fm.Dense(size, kind, weight_rate_factor=factors[0], bias_rate_factor=factors[1])
            for size, kind in ((units, "tanh"), (3, "softmax"))
        )
        net = fm.Network(inputs, [first, second], seed=1, l1=1e-3)
        net.set_parameters(np.random.default_rng(0).uniform(-0.1, 0.1, net.n_parameters))
        if rate > 0:
            with fm.num_threads(threads):
                net.fit(X, y, epochs=1, batch_size=None, optimizer=fm.SGD(rate, momentum=0.9))
        return net

    found = after_one_step(pair, 0.1)
    # the gradients of a first step are those of a network without factors
    for part, factor in zip(("weights", "bias"), pair, strict=True):
        expected = after_one_step((1.0, 1.0), 0.1 * factor)
        for one, other in zip(found.layers, expected.layers, strict=True):
            np.testing.assert_array_equal(getattr(one, part), getattr(other, part))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_is_frozen_keeps_its_bits_and_the_rest_learns(name, dtype):
    X, y = samples()
    net = network((0, 0), (0, 1), (1, 0), dtype=dtype)
    for layer in net.layers:
        layer.weights[0] = -0.0
        layer.bias[:] = -0.0
    before = [(layer.weights.copy(), layer.bias.copy()) for layer in net.layers]
    net.fit(X, y, epochs=10, batch_size=None, optimizer=OPTIMIZERS[name](1.0))
    same = [
        (layer.weights.tobytes() == weights.tobytes(), layer.bias.tobytes() == bias.tobytes())
        for layer, (weights, bias) in zip(net.layers, before, strict=True)
    ]
    assert same == [(True, True), (True, False), (False, True)]


def test_frozen_gradients_have_no_part_in_the_norm_but_are_given_to_those_who_ask():
    X, y = samples()
    frozen, free = network((0, 0), (0, 0), (1, 1)), network((1, 1), (1, 1), (1, 1))
    assert frozen.check_gradients(X, y).passed
    mine, whole = frozen.gradients(X, y), free.gradients(X, y)
    for one, other in zip([*mine.weights, *mine.biases], [*whole.weights, *whole.biases], strict=True):
        np.testing.assert_array_equal(one, other)
    start = frozen.get_parameters()
    limit = 0.01
    frozen.fit(X, y, epochs=1, batch_size=None, optimizer=fm.SGD(1.0, clip_norm=limit))
    # the last layer's gradients alone are as long as the limit, but for the 1e-6 in the quotient
    length = np.linalg.norm(frozen.get_parameters() - start)
    last = np.linalg.norm(np.append(whole.weights[2].ravel(), whole.biases[2]))
    assert last > 10 * limit
    assert length == pytest.approx(limit * last / (last + 1e-6), rel=1e-12)


def test_a_network_that_is_frozen_as_a_whole_keeps_its_bits_and_reports_losses():
    X, y = samples()
    net = network((0, 0), (0, 0), (0, 0))
    before = net.get_parameters().tobytes()
    for optimizer in (fm.Adam(), fm.SGD(0.1, clip_norm=0.1), fm.Rprop()):
        history = net.fit(X, y, epochs=3, batch_size=None, optimizer=optimizer)
        assert net.get_parameters().tobytes() == before
        # the order of the samples is another in each epoch, and so the last digit
        assert history["loss"] == pytest.approx([net.loss(X, y)] * 3, rel=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_target_and_number_of_threads_gives_the_same_bits(dtype, bits_everywhere):
    X, y = samples(rows=40)
    stack = [
        fm.Dense(70, "tanh", weight_rate_factor=0.3, bias_rate_factor=0.1),
        fm.Dense(50, "relu", weight_rate_factor=0, bias_rate_factor=1.7),
        fm.Maxout(19, 3, weight_rate_factor=1.1, bias_rate_factor=0),
        fm.Dense(3, "softmax"),
    ]
    assert len(bits_everywhere(lambda: fm.Network(INPUTS, stack, dtype=dtype, seed=2), X, y)) == 1


def test_every_way_of_training_knows_the_factors():
    X, y = samples()
    factors = (0.5, 0), (0, 2.0), (0.1, 3.0)
    fitted, streamed, partial, single, one_by_one = (network(*factors) for _ in range(5))
    fitted.fit(X, y, epochs=1, batch_size=8, shuffle=False, optimizer="adam")
    streamed.fit(((X[i : i + 8], y[i : i + 8]) for i in (0, 8, 16)), epochs=1, optimizer="adam")
    partial.partial_fit(X, y, batch_size=8, optimizer="adam")
    for net in (streamed, partial):
        np.testing.assert_array_equal(net.get_parameters(), fitted.get_parameters())
    single.partial_fit(X, y, batch_size=1, optimizer="adam")
    for x, label in zip(X, y, strict=True):
        one_by_one.learn(x, int(label), optimizer="adam")
    np.testing.assert_array_equal(one_by_one.get_parameters(), single.get_parameters())
    start = network(*factors)
    assert (single.layers[0].weights != start.layers[0].weights).all()
    np.testing.assert_array_equal(single.layers[1].weights, start.layers[1].weights)


# Two layers of one unit, the first with tanh, on three samples in full batches, after 20 steps, with the mean squared
# error, in float64: W0, b0, W1, b1 as PyTorch 2.13 prints them, with a parameter group for each, whose lr is the factor
# times that of the optimizer, and weight_decay 0 for the bias; what has factor 0 has no gradient there to be clipped.
SAMPLES = [[1.0], [-0.5], [0.75]]
TARGETS = [1.0, 0.5, -2.0]
FROM_PYTORCH = [
    (fm.SGD(0.05, momentum=0.9), [0.14297331608150715, -2.0460517387239276, 0.2591668219487769, 0.05]),
    (fm.AdamW(0.05, weight_decay=0.3), [0.2715180683069651, -1.5519638283133022, 0.1700334324846275, 0.05]),
    (fm.AdamW(0.05, clip_norm=0.2), [0.26476809302397764, -1.9033020872675406, 0.25856338105148713, 0.05]),
    (fm.Adam(schedules.Cosine(0.05)), [0.36741600917332295, -0.9981817374717694, 0.2856112469214823, 0.05]),
    (fm.RMSProp(0.05, momentum=0.5), [0.28849069084507745, -1.7014637020947914, 0.23087693795344993, 0.05]),
    (fm.Adagrad(0.05), [0.4133135694979726, -0.6009511087594663, 0.45538322735955067, 0.05]),
    (fm.Rprop(0.02), [-0.620127997734242, -2.8700675090885492, 0.21629984767999993, 0.05]),
]


@pytest.mark.parametrize(("optimizer", "expected"), FROM_PYTORCH, ids=lambda value: getattr(value, "name", ""))
def test_twenty_steps_end_where_those_of_pytorchs_parameter_groups_end(optimizer, expected):
    first = fm.Dense(1, "tanh", weight_rate_factor=0.3, bias_rate_factor=2.5)
    net = fm.Network(1, [first, fm.Dense(1, bias_rate_factor=0)], dtype="float64", seed=0)
    net.set_parameters([0.5, 0.1, 0.7, 0.05])
    net.fit(SAMPLES, TARGETS, epochs=20, batch_size=None, optimizer=optimizer, shuffle=False)
    # twenty steps of some tens of roundings each, and expected values that were printed with 17 digits
    np.testing.assert_allclose(net.get_parameters(), expected, rtol=0, atol=1e-12)


def test_a_factor_expresses_the_neural_tangent_parametrization():
    X, y = samples()
    root = np.sqrt(INPUTS)
    net = fm.Network(
        INPUTS, [fm.Dense(3, "softmax", weight_rate_factor=1 / root, bias_rate_factor=0.1)], dtype="float64", seed=1
    )
    V = root * net.layers[0].weights
    # of W, whose gradient is larger than that of V by the root
    epsilon = 1e-3
    of_V, of_bias = (
        Training(fm.Adam(0.05, epsilon=epsilon / root)),
        Training(fm.Adam(0.005, epsilon=epsilon)),
    )
    bias = [0.0] * 3
    for _ in range(10):
        g = net.gradients(X, y)
        V = np.reshape(of_V.step(V.ravel().tolist(), (g.weights[0] / root).ravel().tolist()), V.shape)
        bias = of_bias.step(bias, g.biases[0].tolist())
        net.partial_fit(X, y, optimizer=fm.Adam(0.05, epsilon=epsilon))
        # ten steps of about ten roundings of numbers of about 1
        np.testing.assert_allclose(net.layers[0].weights, V / root, rtol=0, atol=1e-14)
        np.testing.assert_allclose(net.layers[0].bias, bias, rtol=0, atol=1e-14)


def test_a_model_keeps_its_factors(tmp_path):
    factors = [(0.5, 0.0), (0.0, 2.0), (1.0, 0.1)]
    net = network(*factors)
    X, y = samples()
    net.fit(X, y, epochs=1)
    net.save(tmp_path / "model.safetensors")
    loaded, unpickled = fm.load(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(net))
    for other in (loaded, unpickled):
        assert [(layer.weight_rate_factor, layer.bias_rate_factor) for layer in other.layers] == factors
    for other in (net, unpickled):
        other.fit(X, y, epochs=1)
    np.testing.assert_array_equal(net.get_parameters(), unpickled.get_parameters())
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()
    network((1, 1), (1, 1), (1, 1)).save(tmp_path / "plain.safetensors")
    assert b"factor" not in (tmp_path / "plain.safetensors").read_bytes()


def test_factors_are_shown_where_they_were_given():
    given = fm.Dense(3, "relu", weight_rate_factor=0.5, initializer="zeros")
    assert repr(given).endswith("l2=None, initializer=Zeros(), weight_rate_factor=0.5)")
    assert repr(fm.Maxout(3, bias_rate_factor=0)) == "Maxout(units=3, pieces=2, l1=None, l2=None, bias_rate_factor=0.0)"
    assert "factor" not in repr(fm.Dense(3)) + repr(fm.Maxout(3))
    net = fm.Network(2, [fm.Dropout(0.5), fm.Dense(3, "relu", weight_rate_factor=0.125), fm.Dense(1)], seed=0)
    assert [line.split("  ")[-1] for line in net.summary().splitlines()[:-1]] == [
        "rate factors", "0", "0.125, 1", "1, 1"
    ]  # fmt: skip


def test_layers_that_shall_not_learn_are_no_reason_to_warn():
    X, y = samples()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        random_features = fm.Dense(20, "step", weight_rate_factor=0, bias_rate_factor=0)
        fm.Network(INPUTS, [random_features, fm.Dense(3, "softmax")], seed=0).fit(X, y, epochs=1)
    half_frozen = fm.Network(INPUTS, [fm.Dense(20, "step", weight_rate_factor=0), fm.Dense(3, "softmax")], seed=0)
    with pytest.warns(UserWarning, match=r"^layers\[0\] has 'step', whose derivative is 0"):
        half_frozen.fit(X, y, epochs=1)


def test_lbfgs_refuses_factors_and_changes_nothing():
    net = fm.Network(INPUTS, [fm.Standardize(), fm.Dense(4), fm.Dense(3, "softmax", bias_rate_factor=0)], seed=0)
    before = net.get_parameters()
    sentence = (
        r"^layers\[1\] has weight_rate_factor=1 and bias_rate_factor=0, but lbfgs has no learning rate to multiply: "
        r"use another optimizer, or a network whose factors are all 1\.$"
    )
    with pytest.raises(ValueError, match=sentence):
        net.fit(*samples(), batch_size=None, optimizer="lbfgs")
    np.testing.assert_array_equal(net.get_parameters(), before)
    assert net.scaling == fm.Standardize()


@pytest.mark.parametrize("kind", [fm.Dense, fm.Maxout])
@pytest.mark.parametrize("name", ["weight_rate_factor", "bias_rate_factor"])
@pytest.mark.parametrize(
    ("value", "error", "sentence"),
    [
        (-0.5, ValueError, "must be at least 0.0, got -0.5."),
        (np.nan, ValueError, "must be finite, got nan."),
        (np.inf, ValueError, "must be finite, got inf."),
        ("0.1", TypeError, "must be a number (at least 0.0), got '0.1'."),
        (True, TypeError, "must be a number (at least 0.0), got True."),
        (None, TypeError, "must be a number (at least 0.0), got None."),
    ],
)
def test_bad_factors_give_their_sentence(kind, name, value, error, sentence):
    with pytest.raises(error) as caught:
        kind(3, **{name: value})
    assert str(caught.value) == f"{name} {sentence}"
