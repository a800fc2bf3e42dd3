"""A notebook runs (nbclient, ipykernel, ipywidgets), and its cells show what they should.

What could go wrong: no bar, a bar without losses, one that is red after a good fit (the bar); a bar where none was
asked for, messages from a child process that the page refuses (silence); results as bare text (results).
"""

from __future__ import annotations

import re
from html import unescape

import pytest

MISSING = "the notebook's tools are not installed: pip install nbclient ipykernel ipywidgets"
nbclient = pytest.importorskip("nbclient", reason=MISSING)
nbformat = pytest.importorskip("nbformat", reason=MISSING)
pytest.importorskip("ipykernel", reason=MISSING)
pytest.importorskip("ipywidgets", reason=MISSING)

CELLS = {
    "setup": """
import os, sys
import fastmlp as fm
X, y = fm.datasets.moons(400, seed=0)
net = fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], dtype="float64", seed=0)""",
    "fit": "history = net.fit(X, y, epochs=5, validation_fraction=0.25)",
    "ended": "ended = net.fit(X, y, epochs=50, callbacks=[lambda net, epoch: epoch['epoch'] == 2])",
    "failed": """
try:
    net.fit(X, y, epochs=50, callbacks=[lambda net, epoch: 1 / 0])
except ZeroDivisionError:
    pass""",
    "batches": "batches = net.fit([(X, y)] * 3, epochs=2)",
    "silent": "silent = net.fit(X, y, progress=False)",
    "lines": "lines = net.fit(X, y, epochs=2, progress='lines')",
    "child": """
child = os.fork()
if child == 0:
    sys.stderr = open(os.devnull, "w")  # where it is warned that it has one thread
    fm.Network(2, [fm.Dense(2, "softmax")]).fit(X, y, epochs=2)
    os._exit(7)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert status == 7, status""",
    "History": "history",
    "Network": "net",
    "summary": "net.summary()",
    "GradientReport": "net.check_gradients(X[:5], y[:5])",
    "last losses": "print(f\"{history['loss'][-1]:#.4g} {history['validation_loss'][-1]:#.4g}\")",
}


@pytest.fixture(scope="module")
def notebook():
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS.values()]
    made = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(made, timeout=120, kernel_name="python3").execute()
    return made


def outputs(notebook, name):
    return notebook.cells[list(CELLS).index(name)].outputs


def bar(notebook, name):
    """Return the text on the left of a bar, its state, and the text on its right."""
    (shown,) = outputs(notebook, name)
    states = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    box = states[shown.data["application/vnd.jupyter.widget-view+json"]["model_id"]]["state"]
    left, middle, right = (states[child.removeprefix("IPY_MODEL_")]["state"] for child in box["children"])
    # tqdm writes spaces that do not end a row
    texts = [unescape(part["value"]).replace("\u2007", " ") for part in (left, right)]
    return texts[0], middle["bar_style"], texts[1]


def test_a_fit_shows_its_progress_and_its_losses(notebook):
    left, style, right = bar(notebook, "fit")
    loss, validation_loss = outputs(notebook, "last losses")[0].text.split()
    assert left == f"epoch 5/5, loss {loss}, validation_loss {validation_loss}: 100%"
    assert style == "success"
    assert re.fullmatch(r" 1\.50k/1\.50k \[.* samples/s\]", right)


def test_a_fit_that_a_callback_ended_is_not_red_and_one_that_failed_is(notebook):
    left, style, _ = bar(notebook, "ended")
    assert left.startswith("epoch 2/50, loss ")
    assert style == "success"
    assert bar(notebook, "failed")[1] == "danger"


def test_samples_of_batches_are_counted(notebook):
    left, style, right = bar(notebook, "batches")
    assert left.startswith("epoch 2/2, loss ")
    assert right.startswith(" 2.40k/? [")
    assert style == "success"


def test_a_fit_is_silent_where_it_shall_be_and_in_a_child(notebook):
    assert outputs(notebook, "silent") == outputs(notebook, "child") == outputs(notebook, "setup") == []


def test_lines_are_lines(notebook):
    (lines,) = outputs(notebook, "lines")
    assert lines.name == "stdout"
    assert re.fullmatch(r"epoch 2/2, loss \S+: 100% 800/800 \[.* samples/s\]\n", lines.text)


@pytest.mark.parametrize("name", ["History", "Network", "summary", "GradientReport"])
def test_results_are_tables(notebook, name):
    (result,) = outputs(notebook, name)
    assert "<table>" in result.data["text/html"]
    assert "text/plain" in result.data  # for where there is no HTML
