"""The compiled core against the pure-Python reference: loss, every gradient, ten steps of training.

What could go wrong: a formula of the core that is consistently wrong in value and derivative (central differences
would agree with it; the reference, which shares no formula with the core, does not), a penalty on the bias, a weight
of samples that is normalized differently, an optimizer that deviates after some steps. Everything in the registries
is taken up here by itself.

Tolerances. float64: 1e-10 relative to the norm of the array. float32: the weights are the same numbers in both, so
only the arithmetic differs; a chain of K fused multiply-adds errs by K u of the sum of magnitudes (u = 2^-24), it is
passed forward and backward once per layer, and activations add a few ULP: 2 x 3 layers x (K + 10) u, K = 8 at most,
times 8 for cancellation within the sums, is 5e-5.
"""

import itertools

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import reference, schedules
from fastmlp.activations import ACTIVATIONS, ELU, LeakyReLU, Softmax, Threshold
from fastmlp.losses import LOSSES, CrossEntropy, Hinge, Huber, Perceptron, Quantile

ROWS, INPUTS, HIDDEN, OUTPUTS = 11, 5, 8, 3
TOLERANCE = {"float64": 1e-10, "float32": 5e-5}
PENALTIES = [(0.0, 0.0), (0.01, 0.0), (0.0, 0.1), (0.02, 0.05)]
OPTIMIZERS = [
    fm.SGD(0.1),
    fm.SGD(0.1, momentum=0.9),
    fm.SGD(0.1, momentum=0.9, nesterov=True),
    # A large epsilon: with the usual one Adam divides a gradient near zero by itself, and amplifies its last digit.
    fm.Adam(0.01, epsilon=1e-2),
    fm.Adam(0.02, beta1=0.5, beta2=0.9, epsilon=1e-2),
    fm.AdamW(0.02, epsilon=1e-2, weight_decay=0.3),
    fm.RMSProp(0.02, epsilon=1e-2),
    fm.RMSProp(0.02, alpha=0.7, epsilon=1e-2, momentum=0.5),
    fm.Adagrad(0.1, epsilon=1e-2),
    fm.Rprop(0.01),
    fm.Rprop(0.01, min_step=0.02, max_step=0.03),  # the first step is raised to the smallest
    # below most elements of the gradient, and below its norm
    fm.SGD(0.5, momentum=0.9, clip_value=0.02),
    fm.SGD(0.5, momentum=0.9, clip_norm=0.05),
    fm.AdamW(0.02, epsilon=1e-2, clip_value=0.03, clip_norm=0.05),
    fm.SGD(schedules.Warmup(schedules.Cosine(0.3), steps=2), momentum=0.5),
    fm.AdamW(schedules.OneCycle(0.05), epsilon=1e-2, weight_decay=0.3),
]


def cases():
    """Every hidden activation, and every last activation with every loss that it can have."""
    for name, kind in ACTIVATIONS.items():
        if kind is not Softmax:
            yield pytest.param(kind(), Softmax(), CrossEntropy(), id=f"{name}-softmax-cross_entropy")
    yield pytest.param(LeakyReLU(0.3), Softmax(), CrossEntropy(), id="leaky_relu(0.3)-softmax-cross_entropy")
    yield pytest.param(ELU(1.7), Softmax(), CrossEntropy(), id="elu(1.7)-softmax-cross_entropy")
    for (name, kind), (loss_name, loss) in itertools.product(ACTIVATIONS.items(), LOSSES.items()):
        if name in (LOSSES[loss_name].last_activations or ACTIVATIONS):
            yield pytest.param(fm.activations.Tanh(), kind(), loss(), id=f"tanh-{name}-{loss_name}")
    for name, loss in (
        ("softmax", CrossEntropy(label_smoothing=0.2)),
        ("sigmoid", CrossEntropy(label_smoothing=0.2)),
        ("softmax", CrossEntropy(class_weight={0: 3.0, 2: 0.5})),
        ("sigmoid", CrossEntropy(class_weight="balanced")),
        ("identity", Huber(0.3)),  # about half of the errors are larger
        ("softmax", Huber(0.3)),
        ("identity", Quantile(0.8)),
    ):
        yield pytest.param(fm.activations.Tanh(), ACTIVATIONS[name](), loss, id=f"tanh-{name}-{loss}")


def twins(layers, loss, dtype, l1=0.0, l2=0.0):
    net = fm.Network(INPUTS, layers, loss=loss, dtype=dtype, seed=4, l1=l1, l2=l2)
    random = np.random.default_rng(8)
    net.set_parameters(random.uniform(-0.9, 0.9, net.n_parameters))
    oracle = reference.Network(INPUTS, layers, loss=loss, l1=l1, l2=l2)
    oracle.set_parameters([float(p) for p in net.get_parameters()])
    return net, oracle


