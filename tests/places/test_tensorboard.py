"""What the recipe for TensorBoard (docs/notebooks.md) writes is what TensorBoard reads.

What could go wrong: a column that is missing or stands at another epoch, a file that was not closed. That the recipes
run is seen by tests/docs; the one for MLflow compares itself what was logged.
"""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import fastmlp as fm

pytest.importorskip("tensorboardX", reason="the writer is not installed: pip install tensorboardX")
PAGE = Path(__file__).parents[2] / "docs" / "notebooks.md"


def scalars(path):
    """Return (name, step) and value of all scalars of a file of events: records of a length, two sums and a message."""
    from tensorboardX.proto.event_pb2 import Event

    found, rest = {}, path.read_bytes()
    while rest:
        (length,) = struct.unpack("<Q", rest[:8])
        event = Event.FromString(rest[12 : 12 + length])
        found.update({(value.tag, event.step): value.simple_value for value in event.summary.value})
        rest = rest[12 + length + 4 :]
    return found


def test_the_recipe_writes_every_column_of_every_epoch(tmp_path):
    (block,) = re.findall(r"^```python\n([^`]*tensorboardX.*?)^```", PAGE.read_text("utf-8"), flags=re.M | re.S)
    subprocess.run([sys.executable, "-c", block], cwd=tmp_path, check=True, timeout=120)
    (path,) = (tmp_path / "runs" / "first").iterdir()
    written = scalars(path)
    X, y = fm.datasets.moons(200, seed=0)
    net = fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], seed=0)
    history = net.fit(X, y, epochs=5, validation_fraction=0.2)
    columns = history.keys() - {"epoch"}
    assert written.keys() == {(name, epoch) for name in columns for epoch in history["epoch"]}
    for name in ("loss", "validation_loss", "validation_accuracy"):
        assert [written[name, epoch] for epoch in history["epoch"]] == pytest.approx(history[name])
