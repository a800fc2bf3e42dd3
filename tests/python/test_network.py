"""The network as an object: building it, its parameters, what predict makes of outputs, copies.

What could go wrong: parameters in another order or copies where views are promised (the round trips and the worked
examples of the field), an output taken for the wrong thing (one test for each kind of last layer), a row that depends
on its neighbours, a copy that shares memory with its original or forgets the optimizer (fit goes on with both), a wrong
argument that passes or is refused without help (the table of bad arguments).
"""

import copy
import pickle
import weakref

import numpy as np
import pytest

import fastmlp as fm

RNG = np.random.default_rng(3)
X = RNG.normal(size=(50, 4))
Y = RNG.integers(0, 3, 50)


def network(**arguments):
    return fm.Network(4, [fm.Dense(6, "relu"), fm.Dense(3, "softmax")], **{"seed": 5, **arguments})


def test_the_worked_examples_of_the_field():
    net = fm.Network(2, [fm.Dense(2, "sigmoid"), fm.Dense(2, "sigmoid"), fm.Dense(2, "sigmoid")], dtype="float64")
    for layer, weights, bias in zip(
        net.layers,
        ([[1, -2], [-1, 1]], [[2, -1], [-2, -1]], [[3, -1], [-1, 4]]),
        ([1, 0], [0, 0], [-2, 2]),
        strict=True,
    ):
        # the examples write a = sigmoid(W x + b), the library x W + b
        layer.weights[:] = np.transpose(weights)
        layer.bias[:] = bias
    first, _, last = net.activations([[1, -1]])
    assert first.round(2).tolist() == [[0.98, 0.12]]
    assert last.round(2).tolist() == [[0.62, 0.83]]

    net = fm.Network(4, [fm.Dense(4, "softmax")])
    net.layers[0].weights[:] = np.eye(4)
    assert net.predict_proba([[5.1, 3.2, -1.7, -2.0]]).round(2).tolist() == np.float32([[0.87, 0.13, 0, 0]]).tolist()

    assert fm.Network(3, [fm.Dense(4), fm.Dense(2)]).n_parameters == 26


