"""Diagrams of networks.

What could go wrong: a connection with the strength or sign of another one, a number at another unit, numbers over each
other, a large layer that hides everything, names that are not its own.
"""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgb
from overlaps import overlaps

import fastmlp as fm
from fastmlp._drawing.canvas import BLUE, VERMILLION

TITLE = "A title that is long, as titles are which say what can be seen in a picture"


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def network_of(*sizes):
    return fm.Network(sizes[0], [fm.Dense(units, "tanh") for units in sizes[1:]], seed=1)


def test_a_diagram_joins_every_unit_with_every_unit_of_the_next_layer(ax):
    net = network_of(2, 3, 1)
    net.layers[0].weights[:] = [[1, -2, 0], [0.5, 4, -1]]
    fm.plots.network_diagram(net, ax)
    lines, lines_out, inputs, hidden, outputs = ax.collections
    assert [len(units.get_offsets()) for units in (inputs, hidden, outputs)] == [2, 3, 1]
    assert len(lines_out.get_segments()) == 3
    ends = [(tuple(start), tuple(end)) for start, end in lines.get_segments()]
    assert ends == [(tuple(a), tuple(b)) for a in inputs.get_offsets() for b in hidden.get_offsets()]
    assert np.allclose(lines.get_linewidths(), 3 * np.array([1, 2, 0, 0.5, 4, 1]) / 4)
    colours = [tuple(colour[:3]) for colour in lines.get_colors()]
    assert colours == [to_rgb(VERMILLION if weight < 0 else BLUE) for weight in (1, -2, 0, 0.5, 4, -1)]
    assert [text.get_text() for text in ax.texts] == ["inputs\n2", "layer 1\n3 tanh", "layer 2\n1 tanh"]
    # unit 0 is at the top
    steps = np.diff(hidden.get_offsets()[:, 1])
    assert steps[0] == pytest.approx(steps[1])
    assert steps[0] < 0
    assert legend(ax) == ["positive weight", "negative weight"]


@pytest.mark.parametrize("max_units", [2, 5, 12])
def test_a_large_layer_shows_its_first_and_last_units_with_dots_between(max_units):
    net = network_of(30, 2)
    net.layers[0].weights[:] = np.arange(1, 61).reshape(30, 2)
    ax = fm.plots.network_diagram(net, max_units=max_units)
    lines, inputs, dots, _ = ax.collections
    assert len(inputs.get_offsets()) == max_units
    first = (max_units + 1) // 2
    shown = [*range(first), *range(30 - max_units + first, 30)]
    # widths are in relation to the largest weight of the layer, drawn or not: 60
    assert np.allclose(lines.get_linewidths(), 3 * net.layers[0].weights[shown].ravel() / 60)
    heights = inputs.get_offsets()[:, 1]
    assert heights[first - 1] > dots.get_offsets()[:, 1].max()
    assert heights[first] < dots.get_offsets()[:, 1].min()
    assert ax.texts[0].get_text() == "inputs\n30"


def test_a_network_of_zeros_can_be_drawn(ax):
    net = network_of(2, 2)
    net.set_parameters(np.zeros(6))
    fm.plots.network_diagram(net, ax)
    assert not np.any(ax.collections[0].get_linewidths())


def small_network():
    net = fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(1)], loss="mse", dtype="float64", seed=0)
    net.set_parameters([1.25, -2.5, 0.5, 0.75, 4.0, -1.5, 0.1, -0.2, 0.3, 2.0, -3.0, 0.25, 7.5])
    return net


def texts_near(ax, place):
    """Return the texts from the nearest to the farthest one."""
    return sorted(ax.texts, key=lambda text: float(np.hypot(*(np.array(text.get_position()) - place))))


def test_values_stand_in_the_units_that_have_them():
    net = small_network()
    x = [0.5, -1.0]
    ax = fm.plots.network_diagram(net, x=x, weights=True, digits=3)
    units = ax.collections[2:]
    for column, values in zip(units, ([x], *net.activations([x])), strict=True):
        for place, value in zip(column.get_offsets(), values[0], strict=True):
            assert texts_near(ax, place)[0].get_text() == f"{value:.3f}"
    for column, layer, z in zip(units[1:], net.layers, net.pre_activations([x]), strict=True):
        for place, b, z_j in zip(column.get_offsets(), layer.bias, z[0], strict=True):
            assert texts_near(ax, place)[1].get_text() == f"b {b:.3f}\nz {z_j:.3f}"


