"""Frames, columns and arrays of objects: what could go wrong, and which test sees it.

Other numbers are learned than from a plain array (same bits); a column of text, of categories or of dates becomes
numbers, or is refused without its name (refused); a missing value becomes a number (missing); large integers are
rounded (exact); a plain frame is copied column by column (plain); what a mask hides is learned (masks).
"""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

import fastmlp as fm
from fastmlp._checks import frames

RNG = np.random.default_rng(8)
ROWS = 24
FRAME = pd.DataFrame({"a": RNG.random(ROWS) > 0.5, "b": RNG.normal(size=ROWS), "c": RNG.integers(-9, 9, ROWS)})
PLAIN = np.column_stack([FRAME["a"], FRAME["b"], FRAME["c"]]).astype(float)
Y = PLAIN.sum(axis=1)
NULLABLE = {"a": "boolean", "b": "Float64", "c": "Int64"}


def network(last="identity"):
    return fm.Network(3, [fm.Dense(4, "tanh"), fm.Dense(1, last)], dtype="float64", seed=0)


@pytest.mark.parametrize(
    "data",
    [
        FRAME,
        FRAME.astype({"a": bool, "b": "float32", "c": "int8"}).assign(b=FRAME["b"]),
        FRAME.astype(NULLABLE),
        FRAME.astype({"a": "Int8", "b": "Float64", "c": "Int64"}),
        FRAME.astype(dict.fromkeys("abc", "Float64")),
        FRAME.astype(object),
        FRAME.assign(a=FRAME["a"].astype(object)),
        FRAME.astype(object).to_numpy(),
        pd.DataFrame(PLAIN),
        np.array([[np.bool_(a), np.float64(b), np.int8(c)] for a, b, c in PLAIN], object),
        pl.DataFrame({name: FRAME[name].tolist() for name in FRAME}),
        pl.DataFrame({name: FRAME[name].tolist() for name in FRAME}).with_columns(pl.col("c").cast(pl.Int128)),
    ],
    ids=range(12),
)
def test_frames_are_learned_as_the_plain_array_of_their_numbers(data):
    net, plain = network(), network()
    net.fit(data, Y, epochs=2)
    plain.fit(PLAIN, Y, epochs=2)
    np.testing.assert_array_equal(net.get_parameters(), plain.get_parameters())
    np.testing.assert_array_equal(net.predict(data), plain.predict(PLAIN))
    assert net.evaluate(data, Y) == plain.evaluate(PLAIN, Y)
    assert net.partial_fit(data, Y) == plain.partial_fit(PLAIN, Y)


def test_frames_of_arrow_are_learned_as_the_plain_array_of_their_numbers():
    pytest.importorskip("pyarrow")
    data = FRAME.convert_dtypes(dtype_backend="pyarrow")
    np.testing.assert_array_equal(network().predict(data), network().predict(PLAIN))
    data.loc[5, "c"] = pd.NA
    with pytest.raises(ValueError, match=r"^X holds NaN in row 5, column 2: remove"):
        network().predict(data)


def test_dummies_of_pandas_are_data():
    table = pd.DataFrame({"kind": ["x", "y", "z"] * 8, "b": FRAME["b"]})
    data = pd.get_dummies(table)
    assert sorted(set(map(str, data.dtypes))) == ["bool", "float64"]
    net = fm.Network(4, [fm.Dense(1)], seed=0)
    assert net.forward(data).shape == (ROWS, 1)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(Y, dtype="Float64"),
        pd.Series(Y).astype(object),
        pd.Series(Y, index=range(100, 100 + ROWS)),
        pd.DataFrame({"y": Y}),
        pl.Series(Y.tolist()),
        list(Y),
    ],
    ids=range(6),
)
def test_columns_are_targets_and_weights(values):
    plain = network().loss(PLAIN, Y)
    assert network().loss(PLAIN, values) == plain
    weights = abs(values) if not isinstance(values, list) else [abs(value) for value in values]
    if getattr(weights, "ndim", 1) == 1:
        assert network().loss(PLAIN, Y, weights) == network().loss(PLAIN, Y, np.abs(Y))