def test_a_sigmoid_neuron_has_the_gradients_of_the_textbook():
    net = fm.Network(2, [fm.Dense(1, "sigmoid")], loss="half_squared_error", dtype="float64")
    net.set_parameters([2, -3, -3])
    a = net.forward([[-1, -2]])[0, 0]
    # E = (a - y)^2 / 2 with y = a - 1 has dE/da = 1, so that these are the derivatives of the neuron itself
    g = net.gradients([[-1, -2]], [a - 1])
    assert round(a, 2) == 0.73
    assert g.weights[0].ravel().round(2).tolist() == [-0.2, -0.39]
    assert g.biases[0].round(2).tolist() == [0.2]
    assert g.inputs.round(2).tolist() == [[0.39, -0.59]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_row_does_not_depend_on_its_neighbours(dtype):
    net = network(dtype=dtype)
    together = net.forward(X)
    assert together.dtype == dtype
    assert all(np.array_equal(net.forward(X[i : i + 1])[0], together[i]) for i in range(50))
    assert all(net.predict(X[i : i + 1])[0] == net.predict(X)[i] for i in range(50))


def test_softmax_predicts_the_class_of_the_largest_output():
    net = network()
    assert net.is_classifier
    assert np.array_equal(net.predict(X), net.forward(X).argmax(axis=1))
    assert np.issubdtype(net.predict(X).dtype, np.integer)
    assert np.array_equal(net.predict_proba(X), net.forward(X))
    assert net.evaluate(X, Y) == {"loss": net.loss(X, Y), "accuracy": (net.predict(X) == Y).mean()}
    assert net.evaluate(X, np.eye(3)[Y]) == net.evaluate(X, Y)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_one_sigmoid_predicts_class_1_from_one_half_on(loss):
    net = fm.Network(1, [fm.Dense(1, "sigmoid")], loss=loss)
    net.set_parameters([1, 0])
    assert net.predict([[-1], [0], [1]]).tolist() == [0, 1, 1]
    a = net.forward([[-1], [0], [1]])
    assert np.array_equal(net.predict_proba([[-1], [0], [1]]), np.hstack([1 - a, a]))
    assert net.evaluate([[-1], [0], [1]], [0, 1, 0])["accuracy"] == pytest.approx(2 / 3)


def test_several_sigmoids_are_one_versus_all_under_cross_entropy_and_values_under_mse():
    classes = fm.Network(4, [fm.Dense(3, "sigmoid")], seed=0)
    assert np.array_equal(classes.predict(X), classes.forward(X).argmax(axis=1))
    assert np.array_equal(classes.predict_proba(X), classes.forward(X))
    values = fm.Network(4, [fm.Dense(3, "sigmoid")], loss="mse", seed=0)
    assert not values.is_classifier
    assert np.array_equal(values.predict(X), values.forward(X))


def test_other_outputs_are_values():
    net = fm.Network(4, [fm.Dense(1)], seed=0)
    assert net.predict(X).shape == (50,)
    assert fm.Network(4, [fm.Dense(2)], seed=0).predict(X).shape == (50, 2)
    assert set(net.evaluate(X, Y)) == {"loss", "mae"}
    assert net.evaluate(X, Y)["mae"] == pytest.approx(np.abs(net.predict(X) - Y).mean())
    with pytest.raises(ValueError, match=r"^the outputs of this network are values, not probabilities: use predict"):
        net.predict_proba(X)


def test_values_trained_on_labels_are_measured_by_their_largest_output():
    net = fm.Network(4, [fm.Dense(3)], seed=0)
    assert net.evaluate(X, Y)["accuracy"] == (net.forward(X).argmax(axis=1) == Y).mean()


def test_outputs_that_are_not_finite_give_no_labels():
    net = network()
    net.layers[0].weights[0, 0] = np.nan
    with pytest.raises(FloatingPointError, match=r"^the outputs hold nan in row 0, column 0: a weight is not finite"):
        net.predict(X)


def test_parameters_are_one_vector_layer_by_layer_and_the_layers_are_views():
    net = network(dtype="float64")
    first, last = net.layers
    wanted = np.concatenate([first.weights.ravel(), first.bias, last.weights.ravel(), last.bias])
    assert np.array_equal(net.get_parameters(), wanted)
    assert (first.weights.shape, first.bias.shape, last.weights.shape) == ((4, 6), (6,), (6, 3))
    net.set_parameters(np.arange(51.0))
    assert np.array_equal(first.weights, np.arange(24.0).reshape(4, 6))
    assert last.bias.tolist() == [48, 49, 50]
    g = net.gradients(X, Y)
    assert np.array_equal(g.ravel()[:24], g.weights[0].ravel())
    last.weights[:] = 0
    last.bias[:] = [0, 1, 0]
    assert net.predict(X).tolist() == [1] * 50
    net.get_parameters()[:] = 7
    assert last.bias.tolist() == [0, 1, 0]


def test_a_view_keeps_the_memory_of_its_network():
    weights = network().layers[0].weights
    assert np.array_equal(weights, network().layers[0].weights)


def test_the_seed_decides_the_weights_and_one_that_was_drawn_can_be_given_again():
    assert np.array_equal(network().get_parameters(), network().get_parameters())
    assert not np.array_equal(network().get_parameters(), network(seed=6).get_parameters())
    drawn = network(seed=None)
    assert drawn.seed != network(seed=None).seed
    assert np.array_equal(network(seed=drawn.seed).get_parameters(), drawn.get_parameters())
    assert network(seed=2**64 - 1).seed == 2**64 - 1


def trained():
    net = network()
    net.classes, net.metadata = ["a", "b", "c"], {"k": [1]}
    net.fit(X, Y, epochs=2, batch_size=8)
    return net


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_goes_on_as_its_original_and_shares_nothing(duplicate):
    original = trained()
    same = duplicate(original)
    assert (same.classes, same.metadata, repr(same)) == (original.classes, original.metadata, repr(original))
    before = original.get_parameters()
    same.fit(X, Y, epochs=2, batch_size=8)
    assert np.array_equal(original.get_parameters(), before)
    original.fit(X, Y, epochs=2, batch_size=8)
    assert np.array_equal(original.get_parameters(), same.get_parameters())


def test_descriptions_can_be_read():
    net = network(l2=0.5)
    assert repr(net) == (
        "Network(4, [Dense(6, 'relu'), Dense(3, 'softmax')], loss='cross_entropy', dtype='float32', seed=5)"
    )
    assert net.summary().splitlines()[1:3] == [
        "    1  relu        4 x 6            30",
        "    2  softmax     6 x 3            21",
    ]
    assert repr(net.layers[0]) == "DenseLayer(units=6, activation=ReLU(), l1=0.0, l2=0.5)"
    assert (net.n_inputs, net.n_outputs, net.dtype, net.loss_function.name) == (4, 3, "float32", "cross_entropy")


DENSE = [fm.Dense(3, "softmax")]
BAD = [
    (lambda: fm.Network(0, DENSE), ValueError, "n_inputs must be an integer from 1 to "),
    (lambda: fm.Network(2.0, DENSE), TypeError, "n_inputs must be an integer from 1 to "),
    (lambda: fm.Network(2**80, DENSE), ValueError, "n_inputs must be an integer from 1 to "),
    (lambda: fm.Network(2, []), ValueError, "layers is empty, but a network needs a layer: write [fm.Dense(10"),
    (lambda: fm.Network(2, DENSE[0]), TypeError, "layers must be a list of layers, got Dense("),
    (lambda: fm.Network(2, [10]), TypeError, "layers[0] must be a layer, got 10: write fm.Dense(10, 'relu')"),
    (lambda: fm.Network(2, DENSE * 2), ValueError, "layers[0] has softmax, but only the last layer may: use 'relu'"),
    (
        lambda: fm.Network(2, DENSE, loss="focal"),
        ValueError,
        "loss 'focal' does not exist: use one of 'cross_entropy', ",
    ),
    (lambda: fm.Network(2, DENSE, loss=3), TypeError, "loss must be one of the names 'cross_entropy', "),
    (
        lambda: fm.Network(2, [fm.Dense(3)], loss="cross_entropy"),
        ValueError,
        "loss 'cross_entropy' needs softmax or sigmoid in the last layer, which has 'identity'",
    ),
    (lambda: fm.Network(2, DENSE, dtype="float16"), ValueError, "dtype must be 'float32' or 'float64', got 'float16'."),
    (lambda: fm.Network(2, DENSE, dtype=None), ValueError, "dtype must be 'float32' or 'float64', got None."),
    (lambda: fm.Network(2, DENSE, dtype="wide"), ValueError, "dtype must be 'float32' or 'float64', got 'wide'."),
    (
        lambda: fm.Network(2, DENSE, seed=-1),
        ValueError,
        "seed must be an integer from 0 to 18446744073709551615, got -1.",
    ),
    (lambda: fm.Network(2, DENSE, seed=2**64), ValueError, "seed must be an integer from 0 to 18446744073709551615"),
    (lambda: fm.Network(2, DENSE, seed=0.5), TypeError, "seed must be an integer from 0 to 18446744073709551615"),
    (lambda: fm.Network(2, DENSE, l1=-1), ValueError, "l1 must be at least 0.0, got -1."),
    (lambda: fm.Network(2, DENSE, l2=np.nan), ValueError, "l2 must be finite, got nan."),
    (lambda: fm.SGD(10**400), ValueError, "learning_rate must be finite, got inf."),
    (lambda: fm.SGD(np.complex64(1 + 2j)), TypeError, "learning_rate must be a number (above 0.0), got"),
    (lambda: fm.SGD(np.bool_(True)), TypeError, "learning_rate must be a number (above 0.0), got"),
    (lambda: fm.Dense(0), ValueError, "units must be an integer from 1 to "),
    (lambda: fm.Dense(True), TypeError, "units must be an integer from 1 to "),
    (
        lambda: fm.Dense(3, "rellu"),
        ValueError,
        "activation 'rellu' does not exist: use one of 'identity', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'softmax'",
    ),
    (lambda: fm.Dense(3, l2="much"), TypeError, "l2 must be a number (at least 0.0), got 'much'."),
    (lambda: network().set_parameters([1, 2]), ValueError, "parameters has shape (2,), but must be one flat vector"),
    (lambda: network().set_parameters([np.nan] * 51), ValueError, "parameters holds NaN in row 0"),
    (
        lambda: network().set_parameters([1e39] * 51),
        ValueError,
        "parameters holds 1e+39 in row 0, which float32 cannot",
    ),
]


@pytest.mark.parametrize(("call", "kind", "sentence"), BAD, ids=[sentence for *_, sentence in BAD])
def test_bad_arguments_give_their_sentence(call, kind, sentence):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value).startswith(sentence)


