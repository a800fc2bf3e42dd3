"""The reference as a book and as a judge: it stands alone, and its examples run.

What could go wrong: the reference begins to compute with NumPy or with the core that it judges (imports); an example
in a docstring no longer says what happens (doctests); a file grows too long to be read in one sitting (length).
"""

from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

from fastmlp import reference

FILES = sorted(Path(reference.__file__).parent.glob("*.py"))
MODULES = [
    "fastmlp.reference",
    *(f"fastmlp.reference.{module.name}" for module in pkgutil.iter_modules(reference.__path__)),
]

# Descriptions and checks of arguments: dataclasses and sentences, no arithmetic.
ALLOWED = {
    "_checks.arguments",
    "_model.stack",
    "activations",
    "embeddings",
    "initializers",
    "layers",
    "losses",
    "optimizers",
    "reference",
    "scalings",
    "schedules",
}
STANDARD = {"__future__", "ast", "collections", "dataclasses", "itertools", "math", "random", "typing"}


def imported_modules(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= (
                {f"{node.module}.{alias.name}" for alias in node.names} if node.module == "fastmlp" else {node.module}
            )
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_reference_imports_neither_numpy_nor_the_core(path):
    for name in imported_modules(path):
        package, _, rest = name.partition(".")
        allowed = any(rest == module or rest.startswith(f"{module}.") for module in ALLOWED)
        assert package in STANDARD or (package == "fastmlp" and allowed), name


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    examples = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(examples) >= 4


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_can_be_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 300
