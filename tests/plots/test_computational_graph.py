"""Graphs of the reference's gates as pictures.

What could go wrong: a number at another gate, a gate or wire missing, one thing drawn over another, an edge through a
gate that it does not belong to, a step taken apart that is one in the book, and a layout that is another next time.
"""

from __future__ import annotations

import random

import numpy as np
import pytest
from matplotlib import pyplot
from overlaps import overlaps

import fastmlp as fm
from fastmlp._drawing.layered import layered
from fastmlp.reference import Gate, exp, maximum, sigmoid


def first_circuit():
    x, y, z = Gate(-2.0, name="x"), Gate(5.0, name="y"), Gate(-4.0, name="z")
    return (x + y) * z


def neuron():
    names = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "b": -3.0}
    w0, x0, w1, x1, b = (Gate(value, name=name) for name, value in names.items())
    return 1.0 / (1.0 + exp(-(w0 * x0 + w1 * x1 + b)))


def third_circuit():
    x, y = Gate(3.0, name="x"), Gate(-4.0, name="y")
    return (x + sigmoid(y)) / (sigmoid(x) + (x + y) ** 2)


def loss_of_a_network(*layers, loss=None, samples=1, penalty=0.0):
    net = fm.reference.Network(2, list(layers), loss=loss, l2=penalty)
    net.initialize(3)
    X, y = [[0.5, -1.0], [2.0, 0.25]][:samples], [1, 0][:samples]
    return net.circuit(X, y).loss


CIRCUITS = {
    "sum and product": first_circuit,
    "sigmoid neuron": neuron,
    "a quotient": third_circuit,
    "2-4-1": lambda: loss_of_a_network(fm.Dense(4, "tanh"), fm.Dense(1, "sigmoid")),
    "2-4-1 of values": lambda: loss_of_a_network(fm.Dense(4, "relu"), fm.Dense(1), loss="mse"),
    "softmax, penalty, two samples": lambda: loss_of_a_network(
        fm.Dense(3, "sigmoid"), fm.Dense(2, "softmax"), samples=2, penalty=0.1
    ),
}
each_circuit = pytest.mark.parametrize("circuit", CIRCUITS.values(), ids=CIRCUITS)


def written(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


@each_circuit
@pytest.mark.parametrize("blocks", [True, False], ids=["blocks", "gates"])
def test_nothing_is_drawn_over_anything(circuit, blocks):
    gate = circuit()
    gate.backward()
    ax = fm.plots.computational_graph(gate, blocks=blocks)
    assert overlaps(ax) == []
    ax.set_title(
        "A title that says all that there is to say about this graph, and that is a good deal, in one long line"
    )
    assert overlaps(ax) == []


@each_circuit
def test_in_a_small_axes_letters_become_smaller(circuit):
    gate = circuit()
    gate.backward()
    _, panels = pyplot.subplots(2, 2, figsize=(7, 5))
    ax = fm.plots.computational_graph(gate, ax=panels[1, 0], named_only=True)
    assert overlaps(ax) == []


def test_values_stand_above_and_gradients_below():
    f = first_circuit()
    f.backward()
    ax = fm.plots.computational_graph(f, digits=1)
    place = {text.get_text(): text.get_position() for text in ax.texts}
    for name, value, gradient in [("y", "5.0", "-4.0"), ("z", "-4.0", "3.0"), ("+", "3.0", "-4.0")]:
        near = [text for text in ax.texts if text.get_position()[0] == place[name][0]]
        beside = sorted(near, key=lambda text: abs(text.get_position()[1] - place[name][1]))[:3]
        above, below = sorted(beside[1:], key=lambda text: -text.get_position()[1])
        assert (above.get_text(), below.get_text()) == (value, gradient)
    assert place["x"][0] < place["+"][0] < place["\N{MULTIPLICATION SIGN}"][0]


def test_numbers_of_a_formula_stand_in_the_gate_that_uses_them():
    a = neuron()
    a.backward()
    texts = written(fm.plots.computational_graph(a))
    assert {"exp", "+ 1", "1 / x", "-x"} <= set(texts)
    assert "1" not in texts
    x = Gate(3.0, name="x")
    texts = written(fm.plots.computational_graph((maximum(0.0, x) * 2.0 - 1.0) ** 2))
    assert {"max(x, 0)", "\N{MULTIPLICATION SIGN} 2", "- 1", "x^2"} <= set(texts)


def test_a_sigmoid_is_one_step_or_its_gates():
    f = third_circuit()
    f.backward()
    texts = written(fm.plots.computational_graph(f))
    assert texts.count("sigmoid") == 2
    assert "exp" not in texts
    texts = written(fm.plots.computational_graph(f, blocks=False))
    assert "sigmoid" not in texts
    assert "exp" in texts


def test_names_alone():
    x = Gate(3.0, name="x")
    q = x * x + 1.0
    f = exp(-q)
    q.name, f.name = "q", "f"
    f.backward()
    ax = fm.plots.computational_graph(f, named_only=True, digits=0)
    names = [text.get_text() for text in ax.texts if text.get_text().isalpha()]
    assert names == ["x", "q", "f"]
    assert len(ax.collections[0].get_segments()) == 2


def test_small_and_large_numbers_do_not_become_zero_or_endless():
    x = Gate(1e-9, name="x")
    y = x * 1e18
    y.backward()
    assert {"1.0e-09", "1.0e+09"} <= set(written(fm.plots.computational_graph(y)))


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(TypeError, match=r"gate must be a Gate of fastmlp\.reference, got float"):
        fm.plots.computational_graph(1.0)
    many = sum((Gate(1.0) for _ in range(401)), Gate(0.0))
    with pytest.raises(ValueError, match="the graph has 803 gates, but at most 400 are drawn"):
        fm.plots.computational_graph(many)
    assert not pyplot.get_fignums()


def random_sources(seed):
    generator = random.Random(seed)
    return [
        [generator.randrange(node) for _ in range(generator.randrange(3))] if node else []
        for node in range(generator.randrange(2, 40))
    ]


@pytest.mark.parametrize("seed", range(30))
def test_any_graph_runs_from_left_to_right_through_nothing(seed):
    sources = random_sources(seed)
    layout = layered(sources)
    assert layered(sources) == layout
    for source, node, points in layout.edges:
        assert source in sources[node]
        columns = [column for column, _ in points]
        assert columns == [float(column) for column in range(layout.columns[source], layout.columns[node] + 1)]
    assert len(layout.edges) == sum(len(set(feeding)) for feeding in sources)
    # in a column, nodes and passing edges keep their distance
    for column in range(layout.n_columns):
        nodes = [height for at, height in zip(layout.columns, layout.heights, strict=True) if at == column]
        passing = [height for *_, points in layout.edges for at, height in points[1:-1] if at == column]
        assert np.diff(sorted(nodes)).min(initial=9.0) > 0.999
        if passing and nodes:
            assert min(abs(a - b) for a in nodes for b in passing) > 0.499