@pytest.mark.parametrize(
    "labels",
    [
        FRAME["a"],
        FRAME["a"].astype("boolean"),
        FRAME["a"].astype("Int64"),
        FRAME["a"].astype(object),
        FRAME["a"].to_numpy().astype(object),
        np.array(list(FRAME["a"].to_numpy()), object),
        pl.Series(FRAME["a"].tolist()),
        pl.Series(FRAME["a"].tolist()).cast(pl.Int128),
        FRAME["a"].astype(int).to_numpy().astype(object),
        FRAME["a"].tolist(),
    ],
    ids=range(10),
)
def test_bools_are_labels_whatever_holds_them(labels):
    assert network("sigmoid").loss(PLAIN, labels) == network("sigmoid").loss(PLAIN, FRAME["a"].to_numpy())


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        (["u", "v"] * 12, "(str|object|string)"),
        (pd.Categorical(["u", "v"] * 12), "category"),
        (pd.Categorical([1, 2] * 12), "category"),
        (pd.Timestamp("2020-01-01"), "datetime64"),
        ([1.5, "2.5"] * 12, "object"),
        ([1 + 2j] * 24, "complex128"),
    ],
    ids=range(6),
)
def test_a_column_that_holds_no_numbers_is_refused_by_its_name(column, dtype):
    net = network()
    with pytest.raises(TypeError, match=rf"^column 'kind' of X is of dtype {dtype}.*, but must hold real numbers"):
        net.fit(FRAME.assign(c=1.0).rename(columns={"c": "kind"}).assign(kind=column), Y)


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        (["u"] * ROWS, "String"),
        (pl.Series(["u"] * ROWS, dtype=pl.Categorical), "Categorical"),
        # beside floats polars makes days and microseconds of these
        ([datetime.date(2020, 1, 1)] * ROWS, "Date"),
        ([datetime.timedelta(1)] * ROWS, "Duration"),
        ([datetime.time(1)] * ROWS, "Time"),
    ],
    ids=range(5),
)
def test_a_column_of_polars_that_holds_no_numbers_is_refused_by_its_name(column, dtype):
    data = pl.DataFrame({"a": [1.0] * ROWS, "kind": column, "b": [2] * ROWS})
    with pytest.raises(TypeError, match=rf"^column 'kind' of X is of dtype {dtype}.*, but must hold real numbers"):
        network().fit(data, Y)
    with pytest.raises(TypeError, match=r"^X is a LazyFrame, whose rows are not there yet: use its collect\(\)\.$"):
        network().fit(data.lazy(), Y)


def test_missing_values_are_named_and_no_numbers():
    for data in (FRAME.astype(NULLABLE), FRAME.astype(object)):
        holed = data.copy()
        holed.loc[5, "c"] = None
        with pytest.raises(ValueError, match="X holds NaN in row 5, column 2: remove or fill missing values first"):
            network().predict(holed)
    holed = FRAME["a"].astype("boolean")
    holed[3] = pd.NA
    with pytest.raises(ValueError, match="y holds NaN in row 3"):
        network("sigmoid").loss(PLAIN, holed)
    with pytest.raises(TypeError, match="y must be an array of real numbers"):
        network().loss(PLAIN, [None] * ROWS)


# NumPy's, where it makes an array of lists
@pytest.mark.filterwarnings("ignore:.*converting a masked element to nan")
@pytest.mark.parametrize("missing", [pd.NA, np.ma.masked, None, np.nan], ids=["NA", "masked", "None", "NaN"])
def test_a_missing_value_among_objects_is_called_missing(missing):
    # what to_numpy() makes of a frame of Int64
    rows = PLAIN.astype(object)
    rows[5, 2] = missing
    values = Y.astype(object)
    values[3] = missing
    net, before = network(), rows.copy()
    for call in (
        lambda: net.predict(rows),
        lambda: net.predict(rows.tolist()),
        lambda: net.predict(pd.DataFrame(rows)),
        lambda: net.predict(FRAME.assign(c=rows[:, 2])),
    ):
        with pytest.raises(ValueError, match=r"^X holds NaN in row 5, column 2: remove or fill missing values"):
            call()
    with pytest.raises(ValueError, match=r"^sample_weight holds NaN in row 3: remove or fill missing"):
        net.fit(PLAIN, Y, sample_weight=values)
    with pytest.raises(ValueError, match=r"^y holds NaN in row 3(, column 0)?: remove or fill missing"):
        net.fit(PLAIN, values)
    assert [id(value) for value in rows.flat] == [id(value) for value in before.flat]


