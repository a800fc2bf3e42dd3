"""Pictures of data: what a network says of samples stands where the samples are.

What could go wrong: a grid that is transposed or upside down (regions, and the surface of a network that looks at one
input), the class of a colour mistaken (legend), rows and columns exchanged (confusion matrix), the wrong layer or
components (hidden space), points beside their values (curve).
"""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import fastmlp as fm
from fastmlp._drawing.canvas import BLUE, OKABE_ITO, ORANGE, class_colours

SQUARE = np.array([[-1.0, -2.0], [-1.0, 2.0], [1.0, -2.0], [1.0, 2.0]])


class Rule:
    """Predicts what a function says, and counts its calls."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def predict(self, X):
        self.calls += 1
        return self.function(X)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def regions_of(ax):
    """Return for each pixel its point and the index of its class."""
    (image,) = ax.images
    left, right, bottom, top = image.get_extent()
    regions = image.get_array()
    rows, columns = regions.shape
    x = left + (np.arange(columns) + 0.5) * (right - left) / columns
    y = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
    assert image.origin == "lower"
    return np.stack(np.meshgrid(x, y), axis=-1), regions


def test_regions_are_where_the_classifier_predicts_their_class(ax):
    rule = Rule(lambda X: np.where(X[:, 1] > 1, 2, np.where(X[:, 0] > 0.3, 1, 0)))
    fm.plots.decision_regions(rule, SQUARE, [0, 2, 1, 2], ax, resolution=50)
    points, regions = regions_of(ax)
    assert regions.shape == (50, 50)
    assert rule.calls == 1
    assert (regions == rule.predict(points.reshape(-1, 2)).reshape(50, 50)).all()
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert left < -1 < 1 < right
    assert bottom < -2 < 2 < top


def test_regions_and_points_of_a_class_share_a_colour(ax):
    fm.plots.decision_regions(Rule(lambda X: (X[:, 0] > 0).astype(int)), SQUARE, [0, 0, 1, 1], ax, 10)
    colours = ax.images[0].cmap([0, 1])[:, :3]
    assert [tuple(colour) for colour in colours] == [to_rgb(BLUE), to_rgb(ORANGE)]
    drawn = {points.get_label(): points for points in ax.collections if not points.get_label().startswith("_")}
    assert list(drawn) == ["0", "1"]
    assert drawn["1"].get_offsets().tolist() == SQUARE[2:].tolist()
    assert tuple(drawn["1"].get_facecolor()[0, :3]) == to_rgb(ORANGE)


def test_classes_are_called_by_the_names_of_the_network(ax):
    net = fm.Network(2, [fm.Dense(3, "softmax")], seed=0)
    net.classes = ["ash", "beech", "cedar"]
    indicators = np.eye(3)[[0, 1, 2, 2]]
    fm.plots.decision_regions(net, SQUARE, indicators, ax, 10)
    assert legend(ax) == net.classes


def test_labels_can_be_text(ax):
    fm.plots.decision_regions(
        Rule(lambda X: np.where(X[:, 0] > 0, "no", "yes")), SQUARE, ["yes", "yes", "no", "no"], ax
    )
    assert legend(ax) == ["no", "yes"]


def test_a_class_that_is_only_predicted_is_in_the_legend(ax):
    fm.plots.decision_regions(Rule(lambda X: np.full(len(X), 7)), SQUARE, [0.0, 1.0, 1.0, 0.0], ax, 10)
    assert legend(ax) == ["0", "1", "7"]


@pytest.mark.parametrize("n_classes", [2, 8, 10, 26])
def test_every_class_has_a_colour_of_its_own(n_classes):
    assert len({to_rgb(colour) for colour in class_colours(n_classes)}) == n_classes


def test_a_confusion_matrix_counts_true_classes_in_rows_and_predicted_ones_in_columns(ax):
    true, predicted = [0, 0, 0, 1, 1, 5], [0, 1, 1, 1, 1, 0]
    fm.plots.confusion_matrix(true, predicted, ax=ax)
    counts = {text.get_position(): int(text.get_text()) for text in ax.texts}
    labels = [0, 1, 5]
    assert len(counts) == 9
    for row, a in enumerate(labels):
        for column, b in enumerate(labels):
            assert counts[column, row] == sum((t, p) == (a, b) for t, p in zip(true, predicted, strict=True))
    assert np.allclose(ax.images[0].get_array(), [[1 / 3, 2 / 3, 0], [0, 1, 0], [1, 0, 0]])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["0", "1", "5"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["0", "1", "5"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")
    assert ax.get_title() == "accuracy 50.0% of 6 samples"


@pytest.mark.parametrize(
    ("true", "predicted", "classes", "names", "counts"),
    [
        ([0, 1], [0, 0], ["a", "b", "c"], ["a", "b", "c"], [1, 0, 0, 1, 0, 0, 0, 0, 0]),
        ([0, 1], [0, 0], [1, 0], ["1", "0"], [0, 1, 0, 1]),
        (["x", "y"], ["x", "x"], ["y", "x"], ["y", "x"], [0, 1, 0, 1]),
        (["x", "y"], ["x", "x"], None, ["x", "y"], [1, 0, 1, 0]),
        ([[0.9, 0.1], [0.2, 0.8]], [0, 0], None, ["0", "1"], [1, 0, 1, 0]),
        ([False, True], [False, False], ["no", "yes"], ["no", "yes"], [1, 0, 1, 0]),
    ],
)
def test_classes_name_or_order_the_labels(ax, true, predicted, classes, names, counts):
    fm.plots.confusion_matrix(true, predicted, classes, ax)
    assert [text.get_text() for text in ax.get_yticklabels()] == names
    assert [int(text.get_text()) for text in ax.texts] == counts


def test_two_units_are_drawn_as_they_are(ax):
    net = fm.Network(2, [fm.Dense(2, "tanh"), fm.Dense(3, "tanh"), fm.Dense(2, "softmax")], seed=0)
    fm.plots.hidden_space(net, SQUARE, [0, 1, 1, 0], 0, ax)
    first, second = ax.collections
    hidden = net.activations(SQUARE)[0]
    assert np.allclose(first.get_offsets(), hidden[[0, 3]])
    assert np.allclose(second.get_offsets(), hidden[[1, 2]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("layer 1, unit 1", "layer 1, unit 2")


def test_more_units_are_drawn_by_their_first_two_principal_components(ax):
    rng = np.random.default_rng(0)
    net = fm.Network(4, [fm.Dense(6, "tanh"), fm.Dense(2, "softmax")], seed=0)
    X = rng.normal(size=(50, 4))
    fm.plots.hidden_space(net, X, np.zeros(50, int), ax=ax)
    hidden = net.activations(X)[0].astype(np.float64)
    values, vectors = np.linalg.eigh(np.cov(hidden.T))
    points = ax.collections[0].get_offsets()
    for component in (0, 1):
        vector = vectors[:, -1 - component]
        vector = vector * np.sign(vector[np.abs(vector).argmax()])
        # both are float64 of some hundred operations; eigenvalues here are far apart
        assert np.allclose(points[:, component], (hidden - hidden.mean(axis=0)) @ vector, atol=1e-9)
        label = (ax.get_xlabel(), ax.get_ylabel())[component]
        assert label == f"layer 1, principal component {component + 1} ({values[-1 - component] / values.sum():.0%})"


def test_one_sample_or_equal_samples_can_be_drawn(ax):
    net = fm.Network(2, [fm.Dense(6, "tanh"), fm.Dense(2, "softmax")], seed=0)
    fm.plots.hidden_space(net, [[1.0, 2.0]], [1], ax=ax)
    assert ax.collections[0].get_offsets().tolist() == [[0, 0]]


def test_values_in_the_hidden_space_are_shown_by_colours(ax):
    net = fm.Network(2, [fm.Dense(2, "tanh"), fm.Dense(1)], seed=0)
    fm.plots.hidden_space(net, SQUARE, [0.5, 1.5, 2.0, -1.0], ax=ax)
    assert ax.collections[0].get_array().tolist() == [0.5, 1.5, 2.0, -1.0]
    assert ax.get_legend() is None


@pytest.mark.parametrize("as_column", [False, True])
def test_a_curve_is_what_the_network_predicts(ax, as_column):
    net = fm.Network(1, [fm.Dense(1)], dtype="float64")
    net.set_parameters([2.0, 1.0])
    x, y = np.array([0.0, 4.0, 1.0]), np.array([1.5, 2.5, 3.5])
    fm.plots.curve(net, x[:, np.newaxis] if as_column else x, y[:, np.newaxis] if as_column else y, ax)
    (line,), (points,) = ax.lines, ax.collections
    assert points.get_offsets().tolist() == np.column_stack([x, y]).tolist()
    drawn_x, drawn_y = line.get_data()
    assert drawn_x[0] < 0 < 4 < drawn_x[-1]
    assert (drawn_y == net.predict(drawn_x[:, np.newaxis])).all()
    assert legend(ax) == ["data", "prediction"]


def test_every_output_has_its_curve_in_a_colour_of_its_own(ax):
    fm.plots.curve(Rule(lambda X: np.hstack([X, -X])), [0.0, 1.0], [[0.0, 0.0], [1.0, -1.0]], ax)
    assert [line.get_color() for line in ax.lines] == list(OKABE_ITO[:2])
    assert (ax.lines[1].get_ydata() == -ax.lines[1].get_xdata()).all()
    assert legend(ax)[-1] == "prediction of output 1"


def test_a_surface_is_high_where_the_output_is(ax):
    net = fm.Network(2, [fm.Dense(1)])
    net.set_parameters([0.0, 1.0, 0.0])  # the second input
    fm.plots.surface(net, SQUARE, [-2.0, 2.0, -2.0, 2.0], ax=ax)
    filled, points = ax.collections
    middles = [np.vstack(path.vertices)[:, 1].mean() for path in filled.get_paths() if len(path.vertices)]
    assert middles == sorted(middles)
    assert points.get_offsets().tolist() == SQUARE.tolist()
    low, high = filled.get_facecolors()[[0, -1], :3]
    # viridis: from dark blue to yellow
    assert low[2] > low[0]
    assert high[0] > high[2]


def test_a_surface_without_samples_has_the_span_that_is_given(ax):
    net = fm.Network(2, [fm.Dense(1, "sigmoid")], seed=0)
    fm.plots.surface(net, span=(-3, 2), ax=ax)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-3, 2), (-3, 2))


def test_a_constant_surface_can_be_drawn(ax):
    net = fm.Network(2, [fm.Dense(1, "sigmoid")])
    net.set_parameters([0.0, 0.0, 0.0])
    fm.plots.surface(net, ax=ax)
    ax.figure.canvas.draw()


def test_a_surface_of_other_things_is_what_they_predict(ax):
    rule = Rule(lambda X: X[:, 0])
    fm.plots.surface(rule, ax=ax)
    assert rule.calls == 1


def test_the_lines_of_the_first_units_are_drawn(ax):
    net = fm.Network(
        2, [fm.Standardize(mean=[0.5, 0.0], deviation=[2.0, 1.0]), fm.Dense(3, "tanh"), fm.Dense(1, "sigmoid")], seed=0
    )
    net.layers[0].weights[:] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    net.layers[0].bias[:] = [-0.5, 0.25, 9.0]
    X, y = np.array([[-3.0, -1.0], [3.0, 1.0]]), [0, 1]
    fm.plots.decision_regions(net, X, y, ax=ax, unit_lines=True)
    lines = [path.vertices for drawn in ax.collections for path in drawn.get_paths() if len(path.vertices) > 50]
    # (x - 0.5) / 2 = 0.5, and x2 = -0.25; the third unit is on everywhere
    assert any(np.allclose(line[:, 0], 1.5, atol=1e-6) for line in lines)
    assert any(np.allclose(line[:, 1], -0.25, atol=1e-6) for line in lines)
    with pytest.raises(TypeError, match="unit_lines needs a Network"):
        fm.plots.decision_regions(type("Tree", (), {"predict": len})(), X, y, ax=ax, unit_lines=True)
