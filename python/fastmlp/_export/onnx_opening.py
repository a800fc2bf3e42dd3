"""An ONNX model as onnx's checker lets it pass, of operators whose meaning is known: what stands before its nodes' own.

A name says nothing without its domain and its opset, and a file may give names a meaning of its own.
"""

from __future__ import annotations

import os
from typing import Any

from fastmlp._checks.text import brief, shortened
from fastmlp._export.onnx_functions import RefusedError
from fastmlp._export.onnx_graph import TABLES, onnx

# before it, operators had other meanings
FIRST_OPSET = 9
STANDARD = ("", "ai.onnx")
OF_TABLES = ("ArrayFeatureExtractor", "LabelEncoder", "Scaler", "ZipMap")


def opened(name: str) -> Any:
    """Return the model of a file."""
    library = onnx()
    if not os.path.isfile(name):
        raise FileNotFoundError(f"{shortened(name)} does not exist, or is no file.")
    try:
        model = library.load(name)
        library.checker.check_model(model)
    except OSError as error:
        raise ValueError(f"{shortened(name)} cannot be read: {error}.") from None
    except Exception as error:  # of protobuf, and of whatever onnx meets in a file
        raise ValueError(f"{shortened(name)} is no ONNX model: {brief(str(error))}.") from None
    newest = library.defs.onnx_opset_version()
    for opset in model.opset_import:
        if opset.domain in STANDARD and not FIRST_OPSET <= opset.version <= newest:
            raise ValueError(
                f"{shortened(name)} is of opset {opset.version}, but from_onnx reads {FIRST_OPSET} to {newest}, the "
                "newest of the package onnx."
            )
    return model


def check_kind(node: Any, model: Any) -> None:
    """Refuse a node that is something else than its operator's name says, or more."""
    if any((one.domain, one.name) == (node.domain, node.op_type) for one in model.functions):
        raise RefusedError("is a function that the file itself defines")
    if node.domain not in ((TABLES,) if node.op_type in OF_TABLES else STANDARD):
        raise RefusedError(f"is of the domain {brief(node.domain)}, which is not read")
    if any(one.HasField("g") or one.graphs for one in node.attribute):
        raise RefusedError("has a graph of its own, which is not read")
    # BatchNormalization before opset 14 has them in training; of Dropout it is what was kept, which nothing reads
    if node.op_type != "Dropout" and sum(map(bool, node.output)) > 1:
        raise RefusedError("has outputs beside its first one")