def samples(dtype, last, loss, kind):
    random = np.random.default_rng(5)
    X = random.uniform(-1, 1, (ROWS, INPUTS)).astype(dtype)
    if kind == "labels":
        y = random.integers(0, OUTPUTS, ROWS)
    elif isinstance(loss, Hinge | Perceptron):
        y = random.choice([-1.0, 1.0], (ROWS, OUTPUTS))
    elif isinstance(loss, CrossEntropy) and loss.class_weight is not None:
        y = np.eye(OUTPUTS)[random.integers(0, OUTPUTS, ROWS)]
    elif isinstance(last, Softmax):
        y = random.dirichlet(np.ones(OUTPUTS), ROWS)
    else:
        y = random.uniform(0, 1, (ROWS, OUTPUTS)).astype(dtype)
    return X, y.astype(dtype) if kind != "labels" else y


def assert_close(actual, expected, dtype, *, may_vanish=False):
    expected = np.asarray(expected, dtype=np.float64)
    actual = np.asarray(actual, dtype=np.float64)
    assert actual.shape == expected.shape
    assert may_vanish or np.linalg.norm(expected) > 0
    assert np.linalg.norm(actual - expected) <= TOLERANCE[dtype] * np.linalg.norm(expected)


def assert_same_gradients(net, oracle, X, y, sample_weight, dtype):
    mine = net.gradients(X, y, sample_weight=sample_weight)
    weights = None if sample_weight is None else sample_weight.tolist()
    theirs = oracle.gradients(X.tolist(), y.tolist(), sample_weight=weights)
    assert_close(mine.loss, theirs.loss, dtype)
    assert_close(net.loss(X, y, sample_weight=sample_weight), theirs.loss, dtype)
    # nothing passes back through a step: there both must be exactly 0, but for the penalties
    layers = net.layers[:-1] if isinstance(net.loss_function, Perceptron) else net.layers
    stepped = max((index for index, layer in enumerate(layers) if isinstance(layer.activation, Threshold)), default=-1)
    for layer in range(len(net.layers)):
        assert_close(mine.weights[layer], theirs.weights[layer], dtype, may_vanish=layer <= stepped)
        assert_close(mine.biases[layer], theirs.biases[layer], dtype, may_vanish=layer <= stepped)
        assert layer > stepped or not np.any(mine.biases[layer])
    assert_close(mine.inputs, theirs.inputs, dtype, may_vanish=stepped >= 0)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("kind", ["labels", "rows"])
@pytest.mark.parametrize(("hidden", "last", "loss"), list(cases()))
def test_loss_and_every_gradient_agree(hidden, last, loss, kind, dtype):
    layers = [fm.Dense(HIDDEN, hidden), fm.Dense(4, hidden), fm.Dense(OUTPUTS, last)]
    for l1, l2 in PENALTIES:
        net, oracle = twins(layers, loss, dtype, l1, l2)
        X, y = samples(dtype, last, loss, kind)
        assert_same_gradients(net, oracle, X, y, None, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("hidden", "last", "loss"), list(cases()))