def test_a_network_beyond_all_memory_is_refused():
    with pytest.raises(MemoryError):
        fm.Network(2, [fm.Dense(2**40), fm.Dense(2**40)])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("given", [np.uint8, np.float32, np.float64, np.int64, list])
def test_predictions_are_the_same_however_the_data_are_given(dtype, given):
    net = fm.Network(3, [fm.Dense(5, "relu"), fm.Dense(4, "softmax")], dtype=dtype, seed=2)
    X = np.random.default_rng(0).integers(0, 9, (150, 3))
    proba = net.predict_proba(X)
    as_given = X.tolist() if given is list else X.astype(given)
    np.testing.assert_array_equal(net.predict_proba(as_given), proba)
    np.testing.assert_array_equal(net.predict(as_given), proba.argmax(axis=1))
    np.testing.assert_array_equal(net.forward(as_given), proba)


def test_the_first_of_equal_outputs_is_the_class():
    net = fm.Network(1, [fm.Dense(3, "softmax")])
    net.set_parameters(np.zeros(6))
    assert net.predict(np.ones((2, 1), np.float32)).tolist() == [0, 0]


@pytest.mark.parametrize("make", [np.asfortranarray, lambda X: X[:, ::-1], lambda X: X.astype(">f4"), np.ma.asarray])
def test_arrays_the_core_does_not_take_as_they_are_give_the_same_predictions(make):
    net = fm.Network(3, [fm.Dense(4, "softmax")], seed=2)
    X = make(np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32))
    np.testing.assert_array_equal(net.predict(X), net.predict(np.array(X, np.float32, order="C")))