@pytest.mark.parametrize("bias_nodes", [False, True])
def test_each_weight_stands_on_its_connection(bias_nodes):
    net = small_network()
    ax = fm.plots.network_diagram(net, weights=True, bias_nodes=bias_nodes)
    for lines, layer in zip(ax.collections, net.layers, strict=False):
        values = np.vstack([layer.bias, layer.weights]) if bias_nodes else layer.weights
        assert len(lines.get_segments()) == values.size
        for (start, end), value in zip(lines.get_segments(), values.ravel(), strict=True):
            label = next(
                text
                for text in ax.texts
                if text.get_text() == f"{value:.2f}"
                and abs(np.linalg.det([end - start, np.array(text.get_position()) - start])) < 1e-9
            )
            assert to_rgb(label.get_color()) == to_rgb(VERMILLION if value < 0 else BLUE)
            assert start[0] < label.get_position()[0] < end[0]
    assert ("1" in [text.get_text() for text in ax.texts]) is bias_nodes


@pytest.mark.parametrize("sizes", [(1, 1), (2, 4, 1), (4, 5, 3), (3, 8, 8, 2), (30, 25, 10)])
@pytest.mark.parametrize("bias_nodes", [False, True])
@pytest.mark.parametrize("has_values", [False, True])
def test_no_number_lies_over_another(sizes, bias_nodes, has_values):
    net = network_of(*sizes)
    x = np.linspace(-9, 9, sizes[0]) if has_values else None
    few = {"max_units": 4} if max(sizes) > 8 else {}
    for small in (None, pyplot.subplots(2, 3, figsize=(9, 6), layout="constrained")[1][0, 1]):
        ax = fm.plots.network_diagram(
            net, small, x=x, weights=max(sizes) < 8 or bool(few), bias_nodes=bias_nodes, **few
        )
        if small is None:
            ax.set_title(TITLE)
        assert overlaps(ax) == []


def test_names_of_inputs_and_outputs():
    net = small_network()
    ax = fm.plots.network_diagram(net, input_names=["width", "height"], output_names=["price"])
    inputs = {text.get_text(): text.get_position() for text in ax.texts}
    assert inputs["width"][1] > inputs["height"][1]
    assert inputs["width"][0] < 0 < inputs["price"][0]
    for more in ({}, {"weights": True}, {"x": [1.0, 2.0], "weights": True}):
        ax = fm.plots.network_diagram(net, hidden_names=[["long", "wide", "heavy"]], **more)
        hidden = ax.collections[3].get_offsets()
        for name, place in zip(["long", "wide", "heavy"], hidden, strict=True):
            text = next(text for text in ax.texts if text.get_text() == name)
            assert text.get_position()[0] == place[0]
            assert 0 < text.get_position()[1] - place[1] < 0.3
        assert overlaps(ax) == []
    with pytest.raises(ValueError, match="hidden_names must be a list of lists of names, one for each hidden layer: 1"):
        fm.plots.network_diagram(net, hidden_names=["a", "b", "c"])
    with pytest.raises(ValueError, match="input_names has 1 names, but must have one for each: 2"):
        fm.plots.network_diagram(net, input_names=["width"])
    with pytest.raises(TypeError, match="output_names must be a list of names, one for each: 1"):
        fm.plots.network_diagram(net, output_names="price")


def test_numbers_of_any_size_stay_in_their_circle():
    net = network_of(2, 2)
    for x in ([123456.0, -0.00001], [-12345.678, 99.999]):
        ax = fm.plots.network_diagram(net, x=x)
        assert overlaps(ax) == []
        assert "-0.00" not in [text.get_text() for text in ax.texts]


def test_what_cannot_be_drawn_is_refused():
    net = network_of(30, 25, 10)
    with pytest.raises(ValueError, match="layer 1 has 144 weights to write, but at most 64 can be read"):
        fm.plots.network_diagram(net, weights=True)
    with pytest.raises(ValueError, match=r"x has shape \(2,\), but must be one sample of 30 inputs"):
        fm.plots.network_diagram(net, x=[1.0, 2.0])
    with pytest.raises(TypeError, match="bias_nodes must be True or False"):
        fm.plots.network_diagram(net, bias_nodes=2)
    assert not pyplot.get_fignums()


def test_maxout_and_normalized_layers_can_be_drawn():
    net = fm.Network(2, [fm.Maxout(3, 2), fm.LayerNorm(), fm.Dense(2, "softmax")], seed=0)
    ax = fm.plots.network_diagram(net, x=[1.0, 2.0], weights=True)
    assert overlaps(ax) == []
