"""Calculations as they are written by hand.

What could go wrong: a printed number is not the core's, or not what the expression before it gives; an entry stands at
another place; a penalty, a scaling or a loss is left out; the lectures' networks show other digits; a network that
cannot be written so is written wrongly; HTML or LaTeX breaks.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._checks.text import decimal

ACTIVATIONS = ["sigmoid", "tanh", "relu", "identity", "softplus", "leaky_relu"]
ENDS = [
    ("softmax", None),
    ("sigmoid", None),
    ("sigmoid", "half_squared_error"),
    ("identity", "mse"),
    ("tanh", "mae"),
    ("identity", "huber"),
    ("softmax", "mse"),
    ("identity", "hinge"),
]


def random_case(seed):
    random = np.random.default_rng(seed)
    last, loss = ENDS[seed % len(ENDS)]
    inputs, outputs = int(random.integers(1, 4)), int(random.integers(2 if last == "softmax" else 1, 4))
    hidden = [
        fm.Dense(int(random.integers(1, 4)), str(random.choice(ACTIVATIONS))) for _ in range(random.integers(0, 3))
    ]
    penalties = {"l1": 0.01, "l2": 0.05} if seed % 3 == 0 else {}
    scaling = [fm.Standardize(mean=[0.5] * inputs, deviation=[2.0] * inputs)] if seed % 4 == 1 else []
    settings = {"seed": seed, "dtype": ["float32", "float64"][seed % 2], **penalties}
    net = fm.Network(inputs, [*scaling, *hidden, fm.Dense(outputs, last)], loss=loss, **settings)
    for layer in net.layers:
        layer.bias[:] = random.normal(size=layer.bias.shape)
    x = random.normal(size=inputs) * 2
    if loss in (None, "hinge"):
        y = int(random.integers(0, max(outputs, 2)))
    else:
        y = random.uniform(0, 1, size=outputs)
        y = y / y.sum() if last == "softmax" else y
    if loss is None and last == "sigmoid" and outputs > 1:
        y = np.eye(outputs)[0]
    return net, x, y


def lines_of(explanation):
    """Return what stands on the left of each line, and what is equal to it."""
    found = {}
    section = ""
    for line in str(explanation).splitlines():
        if not line.startswith("  "):
            section = "update " if line.startswith("update") else ""
            continue
        name, *steps = line.strip().split(" = ")
        found[section + name] = steps
    return found


def rows_of(net, x, y):
    """Return the sample as arrays of one row."""
    return np.array([x]), np.array([y])


@pytest.mark.parametrize("seed", range(50))
def test_the_numbers_are_those_of_the_core_to_the_printed_digit(seed):
    net, x, y = random_case(seed)
    digits = 3 + seed % 6
    found = lines_of(fm.explain(net, x, y, learning_rate=0.25, digits=digits))
    X, Y = rows_of(net, x, y)
    gradients = net.gradients(X, Y)

    def printed(value):
        value = float(value)
        return f"{value:.0f}" if value == round(value) else decimal(value, digits)

    expected = {"L": gradients.loss}
    layers = zip(net.layers, net.pre_activations(X), net.activations(X), strict=True)
    for number, (layer, z, a) in enumerate(layers, 1):
        for j in range(layer.units):
            expected[f"z{number}[{j}]"] = z[0, j]
            if layer.activation.name != "identity":
                expected[f"a{number}[{j}]"] = a[0, j]
            expected[f"delta{number}[{j}]"] = gradients.deltas[number - 1][0, j]
        pairs = [("W", layer.weights, gradients.weights), ("b", layer.bias, gradients.biases)]
        for name, values, derivatives in pairs:
            for place in np.ndindex(values.shape):
                at = f"{name}{number}[{','.join(map(str, place))}]"
                d = float(derivatives[number - 1][place])
                expected[f"dL/d{at}"] = d
                expected[f"update {at}"] = float(values[place]) - 0.25 * d
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name][-1] == printed(value), name


FUNCTIONS = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: max(z, 0.0),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "leaky_relu": lambda z: z if z > 0 else 0.01 * z,
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(),
    "log": np.log,
}


def value_of(expression):
    """Return what numbers and functions give that stand in a line of text."""
    text = re.sub(r"\|([^|]+)\|", r"abs(\1)", expression.replace("^", "**"))
    text = re.sub(r"\[([^]]*)\]", r"np.array([\1])", text)
    return eval(text, {"np": np, "abs": abs, **FUNCTIONS})


@pytest.mark.parametrize("seed", range(24))
def test_what_stands_before_a_result_gives_it(seed):
    net, x, y = random_case(seed)
    precision = 1e-5 if net.dtype == "float32" else 1e-11
    for name, steps in lines_of(fm.explain(net, x, y, learning_rate=0.25, digits=14)).items():
        # symbols stand in the first of several steps; a loss may only be called by its name
        numbers = [step for step in steps if not re.search(r"[a-zA-Z]\d*\[|huber|hinge|mse|mae|L|dL", step)]
        for step in numbers:
            given = value_of(step)
            if np.ndim(given):  # softmax of the whole row
                given = given[int(re.search(r"\d+\]$", name).group()[:-1])]
            result = float(steps[-1])
            assert given == pytest.approx(result, rel=precision, abs=precision), (name, step)


def test_the_toy_network_of_the_lectures():
    net = fm.Network(2, [fm.Dense(2, "sigmoid") for _ in range(3)], loss="mse", dtype="float64")
    weights = [[[1, -1], [-2, 1]], [[2, -2], [-1, -1]], [[3, -1], [-1, 4]]]
    for layer, W, b in zip(net.layers, weights, [[1, 0], [0, 0], [-2, 2]], strict=True):
        layer.weights[:], layer.bias[:] = W, b
    found = lines_of(fm.explain(net, [1, -1], digits=2))
    assert found["z1[0]"] == ["1 * 1 + (-1) * (-2) + 1", "4"]
    results = [found[f"a{layer}[{j}]"][-1] for layer in (1, 2, 3) for j in (0, 1)]
    assert results == ["0.98", "0.12", "0.86", "0.11", "0.62", "0.83"]


def test_a_neuron_and_a_perceptron_of_the_lectures():
    neuron = fm.Network(2, [fm.Dense(1, "sigmoid")], dtype="float64")
    neuron.set_parameters([2.0, -3.0, -3.0])
    found = lines_of(fm.explain(neuron, [-1, -2], digits=2))
    assert found["z1[0]"] == ["(-1) * 2 + (-2) * (-3) - 3", "1"]
    assert found["a1[0]"] == ["sigmoid(1)", "0.73"]
    perceptron = fm.Network(2, [fm.Dense(1, "sign")], dtype="float64")
    perceptron.set_parameters([3.0, -2.0, 1.0])
    found = lines_of(fm.explain(perceptron, [-1, 2]))
    assert found["z1[0]"] == ["(-1) * 3 + 2 * (-2) + 1", "-6"]
    assert found["a1[0]"] == ["sign(-6)", "-1"]


def test_names_of_classes_and_scaled_inputs_are_shown():
    net = fm.Network(2, [fm.Standardize(), fm.Dense(3, "softmax")], seed=0)
    X, y = np.arange(12.0).reshape(6, 2), ["a", "b", "c", "a", "b", "c"]
    net.fit(X, y, epochs=1)
    text = str(fm.explain(net, [4.0, 5.0], "b"))
    assert "sample: x = [4, 5], y = [0, 1, 0]" in text
    assert "inputs as the network scales them: x = [-0.2928, -0.2928]" in text
    assert "delta1[1] = a1[1] - y[1] = " in text


class Balanced(HTMLParser):
    """Counts tags that are open."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html_is_well_formed_and_shows_the_same_results():
    net, x, y = random_case(3)
    explanation = fm.explain(net, x, y, learning_rate=1e-9)
    page = Balanced()
    page.feed(explanation.to_html())
    assert page.open == []
    assert {"table", "tr", "td", "sub", "sup"} <= page.seen
    assert explanation._repr_html_() == explanation.to_html()
    assert "&middot; 10<sup>&minus;9</sup>" in explanation.to_html()
    n_lines = sum(line.startswith("  ") for line in str(explanation).splitlines())
    assert explanation.to_html().count("<tr>") == n_lines


