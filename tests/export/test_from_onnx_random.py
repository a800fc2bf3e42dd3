"""Random ONNX graphs: ``from_onnx`` refuses them by a sentence, or its network computes what onnx does.

What could go wrong: a shape, a setting or an order of nodes that no test of test_from_onnx_exactly.py has is read as
something else. Graphs are chains of layers with anything in between, most of it wrong: constants of odd shapes, other
axes, operands in the other order, rows that are joined with earlier ones.

Tolerance: the largest error seen here is 4e-7 of the largest output in float32 and 1.5e-15 in float64; five times as
much is allowed.
"""

from __future__ import annotations

import math

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import fastmlp as fm

UNARY = [
    "Relu", "Sigmoid", "Tanh", "Abs", "Neg", "Elu", "LeakyRelu", "Selu", "Softplus", "Softsign", "Sign", "HardSigmoid",
    "HardSwish", "ThresholdedRelu", "Celu", "Sqrt", "Identity", "Dropout", "Softmax", "Flatten", "ArgMax",
    "LayerNormalization", "BatchNormalization", "Squeeze", "Reshape", "Clip", "PRelu", "Cast", "Concat",
]  # fmt: skip
BINARY = ["Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Pow", "Where"]
NUMBERS = [1, -1, 0.5, 2, 0.1, 3e-7, 2000.0, -0.3, 1 / 3]


class _Random:
    """A model under construction: what was given last, and how many columns that has."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.dtype = np.dtype(self.random.choice(["float32", "float64"]))
        self.width = self.n_inputs = int(self.random.integers(1, 4))
        self.nodes, self.constants, self.last = [], {}, "x"

    def chosen(self, *values):
        return values[self.random.integers(len(values))]

    def constant(self, *shape):
        return self.kept(self.random.choice(NUMBERS, shape).astype(self.dtype))

    def kept(self, values):
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(values)
        return name

    def odd_constant(self):
        width = self.width
        usual = self.random.random() < 0.7
        odd = ((1,), (1, width), (width, 1), (1, 1), (1, 1, width), (1, 1, 1), (3, 1))
        return self.constant(*(self.chosen((), (width,)) if usual else self.chosen(*odd)))

    def add(self, operator, *inputs, **settings):
        self.nodes.append(helper.make_node(operator, inputs, [f"v{len(self.nodes)}"], **settings))
        self.last = f"v{len(self.nodes) - 1}"
        return self.last

    def layer(self):
        weights = self.constant(self.width, units := int(self.random.integers(1, 4)))
        at, self.width = self.last, units
        if self.random.random() < 0.5:
            return self.add("MatMul", at, weights)
        bias = [self.odd_constant()] if self.random.random() < 0.5 else []
        return self.add("Gemm", at, weights, *bias, **self.chosen({}, {"alpha": 0.3}, {"beta": 0.1}))

    def unary(self):
        at, width, operator = self.last, self.width, self.chosen(*UNARY)
        inputs, settings = [at], {}
        match operator:
            case "Elu" | "LeakyRelu" | "ThresholdedRelu" | "Celu":
                settings = {"alpha": self.chosen(0.1, 1.0, 3e-7, 1 / 3)}
            case "Softmax" | "ArgMax":
                settings = {"axis": self.chosen(-1, 1, 0)}
            case "LayerNormalization":
                inputs, settings = [at, self.odd_constant()], {"epsilon": self.chosen(1e-5, 1e-3)}
            case "BatchNormalization":
                columns = [self.constant(width) for _ in range(4)]
                self.constants[columns[3]] = np.abs(self.constants[columns[3]])
                inputs = [at, *columns]
            case "Squeeze":
                inputs += self.chosen([], [self.kept(np.array([self.chosen(1, 0, -1)]))])
            case "Reshape":
                inputs.append(self.kept(np.array(self.chosen([-1, width], [0, width], [-1], [width, -1], [0, -1]))))
            case "Clip":
                inputs += [self.constant() for _ in range(self.chosen(1, 2))]
            case "PRelu":
                inputs.append(self.odd_constant())
            case "Cast":
                settings = {"to": helper.np_dtype_to_tensor_dtype(self.dtype)}
            case "Concat":
                inputs, settings = [self.add("Sub", self.constant(), at), at], {"axis": 1}
            case "Flatten":
                settings = self.chosen({}, {"axis": 0})
        self.add(operator, *inputs, **settings)

    def binary(self, earlier):
        other = self.chosen(*earlier) if self.random.random() < 0.35 else self.odd_constant()
        inputs = self.chosen([self.last, other], [self.last, other], [other, self.last])
        operator = self.chosen(*BINARY)
        if operator == "Where":
            inputs = [self.add(self.chosen("Greater", "Less"), *inputs), self.chosen(*earlier), self.odd_constant()]
        self.add(operator, *inputs)

    def written(self, path):
        while self.random.random() < 0.6 or not self.nodes:
            earlier = [self.layer()]
            for _ in range(self.random.integers(0, 4)):
                if self.random.random() < 0.5:
                    self.unary()
                else:
                    self.binary(earlier)
                earlier.append(self.last)
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        shapes = (("x", ["n", self.n_inputs]), (self.last, ["n", "k"]))
        inputs, outputs = (helper.make_tensor_value_info(name, kind, shape) for name, shape in shapes)
        constants = [numpy_helper.from_array(values, name) for name, values in self.constants.items()]
        graph = helper.make_graph(self.nodes, "g", [inputs], [outputs], constants)
        opset = [helper.make_opsetid("", 18)]
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
        rows = [self.random.normal(size=(2, self.n_inputs)) * size for size in (1.0, 1e-3, 30.0)]
        return np.concatenate([*rows, np.zeros((1, self.n_inputs))]).astype(self.dtype)


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_a_random_graph_is_refused_or_computed(first, tmp_path):
    path, read = str(tmp_path / "model.onnx"), 0
    for seed in range(first, first + 100):
        made = _Random(seed)
        X = made.written(path)
        try:
            net, sentence = fm.from_onnx(path), ""
        except ValueError as refusal:
            net, sentence = None, str(refusal)
        if net is None:
            assert "model.onnx" in sentence, seed
            continue
        read += 1
        # as many rows as columns, too: a column taken for a row fits then
        for rows in (X, X[:3], X[: made.width]):
            with np.errstate(all="ignore"):
                expected = ReferenceEvaluator(path).run(None, {"x": rows})[0]
            found = net.forward(rows)
            assert found.size == math.prod(expected.shape), seed
            expected = expected.reshape(found.shape).astype(np.float64)
            finite = np.isfinite(expected) & np.isfinite(found)
            error, largest = np.abs(found[finite] - expected[finite]), np.abs(expected[finite]).max(initial=1e-30)
            assert (error <= (2e-6 if made.dtype == np.float32 else 7.5e-15) * largest).all(), seed
    assert read > 20
