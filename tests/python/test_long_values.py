"""Large and odd arguments in error messages: what could go wrong, and which test sees it.

A message repeats a million characters, or is itself an error, since the repr of what came fails or cannot be written
out; or shortening changes what ordinary values look like. What a message may repeat: _checks/text.py.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._checks.text import brief, listed
from fastmlp.sklearn import MLPClassifier


class Evil:
    def __repr__(self):
        raise RuntimeError("no")


HUGE = {
    "text": "x" * 10**6,
    "list": [1.5] * 10**5,
    "list of text": ["ab" * 10**4] * 10**3,
    "set": set(range(10**5)),
    "dict": dict.fromkeys(range(10**5)),
    "bytes": b"x" * 10**6,
    "array": np.zeros(10**6),
    "array of no dimension": np.array(1.0),
    "memory of two dimensions": memoryview(np.zeros((300, 300))),
    "integer of many digits": 10**5000,
    "records": np.zeros(2, [(f"field{index}", "f4") for index in range(500)]),
    "integer": -(10**5000),
    "evil": Evil(),
    "list of evil": [Evil()],
    "array of evil": np.array([Evil()]),
    "half a character": "\ud800",
}
X, Y = np.eye(2), np.array([0, 1])


def network():
    return fm.Network(2, [fm.Dense(2, "softmax")], seed=0)


CALLS = {
    "units": fm.Dense,
    "activation": partial(fm.Dense, 2),
    "drop_rate": fm.Dropout,
    "l2": lambda value: fm.Dense(2, l2=value),
    "n_inputs": lambda value: fm.Network(value, [fm.Dense(1)]),
    "layers": partial(fm.Network, 2),
    "layer": lambda value: fm.Network(2, [value]),
    "loss": lambda value: fm.Network(2, [fm.Dense(1)], loss=value),
    "dtype": lambda value: fm.Network(2, [fm.Dense(1)], dtype=value),
    "learning_rate": fm.Adam,
    "nesterov": lambda value: fm.SGD(0.1, momentum=0.9, nesterov=value),
    "X": lambda value: network().fit(value, Y),
    "batches": lambda value: network().fit(value),
    "y": lambda value: network().fit(X, value),
    "optimizer": lambda value: network().fit(X, Y, optimizer=value),
    "optimizer of learn": lambda value: network().learn(X[0], 1, optimizer=value),
    "callbacks": lambda value: network().fit(X, Y, callbacks=value),
    "metrics": lambda value: network().fit(X, Y, metrics=value),
    "sample_weight": lambda value: network().fit(X, Y, sample_weight=value),
    "monitor": lambda value: network().fit(X, Y, callbacks=[fm.EarlyStopping(monitor=value)]),
    "mode": lambda value: fm.EarlyStopping(mode=value),
    "path": fm.load,
    "path to write": lambda value: network().save(value),
    "folder": fm.datasets.load_mnist,
    "columns": lambda value: network().fit(X, Y, epochs=1).plot(value),
    "to": lambda value: fm.Rescale(to=value),
    "mean": lambda value: fm.Standardize(value, value),
    "classes": lambda value: setattr(network(), "classes", value),
    "samples": fm.datasets.moons,
    "threads": fm.set_num_threads,
    "outputs": lambda value: fm.metrics.accuracy(Y, value),
    "solver": lambda value: MLPClassifier(solver=value, max_iter=1).fit(X, Y),
}


# what is large or odd, and right there
RIGHT = {
    ("l2", "array of no dimension"),
    ("learning_rate", "array of no dimension"),
    ("mean", "list"),
    ("threads", "integer of many digits"),
}


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in CALLS for kind in HUGE if (name, kind) not in RIGHT]
)
def test_no_message_repeats_a_large_argument_or_fails_over_an_odd_one(name, kind):
    with pytest.raises((ValueError, TypeError, OSError)) as caught:
        CALLS[name](HUGE[kind])
    message = str(caught.value)
    assert 20 < len(message) <= 400
    assert "\n" not in message
    assert message.endswith(".")


def test_a_column_that_a_history_does_not_have_is_named_in_short():
    history = network().fit(X, Y, epochs=1)
    for value in HUGE.values():
        with pytest.raises(KeyError) as caught:
            history[value]
        assert len(str(caught.value)) <= 400


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -3,
        2.5,
        "relu",
        "it's \x1b",
        b"ab",
        [],
        (),
        {},
        set(),
        (1,),
        [1, "two", (3.0, None)],
        {"a": [1], 2: {"b": ()}},
        {5},
        np.array([1.0, 2.0]),
        np.float32(1.5),
        fm.Dense(3, "relu"),
        range(10**9),
        "x" * 98,
    ],
)
def test_an_ordinary_value_is_shown_as_its_repr(value):
    assert brief(value) == repr(value)


def test_of_what_is_long_the_begin_is_shown():
    assert brief(list(range(10**6))).startswith("[0, 1, 2, 3, ")
    assert brief([["a" * 10**6] * 10**3]).startswith("[['aaaa")
    assert brief(-(10**5000)) == "an integer of 16610 bits"
    assert brief(np.zeros((2000, 3))) == "an array of shape (2000, 3) and dtype float64"
    assert brief(np.eye(2)) == "array([[1., 0.], [0., 1.]])"
    assert "Evil object at" in brief([Evil()])
    itself = []
    itself.append(itself)
    assert len(brief(itself)) <= 100


def test_no_more_is_looked_at_than_is_shown():
    asked = []

    class Item:
        def __repr__(self):
            asked.append(self)
            return "item"

    assert brief([[Item()] * 1000] * 1000).startswith("[[item, item, ")
    assert len(asked) < 20


def test_a_list_of_long_names_says_how_many_are_left_out():
    text = listed(["x" * 1000] * 10)
    assert len(text) < 300
    assert text.endswith(" and 6 more")
    assert listed(["a", "b"]) == "'a', 'b'"
