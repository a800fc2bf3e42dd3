"""ONNX Runtime: the network as a graph of Gemm, activation and Softmax nodes with drawn weights, in one session."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from bench.cells import Cell
from bench.peers import Model

# old enough for every release of onnxruntime that pyproject.toml allows
OPSET, IR_VERSION = 17, 8


def VERSION() -> str:  # noqa: N802
    return f"ONNX Runtime {onnxruntime.__version__}"


def _serialized(cell: Cell) -> bytes:
    random = np.random.default_rng(0)
    kind = {"relu": "Relu", "tanh": "Tanh"}[cell.activation]
    nodes, initializers, last = [], [], len(cell.sizes) - 1
    for layer, (n_in, n_out) in enumerate(zip(cell.sizes, cell.sizes[1:], strict=False), 1):
        weights = random.standard_normal((n_in, n_out)) * (2 / n_in) ** 0.5
        for name, values in ((f"W{layer}", weights), (f"b{layer}", np.zeros(n_out))):
            initializers.append(onnx.numpy_helper.from_array(values.astype(cell.dtype), name))
        inputs = [f"a{layer - 1}", f"W{layer}", f"b{layer}"]
        nodes.append(onnx.helper.make_node("Gemm", inputs, [f"z{layer}"]))
        nodes.append(onnx.helper.make_node("Softmax" if layer == last else kind, [f"z{layer}"], [f"a{layer}"]))
    element = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(cell.dtype))
    ends = [
        onnx.helper.make_tensor_value_info(f"a{layer}", element, ["rows", cell.sizes[layer]]) for layer in (0, last)
    ]
    graph = onnx.helper.make_graph(nodes, cell.name, ends[:1], ends[1:], initializers)
    opsets = [onnx.helper.make_opsetid("", OPSET)]
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION).SerializeToString()


def prepare(cell: Cell, threads: int) -> Model:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(_serialized(cell), options, providers=["CPUExecutionProvider"])

    def train(epochs: int) -> None:
        """Do nothing: the weights are as good as any for the time that a prediction takes."""

    def predict(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return session.run(None, {"a0": rows})[0]

    return Model(train, predict)
