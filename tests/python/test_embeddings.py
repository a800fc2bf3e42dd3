"""Embeddings at the entrance of a Network: what they learn, where they may stand, and that every way in goes through.

What could go wrong: bins of other rows than those trained on, or of rows without their weights, of values before a
scaling or of more digits than the network has (compared with quantiles by their definition); a constant column that
divides by zero; a path that forgets the embedding (forward, one row, batches, fit, derivatives, checks, copies, files);
parameters that a copy, an optimizer or a penalty forgets or must not touch; initial weights of layers that depend on
the embedding. The arithmetic is compared with the reference in tests/test_core_against_reference.py, its bits in
tests/core/test_bits_of_embeddings.py.
"""

import copy
import pickle

import numpy as np
import pytest

import fastmlp as fm

ROWS, INPUTS = 60, 4
KINDS = [fm.PiecewiseLinear(5), fm.Periodic(6, 3), fm.PiecewiseLinear(5, columns=3)]
by_kind = pytest.mark.parametrize("embedding", KINDS, ids=lambda embedding: embedding.spelled)


def samples(dtype=np.float64):
    """Return columns that are spread, far from zero, of few values, and constant."""
    random = np.random.default_rng(2)
    X = random.normal([0, -300, 0, 7], [1, 50, 0, 0], (ROWS, INPUTS))
    X[:, 2] = random.integers(0, 3, ROWS)
    return X.astype(dtype), random.integers(0, 3, ROWS)


def network(*first, dtype="float32", **others):
    return fm.Network(INPUTS, [*first, fm.Dense(6, "tanh"), fm.Dense(3, "softmax")], dtype=dtype, seed=3, **others)


def fitted(*first, dtype="float32", **others):
    net = network(*first, dtype=dtype)
    net.fit(*samples(), epochs=2, batch_size=16, **others)
    return net


