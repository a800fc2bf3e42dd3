"""Curves of training, images of weights, activations and the diagram show the numbers they are given.

What could go wrong: a column under the wrong name (curves), images transposed, in the wrong order or each on a scale of
its own (mosaic), a derivative that is not the function's (central differences), units or weights that are drawn at
the wrong place, or in the wrong colour (diagram).
"""

import numpy as np
import pytest

import fastmlp as fm
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