def test_outputs_that_are_not_finite_are_no_class():
    net = fm.Network(1, [fm.Dense(2, "softmax")])
    net.layers[0].weights[:] = np.inf
    with pytest.raises(FloatingPointError, match="outputs hold nan"):
        net.predict(np.ones((1, 1), np.float32))


@pytest.mark.parametrize("given", [np.asarray, list])
def test_the_largest_value_that_rounds_into_float32_is_taken_and_the_next_is_not(given):
    net = fm.Network(1, [fm.Dense(2)])
    net.set_parameters(np.full(4, 0.5))
    largest = np.nextafter(
        2.0**128 - 2.0**103, 0
    )  # half a unit above the largest float32, where rounding goes to infinity
    assert np.isfinite(net.forward(given(np.array([[largest]])))).all()
    for method in (net.forward, net.predict):
        with pytest.raises(ValueError, match=r"in row 0.*float32 cannot hold"):
            method(given(np.array([[2.0**128 - 2.0**103]])))


class OwnNetwork(fm.Network):
    pass


@pytest.mark.parametrize(
    "owner",
    [
        fm.Network(1, [fm.Dense(1)], seed=0),
        fm.EarlyStopping(),
        fm.ModelCheckpoint("model.safetensors"),
        fm.LogEvaluation(),
        fm.LambdaCallback(),
        fm.Adam(),
        fm.Dense(1),
        fm.History(),
    ],
    ids=lambda owner: type(owner).__name__,
)
def test_an_attribute_that_is_not_there_cannot_be_set(owner):
    with pytest.raises(AttributeError, match=r"sede") as caught:
        owner.sede = 3
    assert not isinstance(owner, fm.Network) or "did you mean 'seed'?" in str(caught.value)
    # frozen ones have their own kind of AttributeError
    assert not hasattr(owner, "sede")


@pytest.mark.parametrize(
    ("name", "value"), [("loss", "mae"), ("fit", None), ("seed", 3), ("layers", [fm.Dense(2)]), ("dtype", "float64")]
)
def test_what_a_network_is_made_of_cannot_be_set(name, value):
    net = fm.Network(1, [fm.Dense(1)], seed=0)
    before = getattr(net, name)
    with pytest.raises(
        AttributeError,
        match=rf"^{name} of a Network cannot be set to .*: what a network .* given to Network\(\.\.\.\)\.$",
    ):
        setattr(net, name, value)
    assert getattr(net, name) == before


def test_a_method_of_a_network_can_be_replaced_by_a_function(monkeypatch):
    net = fm.Network(1, [fm.Dense(1)], seed=0)
    with monkeypatch.context() as context:
        context.setattr(net, "predict", lambda X: "none")
        assert net.predict([[1.0]]) == "none"
    assert net.predict([[0.0]]) == [0]


def test_a_network_keeps_what_it_may_be_given_and_a_subclass_what_it_likes():
    net = fm.Network(1, [fm.Dense(2, "softmax")], seed=0)
    net.classes, net.metadata = ["no", "yes"], {"by": "hand"}
    for again in (copy.copy(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert (again.classes, again.metadata) == (["no", "yes"], {"by": "hand"})
    assert weakref.ref(net)() is net
    own = OwnNetwork(1, [fm.Dense(1)], seed=0)
    own.sede = 3
    assert own.sede == 3
