"""Text in tables that is no category: numbers, bools and dates as files and spreadsheets write them.

What could go wrong: a column of numbers becomes a category for each of them, without a word; a mark between digits is
taken for the other one; 01 loses its zero; the same text is read in one way in a fit and in another in a prediction.
"""

import csv
import io
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fastmlp.sklearn import TabularClassifier, TabularRegressor
from fastmlp.sklearn._tabular.columns import as_table
from fastmlp.sklearn._tabular.encoder import TableEncoder

RNG = np.random.default_rng(7)
# of two decimals, and more than a thousand in size
VALUES = np.round(RNG.normal(size=150) * 4000, 2)
TEXTS = [f"{value:.2f}" for value in VALUES]


def swapped(text):
    return text.translate(str.maketrans(",.", ".,"))


WRITTEN = {
    "plain": TEXTS,
    "with exponents": [f"{value:.8e}" for value in VALUES],
    "with spaces": [f" {text}  " for text in TEXTS],
    "signs of typesetting": [f"{value:+.2f}".replace("-", "\u2212") for value in VALUES],
    "decimal commas": [swapped(text) for text in TEXTS],
    "commas between thousands": [f"{value:,.2f}" for value in VALUES],
    "points between thousands": [swapped(f"{value:,.2f}") for value in VALUES],
    "spaces between thousands": [f"{value:,.2f}".replace(",", "\u202f") for value in VALUES],
    "spaces and decimal commas": [f"{value:,.2f}".replace(",", " ").replace(".", ",") for value in VALUES],
    "apostrophes between thousands": [f"{value:,.2f}".replace(",", "\u2019") for value in VALUES],
    "percent": [f"{text} %" for text in TEXTS],
    "percent and decimal commas": [swapped(text) + "%" for text in TEXTS],
}


def encoded(table):
    return TableEncoder().fit(table).transform(table)


@pytest.mark.parametrize("texts", WRITTEN.values(), ids=WRITTEN)
def test_text_that_is_numbers_is_numbers(texts):
    np.testing.assert_array_equal(encoded(pd.DataFrame({"x": texts}))[:, 0], VALUES)


MARKS = ["", "?", " ? ", "-", "--", "\u2013", ".", "NA", "N/A", "n/a", "#N/A", "NaN", "null", "NULL", "None", "<NA>"]


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_of_a_missing_value_is_no_reason_to_take_numbers_for_categories(mark):
    expected = np.where(np.arange(len(VALUES)) == 3, np.median(np.delete(VALUES, 3)), VALUES)
    for written in ("plain", "percent", "points between thousands"):
        texts = [*WRITTEN[written][:3], mark, *WRITTEN[written][4:]]
        np.testing.assert_array_equal(encoded(pd.DataFrame({"x": texts}))[:, 0], expected)


def tables_of_text():
    kind = np.where(VALUES > 0, "up", "down")
    rows = list(csv.reader(io.StringIO("\n".join(f"{text},{name}" for text, name in zip(TEXTS, kind, strict=True)))))
    mixed = [text if row % 50 else float(text) for row, text in enumerate(TEXTS)]
    decimals = [text if row % 50 else Decimal(text) for row, text in enumerate(TEXTS)]
    return {
        "rows of csv.reader": as_table(rows),
        "column_stack": np.column_stack([VALUES, kind]),
        "column_stack of objects": np.column_stack([VALUES, kind]).astype(object),
        "bytes": np.column_stack([VALUES, kind]).astype("S"),
        "objects": pd.DataFrame({"x": pd.Series(mixed, dtype=object), "k": kind}),
        "decimals and text": pd.DataFrame({"x": pd.Series(decimals, dtype=object), "k": kind}),
        "string": pd.DataFrame({"x": TEXTS, "k": kind}, dtype="string"),
        "polars": pl.DataFrame({"x": TEXTS, "k": kind}),
        "category": pd.DataFrame({"x": VALUES, "k": kind}).astype("category"),
        "category of text": pd.DataFrame({"x": TEXTS, "k": kind}).astype("category"),
        "polars category": pl.DataFrame({"x": TEXTS, "k": kind}).cast({"x": pl.Categorical}),
    }


@pytest.mark.parametrize("table", tables_of_text().values(), ids=tables_of_text())
def test_numbers_are_found_in_tables_of_every_kind(table):
    numbers = encoded(table)
    np.testing.assert_array_equal(numbers[:, 0], VALUES)
    np.testing.assert_array_equal(numbers[:, 1:], np.column_stack([VALUES <= 0, VALUES > 0]))


