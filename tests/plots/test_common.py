"""What holds for every picture.

What could go wrong: a picture drawn somewhere else than asked for, or opened in a figure though its arguments are wrong
(each is tried both ways), a picture that matplotlib cannot render (each is rendered), changed settings (conftest.py),
matplotlib imported with fastmlp, or missing without saying what to install (processes of their own).
"""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib import pyplot
from overlaps import overlaps

import fastmlp as fm

RNG = np.random.default_rng(0)
POINTS, LABELS = RNG.normal(size=(40, 2)), RNG.integers(0, 3, 40)
VALUES = RNG.normal(size=40)
CLASSIFIER = fm.Network(2, [fm.Dense(5, "tanh"), fm.Dense(3, "softmax")], seed=0)
REGRESSOR = fm.Network(2, [fm.Dense(5, "tanh"), fm.Dense(1)], seed=0)
LINE = fm.Network(1, [fm.Dense(1)], seed=0)
GATE = fm.reference.Gate(2.0, name="x") * fm.reference.Gate(3.0, name="y")
HISTORY = fm.History([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])

PICTURES = {
    "learning_curves": lambda **more: fm.plots.learning_curves(HISTORY, **more),
    "History.plot": lambda **more: HISTORY.plot(**more),
    "weight_images": lambda **more: fm.plots.weight_images(np.eye(9), **more),
    "decision_regions": lambda **more: fm.plots.decision_regions(CLASSIFIER, POINTS, LABELS, **more),
    "activation_curves": lambda **more: fm.plots.activation_curves(["relu", "tanh"], **more),
    "network_diagram": lambda **more: fm.plots.network_diagram(CLASSIFIER, **more),
    "computational_graph": lambda **more: fm.plots.computational_graph(GATE, **more),
    "confusion_matrix": lambda **more: fm.plots.confusion_matrix(LABELS, LABELS[::-1], **more),
    "hidden_space": lambda **more: fm.plots.hidden_space(CLASSIFIER, POINTS, LABELS, **more),
    "hidden_space of values": lambda **more: fm.plots.hidden_space(REGRESSOR, POINTS, VALUES, **more),
    "curve": lambda **more: fm.plots.curve(LINE, VALUES, VALUES, **more),
    "surface": lambda **more: fm.plots.surface(REGRESSOR, POINTS, VALUES, **more),
}
each_picture = pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)


def test_every_function_is_tried_here():
    # a film has no Axes of its own: test_animate_training.py
    assert set(fm.plots.__all__) - {"animate_training"} <= set(PICTURES)


@each_picture
def test_a_picture_goes_into_the_axes_that_are_given(picture, ax):
    assert picture(ax=ax) is ax
    assert pyplot.get_fignums() == [ax.figure.number]
    assert ax.figure.axes == [ax]
    ax.figure.canvas.draw()


@each_picture
def test_without_axes_a_picture_opens_one_figure(picture):
    ax = picture()
    assert pyplot.get_fignums() == [ax.figure.number]
    assert ax.figure.axes == [ax]
    ax.figure.canvas.draw()


@each_picture
def test_texts_do_not_lie_over_each_other(picture):
    ax = picture()
    ax.set_title("A title that is long, as titles are which say what can be seen in a picture")
    assert overlaps(ax) == []


@each_picture
def test_a_picture_says_what_its_axes_are(picture):
    ax = picture()
    assert ax.get_title() or ax.texts or (ax.get_xlabel() and ax.get_ylabel())


@each_picture
def test_other_things_than_one_axes_are_refused(picture):
    figure, several = pyplot.subplots(1, 2)
    for wrong in (figure, several):
        with pytest.raises(TypeError, match=r"^ax must be one matplotlib Axes, got \w+: make one with .*\.$"):
            picture(ax=wrong)
    assert len(pyplot.get_fignums()) == 1