def expected_edges(X, bins, dtype):
    """Return edges by the definition; NumPy's shares are rounded, so that 3 / 5 of 60 rows is more than 36 there."""
    rows = np.sort(X, axis=0)
    just = [max(-(-len(X) * t // bins) - 1, 0) for t in range(bins + 1)]
    more = [min(len(X) * t // bins, len(X) - 1) for t in range(bins + 1)]
    found = (rows[just] + rows[more]) / 2
    return tuple(tuple(np.unique(column.astype(dtype)).tolist()) for column in found.T)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bins", [1, 2, 5, 48])
def test_bins_are_quantiles_of_the_rows_trained_on(bins, dtype):
    X, y = samples()
    net = network(fm.PiecewiseLinear(bins), dtype=dtype)
    far = X + 1000
    net.fit(X, y, epochs=1, validation_data=(far, y))
    assert net.embedding == fm.PiecewiseLinear(bins, expected_edges(X, bins, dtype))
    assert [len(column) for column in net.embedding.edges][3] == 1
    net.fit(far, y, epochs=1)  # learned once
    assert net.embedding == fm.PiecewiseLinear(bins, expected_edges(X, bins, dtype))
    net.reset()
    assert net.embedding == fm.PiecewiseLinear(bins)


def test_rows_set_aside_for_validation_do_not_count():
    X, y = samples()
    X[:, 0] = 2.0 ** np.arange(ROWS)
    net = network(fm.PiecewiseLinear(45 * ROWS))
    net.fit(X, y, epochs=1, validation_fraction=0.25)
    # an edge is a row or the mean of two, which is no power of 2
    assert sum(np.log2(edge) % 1 == 0 for edge in net.embedding.edges[0]) == 45


def test_weights_of_samples_are_as_repeated_rows():
    X, y = samples()
    weight = np.random.default_rng(0).integers(0, 3, ROWS)
    weighted, repeated = network(fm.PiecewiseLinear(5)), network(fm.PiecewiseLinear(5))
    weighted.fit(X, y, epochs=1, sample_weight=weight)
    repeated.fit(np.repeat(X, weight, axis=0), np.repeat(y, weight), epochs=1)
    assert weighted.embedding == repeated.embedding


def test_bins_are_of_scaled_values_and_keep_the_digits_of_a_column_far_from_zero():
    X, y = samples()
    X[:, 1] = 1e9 + np.arange(ROWS)
    net = fitted_on(X, y, fm.Standardize(), fm.PiecewiseLinear(5))
    standardized = (X - net.scaling.mean) * (1 / np.array(net.scaling.deviation))
    expected = expected_edges(standardized, 5, "float32")
    for found, wanted in zip(net.embedding.edges, expected, strict=True):
        # the mean of two values is taken before the scaling
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)
    assert len(net.embedding.edges[1]) == 6


def fitted_on(X, y, *first):
    net = network(*first)
    net.fit(X, y, epochs=1)
    return net


def test_columns_behind_those_in_bins_stay_as_they_are():
    X, y = samples("float32")
    net = fitted_on(X, y, fm.RobustScale(), fm.PiecewiseLinear(5, columns=2))
    whole = fitted_on(X, y, fm.RobustScale(), fm.PiecewiseLinear(5))
    assert net.embedding.edges == whole.embedding.edges[:2]
    assert net.layers[0].weights.shape == (2 * 5 + 2, 6)
    seen = net._model.core.first_inputs(X=X, threads=1)
    np.testing.assert_array_equal(seen[:, :10], whole._model.core.first_inputs(X=X, threads=1)[:, :10])
    alone = fitted_on(X, y, fm.RobustScale())
    np.testing.assert_array_equal(seen[:, 10:], alone._model.core.first_inputs(X=X, threads=1)[:, 2:])
    assert "piecewise linear, 5 bins, of the first 2" in net.summary()


def test_shares_are_zero_before_bins_are_learned_and_batches_are_refused_until_then():
    X, y = samples()
    net = network(fm.PiecewiseLinear(5))
    assert (net.forward(X) == net.forward(X)[0]).all()
    for call in (
        lambda: net.partial_fit(X, y),
        lambda: net.learn(X[0], y[0]),
        lambda: net.fit([(X, y)], epochs=1),
        lambda: net.step(X, lambda outputs: outputs),
    ):
        with pytest.raises(ValueError, match="PiecewiseLinear has not learned its bins yet"):
            call()
    net.fit(X, y, epochs=1)
    for call in (lambda: net.partial_fit(X, y), lambda: net.learn(X[0], y[0]), lambda: net.fit([(X, y)], epochs=1)):
        call()


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: fm.PiecewiseLinear(0), ValueError, "bins must be"),
        (lambda: fm.PiecewiseLinear(2.5), TypeError, "bins must be"),
        (lambda: fm.PiecewiseLinear("8"), TypeError, "bins must be"),
        (lambda: fm.PiecewiseLinear(2, 1.0), TypeError, "edges must hold a sequence of numbers for each input"),
        (lambda: fm.PiecewiseLinear(2, [1.0, 2.0]), TypeError, "edges must hold a sequence"),
        (lambda: fm.PiecewiseLinear(2, [[0.0, 1.0, 2.0, 3.0]]), ValueError, r"edges\[0\] has 4 numbers"),
        (lambda: fm.PiecewiseLinear(2, [[]]), ValueError, r"edges\[0\] has 0 numbers"),
        (lambda: fm.PiecewiseLinear(2, [[0.0, 0.0]]), ValueError, r"edges\[0\] must ascend"),
        (lambda: fm.PiecewiseLinear(2, [[0.0, np.nan]]), ValueError, r"edges\[0\]\[1\]"),
        (lambda: fm.PiecewiseLinear(2, columns=0), ValueError, "columns must be"),
        (lambda: fm.PiecewiseLinear(2, columns=1.5), TypeError, "columns must be"),
        (lambda: fm.PiecewiseLinear(2, [[0.0, 1.0]], columns=2), ValueError, "edges are of 1 inputs, but columns is 2"),
        (lambda: network(fm.PiecewiseLinear(2, columns=5)), ValueError, "embeds 5 inputs, but the network has 4"),
        (lambda: fm.Periodic(0), ValueError, "frequencies must be"),
        (lambda: fm.Periodic(4, 1), ValueError, "units must be"),
        (lambda: fm.Periodic(4, deviation=0), ValueError, "deviation must be"),
        (lambda: network(fm.PiecewiseLinear(2, [[0.0, 1.0]])), ValueError, "is for 1 inputs, but the network has 4"),
        (lambda: network(*KINDS[:2]), ValueError, "a network has one embedding at most"),
        (lambda: network(fm.Dropout(0.1), KINDS[0]), ValueError, "put it first, or right after a scaling"),
        (lambda: network(fm.Dense(3), KINDS[1]), ValueError, "put it first, or right after a scaling"),
        (lambda: network(KINDS[1], fm.Standardize()), ValueError, "scale the numbers before it"),
        (lambda: fm.Network(INPUTS, [KINDS[0]]), ValueError, "layers has no Dense"),
        (lambda: network(fm.PiecewiseLinear(2**55)), ValueError, "larger than any memory"),
    ],
)
def test_what_makes_no_sense_is_refused(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


@by_kind
def test_layers_begin_with_the_weights_that_they_have_without_it(embedding):
    wide = fm.Network(embedding.width_of(INPUTS), [fm.Dense(6, "tanh"), fm.Dense(3, "softmax")], seed=3)
    net = network(embedding)
    for mine, other in zip(net.layers, wide.layers, strict=True):
        np.testing.assert_array_equal(mine.weights, other.weights)


def test_initial_waves_are_spread_as_described():
    net = fm.Network(50, [fm.Periodic(64, 5, deviation=0.3), fm.Dense(1)], seed=0)
    waves = net.embedding
    assert waves.frequencies.shape == waves.phases.shape == (50, 64)
    assert waves.weights.shape == (50, 64, 4)
    assert waves.bias.shape == (50, 4)
    # 3200 draws: five standard errors
    assert abs(waves.frequencies.std() - 0.3) < 5 * 0.3 / np.sqrt(2 * 3200)
    assert 0.499 < np.abs(waves.phases).max() <= 0.5
    assert 0.124 < np.abs(waves.weights).max() <= 0.125
    again = fm.Network(50, [fm.Periodic(64, 5, deviation=0.3), fm.Dense(1)], seed=0)
    np.testing.assert_array_equal(net.get_parameters(), again.get_parameters())
    net.set_parameters(0 * net.get_parameters())
    net.reset()
    np.testing.assert_array_equal(net.get_parameters(), again.get_parameters())


def test_the_views_on_waves_change_the_network():
    net = fm.Network(2, [fm.Periodic(1, 2), fm.Dense(1)], dtype="float64", seed=0)
    waves = net.embedding
    waves.frequencies[:], waves.phases[:] = [[0.25], [0.5]], [[0.0], [0.25]]
    waves.weights[:], waves.bias[:] = [[[2.0]], [[3.0]]], [[0.5], [0.0]]
    net.layers[0].weights[:] = [[1.0], [10.0], [100.0], [1000.0]]
    # cos(pi) = -1 and cos(pi / 2 + pi / 2 + 2 pi) = -1
    np.testing.assert_allclose(net.predict([[2.0, 2.5]]), [2 * -1 + 0.5 + 20 + 3 * 100 * -1 + 2500], rtol=1e-14)
    assert net.n_parameters == 2 * 4 + 5
    np.testing.assert_array_equal(net.get_parameters()[-8:], [0.25, 0.0, 2.0, 0.5, 0.5, 0.25, 3.0, 0.0])
    with pytest.raises(AttributeError):
        net.embedding = None


@by_kind
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_embedded_network_is_a_network_of_embedded_numbers(embedding, dtype):
    X, _ = samples(dtype)
    net = fitted(fm.RobustScale(), embedding, dtype=dtype)
    seen = net._model.core.first_inputs(X=X, threads=1)
    wide = fm.Network(seen.shape[1], [fm.Dense(6, "tanh"), fm.Dense(3, "softmax")], dtype=dtype)
    wide.set_parameters(np.concatenate([part.ravel() for layer in net.layers for part in (layer.weights, layer.bias)]))
    # bins are summed in an order of their own: at most 20 terms of at most 1 in the first layer, 6 in the second
    tolerance = 0 if isinstance(embedding, fm.Periodic) else 30 * np.finfo(dtype).eps
    np.testing.assert_allclose(net.forward(X), wide.forward(seen), rtol=0, atol=tolerance)
    for mine, others in zip(net.pre_activations(X), wide.pre_activations(seen), strict=True):
        np.testing.assert_allclose(mine, others, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(net.predict(X[:1]), net.predict(X)[:1])
    np.testing.assert_array_equal(net.forward(np.asfortranarray(X)), net.forward(X))


FIRST = {
    "adam": (fm.Dense(40, "tanh"), {"optimizer": fm.Adam(0.01)}),
    "penalties": (fm.Dense(40, "tanh", l1=0.01, l2=0.1), {"optimizer": fm.SGD(0.1, momentum=0.9)}),
    "clipped together": (fm.Dense(40, "tanh"), {"optimizer": fm.SGD(0.5, clip_norm=0.05)}),
    "clipped alone": (fm.Dense(40, "tanh"), {"optimizer": fm.RMSProp(0.01, clip_value=1e-3)}),
    "frozen weights": (fm.Dense(40, "tanh", weight_rate_factor=0), {"optimizer": fm.Adam(0.01)}),
    "own rates": (fm.Dense(40, "tanh", weight_rate_factor=0.3, bias_rate_factor=0), {"optimizer": fm.AdamW(0.01)}),
    "weighted": (fm.Dense(40, "tanh"), {"sample_weight": np.arange(ROWS) % 4}),
}


@pytest.mark.parametrize("columns", [None, 3], ids=str)
@pytest.mark.parametrize("case", FIRST)
def test_training_on_bins_is_training_on_written_shares(case, columns):
    X, y = samples()
    dense, settings = FIRST[case]
    edges = fm.Network(INPUTS, [fm.PiecewiseLinear(9), fm.Dense(1)], seed=0)
    edges.fit(X, y, epochs=1)
    bins = fm.PiecewiseLinear(9, edges.embedding.edges[:columns], columns=columns)
    layers = [dense, fm.Dropout(0.2), fm.Dense(3, "softmax")]
    net = fm.Network(INPUTS, [bins, *layers], dtype="float64", seed=3)
    shares = net._model.core.first_inputs(X=X, threads=1)
    wide = fm.Network(shares.shape[1], layers, dtype="float64", seed=3)
    for own, data in ((net, X), (wide, shares)):
        own.fit(data, y, epochs=3, batch_size=16, **settings)
    # sums in another order; steps of Adam are as large for small gradients as for large ones
    np.testing.assert_allclose(net.get_parameters(), wide.get_parameters(), rtol=1e-9, atol=1e-11)
    assert (
        net.layers[0].weights[:] == fm.Network(INPUTS, [bins, *layers], dtype="float64", seed=3).layers[0].weights
    ).all() == (case == "frozen weights")


def test_dropout_of_shares_takes_them_one_by_one():
    X, y = samples("float32")
    layers = [fm.Dropout(0.3), fm.Dense(6, "tanh"), fm.Dense(3, "softmax")]
    net = network(fm.PiecewiseLinear(5), fm.Dropout(0.3))
    net.fit(X, y, epochs=1)  # learns bins
    net.reset()
    net.fit(X, y, epochs=3, batch_size=16)
    shares = net._model.core.first_inputs(X=X, threads=1)
    wide = fm.Network(shares.shape[1], layers, seed=3)
    wide.fit(shares, y, epochs=3, batch_size=16)
    np.testing.assert_array_equal(net.get_parameters(), wide.get_parameters())
    np.testing.assert_array_equal(net.predict(X), wide.predict(shares))


@by_kind
@pytest.mark.parametrize("scaling", [fm.Standardize(), fm.RobustScale()], ids=lambda scaling: scaling.name)
def test_gradients_pass_their_check(embedding, scaling):
    X, y = samples()
    net = fitted(scaling, embedding)
    report = net.check_gradients(X, y)
    assert report.passed, report
    assert ("embedding" in str(report)) == isinstance(embedding, fm.Periodic)


@by_kind
def test_derivatives_of_outputs_by_inputs_are_those_of_differences(embedding):
    X, _ = samples()
    net = fitted(fm.Standardize(), embedding, dtype="float64")
    jacobian = net.jacobian(X)
    step = 1e-6 * np.array([1.0, 50.0, 1.0, 1.0])
    for j in range(INPUTS):
        moved = np.eye(INPUTS)[j] * step
        difference = (net.forward(X + moved) - net.forward(X - moved)) / (2 * step[j])
        edges = dict(enumerate(getattr(net.embedding, "edges", ()))).get(j, ())
        z = (X[:, j] - net.scaling.mean[j]) / net.scaling.deviation[j]
        smooth = np.all([np.abs(z - edge) > 1e-4 for edge in edges] + [np.ones(ROWS, bool)], axis=0)
        assert smooth.any() or j > 1
        np.testing.assert_allclose(jacobian[smooth, :, j], difference[smooth], rtol=1e-5, atol=1e-8)
    vectors = np.random.default_rng(0).normal(size=(ROWS, 3))
    np.testing.assert_allclose(net.vjp(X, vectors), np.einsum("nk,nkj->nj", vectors, jacobian), rtol=1e-9, atol=1e-12)


@by_kind
def test_gradients_of_samples_add_up_and_make_steps(embedding):
    X, y = samples()
    net = fitted(embedding, dtype="float64")
    gradients = net.gradients(X, y)
    each = net.per_sample_gradients(X, y)
    np.testing.assert_allclose(each.mean(axis=0), gradients.ravel(), rtol=1e-9, atol=1e-14)
    by_hand, by_core = net.copy(), net.copy()
    by_hand.apply_gradients(gradients, optimizer=fm.SGD(0.1))
    by_core.partial_fit(X, y, optimizer=fm.SGD(0.1))
    np.testing.assert_allclose(by_hand.get_parameters(), by_core.get_parameters(), rtol=1e-12, atol=1e-15)
    own = net.copy()
    own.step(X, lambda outputs: (outputs - np.eye(3)[y]) / ROWS, optimizer=fm.SGD(0.1), at="pre_activations")
    np.testing.assert_allclose(own.get_parameters(), by_core.get_parameters(), rtol=1e-12, atol=1e-15)


def test_neither_penalties_nor_decay_reach_waves_but_training_does():
    X, y = samples()
    X = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1)  # or units saturate, and let no slope through
    plain, penalized = network(KINDS[1]), network(KINDS[1], l1=0.1, l2=0.3)
    assert penalized.loss(X, y) > plain.loss(X, y)
    np.testing.assert_array_equal(plain.gradients(X, y).embedding, penalized.gradients(X, y).embedding)
    before = plain.get_parameters()
    # nothing is learned of samples without a slope: what moves, decays
    plain.layers[0].weights[:] = 0
    plain.partial_fit(X, y, optimizer=fm.AdamW(0.1, weight_decay=1.0))
    own = sum(part.size for part in (plain.embedding.frequencies, plain.embedding.phases, plain.embedding.weights))
    own += plain.embedding.bias.size
    np.testing.assert_array_equal(plain.get_parameters()[-own:], before[-own:])
    plain.reset()
    plain.partial_fit(X, y)
    # all but the frequencies of the constant column, which is 0
    assert (plain.get_parameters()[-own:] != before[-own:]).sum() == own - 6


@by_kind
def test_every_copy_has_it(embedding, tmp_path):
    X, y = samples()
    net = fitted(fm.RobustScale(), embedding)
    path = tmp_path / "net.safetensors"
    net.save(path)
    twins = [net.copy(), copy.copy(net), pickle.loads(pickle.dumps(net)), fm.load(path)]
    for twin in twins:
        np.testing.assert_array_equal(twin.forward(X), net.forward(X))
        np.testing.assert_array_equal(twin.get_parameters(), net.get_parameters())
        assert repr(twin) == repr(net)
        assert embedding.spelled in repr(twin)
        if isinstance(embedding, fm.PiecewiseLinear):
            assert twin.embedding == net.embedding
    again = tmp_path / "again.safetensors"
    twins[-1].save(again)
    assert again.read_bytes() == path.read_bytes()
    for twin in (net, *twins[:3]):
        twin.fit(X, y, epochs=1)
    for twin in twins[:3]:
        np.testing.assert_array_equal(twin.get_parameters(), net.get_parameters())


def test_a_file_of_another_embedding_is_refused(tmp_path):
    path = tmp_path / "net.safetensors"
    network(KINDS[1]).save(path)
    whole = path.read_bytes()
    for name in (b"polygonal", b"recursive"):  # of as many letters
        path.write_bytes(whole.replace(b"periodic\\", name[:8] + b"\\"))
        with pytest.raises(fm.ModelFileError, match="a layer is of the kind"):
            fm.load(path)
    path.write_bytes(whole.replace(b"embedding.parameters", b"embedding.parameterz"))
    with pytest.raises(fm.ModelFileError):
        fm.load(path)


def test_its_place_in_a_summary():
    assert network(fm.Standardize(), fm.Periodic()).summary().splitlines()[1:3] == [
        "       standardize                                 0",
        "       periodic, 16 frequencies  4 x 83          332",
    ]
    assert "piecewise linear, 5 bins" in network(fm.PiecewiseLinear(5)).summary()
    assert "piecewise linear, 1 bin<" in network(fm.PiecewiseLinear(1)).summary()._repr_html_()


@by_kind
def test_lbfgs_trains_behind_it(embedding):
    X, y = samples()
    net = network(fm.Standardize(), embedding, dtype="float64")
    before = net.get_parameters()
    history = net.fit(X, y, epochs=30, batch_size=None, optimizer=fm.LBFGS())
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    if isinstance(embedding, fm.Periodic):
        assert (net.get_parameters() != before).sum() == len(
            before
        ) - 12  # likewise, and what the column itself is multiplied by


@by_kind
def test_many_networks_have_the_bits_of_their_own_fits(embedding):
    X, y = samples()
    alone = [fm.Network(INPUTS, [embedding, fm.Dense(4, "relu"), fm.Dense(3, "softmax")], seed=s) for s in (1, 2)]
    together = [net.copy() for net in alone]
    rows = [np.arange(0, 40), np.arange(20, 60)]
    for net, own in zip(alone, rows, strict=True):
        net.fit(X[own], y[own], epochs=3, batch_size=8)
    fm.fit_many(together, X, y, rows=rows, settings={"epochs": 3, "batch_size": 8})
    for net, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(net.get_parameters(), other.get_parameters())
        np.testing.assert_array_equal(net.forward(X), other.forward(X))


@by_kind
def test_dropout_after_it_drops_what_inputs_became(embedding):
    X, y = samples()
    net = network(embedding, fm.Dropout(0.5), dtype="float64")
    assert net.dropout == (0.5, 0.0)
    net.fit(X, y, epochs=2, batch_size=16)
    dropped = net.forward(X, dropout=1)
    assert (dropped != net.forward(X)).any()
    np.testing.assert_array_equal(dropped, net.forward(X, dropout=1))


def test_gradients_of_waves_are_those_of_what_dropout_left():
    X, _ = samples()
    net = network(fm.Standardize(), fm.Periodic(3, 3), fm.Dropout(0.5), dtype="float64")
    net.fit(*samples(), epochs=1)
    d = np.random.default_rng(1).normal(size=(ROWS, 3))
    found = net.backward(X, d, dropout=5).embedding
    waves = net.embedding
    for part, before in ((waves.frequencies, 0), (waves.phases, 3), (waves.bias, 12)):
        values = []
        for step in (1e-5, -1e-5):
            part[2, 1] += step
            values.append((d * net.forward(X, dropout=5)).sum())
            part[2, 1] -= step
        np.testing.assert_allclose(found[2, before + 1], (values[0] - values[1]) / 2e-5, rtol=1e-6, atol=1e-9)


@by_kind
def test_soft_updates_are_of_twins(embedding):
    net = fitted(embedding)
    twin = net.copy()
    twin.set_parameters(0 * twin.get_parameters())
    twin.soft_update(net, 0.25)
    np.testing.assert_allclose(twin.get_parameters(), 0.25 * net.get_parameters(), rtol=1e-6)
    with pytest.raises(ValueError, match="other has embedding"):
        network(embedding).soft_update(fitted(fm.PiecewiseLinear(5)), 0.5) if isinstance(
            embedding, fm.PiecewiseLinear
        ) else net.soft_update(network(fm.Periodic(6, 3, deviation=2.0)), 0.5)


@by_kind
def test_what_is_not_finite_is_refused_as_elsewhere(embedding):
    X, y = samples()
    net = fitted(embedding)
    for value in (np.nan, np.inf):
        X[3, 2] = value
        for call in (lambda: net.predict(X), lambda: net.forward(X[3:4]), lambda: net.fit(X, y)):
            with pytest.raises(ValueError, match="X holds"):
                call()


@by_kind
def test_what_knows_dense_layers_alone_says_so(embedding):
    X, y = samples()
    net = fitted(embedding)
    right = net.gradients(X, y)
    for call in (
        lambda: fm.explain(net, X[0]),
        lambda: fm.diagnose_gradients(net, X, y, weights=right.weights, biases=right.biases),
    ):
        with pytest.raises(ValueError, match=f"but this one has {type(embedding).__name__}"):
            call()


@by_kind
def test_a_divergence_leaves_the_embedding_of_the_last_good_epoch(embedding):
    X, y = samples()
    net = fitted(embedding)
    before = net.get_parameters()
    with pytest.raises(FloatingPointError):
        net.fit(X, y, epochs=1, batch_size=7, optimizer=fm.SGD(1e38))
    np.testing.assert_array_equal(net.get_parameters(), before)
    net.fit(X, y, epochs=2, batch_size=7)
    assert np.isfinite(net.get_parameters()).all()
