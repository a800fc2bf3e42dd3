"""Curves of training, images of weights, activations and the diagram show the numbers they are given.

What could go wrong: a column under the wrong name (curves), images transposed, in the wrong order or each on a scale of
its own (mosaic), a derivative that is not the function's (central differences), units or weights that are drawn at
the wrong place, or in the wrong colour (diagram).
"""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import fastmlp as fm
from fastmlp._drawing.canvas import BLUE, VERMILLION
from fastmlp.activations import ACTIVATIONS

ROWS = [
    {"epoch": 3, "loss": 0.5, "validation_loss": 0.7, "validation_accuracy": 0.6},
    {"epoch": 4, "loss": 0.25, "validation_loss": 0.6, "validation_accuracy": 0.8},
]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_learning_curves_draw_every_loss_over_the_epochs(ax):
    fm.plots.learning_curves(fm.History(ROWS), ax=ax)
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[3, 0.5], [4, 0.25]], [[3, 0.7], [4, 0.6]]]
    assert legend(ax) == ["training", "validation"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")


@pytest.mark.parametrize(
    ("columns", "label"),
    [("validation_accuracy", "accuracy"), (["loss", "validation_accuracy"], "loss, accuracy")],
)
def test_learning_curves_draw_the_columns_that_are_asked_for(ax, columns, label):
    fm.plots.learning_curves(fm.History(ROWS), columns, ax)
    names = [columns] if isinstance(columns, str) else columns
    assert [line.get_ydata().tolist() for line in ax.lines] == [[row[name] for row in ROWS] for name in names]
    assert legend(ax) == [name.replace("_", " ") for name in names]
    assert ax.get_ylabel() == label


def test_learning_curves_number_the_epochs_of_a_plain_mapping(ax):
    fm.plots.learning_curves({"loss": [3.0, 2.0, 1.0]}, ax=ax)
    assert ax.lines[0].get_xydata().tolist() == [[1, 3], [2, 2], [3, 1]]


def test_a_mosaic_has_the_image_of_each_unit_at_its_place(ax):
    weights = np.arange(6 * 5, dtype=np.float32).reshape(6, 5) - 20
    fm.plots.weight_images(weights, (2, 3), 3, ax)
    (image,) = ax.images
    mosaic = np.ma.filled(image.get_array(), np.nan)
    assert mosaic.shape == (2 * 3 - 1, 3 * 4 - 1)
    for unit in range(5):
        top, left = 3 * (unit // 3), 4 * (unit % 3)
        assert (mosaic[top : top + 2, left : left + 3] == weights[:, unit].reshape(2, 3)).all()
    assert np.isfinite(mosaic).sum() == weights.size


def test_weights_of_all_units_share_a_scale_with_zero_in_its_middle(ax):
    fm.plots.weight_images([[1.0, -3.0], [0.0, 2.0], [0.5, 1.0], [0.0, 0.0]], ax=ax)
    assert ax.images[0].get_clim() == (-3, 3)
    red, _, blue, _ = ax.images[0].cmap(0.9)
    assert blue > red
    assert ax.get_title() == "weights into 2 units from 2 x 2 inputs"


def test_weights_that_are_all_zero_can_be_drawn(ax):
    fm.plots.weight_images(np.zeros((4, 1)), ax=ax)
    assert ax.images[0].get_clim() == (-1, 1)


def test_a_mosaic_is_about_square_by_default(ax):
    fm.plots.weight_images(np.ones((8, 16)), (8, 1), ax=ax)
    height, width = ax.images[0].get_array().shape
    assert (height, width) == (2 * 9 - 1, 12 * 2 - 1)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS.keys() - {"softmax"}))
def test_an_activation_and_its_derivative_are_drawn(ax, name):
    fm.plots.activation_curves(name, span=(-3, 3), ax=ax)
    value, derivative = (line for line in ax.lines if line.get_label().startswith(name))
    z = value.get_xdata()
    assert (z[0], z[-1]) == (-3, 3)
    a = value.get_ydata()
    unit = fm.Network(1, [fm.Dense(1, name)], dtype="float64")
    unit.set_parameters([1.0, 0.0])
    assert (a == unit.forward(z[:, np.newaxis])[:, 0]).all()
    # a difference over two steps of h is off by h^2 / 6 |a'''|, here (6 / 800)^2 / 6 * 6 = 5.6e-5 for softsign at
    # 0, where |a'''| is 6, but for the few points beside a kink
    differences = (a[2:] - a[:-2]) / (z[2:] - z[:-2])
    assert np.quantile(np.abs(derivative.get_ydata()[1:-1] - differences), 0.98) < 8e-5
    assert (value.get_linestyle(), derivative.get_linestyle()) == ("-", "--")
    assert value.get_color() == derivative.get_color()
    assert legend(ax) == [name, "derivative"]


def test_activations_are_drawn_without_derivatives_and_as_objects(ax):
    fm.plots.activation_curves([fm.activations.LeakyReLU(0.5), "tanh"], derivatives=False, ax=ax)
    assert legend(ax) == ["leaky_relu", "tanh"]
    leaky = next(line for line in ax.lines if line.get_label() == "leaky_relu")
    assert leaky.get_ydata()[0] == -2  # 0.5 * -4
    assert ax.get_ylabel() == "activation a"


def test_derivatives_alone_are_solid(ax):
    fm.plots.activation_curves(["sigmoid", "tanh"], values=False, ax=ax)
    assert legend(ax) == ["sigmoid", "tanh"]
    lines = [line for line in ax.lines if line.get_label() in ("sigmoid", "tanh")]
    assert [line.get_ydata().max() for line in lines] == [0.25, 1.0]
    assert {line.get_linestyle() for line in lines} == {"-"}
    assert ax.get_ylabel() == "derivative da/dz"


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
    assert np.diff(hidden.get_offsets()[:, 1]).tolist() == [-1, -1]
    assert legend(ax) == ["positive weight", "negative weight"]


@pytest.mark.parametrize("max_units", [2, 5, 12])
def test_a_large_layer_shows_its_first_and_last_units_with_dots_between(ax, max_units):
    net = network_of(30, 2)
    net.layers[0].weights[:] = np.arange(1, 61).reshape(30, 2)
    fm.plots.network_diagram(net, ax, max_units=max_units)
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
