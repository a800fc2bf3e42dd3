"""Models for tables as headers of C: what could go wrong, and which test sees it.

A row of a table becomes other numbers in C than in Python (a missing one, a category that is rare, unseen or missing, a
table without numbers, which the core scales in float32), the networks are averaged in another order, label smoothing
or units are taken back otherwise, names are not found again. All of it is compared to the bit, where there is a fused
multiply-add, and else within the tolerance that the header states.
"""

from __future__ import annotations

import hashlib
import re
import subprocess

import numpy as np
import pytest
from exported_c import builds

from fastmlp.sklearn import TabularClassifier, TabularRegressor

ROWS = 150
pytestmark = pytest.mark.skipif(not builds(), reason="there is no C compiler here: gcc, clang and cc are missing")
# text on the way in: a column of categories goes by names, and "" stands for what is missing
MAIN = """\
#include "model.h"
#include <stdio.h>

int main(void) {
  static const char *const texts[%(rows)d][MODEL_INPUTS] = {%(texts)s};
  static double numbers[%(rows)d][MODEL_INPUTS];
  static float scratch[MODEL_SCRATCH];
  static %(output)s y[MODEL_OUTPUTS];
  const int head[2] = {MODEL_SAME_BITS, model_selftest()};
  const %(output)s tolerance = MODEL_TOLERANCE;
  int i, j;
  fwrite(head, sizeof head, 1, stdout);
  fwrite(&tolerance, sizeof tolerance, 1, stdout);
  if (fread(numbers, sizeof numbers, 1, stdin) != 1) return 1;
  for (i = 0; i < %(rows)d; ++i) {
    for (j = 0; j < MODEL_INPUTS; ++j) {
      if (texts[i][j] && *texts[i][j]) numbers[i][j] = %(category)s;
    }
    model_%(call)s(numbers[i], y, scratch);
    fwrite(y, sizeof y, 1, stdout);
  }
  return 0;
}
"""


def table(random, *, numbers=True):
    """Return columns of numbers with gaps, of 130 categories, of bools, and of categories with gaps."""
    amounts = random.normal(size=ROWS) * 30 + 1000
    amounts[::7] = np.nan
    kinds = [f"kind {kind}" for kind in random.permutation(ROWS) % 130]
    flags = random.random(ROWS) < 0.3
    answers = [None if share < 0.2 else "yes" if share < 0.6 else "no" for share in random.random(ROWS)]
    X = np.empty((ROWS, 4), object)
    X[:, 0], X[:, 1], X[:, 2], X[:, 3] = amounts, kinds, flags, answers
    return X if numbers else X[:, 1:]


def spelled(cell, row):
    """Return a bool as one of the texts that tables have."""
    return (("0", "False", "false", "FALSE"), ("1", "True", "true", "TRUE"))[int(cell)][row % 4]


def in_c(X, model, call, way, folder):
    """Return whether bits are promised, the self-test, the tolerance, and what a call gives for each row."""
    kinds = model._encoder.is_category
    texts, numbers = [], np.zeros(X.shape)
    for row, cells in enumerate(X):
        written = []
        for column, cell in enumerate(cells):
            is_text = kinds[column] and cell is not None
            name = spelled(cell, row) if isinstance(cell, bool | np.bool_) else cell
            written.append(f'"{name}"' if is_text else "0")
            numbers[row, column] = np.nan if cell is None else 0.0 if is_text else float(cell)
        texts.append("{" + ", ".join(written) + "}")
    output = "double" if isinstance(model, TabularRegressor) else "float"
    category = "model_category(j, texts[i][j])" if any(kinds) else "0"
    words = {"rows": len(X), "texts": ",\n".join(texts), "output": output, "call": call, "category": category}
    (folder / f"main.{way.language}").write_text(MAIN % words)
    model.to_c(folder / "model.h")
    subprocess.run([*way.command, folder / f"main.{way.language}", "-o", folder / "main"], check=True)
    done = subprocess.run(folder / "main", input=numbers.tobytes(), capture_output=True, check=True)
    same_bits, selftest = np.frombuffer(done.stdout[:8], np.int32)
    found = np.frombuffer(done.stdout[8:], np.float64 if output == "double" else np.float32)
    return same_bits, selftest, found[0], found[1:].reshape(len(X), -1)


