"""The floors of the Python package: what could go wrong, and which test sees it.

A file imports from a floor above it, in a type hint or inside a function perhaps, so that it can no longer be read,
used and tested without what stands on it (imports go down); two files import each other by a detour (circles); code
reaches for the private parts of another folder (private names); a file grows beyond reading without saying why, or
opens without saying what it is for (length, opening). The checks are themselves checked by what is planted here.

What has no underscore is what a user imports; a folder with an underscore is a floor; a file imports its own folder and
floors below. docs/decisions/0019-floors-of-the-python-package.md says why.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import fastmlp

PACKAGE = Path(fastmlp.__file__).parent
# From the bottom up; what stands side by side on a floor knows nothing of each other.
FLOORS = [
    ["_core", "gradients"],
    ["_checks"],
    ["_formula", "_drawing", "_single_layer"],
    ["history"],
    ["activations", "initializers", "schedules", "runtime"],
    ["layers", "losses", "optimizers"],
    ["scalings", "embeddings"],
    ["_model"],
    ["_files"],
    ["metrics", "_gradient_check", "_diagnosis", "_explanation", "reference", "datasets", "_export"],
    ["gradient_check"],
    ["_training"],
    ["_network"],
    ["network"],
    ["_fleets"],
    ["callbacks", "serialization", "exchange", "plots", "sklearn", "testing", "diagnosis", "explanation", "fleets"],
    ["verification"],
    ["__init__"],
    ["cli"],
    ["__main__"],
]
FLOOR_OF = {unit: floor for floor, units in enumerate(FLOORS) for unit in units}
# Within sklearn, too: the two kinds of estimators know nothing of each other, nor do they know what gathers them.
SKLEARN_FLOORS = [
    ["_blocks", "_labels", "_models", "_results", "_sizes", "_threads"],
    ["_weights"],
    ["_mlp", "_tabular"],
    ["__init__"],
]
# Private names of other packages, which have no public ones for it.
FOREIGN = {
    "_getframe": "Python's own way to find the caller's line",
    "_replace": "how a NamedTuple of Python's is changed",
    "_label_binarizer": "scikit-learn's fitted MLPClassifier keeps there whether samples have several labels",
    "_no_improvement_count": "likewise, where the iterations of its fit stand",
    "_forward_hooks": "PyTorch's modules keep there what would change what they compute",
    "_forward_pre_hooks": "likewise",
    "_skl_callbacks": "scikit-learn's protocol of callbacks (1.9) keeps them there",
    "_init_callback_context": "scikit-learn's protocol of callbacks (1.9) has its entry there",
}

Sources = Mapping[str, str]


def sources() -> dict[str, str]:
    """Return every file by its path within the package."""
    return {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported(text: str, modules: set[str]) -> Iterator[str]:
    """Yield the modules of the package that a file imports, hints and imports inside functions included."""
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # of relative ones there are none: test_imports_are_written_in_full
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and re.fullmatch(r"fastmlp(\.\w+)+", str(node.value)):
            # import_module("fastmlp.plots"), __import__, a hint in quotes
            names = [node.value]
        for name in names:
            package, _, rest = name.partition(".")
            if package != "fastmlp":
                continue
            # the longest part that is a module: the rest names something in it
            while rest and rest not in modules:
                rest = rest.rpartition(".")[0]
            yield rest or "__init__"


def imports(files: Sources) -> dict[str, set[str]]:
    """Return the modules that each module imports."""
    modules = {module_of(path) for path in files} | {"_core"}
    return {module_of(path): set(imported(text, modules)) for path, text in files.items()}


def unit_of(module: str) -> str:
    return module.partition(".")[0]


def floor_of(module: str) -> int:
    """Return its floor; one that has none is found by the test of that, and stands below all here."""
    return FLOOR_OF.get(unit_of(module), -1)


def upward(files: Sources) -> list[tuple[str, str]]:
    """Return (importer, imported) of all imports that do not go down."""
    return [
        (module, other)
        for module, others in imports(files).items()
        for other in sorted(others)
        if unit_of(module) != unit_of(other) and floor_of(other) >= floor_of(module)
    ]


def circle(files: Sources) -> list[str]:
    """Return some modules that import each other, if there are any."""
    try:
        TopologicalSorter(imports(files)).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def is_own(node: ast.Attribute) -> bool:
    """Return whether an attribute is of the object or the class itself."""
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def foreign_private_names(files: Sources) -> list[tuple[str, str]]:
    """Return (file, name) where code takes a private name from an object or a module of another folder."""
    trees = {path: ast.parse(text) for path, text in files.items()}
    own: dict[str, set[str]] = {}
    for path, tree in trees.items():
        names = own.setdefault(unit_of(module_of(path)), set())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_own(node):
                names.add(node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
    found = []
    for path, tree in trees.items():
        known = own[unit_of(module_of(path))]
        for node in ast.walk(tree):
            taken: list[str] = []
            if isinstance(node, ast.Attribute) and not is_own(node):
                taken = [node.attr]
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("getattr", "setattr", "attrgetter")):
                taken = [
                    part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fastmlp."):
                taken = [alias.name for alias in node.names]
            found += [
                (path, name)
                for name in taken
                if name.startswith("_") and not name.startswith("__") and name not in known and name not in FOREIGN
            ]
    # the core is a module of its own name, and its part for tests is named by tests only
    return [(path, name) for path, name in found if name != "_core"]


def test_the_diagram_of_the_documents_has_these_floors_in_this_order():
    contributing = Path(__file__).parents[2] / "CONTRIBUTING.md"
    section = contributing.read_text("utf-8").split("## The floors")[1].split("A new module")[0]
    diagram = re.findall(r"^ {4}(\S.*)$", section, flags=re.MULTILINE)
    # names of one floor, then, some spaces on, what they are
    shown = [
        [name.removesuffix("/").removesuffix(".py") for name in re.split(" {3,}", line)[0].split()] for line in diagram
    ]
    assert shown == FLOORS[::-1]


def test_every_file_has_its_floor():
    units = {unit_of(module_of(path)) for path in sources()}
    assert units == set(FLOOR_OF) - {"_core"}
    assert len(sources()) > 80


def test_imports_go_down():
    assert upward(sources()) == []


def test_the_estimators_have_floors_of_their_own():
    floors = {unit: floor for floor, units in enumerate(SKLEARN_FLOORS) for unit in units}
    for module, others in imports(sources()).items():
        parts = [name.split(".")[1:2] or ["__init__"] for name in (module, *others) if unit_of(name) == "sklearn"]
        if unit_of(module) != "sklearn":
            continue
        (own,), *rest = parts
        for (other,) in rest:
            assert own == other or floors[other] < floors[own], (module, other)


def test_imports_are_written_in_full():
    for path, text in sources().items():
        for node in ast.walk(ast.parse(text)):
            assert not (isinstance(node, ast.ImportFrom) and node.level), path


def test_no_files_import_each_other():
    assert circle(sources()) == []


def test_no_private_name_crosses_a_folder():
    assert foreign_private_names(sources()) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("_model/model.py", "from fastmlp.network import Network"),
        ("_model/model.py", "if TYPE_CHECKING:\n    from fastmlp.network import Network"),
        ("_checks/arrays.py", "def check():\n    from fastmlp._model import outputs"),
        ("_training/fit.py", "import fastmlp"),
        ("history.py", "def plot():\n    import_module('fastmlp.plots')"),
        ("metrics.py", "from fastmlp.gradient_check import Probe"),
        ("losses.py", "import fastmlp.network as n"),
        ("losses.py", "def load(net: 'fastmlp.network.Network'): ..."),
        ("losses.py", "load = __import__('fastmlp.network')"),
    ],
)
def test_a_planted_import_that_goes_up_is_seen(path, line):
    files = sources()
    files[path] += f"\n{line}\n"
    assert [importer for importer, _ in upward(files)] == [module_of(path)]


def test_a_planted_circle_is_seen():
    files = sources()
    files["_model/outputs.py"] += "\nif TYPE_CHECKING:\n    from fastmlp._model.model import Model\n"
    found = circle(files)
    assert {"_model.outputs", "_model.model"} <= set(found)


@pytest.mark.parametrize(
    "line",
    [
        "print(network._guard)",
        "network._guard = None",
        "getattr(network, '_guard')",
        "from fastmlp._model.model import _set_scaling",
    ],
)
def test_a_planted_private_name_is_seen(line):
    files = sources()
    files["callbacks.py"] += f"\n{line}\n"
    assert len(foreign_private_names(files)) == 1


@pytest.mark.parametrize("path", sorted(sources()))
def test_a_file_opens_by_saying_why_it_exists_and_is_short_or_says_why_not(path):
    text = sources()[path]
    opening = ast.get_docstring(ast.parse(text))
    # that of a package is its introduction
    assert opening, path
    assert len(opening.splitlines()) <= 16 or path.endswith("__init__.py"), path
    if len(text.splitlines()) > 300:
        assert "long" in opening, path