def test_integers_of_pandas_own_kind_are_exact():
    # float64 would make 2^53 of it
    data = pd.DataFrame({"a": pd.array([2**53 + 1] * 2, "Int64"), "b": [1, 2], "c": [True, False]})
    with pytest.raises(
        ValueError, match=f"X holds the integer {2**53 + 1} in row 0, column 0, which float64 would round"
    ):
        network().predict(data)


BIG = 2**53 + 1


@pytest.mark.parametrize(
    ("data", "holder"),
    [
        (FRAME.assign(c=BIG), "column 'c' of X"),
        (FRAME.assign(c=np.uint64(2**63 + 1)), "column 'c' of X"),
        (FRAME.assign(c=pd.array([BIG, None] * 12, "Int64")), "column 'c' of X"),
        (pl.DataFrame({"a": [1.5] * 2, "b": [1.5] * 2, "c": [1, BIG]}), "column 'c' of X"),
        (pl.DataFrame({"a": [1] * 2, "b": [1] * 2, "c": [None, -BIG]}), "column 'c' of X"),
        (pl.DataFrame({"a": [1] * 2, "b": [1] * 2, "c": pl.Series([1, 2**100], dtype=pl.Int128)}), "column 'c' of X"),
        ([[BIG, None, 1.0]], "X"),
        ([[10**400, 1.0, 1]], "X"),
        ([[10**30, 1, 1]], "X"),
    ],
    ids=range(9),
)
def test_integers_are_not_rounded_because_of_what_stands_beside_them(data, holder):
    with pytest.raises(ValueError, match=rf"^{holder} holds (the|an) integer .*, which float64 would round"):
        network().predict(data)


@pytest.mark.parametrize("last", ["identity", "softmax"])
def test_a_missing_label_is_called_missing_whatever_holds_it(last):
    net = fm.Network(3, [fm.Dense(2 if last == "softmax" else 1, last)], seed=0)
    for labels in (pd.array([1, None] * 12, "Int64"), pl.Series([1, None] * 12), [1, None] * 12, [1.0, np.nan] * 12):
        with pytest.raises(ValueError, match=r"^y holds NaN in row 1"):
            net.loss(PLAIN, labels)


def test_what_a_mask_hides_is_not_learned():
    hides = np.arange(ROWS) == 4
    rows = np.ma.array(PLAIN, mask=np.repeat(hides[:, None], 3, axis=1))
    values, names = np.ma.array(Y, mask=hides), np.ma.array(np.where(FRAME["a"], "no", "yes"), mask=hides)
    net, classes = network(), network("sigmoid")
    calls = [
        lambda: net.fit(rows, Y),
        lambda: net.fit(list(rows), Y),
        lambda: net.predict(tuple(rows)),
        lambda: net.fit(PLAIN, values),
        lambda: net.fit(PLAIN, Y, sample_weight=values),
        lambda: net.fit([(PLAIN, values)]),
        lambda: net.learn(rows[4], 1.0),
        lambda: net.learn(PLAIN[4], values[4]),
        lambda: net.learn(PLAIN[4], values[4:5]),
        lambda: classes.fit(PLAIN, names),
        lambda: classes.fit(PLAIN, names.astype(object)),
        lambda: classes.fit(PLAIN, list(names)),
    ]
    for call in calls:
        with pytest.raises(
            ValueError, match=r"^\w+( of batch 0 of epoch 1)? has masked values: remove or fill them first"
        ):
            call()
    assert classes.classes is None
    unmasked = np.ma.array(PLAIN, mask=False)
    np.testing.assert_array_equal(net.predict(unmasked), net.predict(PLAIN))


def test_the_mend_of_a_batch_is_code_that_can_be_typed():
    with pytest.raises(
        ValueError, match=r"^X of batch 0 of epoch 1 has shape .*: use X\.reshape\(1, -1\) for one sample"
    ):
        network().fit([(PLAIN[0], Y[:1])])
    with pytest.raises(ValueError, match=r"^y\[2\] of batch 0 of epoch 1 is 7, but the network has 2 classes"):
        network("sigmoid").fit([(PLAIN[:3], [0, 1, 7])])


def test_a_plain_frame_is_left_to_numpy():
    assert frames.from_frame(pd.DataFrame(PLAIN), "X") is None
    assert frames.from_frame(PLAIN, "X") is None
    assert frames.from_frame(pd.Series(Y), "y") is None