@pytest.mark.parametrize("numbers", [True, False])
@pytest.mark.parametrize("way", builds(), ids=lambda way: way.name)
def test_a_table_has_the_same_outputs_in_c(way, numbers, tmp_path):
    random = np.random.default_rng(1)
    X = table(random, numbers=numbers)
    y = np.array(["a", "b", "c"])[random.integers(0, 3, ROWS)]
    model = TabularClassifier((20,), n_estimators=3, max_iter=3, random_state=0).fit(X, y)
    X[:5, -3] = "never seen"
    same_bits, selftest, tolerance, found = in_c(X, model, "predict_proba", way, tmp_path)
    expected = model.predict_proba(X)
    assert selftest == 0
    if same_bits:
        assert found.tobytes() == expected.tobytes()
    else:
        # of outputs; what takes back the smoothing divides by 0.9
        assert np.abs(found - expected).max() <= 2 * tolerance
    values = random.normal(size=ROWS) * 5 - 1e4
    # with numbers, some of them are in bins, and others stand behind them
    regressor = TabularRegressor((20,), n_estimators=2, max_iter=3, bins=6, random_state=0).fit(X, values)
    regressor.repeats_ = [3, 1]
    same_bits, selftest, tolerance, found = in_c(X, regressor, "predict", way, tmp_path)
    assert selftest == 0
    if same_bits:
        assert np.array_equal(found[:, 0], regressor.predict(X))
    else:
        assert np.abs(found[:, 0] - regressor.predict(X)).max() <= tolerance * values.std() + 1e4 * 2.0**-52


def test_networks_of_several_widths_have_room(tmp_path):
    X = np.random.default_rng(3).normal(size=(60, 3))
    model = TabularRegressor((4,), n_estimators=2, max_iter=1, random_state=0).fit(X, X[:, 0])
    wide = TabularRegressor((50, 50), n_estimators=1, max_iter=1, random_state=1).fit(X, X[:, 0])
    model.networks_ = [model.networks_[0], wide.networks_[0]]
    same_bits, selftest, _, found = in_c(X, model, "predict", builds()[0], tmp_path)
    assert selftest == 0
    assert "#define MODEL_SCRATCH 103\n" in (tmp_path / "model.h").read_text()
    assert not same_bits or np.array_equal(found[:, 0], model.predict(X))


def test_one_network_and_one_class_compile_without_a_word(tmp_path):
    X = np.arange(30.0)[:, np.newaxis]
    model = TabularClassifier(n_estimators=1, max_iter=1, random_state=0).fit(X, ["only"] * 30)
    _, selftest, _, found = in_c(X.astype(object), model, "predict_proba", builds()[0], tmp_path)
    assert "#define MODEL_CLASSES 1\n" in (tmp_path / "model.h").read_text()
    assert selftest == 0
    assert (found == 1.0).all()


def test_a_header_of_a_table_knows_its_names_and_its_file(tmp_path):
    X = table(np.random.default_rng(2))
    model = TabularClassifier((8,), n_estimators=1, max_iter=1, random_state=0).fit(X, [7, 11, 13] * 50)
    model.to_c(tmp_path / "pets.h", name="pets")
    model.save(tmp_path / "pets.safetensors")
    text = (tmp_path / "pets.h").read_text()
    assert hashlib.sha256((tmp_path / "pets.safetensors").read_bytes()).hexdigest() in text
    assert '"7", "11", "13"' in text
    # rare ones share the last of 100 places
    places = {name: int(place) for place, name in re.findall(r'\{1, (\d+), "(kind \d+)"\}', text)}
    assert len(places) == 130
    assert max(places.values()) == 99
    with pytest.raises(ValueError, match="name must be a name in C"):
        model.to_c(tmp_path / "other.h", name="no name")
    assert not (tmp_path / "other.h").exists()