def test_a_model_learns_from_numbers_as_text_what_it_learns_from_numbers():
    settings = {"n_estimators": 1, "max_iter": 3, "random_state": 0}
    x, target = VALUES[:, np.newaxis], np.abs(VALUES)
    expected = TabularRegressor((4,), **settings).fit(x, target).predict(x)
    text = np.array(WRITTEN["decimal commas"])[:, np.newaxis]
    model = TabularRegressor((4,), **settings).fit(text.tolist(), target)
    np.testing.assert_array_equal(model.predict(text), expected)
    # numbers are what the text was
    np.testing.assert_array_equal(model.predict(x), expected)


@pytest.mark.parametrize(
    ("cells", "first", "sentence"),
    [
        (["1,234", "999"], [1234, 999], r"column 'x' holds '1,234', which was read as 1234 and could be 1\.234: "),
        (["1,234", "5,678"], [1234, 5678], "column 'x' holds '1,234', which was read as 1234"),
        (["1.234", "999"], [1.234, 999], r"column 'x' holds '1\.234', which was read as 1\.234 and could be 1234: "),
    ],
)
def test_a_mark_that_may_mean_either_is_said_aloud(cells, first, sentence):
    with pytest.warns(UserWarning, match=sentence) as caught:
        np.testing.assert_array_equal(encoded(pd.DataFrame({"x": cells}))[:, 0], first)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,234", "5,5"], [1.234, 5.5]),
        (["1,234", "0,5"], [1.234, 0.5]),
        (["1,234", "5.5"], [1234, 5.5]),
        (["1,234,567", "1,234"], [1234567, 1234]),
        (["1.234.567", "1.234"], [1234567, 1234]),
        (["1.234", "5,5"], [1234, 5.5]),
        (["1.234", "5.678"], [1.234, 5.678]),  # on another scale if it is thousands, and so the same to a network
        (["1 234", "999"], [1234, 999]),
        (["1 234", "5,678"], [1234, 5.678]),
    ],
)
def test_other_cells_settle_what_a_mark_means(cells, numbers):
    np.testing.assert_array_equal(encoded(pd.DataFrame({"x": cells}))[:, 0], numbers)


@pytest.mark.parametrize(
    "cells",
    [
        ["01", "02", "10"],
        ["02134", "90210", "?"],
        ["a", "b"],
        ["1_000", "2_000"],
        ["0x1F", "0x2F"],
        ["10-19", "20-29", "30+"],
        ["36 months", "60 months"],
        [f"{number}{'ABC'[number % 3]}" for number in range(30)],
        ["1.2.3", "1.10.0"],
        ["-", "?"],
        pd.Categorical([1, 2, 3]),
        pd.Categorical(["0.5", "1.0", "2.0"]),
        pl.Series(["0.5", "1.0", "2.0"], dtype=pl.Categorical),
        pl.Series(["0.5", "1.0", "2.0"], dtype=pl.Enum(["0.5", "1.0", "2.0"])),
        pd.Categorical(range(150)),  # who gives whole numbers the type of categories means it
    ],
)
def test_codes_and_names_stay_categories(cells):
    frame = pl.DataFrame({"x": cells}) if isinstance(cells, pl.Series) else pd.DataFrame({"x": cells})
    assert TableEncoder().fit(frame).is_category == [True]


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ([*TEXTS[:147], "low", "low", "high"], "low"),
        ([*VALUES[:147], "low", "low", "high"], "low"),
        ([*TEXTS[:75], *(f"{text}%" for text in TEXTS[75:])], r"-?\d+\.\d+%"),
        ([f"${abs(value)}" for value in VALUES], r"\$\d+\.\d+"),
        ([f"{text} kg" for text in TEXTS], r"-?\d+\.\d+ kg"),
        (["1,5", "1.5", "2.5"], "1,5"),
        (["1.5", "2.5", "x" * 10**5], r"x+\.\.\.x+"),
    ],
)
def test_a_column_that_looks_like_numbers_and_is_none_is_named(cells, shown):
    frame = pd.DataFrame({"x": pd.Series(cells, dtype=object)})
    with pytest.warns(UserWarning, match=rf"^column 'x' looks like numbers, but holds '{shown}', and was") as caught:
        assert TableEncoder().fit(frame).is_category == [True]
    assert "NaN" in str(caught[0].message)
    assert len(str(caught[0].message)) < 300
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TableEncoder().fit(frame.astype("category").iloc[-90:])  # as the sentence says


