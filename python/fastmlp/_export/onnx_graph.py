"""A graph of ONNX under construction, and the file that is made of it; what it computes, its callers say.

The package onnx writes it: operators of opset 17 and the file format IR 8 alone, which every runtime since 2022 reads.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import shortened
from fastmlp._export.origin import Origin
from fastmlp._files.atomic import check_destination, write_atomically
from fastmlp._files.names import check_format
from fastmlp.runtime import imported

SUFFIX = ".onnx"
OPSET, OPSET_OF_TABLES, IR_VERSION = 17, 3, 8
TABLES = "ai.onnx.ml"
# what a file of protobuf may have, less what is not numbers
LARGEST = 2**31 - 2**20
TEXT = np.dtype(object)


class Value(NamedTuple):
    """An input or an output: its name, its type, and the numbers of a row; None: a row is one number, not an array."""

    name: str
    dtype: np.dtype[Any]
    columns: int | None


def onnx() -> Any:
    """Return the package onnx."""
    try:
        return imported("onnx")
    except ImportError:
        raise ImportError('ONNX needs the package onnx: pip install "onnx>=1.16".') from None


def check_path(path: str | os.PathLike[str]) -> None:
    """Refuse the name of a file that cannot be written, or that is of another format."""
    onnx()
    check_format(path, "an ONNX model", SUFFIX)
    check_destination(path)


class Graph:
    """Nodes in the order in which they compute, and the constants that they read.

    Parameters
    ----------
    dtype : dtype
        Of the numbers on the way.
    inputs, outputs : sequences of Value
        Whose names nothing else gets.
    """

    def __init__(self, dtype: np.dtype[Any], inputs: Sequence[Value], outputs: Sequence[Value]) -> None:
        self.dtype = dtype
        self._inputs, self._outputs = inputs, outputs
        self._taken = {value.name for value in (*inputs, *outputs)}
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._scalars: dict[tuple[str, bytes], str] = {}
        self._bytes = 0

    def add(
        self, operator: str, *inputs: str, named: str | None = None, domain: str | None = None, **attributes: Any
    ) -> str:
        """Add a node; return the name of what it gives."""
        name = self._new(operator) if named is None else named
        self._nodes.append(onnx().helper.make_node(operator, inputs, [name], name, domain=domain, **attributes))
        return name

    def cast(self, value: str, dtype: npt.DTypeLike, named: str | None = None) -> str:
        """Add a conversion of numbers."""
        return self.add("Cast", value, named=named, to=onnx().helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def array(self, name: str, values: npt.NDArray[Any]) -> str:
        """Add a constant; of texts it is an array of objects."""
        self._bytes += values.nbytes
        if self._bytes > LARGEST:
            raise ValueError(
                "this network was not exported: an ONNX file holds at most 2 GB, and its numbers take more."
            )
        made = self._new(name)
        if values.dtype == TEXT:
            texts = [utf8(text, "the class") for text in values.ravel()]
            kind = onnx().TensorProto.STRING
            self._constants.append(onnx().helper.make_tensor(made, kind, values.shape, texts))
        else:
            self._constants.append(onnx().numpy_helper.from_array(np.array(values, order="C"), made))
        return made

    def number(self, value: float, dtype: npt.DTypeLike | None = None) -> str:
        """Return a constant number in the graph's dtype or in another one; equal ones are one."""
        scalar = np.array(value, self.dtype if dtype is None else dtype)
        key = (str(scalar.dtype), scalar.tobytes())
        if key not in self._scalars:
            self._scalars[key] = self.array("number", scalar)
        return self._scalars[key]

    def sizes(self, *values: int) -> str:
        """Return a constant list of sizes."""
        return self.array("sizes", np.array(values, np.int64))

    def encoded(self, origin: Origin, notes: Mapping[str, Sequence[str] | None]) -> bytes:
        """Return the file; notes are lists of names that are kept in it, where there are some."""
        helper = onnx().helper
        graph = helper.make_graph(
            self._nodes,
            "fastmlp",
            [_value_info(value) for value in self._inputs],
            [_value_info(value) for value in self._outputs],
            self._constants,
        )
        opsets = [helper.make_opsetid("", OPSET)]
        if any(node.domain == TABLES for node in self._nodes):
            opsets.append(helper.make_opsetid(TABLES, OPSET_OF_TABLES))
        model = helper.make_model(
            graph,
            opset_imports=opsets,
            ir_version=IR_VERSION,
            producer_name="fastmlp",
            producer_version=origin.version,
        )
        kept = {name: json.dumps(list(names)) for name, names in notes.items() if names is not None}
        helper.set_model_props(model, {"fastmlp_version": origin.version, "sha256": origin.sha256, **kept})
        found: bytes = model.SerializeToString(deterministic=True)
        return found

    def _new(self, name: str) -> str:
        found, number = name, 0
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._taken.add(found)
        return found


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a model, whole or not at all."""
    write_atomically(path, content)


def texts(names: Iterable[str]) -> npt.NDArray[Any]:
    """Return texts as a constant has them."""
    return np.array(list(names), TEXT)


def utf8(text: str, what: str) -> bytes:
    """Return a text as a file has it; what: who has it, for the sentence of an error."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(
            f"{what} {shortened(ascii(text))} has half a character in it, which ONNX does not hold: change it."
        ) from None


def _value_info(value: Value) -> Any:
    kinds = onnx().TensorProto
    kind = kinds.STRING if value.dtype == TEXT else onnx().helper.np_dtype_to_tensor_dtype(value.dtype)
    shape = ["rows"] if value.columns is None else ["rows", value.columns]
    return onnx().helper.make_tensor_value_info(value.name, kind, shape)
