"""Text from outside in a sentence: what could go wrong, and which test sees it.

A sentence is as long as what it repeats, or loses the end that says how to mend it (shortened); a terminal obeys what
a file name or a label holds (printable).
"""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._checks.text import LONGEST, printable, shortened


@pytest.mark.parametrize("length", [0, 1, LONGEST - 1, LONGEST])
def test_what_is_short_enough_stays_as_it_is(length):
    assert shortened("x" * length) == "x" * length


@pytest.mark.parametrize("length", [LONGEST + 1, 10 * LONGEST, 10**6])
def test_of_a_long_text_the_middle_is_left_out_and_counted(length):
    text = "".join(chr(ord("a") + index % 26) for index in range(length))
    found = shortened(text)
    assert LONGEST - 5 <= len(found) <= LONGEST
    begin, rest = found.split(" [")
    count, end = rest.split(" more] ")
    assert text.startswith(begin)
    assert text.endswith(end)
    assert len(begin) + int(count) + len(end) == length
    assert abs(len(begin) - len(end)) <= 1


def test_what_a_terminal_would_obey_is_escaped_and_the_rest_is_not():
    assert printable("rosé, Ω and 花: 'a' \\ {b}") == "rosé, Ω and 花: 'a' \\ {b}"
    # clear the screen, a line end, the mark that turns the direction of writing, a byte of a file name that is no UTF-8
    assert printable("\x1b[2J\r\n\u202e\udcff\x9b") == r"\x1b[2J\r\n\u202e\udcff\x9b"


class Evil:
    def __repr__(self):
        raise RuntimeError("no repr")

    __name__ = "evil" * 100_000


HUGE = {
    "text": "x" * 10**6,
    "list": list(range(10**6)),
    "nested": [[["y" * 10**5] * 50] * 50] * 50,
    "integer": -(10**4000),
    "array": np.zeros((500, 500)),
    "evil": Evil(),
    "dict": {index: index for index in range(10**5)},
}
X, Y = np.zeros((4, 2)), np.zeros(4)
net = fm.Network(2, [fm.Dense(1)], seed=0)
CALLS = {
    "units": lambda value: fm.Dense(value),
    "activation": lambda value: fm.Dense(3, value),
    "initializer": lambda value: fm.Dense(3, initializer=value),
    "l2": lambda value: fm.Dense(3, l2=value),
    "dropout": lambda value: fm.Dropout(value),
    "n_inputs": lambda value: fm.Network(value, [fm.Dense(1)]),
    "layers": lambda value: fm.Network(2, value),
    "layer": lambda value: fm.Network(2, [value]),
    "loss": lambda value: fm.Network(2, [fm.Dense(1)], loss=value),
    "dtype": lambda value: fm.Network(2, [fm.Dense(1)], dtype=value),
    "seed": lambda value: fm.Network(2, [fm.Dense(1)], seed=value),
    "scale_targets": lambda value: fm.Network(2, [fm.Dense(1)], scale_targets=value),
    "epochs": lambda value: net.fit(X, Y, epochs=value),
    "optimizer": lambda value: net.fit(X, Y, optimizer=value),
    "learn": lambda value: net.learn(X[0], 1.0, optimizer=value),
    "shuffle": lambda value: net.fit(X, Y, shuffle=value),
    "callbacks": lambda value: net.fit(X, Y, callbacks=[value]),
    "metrics": lambda value: net.fit(X, Y, validation_data=(X, Y), metrics=[value]),
    "validation_data": lambda value: net.fit(X, Y, validation_data=value),
    "X": lambda value: net.predict(value),
    "y": lambda value: net.loss(X, value),
    "learning_rate": lambda value: fm.SGD(value),
    "momentum": lambda value: fm.SGD(0.1, momentum=value),
    "schedule": lambda value: fm.schedules.Warmup(value),
    "class_weight": lambda value: fm.losses.CrossEntropy(class_weight=value),
    "delta": lambda value: fm.losses.Huber(value),
    "monitor": lambda value: fm.EarlyStopping(monitor=value, patience=value),
    "mode": lambda value: fm.EarlyStopping(mode=value),
    "mean": lambda value: fm.Standardize(mean=value, deviation=[1.0]),
    "to": lambda value: fm.Rescale(to=value),
    "column": lambda value: fm.history.History([{"loss": 1.0}])[value],
    "attribute": lambda value: setattr(net, value if isinstance(value, str) else "z" * 10**6, 1),
    "path": lambda value: fm.load(value),
    "save": lambda value: net.save(value),
    "threads": lambda value: fm.set_num_threads(value),
    "f": lambda value: fm.check_gradients(value, [0.0], [0.0]),
    "parameters": lambda value: net.set_parameters(value),
    "moons": lambda value: fm.datasets.moons(value),
}


def sentence_of(call, value):
    """Return what a call that refuses a value says; some values are right in some places."""
    try:
        call(value)
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", CALLS)
def test_no_sentence_repeats_a_large_argument(name):
    sentences = [sentence_of(CALLS[name], value) for value in HUGE.values()]
    assert any(sentences)
    for sentence in sentences:
        assert len(sentence) <= 500, sentence[:200]
        assert "\n" not in sentence