def test_latex_has_its_braces_and_environments_closed():
    net, x, y = random_case(3)
    text = fm.explain(net, x, y, learning_rate=0.5).to_latex()
    depth = 0
    for letter in text:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        assert depth >= 0
    assert depth == 0
    assert text.count(r"\begin{align*}") == text.count(r"\end{align*}") > 3
    assert r"\delta_{1}^{(1)}" in text
    assert r"\partial L / \partial W_{1,1}^{(1)}" in text


def test_what_cannot_be_explained_is_refused():
    net = fm.Network(2, [fm.Dense(1)], loss="mse", seed=0)
    with pytest.raises(TypeError, match="net must be a Network, got 3"):
        fm.explain(3, [1, 2])
    with pytest.raises(ValueError, match=r"x has shape \(3,\), but must be one sample of 2 inputs"):
        fm.explain(net, [1, 2, 3])
    with pytest.raises(ValueError, match="learning_rate needs a target"):
        fm.explain(net, [1, 2], learning_rate=0.1)
    with pytest.raises(ValueError, match="y has"):
        fm.explain(net, [1, 2], [1, 2])
    with pytest.raises(ValueError, match="networks of Dense layers alone"):
        fm.explain(fm.Network(2, [fm.Maxout(2, 2), fm.Dense(1)], loss="mse"), [1, 2])
    with pytest.raises(ValueError, match="explain does not write out scaled targets"):
        fm.explain(fm.Network(2, [fm.Dense(1)], loss="mse", scale_targets=True), [1, 2])
    net.layers[0].weights[1, 0] = np.inf
    with pytest.raises(ValueError, match=r"layer 1 weights holds inf at \[1, 0\]: train the network again"):
        fm.explain(net, [1, 2])
    with pytest.raises(ValueError, match="layer 1 weights holds inf"):
        fm.plots.network_diagram(net)
    with pytest.raises(ValueError, match="this network has 7850 weights and biases, too many to write out"):
        fm.explain(fm.Network(784, [fm.Dense(10, "softmax")]), np.zeros(784))


def test_large_and_small_numbers_are_written_as_powers_of_ten():
    net = fm.Network(1, [fm.Dense(1)], loss="mse", dtype="float64", seed=0)
    net.set_parameters([2.5e30, 0.0])
    explanation = fm.explain(net, [1e-20])
    assert lines_of(explanation)["z1[0]"] == ["1.0e-20 * 2.5e+30 + 0", "2.5e+10"]
    assert r"1.0 \cdot 10^{-20}" in explanation.to_latex()
