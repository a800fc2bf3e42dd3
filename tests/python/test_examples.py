"""The examples in the documentation of the package run and print what they say.

What could go wrong: an example that no longer works, or a public function without one (both are seen here).
"""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import fastmlp as fm

MODULES = sorted(module.name for module in pkgutil.walk_packages(fm.__path__, "fastmlp.") if "_core" not in module.name)

NEED_TORCH = {f"fastmlp._export.{name}" for name in ("pytorch", "torch_modules", "torch_reading")}


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_the_examples_of_a_module_print_what_they_say(name):
    if name in NEED_TORCH:
        pytest.importorskip("torch", reason="PyTorch is in no extra; python -m tests.peers.torch_modules needs it, too")
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def test_every_public_function_and_class_has_an_example():
    for name in fm.__all__:
        value = getattr(fm, name)
        if inspect.isfunction(value) or inspect.isclass(value):
            assert inspect.getdoc(value), name
            # results and errors are shown where they come from
            if name not in ("Diagnosis", "GradientReport", "Gradients", "ModelFileError"):
                assert ">>> " in inspect.getdoc(value), name


def test_every_public_method_of_a_network_has_an_example():
    for name, method in inspect.getmembers(fm.Network, inspect.isfunction):
        if not name.startswith("_"):
            assert ">>>" in (inspect.getdoc(method) or ""), name