def test_sample_weights_and_penalties_of_a_layer_agree(hidden, last, loss, dtype):
    layers = [fm.Dense(HIDDEN, hidden, l1=0.03), fm.Dense(OUTPUTS, last, l2=0.2)]
    net, oracle = twins(layers, loss, dtype, l1=0.01, l2=0.1)
    X, y = samples(dtype, last, loss, "labels")
    weight = np.random.default_rng(6).uniform(0, 3, ROWS)
    weight[2] = 0.0
    assert_same_gradients(net, oracle, X, y, weight, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("labels", [[0, 1, 1, 0], [0.0, 0.25, 1.0, 0.5]])
def test_one_output_takes_its_targets_as_they_are(labels, dtype):
    for last in ("sigmoid", "identity"):
        net, oracle = twins([fm.Dense(4, "tanh"), fm.Dense(1, last)], None, dtype)
        X = np.random.default_rng(5).uniform(-1, 1, (4, INPUTS)).astype(dtype)
        assert_same_gradients(net, oracle, X, np.array(labels), None, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
@pytest.mark.parametrize(("l1", "l2"), PENALTIES)
def test_ten_steps_of_training_agree(optimizer, l1, l2, dtype):
    for weighted, batch_size in ((False, None), (True, None if isinstance(optimizer, fm.Rprop) else 4)):
        net, oracle = twins([fm.Dense(HIDDEN, "tanh"), fm.Dense(OUTPUTS, "softmax")], None, dtype, l1, l2)
        X, y = samples(dtype, Softmax(), CrossEntropy(), "labels")
        weight = np.random.default_rng(6).uniform(0, 3, ROWS) if weighted else None
        epochs = 10 if batch_size is None else 4  # 10 and 12 steps, the last of an epoch with 3 of 4 rows
        net.fit(X, y, epochs=epochs, batch_size=batch_size, optimizer=optimizer, shuffle=False, sample_weight=weight)
        weights = None if weight is None else weight.tolist()
        oracle.fit(X.tolist(), y.tolist(), epochs=epochs, batch_size=batch_size, optimizer=optimizer,
                   sample_weight=weights)  # fmt: skip
        assert_close(net.get_parameters(), oracle.get_parameters(), dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_ten_steps_agree_where_layers_have_their_own_rates(optimizer, dtype):
    layers = [
        fm.Dense(HIDDEN, "tanh", weight_rate_factor=0.3, bias_rate_factor=2.0),
        fm.Dense(4, "tanh", weight_rate_factor=0, bias_rate_factor=0.5),
        fm.Maxout(4, 2, weight_rate_factor=1.7, bias_rate_factor=0),
        fm.Dense(OUTPUTS, "softmax"),
    ]
    net, oracle = twins(layers, None, dtype, 0.01, 0.1)
    start = net.get_parameters()
    X, y = samples(dtype, Softmax(), CrossEntropy(), "labels")
    net.fit(X, y, epochs=10, batch_size=None, optimizer=optimizer)
    oracle.fit(X.tolist(), y.tolist(), epochs=10, optimizer=optimizer)
    assert_close(net.get_parameters(), oracle.get_parameters(), dtype)
    before = fm.Network(net.n_inputs, layers, dtype=dtype)
    before.set_parameters(start)
    after = fm.Network(net.n_inputs, layers, dtype=dtype)
    for parameters in (net.get_parameters(), oracle.get_parameters()):
        after.set_parameters(parameters)
        for index, (old, new) in enumerate(zip(before.layers, after.layers, strict=True)):
            # frozen are the weights of the second layer and the biases of the third; of others a few may come back
            assert (old.weights == new.weights).all() == (index == 1)
            assert (old.bias == new.bias).all() == (index == 2)


EDGES = [(-0.9, -0.3, 0.1, 0.2, 0.95), (-0.5, 0.5), (0.0,), (-0.8, 0.0, 0.4), (-1.5, -1.0, 2.0)]
EMBEDDINGS = [
    fm.PiecewiseLinear(4, EDGES),
    fm.PiecewiseLinear(4, EDGES[:2], columns=2),
    fm.Periodic(),
    fm.Periodic(5, 2, deviation=1.0),
    fm.Periodic(3, 6),
]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("before", [(), (fm.Standardize([0.1] * INPUTS, [0.7] * INPUTS),)], ids=["", "scaled"])
@pytest.mark.parametrize("embedding", EMBEDDINGS, ids=lambda embedding: embedding.spelled)
def test_every_gradient_agrees_behind_an_embedding(embedding, before, dtype):
    hidden = [fm.Dense(HIDDEN, "tanh"), fm.Dense(4, "relu")]
    for layers in ([*hidden, fm.Dense(OUTPUTS, "softmax")], [fm.Dense(OUTPUTS, "softmax")]):
        net, oracle = twins([*before, embedding, *layers], None, dtype, l1=0.01, l2=0.1)
        X, y = samples(dtype, Softmax(), CrossEntropy(), "labels")
        weight = np.random.default_rng(6).uniform(0, 3, ROWS)
        assert_same_gradients(net, oracle, X, y, weight, dtype)
        of_embedding = net.gradients(X, y).embedding
        if embedding.n_parameters:
            assert_close(of_embedding, oracle.gradients(X.tolist(), y.tolist()).embedding, dtype)
        else:
            assert of_embedding is None


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_ten_steps_of_training_agree_behind_an_embedding(optimizer, dtype):
    for embedding in EMBEDDINGS[:3]:
        layers = [embedding, fm.Dense(HIDDEN, "tanh"), fm.Dense(OUTPUTS, "softmax")]
        net, oracle = twins(layers, None, dtype, 0.01, 0.1)
        X, y = samples(dtype, Softmax(), CrossEntropy(), "labels")
        net.fit(X, y, epochs=4, batch_size=None, optimizer=optimizer, shuffle=False)
        oracle.fit(X.tolist(), y.tolist(), epochs=4, optimizer=optimizer)
        assert_close(net.get_parameters(), oracle.get_parameters(), dtype)


def test_every_optimizer_of_the_registry_is_compared():
    by_steps = {type(optimizer) for optimizer in OPTIMIZERS}
    assert by_steps | {fm.LBFGS} == set(fm.optimizers.OPTIMIZERS.values())


def test_lbfgs_takes_the_iterations_of_scipy_on_the_reference():
    optimize = pytest.importorskip("scipy.optimize")
    net, oracle = twins([fm.Dense(HIDDEN, "tanh"), fm.Dense(OUTPUTS, "softmax")], None, "float64", l2=0.1)
    X, y = samples("float64", Softmax(), CrossEntropy(), "labels")

    def loss_and_gradient(parameters):
        oracle.set_parameters(parameters.tolist())
        g = oracle.gradients(X.tolist(), y.tolist())
        flat = [np.concatenate([np.ravel(W), b]) for W, b in zip(g.weights, g.biases, strict=True)]
        return g.loss, np.concatenate(flat)

    options = {"maxiter": 10, "maxcor": 5, "gtol": 0.0, "ftol": 0.0}
    found = optimize.minimize(loss_and_gradient, net.get_parameters(), method="L-BFGS-B", jac=True, options=options)
    history = net.fit(X, y, batch_size=None, epochs=10, optimizer=fm.LBFGS(tolerance=0.0, history=5))
    assert len(history.epochs) == 10
    assert_close(history["loss"][-1], found.fun, "float64")
    # ten line searches amplify the last digits
    np.testing.assert_allclose(net.get_parameters(), found.x, rtol=0, atol=1e-7)
