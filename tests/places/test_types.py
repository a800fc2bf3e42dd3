"""fastmlp in the eyes of type checkers, as the script of a user (users_script.py) that has every public name in it.

What could go wrong: the mark of a typed package is missing in the wheel, so that all of it is Any (typed); a return
that has no type or another one (the checkers); a name that the script has not, so that nothing is known of it (every
name); a script that is right for a checker and wrong for Python (runs).
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

import fastmlp as fm

SCRIPT = Path(__file__).with_name("users_script.py")
# what the package needs for itself, under a name without an underscore
INTERNAL = re.compile(r"resolve_\w+|kind_of_loss|BuiltIn|[A-Z]+S")
SUBMODULES = [name for name in fm.__all__ if isinstance(getattr(fm, name), types.ModuleType)]


def public_names(module):
    """Return what a module says is public, or all that it defines."""
    defined = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    names = getattr(module, "__all__", None) or [name for name in defined if not INTERNAL.fullmatch(name)]
    return [name for name in names if not name.startswith("_")]


def used_paths():
    """Return the dotted paths that the script has: fm.losses.Huber, sklearn.MLPClassifier, reference.add."""
    tree = ast.parse(SCRIPT.read_text("utf-8"))
    paths = {ast.unparse(node).removeprefix("fm.") for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fastmlp."):
            paths |= {f"{node.module.removeprefix('fastmlp.')}.{alias.name}" for alias in node.names}
    return paths


def run(*command, cwd):
    return subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True, timeout=500)


def test_the_package_says_that_it_is_typed():
    assert Path(fm.__file__).with_name("py.typed").exists()


def test_the_script_has_every_public_name():
    paths = used_paths()
    # of submodules, what they have in them
    wanted = {name for name in fm.__all__ if name not in SUBMODULES} | {"__version__"}
    for name in [*SUBMODULES, "sklearn"]:
        wanted |= {f"{name}.{public}" for public in public_names(importlib.import_module(f"fastmlp.{name}"))}
    assert len(wanted) > 150
    assert sorted(wanted - paths) == []


def test_the_script_runs(tmp_path):
    done = run("-W", "error", str(SCRIPT), cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_mypy_finds_nothing_in_the_script(tmp_path):
    pytest.importorskip("mypy", reason="the type checker is not installed: pip install mypy")
    script = tmp_path / SCRIPT.name  # where no settings are those of this project
    script.write_text(SCRIPT.read_text("utf-8"))
    done = run("-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(script), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_basedpyright_finds_nothing_in_the_script(tmp_path):
    pytest.importorskip("basedpyright", reason="the type checker is not installed: pip install basedpyright")
    (tmp_path / SCRIPT.name).write_text(SCRIPT.read_text("utf-8"))
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"include": ["."], "typeCheckingMode": "strict"}))
    done = run("-m", "basedpyright", "--pythonpath", sys.executable, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