MISTAKES = {
    "history": (lambda: fm.plots.learning_curves([1.0, 0.5]), TypeError, "history must be what fit returned, got list"),
    "no epochs": (lambda: fm.plots.learning_curves(fm.History()), ValueError, "the history has no epochs"),
    "no column": (
        lambda: fm.plots.learning_curves(HISTORY, ["lost"]),
        ValueError,
        "the history has no column 'lost': choose from epoch, loss.",
    ),
    "columns": (lambda: fm.plots.learning_curves(HISTORY, 3), TypeError, "columns must be a list of names"),
    "not square": (
        lambda: fm.plots.weight_images(np.ones((6, 2))),
        ValueError,
        "weights has 6 rows, which fill no square image: give shape=(height, width).",
    ),
    "shape of others": (
        lambda: fm.plots.weight_images(np.ones((6, 2)), (2, 2)),
        ValueError,
        "shape 2 x 2 has 4 pixels, but weights has 6 rows",
    ),
    "shape": (lambda: fm.plots.weight_images(np.ones((6, 2)), 6), TypeError, "shape must be (height, width), got 6."),
    "weights": (lambda: fm.plots.weight_images([1.0]), ValueError, "weights has shape (1,), but must be"),
    "NaN": (lambda: fm.plots.weight_images([[np.nan]]), ValueError, "weights holds nan in row 0, column 0"),
    "columns of images": (lambda: fm.plots.weight_images(np.ones((4, 2)), columns=0), ValueError, "columns must be"),
    "three inputs": (
        lambda: fm.plots.decision_regions(CLASSIFIER, np.ones((4, 3)), [0, 1, 0, 1]),
        ValueError,
        "X has shape (4, 3), but must be (rows, 2): regions are drawn in the plane of two inputs.",
    ),
    "fewer labels": (
        lambda: fm.plots.decision_regions(CLASSIFIER, POINTS, LABELS[:5]),
        ValueError,
        "y has 5 rows, but X has 40: give one label for each.",
    ),
    "values for labels": (
        lambda: fm.plots.decision_regions(CLASSIFIER, POINTS, VALUES),
        ValueError,
        "which is a value, not a class.",
    ),
    "regression": (
        lambda: fm.plots.decision_regions(REGRESSOR, POINTS, LABELS),
        ValueError,
        "the network predicts values, not classes: draw them with surface.",
    ),
    "text and numbers": (
        lambda: fm.plots.decision_regions(CLASSIFIER, POINTS, np.array(["a", "b"] * 20)),
        ValueError,
        "y holds text, but the prediction numbers: code the text as integers",
    ),
    "predict": (
        lambda: fm.plots.decision_regions(None, POINTS, LABELS),
        TypeError,
        "network must have a method predict, got NoneType",
    ),
    "resolution": (
        lambda: fm.plots.decision_regions(CLASSIFIER, POINTS, LABELS, resolution=1),
        ValueError,
        "resolution must be an integer of at least 2, got 1.",
    ),
    "activation": (lambda: fm.plots.activation_curves("rely"), ValueError, "activation 'rely' does not exist"),
    "no activation": (lambda: fm.plots.activation_curves([]), ValueError, "names is empty"),
    "None": (lambda: fm.plots.activation_curves(None), TypeError, "activation must be one of the names"),
    "softmax": (lambda: fm.plots.activation_curves(["relu", "softmax"]), ValueError, "softmax has no curve"),
    "nothing": (
        lambda: fm.plots.activation_curves("relu", values=False, derivatives=False),
        ValueError,
        "values or derivatives must be True",
    ),
    "span": (
        lambda: fm.plots.activation_curves("relu", span=(2, -2)),
        ValueError,
        "span must run from low to high, got (2, -2).",
    ),
    "no network": (lambda: fm.plots.network_diagram("net"), TypeError, "network must be a Network, got str."),
    "max_units": (lambda: fm.plots.network_diagram(LINE, max_units=1), ValueError, "max_units must be"),
    "pairs": (
        lambda: fm.plots.confusion_matrix([0, 1, 1], [0, 1]),
        ValueError,
        "y_pred has 2 rows, but y_true has 3: give one label for each.",
    ),
    "classes": (
        lambda: fm.plots.confusion_matrix([0, 2], [0, 1], ["cat", "dog"]),
        ValueError,
        "label 2 is not among the 2 classes: name every class.",
    ),
    "layer": (
        lambda: fm.plots.hidden_space(LINE, VALUES.reshape(-1, 1), LABELS),
        ValueError,
        "layer -2 does not exist: the network has 1 layer, 0 to 0.",
    ),
    "layer's type": (
        lambda: fm.plots.hidden_space(CLASSIFIER, POINTS, LABELS, "last"),
        TypeError,
        "layer must be an index of network.layers, got 'last'.",
    ),
    "one unit": (
        lambda: fm.plots.hidden_space(REGRESSOR, POINTS, LABELS, -1),
        ValueError,
        "layer 2 has 1 unit, but a plane needs two or more: choose another layer.",
    ),
    "two inputs": (lambda: fm.plots.curve(REGRESSOR, POINTS, VALUES), ValueError, "X has shape (40, 2), but must be"),
    "fewer values": (
        lambda: fm.plots.curve(LINE, VALUES, VALUES[:3]),
        ValueError,
        "y has 3 rows, but X has 40: give one value for each.",
    ),
    "outputs": (
        lambda: fm.plots.curve(LINE, VALUES, POINTS),
        ValueError,
        "y has 2 columns, but the prediction has 1.",
    ),
    "three outputs": (
        lambda: fm.plots.surface(CLASSIFIER),
        ValueError,
        "the network has 3 outputs, but a surface shows one.",
    ),
    "two values": (lambda: fm.plots.surface(REGRESSOR, POINTS, POINTS), ValueError, "y has 2 columns, but a surface"),
    "y alone": (lambda: fm.plots.surface(REGRESSOR, y=VALUES), ValueError, "y is given without X"),
}


@pytest.mark.parametrize(("call", "error", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_wrong_input_gets_one_sentence_and_no_figure(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    text = str(caught.value)
    assert sentence in text
    assert text.endswith(".")
    assert "\n" not in text
    assert pyplot.get_fignums() == []


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)


def test_matplotlib_is_imported_with_the_first_picture_only():
    code = "import sys, fastmlp as fm; fm.plots.curve; print(sorted(n for n in sys.modules if 'matplotlib' in n))"
    done = run(code)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


@pytest.mark.parametrize("call", ["fm.plots.activation_curves('relu')", "fm.History([{'epoch': 1, 'loss': 1}]).plot()"])
def test_without_matplotlib_it_is_said_how_to_get_it(call):
    done = run(f"import sys; sys.modules['matplotlib'] = None\nimport fastmlp as fm\n{call}")
    assert done.stderr.splitlines()[-1] == 'ImportError: fastmlp.plots needs matplotlib: pip install "matplotlib>=3.6".'
