"""The gates of the reference and the backward pass through them.

What could go wrong: a local gradient is wrong (central differences of every gate); the chain rule is applied in the
wrong order or shares at a branch overwrite each other (worked circuits of the lectures, branches); a kink takes
another side than the library promises (ties); a large graph exceeds the recursion limit (long chain); a second call of
backward adds to the first (repetition); a new gate comes without a test (completeness).
"""

from __future__ import annotations

import inspect
import math

import pytest

from fastmlp.reference import graph
from fastmlp.reference.graph import Gate, absolute, exp, maximum, minimum

# One row per gate: the gate and points in its domain, away from kinks, of both signs where it takes both.
CASES = {
    "add": (graph.add, [(1.5,), (2.0, -3.0), (0.5, -0.25, 7.0, 1.0)]),
    "subtract": (graph.subtract, [(2.0, -3.0), (-0.5, 4.0)]),
    "negate": (graph.negate, [(2.0,), (-3.0,)]),
    "multiply": (graph.multiply, [(2.0, -3.0), (-0.5, -4.0)]),
    "divide": (graph.divide, [(2.0, -3.0), (-0.5, 0.25)]),
    "power": (lambda x: graph.power(x, 3.0), [(1.5,), (-2.0,)]),
    "maximum": (maximum, [(1.0, 2.0), (2.0, 1.0), (-1.0, -2.0)]),
    "minimum": (minimum, [(1.0, 2.0), (2.0, 1.0), (-1.0, -2.0)]),
    "absolute": (absolute, [(2.0,), (-3.0,)]),
    "sqrt": (graph.sqrt, [(2.0,), (0.3,)]),
    "exp": (exp, [(1.0,), (-2.0,)]),
    "erf": (graph.erf, [(0.5,), (-1.5,), (0.0,)]),
    "step": (graph.step, [(2.0,), (-3.0,)]),
    "log": (graph.log, [(2.0,), (0.3,)]),
    "log1p": (graph.log1p, [(2.0,), (-0.3,), (1e-3,)]),
    "tanh": (graph.tanh, [(0.7,), (-1.5,), (0.0,)]),
    "sin": (graph.sin, [(0.7,), (-4.0,)]),
    "cos": (graph.cos, [(0.7,), (-4.0,)]),
}


def sigmoid(x: Gate) -> Gate:
    """Return the logistic function as the lectures draw it, gate by gate."""
    return 1.0 / (1.0 + exp(-x))


@pytest.mark.parametrize(("name", "point"), [(name, point) for name, (_, points) in CASES.items() for point in points])
def test_the_local_gradients_of_a_gate_agree_with_central_differences(name, point):
    gate, _ = CASES[name]
    inputs = [Gate(value) for value in point]
    gate(*inputs).backward()
    step = 1e-5  # truncation error about step^2 = 1e-10, rounding about 1e-16 * 10 / step = 1e-10
    for i, x in enumerate(inputs):
        above, below = ([*point[:i], point[i] + s, *point[i + 1 :]] for s in (step, -step))
        difference = (gate(*map(Gate, above)).value - gate(*map(Gate, below)).value) / (2.0 * step)
        assert x.gradient == pytest.approx(difference, rel=1e-8, abs=1e-8)


def test_every_gate_has_a_case_above():
    gates = {name for name, f in inspect.getmembers(graph, inspect.isfunction) if f.__annotations__["return"] == "Gate"}
    assert gates - {"as_gate"} == set(CASES)


@pytest.mark.parametrize(
    ("name", "point", "value"),
    [
        ("add", (0.1, 0.2, 0.3), 0.6),
        ("add", (1.0, 1e-17, -1.0), 1e-17),  # rounded once, at the end
        ("subtract", (2.0, 5.0), -3.0),
        ("divide", (1.0, 8.0), 0.125),
        ("power", (-2.0,), -8.0),
        ("maximum", (-1.0, -2.0), -1.0),
        ("minimum", (-1.0, -2.0), -2.0),
        ("absolute", (-3.0,), 3.0),
        ("sqrt", (2.25,), 1.5),
        ("erf", (1.0,), 0.8427007929497148),
        ("step", (0.0,), 1.0),
        ("step", (-1e-300,), 0.0),
        ("log1p", (1e-20,), 1e-20),
        ("tanh", (math.log(3.0),), 0.8),
        ("sin", (math.pi / 6,), 0.5),
        ("cos", (math.pi,), -1.0),
        ("erf", (1.0,), 0.8427007929497149),  # Abramowitz and Stegun, table 7.1
    ],
)
def test_a_gate_has_its_value(name, point, value):
    assert CASES[name][0](*point).value == pytest.approx(value, rel=1e-15, abs=0.0)


def test_operators_mix_gates_and_numbers_on_either_side():
    x = Gate(2.0)
    f = -(3.0 + x) * (1.0 - x) / 2.0 + 4.0 * (6.0 / x) - (x - 1) ** 3 + abs(x * -1.0)
    f.backward()
    # f = (x + 3)(x - 1)/2 + 24/x - (x - 1)^3 + |x|, so f' = x + 1 - 24/x^2 - 3 (x - 1)^2 + 1
    assert f.value == 2.5 + 12.0 - 1.0 + 2.0
    assert x.gradient == 3.0 - 6.0 - 3.0 + 1.0


