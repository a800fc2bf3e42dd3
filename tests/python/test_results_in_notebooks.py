"""What results show of themselves in a notebook, and the tables that others make of them.

What could go wrong: pandas makes something else of a history than its rows (tables); HTML that is cut off, or shows
other numbers than the text (the same as the text); a name of a user's that a page would obey (escaping); a script, or a
colour that cannot be read on a dark page (nothing but a table); a history of thousands of rows on a page (a long
history); a summary or a history that is no longer the str or the dict it was (still a str, still a dict).
"""

from __future__ import annotations

import copy
import json
import pickle
import re
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

import fastmlp as fm

HOSTILE = "<script>alert('&amp;')</script>"
X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


def network(**arguments):
    return fm.Network(3, [fm.Dense(4, "tanh"), fm.Dense(2, "softmax")], seed=0, **arguments)


def history(epochs=3):
    return network().fit(X, Y, epochs=epochs, validation_data=(X, Y))


def report(name="W"):
    values = {name: np.array([1.0, 2.0]), "b": np.array([3.0])}
    right = {key: 2 * value for key, value in values.items()}
    right[name] = np.array([2.0, 5.0])
    return fm.check_gradients(lambda at: sum((value**2).sum() for value in at.values()), right, values)


def hostile_history():
    def metric(y, outputs):
        return 0.5

    metric.__name__ = HOSTILE
    return network().fit(X, Y, epochs=2, validation_data=(X, Y), metrics=[metric])


SHOWN = {
    "Network": network,
    "summary": lambda: network().summary(),
    "History": history,
    "long History": lambda: history(epochs=30),
    "empty History": fm.History,
    "GradientReport": report,
    "of a network": lambda: network(dtype="float64").check_gradients(X, Y),
    "hostile History": hostile_history,
    "hostile report": lambda: report(HOSTILE),
}
each_result = pytest.mark.parametrize("name", SHOWN)


class Page(HTMLParser):
    """The tags that are open, those seen with their attributes, and the cells."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.rows, self.texts = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag != "br":
            self.open.append(tag)
        self.seen.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data
        elif data.strip():
            self.texts.append(data)


@each_result
def test_html_is_nothing_but_a_heading_a_table_and_lines(name):
    page = Page(SHOWN[name]()._repr_html_())
    assert page.open == []
    assert {tag for tag, _ in page.seen} <= {"div", "p", "b", "br", "table", "thead", "tbody", "tr", "th", "td"}
    for _, attributes in page.seen:
        # no colour of one's own: the page's, light or dark
        assert attributes.get("style", "text-align: left") in ("text-align: left", "text-align: right")
        assert not attributes.keys() - {"style"}
    assert len({len(row) for row in page.rows}) <= 1


def test_a_network_shows_its_summary_and_a_summary_is_still_a_str():
    net = network()
    text = net.summary()
    page = Page(text._repr_html_())
    assert net._repr_html_() == text._repr_html_()
    shown = [re.split(" {2,}", line.strip()) for line in text.splitlines()]
    assert page.rows == shown[:3]
    assert page.texts[-1] == text.splitlines()[-1]
    assert repr(net).startswith("Network(3, [Dense(4, 'tanh'), ")
    assert isinstance(text, str)
    assert text == str(text) == pickle.loads(pickle.dumps(text)) == copy.copy(text)
    assert repr(text) == repr(str(text))


def test_a_history_shows_its_rows():
    found = history()
    page = Page(found._repr_html_())
    head, *rows = page.rows
    assert head == list(found)
    assert rows == [
        [f"{value:.4g}" if name != "epoch" else str(value) for name, value in row.items()] for row in found.epochs
    ]
    assert page.texts[:2] == ["History", ": 3 epochs"]


def test_a_long_history_shows_its_ends():
    assert [row[0] for row in Page(history(11)._repr_html_()).rows[1:]] == [*map(str, range(1, 12))]
    shown = [row[0] for row in Page(history(12)._repr_html_()).rows[1:]]
    assert shown == ["1", "2", "3", "4", "5", "...", "8", "9", "10", "11", "12"]


@pytest.mark.parametrize("found", [report(), network(dtype="float64").check_gradients(X, Y)], ids=["wrong", "right"])
def test_a_gradient_report_shows_what_its_text_says(found):
    text, page = str(found).splitlines(), Page(found._repr_html_())
    shown = [re.split(" {2,}", line.strip()) for line in text[: len(found.worst) + 1]]
    assert [[cell.replace("±", "+-") for cell in row] for row in page.rows] == shown
    assert page.texts[:2] == ["GradientReport", f": {text[-1]}"]
    assert page.texts[2:] == text[len(shown) : -1]
    assert text[-1].startswith("FAILED" if found.wrong else "passed")


@pytest.mark.parametrize("found", [hostile_history(), report(HOSTILE)], ids=["History", "GradientReport"])
def test_names_of_a_user_are_escaped(found):
    html = found._repr_html_()
    assert "<script" not in html
    assert HOSTILE in unescape(html).replace("\\", "")


def test_pandas_makes_the_rows_of_a_history():
    pandas = pytest.importorskip("pandas", reason="the table needs pandas, which comes with the extra 'test'")
    found = history()
    frame = pandas.DataFrame(found)
    assert frame.to_dict("records") == found.epochs
    assert list(frame) == list(found)
    assert frame["epoch"].dtype.kind == "i"
    assert len(pandas.DataFrame(fm.History())) == 0


def test_polars_makes_the_rows_of_a_history():
    polars = pytest.importorskip("polars", reason="the table needs polars, which comes with the extra 'test'")
    found = history()
    assert polars.DataFrame(found).to_dicts() == found.epochs


def test_a_history_is_still_a_dict_wherever_it_goes():
    found = history()
    for other in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found), fm.History(found.epochs)):
        assert (other, other.epochs, other.converged) == (found, found.epochs, None)
    assert json.loads(json.dumps(found)) == dict(found) == {**found}
    assert found.get("speed") is None
    found.converged = True
    assert pickle.loads(pickle.dumps(found)).converged is True


def test_the_rows_of_a_history_have_the_same_columns():
    found = fm.History([{"epoch": 1, "loss": 0.5}])
    for row in ({"epoch": 2}, {"epoch": 2, "loss": 0.1, "mae": 0.1}, {}):
        with pytest.raises(ValueError, match=r"^every epoch of a history must have the same columns, epoch, loss, got"):
            found.append(row)
    with pytest.raises(TypeError, match=r"^an epoch of a history must be a dict of columns and values, got 'loss'\.$"):
        fm.History({"loss": [0.5]})
    assert found.epochs == [{"epoch": 1, "loss": 0.5}]