def test_text_is_read_as_in_the_fit():
    plain = TableEncoder().fit(pd.DataFrame({"x": VALUES}))
    percent = TableEncoder().fit(pd.DataFrame({"x": ["5 %", "10 %"]}))
    commas = TableEncoder().fit(pd.DataFrame({"x": ["1,5", "2,5"]}))
    np.testing.assert_array_equal(plain.transform([["1.5"]]), [[1.5]])
    np.testing.assert_array_equal(plain.transform([["n/a"]]), [[np.median(VALUES)]])
    np.testing.assert_array_equal(percent.transform([["7%"], [None]]), [[7], [7.5]])
    np.testing.assert_array_equal(percent.transform(pd.DataFrame({"x": [np.nan]})), [[7.5]])
    np.testing.assert_array_equal(commas.transform([["3,25"]]), [[3.25]])
    for encoder, cell in [(plain, "1,5"), (plain, "1,234"), (plain, "5 %"), (commas, "1.5"), (commas, "1.234")]:
        with pytest.raises(ValueError, match=f"column 0 held numbers when the model was fitted and holds '{cell}' now"):
            encoder.transform([[cell]])
    # whether 7 is 7 % or 700 % is not ours to say
    for cells in (["7"], [7.0]):
        with pytest.raises(ValueError, match=r"column 0 held percentages when the model was fitted and holds '?7"):
            percent.transform(pd.DataFrame({"x": cells}))


DAYS = pd.date_range("2020-01-01", periods=60)


@pytest.mark.parametrize(
    "cells",
    [
        DAYS.strftime("%Y-%m-%d"),
        DAYS.strftime("%Y-%m-%dT%H:%M:%SZ"),
        DAYS.strftime("%Y-%m-%d %H:%M:%S.%f+01:00"),
        DAYS.strftime("%Y/%m/%d"),
        DAYS.strftime("%d.%m.%Y"),
        DAYS.strftime("%m/%d/%Y"),
        DAYS.strftime("%m/%d/%y %I:%M %p"),
        DAYS.strftime("%H:%M:%S"),
        [*DAYS.strftime("%Y-%m-%d")[:-3], "", "?", "unknown"],
        pd.Categorical(pd.date_range("2020-01-01", periods=150).strftime("%Y-%m-%d")),
    ],
)
def test_dates_as_text_are_told_what_typed_dates_are(cells):
    with pytest.raises(ValueError, match=r"column 'x' holds '.*': turn it into numbers, such as years or days since"):
        TableEncoder().fit(pd.DataFrame({"x": pd.Series(list(cells), dtype=getattr(cells, "dtype", object))}))


def test_dates_that_are_called_categories_are_categories():
    waves = pd.DataFrame({"wave": pd.Categorical(["2020-01-01", "2021-01-01"])})
    assert TableEncoder().fit(waves).is_category == [True]


@pytest.mark.parametrize(
    "fitted",
    [
        [True, False, True],
        ["True", "False", "True"],
        ["true", "FALSE", "true"],
        pd.array([True, False, True], "boolean"),
        pd.Categorical(["True", "False", "True"]),
    ],
)
def test_true_as_text_is_true(fitted):
    encoder = TableEncoder().fit(pd.DataFrame({"b": fitted}))
    for cells in ([True, False], ["True", "False"], [" TRUE", "false"], [1, 0], [1.0, 0.0], ["1", "0"]):
        np.testing.assert_array_equal(encoder.transform(pd.DataFrame({"b": cells})), [[0, 1], [1, 0]])
    np.testing.assert_array_equal(encoder.transform(np.array([["True"], ["perhaps"]])), [[0, 1], [0, 0]])


def test_missing_bools_of_a_file_are_those_of_a_frame():
    text = pd.DataFrame({"b": ["True", "", "False"]})
    typed = pd.DataFrame({"b": pd.array([True, None, False], "boolean")})
    for fitted in (text, typed):
        encoder = TableEncoder().fit(fitted)
        np.testing.assert_array_equal(encoder.transform(text), encoder.transform(typed))


def test_a_classifier_says_what_it_read_at_the_line_of_its_fit():
    table = pd.DataFrame({"price": ["1,234", "999"] * 10})
    with pytest.warns(UserWarning, match="column 'price' holds '1,234'") as caught:
        model = TabularClassifier((4,), n_estimators=1, max_iter=1, random_state=0).fit(table, [0, 1] * 10)
    assert [warning.filename for warning in caught] == [__file__]
    model.predict(table)  # without a warning: it was said