def test_the_circuit_of_the_lectures_has_its_known_gradients():
    x, y, z = Gate(-2.0), Gate(5.0), Gate(-4.0)
    f = (x + y) * z
    f.backward()
    assert f.value == -12.0
    assert (x.gradient, y.gradient, z.gradient) == (-4.0, -4.0, 3.0)


def test_the_sigmoid_neuron_of_the_lectures_has_its_known_gradients():
    w = [Gate(value) for value in (2.0, -3.0, -3.0)]
    x = [Gate(value) for value in (-1.0, -2.0)]
    f = sigmoid(w[0] * x[0] + w[1] * x[1] + w[2])
    f.backward()
    # the lectures print two decimals
    assert f.value == pytest.approx(0.73, abs=0.005)
    assert [gate.gradient for gate in x] == pytest.approx([0.39, -0.59], abs=0.005)
    assert [gate.gradient for gate in w] == pytest.approx([-0.20, -0.39, 0.20], abs=0.005)


def test_the_tricky_example_of_the_lectures_agrees_with_its_staged_backward_pass():
    x, y = Gate(3.0), Gate(-4.0)
    f = (x + sigmoid(y)) / (sigmoid(x) + (x + y) ** 2)
    f.backward()

    s_x, s_y = 1.0 / (1.0 + math.exp(-3.0)), 1.0 / (1.0 + math.exp(4.0))
    numerator, denominator = 3.0 + s_y, s_x + 1.0
    d_numerator = 1.0 / denominator
    d_denominator = -numerator / denominator**2
    d_sum = 2.0 * (3.0 - 4.0) * d_denominator
    assert f.value == pytest.approx(numerator / denominator, rel=1e-14)
    # a dozen roundings of 1.1e-16 each
    assert x.gradient == pytest.approx(d_sum + s_x * (1.0 - s_x) * d_denominator + d_numerator, rel=1e-14)
    assert y.gradient == pytest.approx(d_sum + s_y * (1.0 - s_y) * d_numerator, rel=1e-14)


def test_gradients_add_at_branches():
    x = Gate(3.0)
    square = x * x
    f = square + square * x + x  # f' = 2 x + 3 x^2 + 1
    f.backward()
    assert x.gradient == 6.0 + 27.0 + 1.0


def test_backward_starts_afresh_at_every_call():
    x = Gate(3.0)
    f, g = x * x, 5.0 * x
    for _ in range(2):
        f.backward()
        assert x.gradient == 6.0
    g.backward()
    assert x.gradient == 5.0


def test_backward_of_an_inner_gate_leaves_what_follows_alone():
    x = Gate(3.0)
    inner = x * x
    outer = 10.0 * inner
    inner.backward()
    assert (x.gradient, inner.gradient, outer.gradient) == (6.0, 1.0, 0.0)


def test_every_gate_comes_after_its_inputs_and_once():
    x = Gate(1.0)
    a, b = x + 1.0, x * 2.0
    output = a * b + a
    order = output.topological_order()
    assert len(order) == len(set(order))
    assert order[-1] is output
    for gate in order:
        assert all(order.index(source) < order.index(gate) for source in gate.inputs)


def test_a_long_chain_does_not_exceed_the_recursion_limit():
    x = f = Gate(1.0)
    for _ in range(50_000):  # fifty times the default limit
        f = f + 1.0
    f.backward()
    assert (f.value, x.gradient) == (50_001.0, 1.0)


def test_a_tie_sends_the_gradient_of_maximum_to_the_second_and_of_minimum_to_the_first():
    a, b = Gate(2.0), Gate(2.0)
    maximum(a, b).backward()
    assert (a.gradient, b.gradient) == (0.0, 1.0)
    minimum(a, b).backward()
    assert (a.gradient, b.gradient) == (1.0, 0.0)


def test_the_derivative_of_the_absolute_value_at_zero_is_zero():
    for zero in (0.0, -0.0):
        x = Gate(zero)
        absolute(x).backward()
        assert x.gradient == 0.0


def test_the_slope_of_tanh_keeps_its_digits_in_saturation():
    for point in (20.0, -20.0):
        x = Gate(point)
        graph.tanh(x).backward()
        assert x.gradient == pytest.approx(4.0 * math.exp(-40.0), rel=1e-14, abs=0.0)  # 1 - tanh^2 rounds to 0
    graph.tanh(1e4).backward()  # no overflow


def test_what_a_gate_computes_is_said():
    x, y = Gate(2.0, name="x"), Gate(3.0)
    assert (x.operation, x.name) == ("", "x")
    operations = [(x + y), (x - y), -x, (x * y), (x / y), x**2.5, abs(x)]
    assert [gate.operation for gate in operations] == ["+", "-", "-", "*", "/", "**2.5", "abs"]
    product = 3.0 * x
    assert [gate.operation for gate in product.inputs] == ["constant", ""]
    assert all(gate.name == "" for gate in operations)
