"""The documents are true: what they show runs, and what they name exists.

What could go wrong: an example that no longer runs, or prints another number than it says (examples), a name that was
renamed or never documented (public names), a command or an option of the command line that is gone (commands), a link,
file or function that moved (links, files, functions of math.md), a registry entry without its formula (formulas), a
continuous integration that tests something else than the README says (test command), a version without its changes
(changelog), packages that are to be installed and cannot be (index).
"""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import shlex
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

import fastmlp as fm
from fastmlp.activations import ACTIVATIONS
from fastmlp.cli import build_parser
from fastmlp.losses import LOSSES
from fastmlp.optimizers import OPTIMIZERS

ROOT = Path(__file__).parents[2]
FOLDERS = ["*.md", "docs/**/*.md", "cpp/**/*.md", "bench/**/*.md"]
DOCUMENTS = sorted(path for folder in FOLDERS for path in ROOT.glob(folder))
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in DOCUMENTS}
README, MATH = TEXTS["README.md"], TEXTS["docs/math.md"]
TEST_COMMAND = 'pip install ".[test]" && pytest'
# that some examples write for, and that no other test needs; what they warn of is theirs
TOOLS = {"mlflow": "mlflow-skinny sqlalchemy alembic", "tensorboardX": "tensorboardX"}

python_blocks = [
    pytest.param(block, id=f"{name}-{number}")
    for name, text in TEXTS.items()
    # whose blocks make one program, run by test_gallery.py and test_site.py
    if not name.startswith(("docs/gallery/", "docs/guide/", "docs/coming-from/", "docs/file-format"))
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL), 1)
]
each_document = pytest.mark.parametrize("name", TEXTS)


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def indented_commands(text: str) -> list[str]:
    """Return the command lines of indented blocks, comments cut off, split at &&."""
    lines = re.findall(r"^ {4}(\S.*)$", without_code(text), flags=re.MULTILINE)
    return [part.strip() for line in lines for part in line.split("#")[0].split("&&")]


@pytest.mark.parametrize("block", python_blocks)
def test_an_example_runs(block, tmp_path):
    if ">>>" in block:
        test = doctest.DocTestParser().get_doctest(block, {}, "example", None, 0)
        assert test.examples
        assert doctest.DocTestRunner().run(test).failed == 0
    else:  # in a process of its own, for warnings would be swallowed and files left here
        tools = [tool for tool in TOOLS if re.search(rf"^(from|import) {tool}\b", block, flags=re.MULTILINE)]
        for tool in tools:
            if find_spec(tool) is None:
                pytest.skip(f"the tool is not installed: pip install {TOOLS[tool]}")
        done = subprocess.run(
            [sys.executable, "-W", "default" if tools else "error", "-c", block],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["README.md", "docs/index.md"])
def test_the_first_example_prints_what_its_comment_says(name, tmp_path):
    block = re.findall(r"^```python\n(.*?)^```", TEXTS[name], flags=re.MULTILINE | re.DOTALL)[0]
    (said,) = re.findall(r"^print\(.*\)  # (0\.\d+)$", block, flags=re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.splitlines()[0] == said


def test_there_are_examples_of_both_kinds():
    kinds = {">>>" in parameter.values[0] for parameter in python_blocks}
    assert kinds == {True, False}


@each_document
def test_every_public_name_that_is_used_exists(name):
    for path in re.findall(r"\b(?:fastmlp|fm)\.((?:\w+\.)*[A-Za-z]\w*)", TEXTS[name]):
        found = fm
        for part in path.split("."):
            if not hasattr(found, part):
                importlib.import_module(f"{found.__name__}.{part}")
            found = getattr(found, part)


@each_document
def test_every_attribute_of_a_network_that_is_used_exists(name):
    net = fm.Network(1, [fm.Dense(1)])
    for attribute in re.findall(r"\b(?:net|Network)\.(\w+)", TEXTS[name]):
        assert hasattr(net, attribute), attribute


def test_the_readme_names_everything_that_is_public():
    words = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", without_code(README)))))
    assert not set(fm.__all__) - words
    assert not {*ACTIVATIONS, *LOSSES} - words


def test_the_readme_shows_every_command():
    shown = {command.split()[1] for command in indented_commands(README) if command.startswith("fastmlp ")}
    help_text = build_parser().format_help()
    commands = set(re.findall(r"^ {4}(\w+)  ", help_text, flags=re.MULTILINE))
    assert commands
    assert shown == commands


@each_document
def test_a_command_that_is_shown_is_understood(name):
    for command in indented_commands(TEXTS[name]):
        if command.startswith("fastmlp "):
            build_parser().parse_args(shlex.split(command)[1:])


@each_document
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(TEXTS[name])):
        if not target.startswith(("https://", "#")):
            assert (ROOT / name).parent.joinpath(target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("name", sorted(TEXTS.keys() - {"CHANGELOG.md"}))  # which names files of the past
def test_files_that_are_named_exist(name):
    for path in re.findall(r"`((?:cpp|docs|python|tests|bench)/[\w./-]*)`", TEXTS[name]):
        assert (ROOT / path).exists(), path


def defined_names(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        nodes = list(ast.walk(ast.parse(text)))
        functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        targets = [
            target
            for node in nodes
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        ]
        return functions | {target.id for target in targets if isinstance(target, ast.Name)}
    # a definition begins its line with a type: void Trainer<T>::train(, FASTMLP_INLINE Vec<T> exp(
    definition = r"^[ ]*(?!return\b|throw\b|else\b)[\w:<>]+[\w:<>,&* ]*[ &*](?:\w+<\w+>::)?(\w+)\("
    structures = re.findall(r"^(?:struct|class) (\w+) \{", text, flags=re.MULTILINE)
    return {*re.findall(definition, text, flags=re.MULTILINE), *structures}


def test_a_function_of_the_mathematics_is_where_it_is_said_to_be():
    links = re.findall(r"\[`(\w+)`\]\(\.\./([\w./-]+)\)", MATH)
    assert len(links) > 30
    for function, path in links:
        assert function in defined_names(ROOT / path), (function, path)


def test_everything_in_a_registry_has_its_formula():
    for name in (*ACTIVATIONS, *LOSSES):
        assert f"| `{name}` |" in MATH, name
    for name in OPTIMIZERS:
        assert f"**`{name}`**" in MATH, name


def test_what_is_to_be_installed_is_what_an_extra_asks_for():
    """By the names of the packages: the name fastmlp leads nowhere, since there is a wheel or a clone but no index."""
    wanted = {requirement.partition(";")[0].strip() for requirement in metadata.requires("fastmlp")}
    found = set()
    for path in (ROOT / "python").rglob("*.py"):
        for packages in re.findall(r"pip install (.+?)\.(?!\d)", path.read_text(encoding="utf-8")):
            found.update(shlex.split(packages))
    assert found <= wanted
    assert {re.match(r"[\w-]+", package)[0] for package in found} == {"matplotlib", "onnx", "scikit-learn", "scipy"}


@each_document
def test_no_index_is_asked_for_fastmlp(name):
    assert not re.search(r"""pip install ["']?fastmlp\b(?!-)""", TEXTS[name])


def test_continuous_integration_runs_the_command_of_the_readme():
    if not (ROOT / ".ci").exists():
        pytest.skip("a source distribution has no .ci")
    assert f"\n    {TEST_COMMAND}\n" in README
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line.strip() for line in lines if "pytest" in line and not line.lstrip().startswith("#")] == [TEST_COMMAND]


def test_the_version_has_an_entry_in_the_changelog():
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (version,) = re.findall(r'^version = "(.+)"$', pyproject, flags=re.MULTILINE)
    assert fm.__version__ == version
    newest = TEXTS["CHANGELOG.md"].split("\n## ")[1]
    assert newest.startswith(("[Unreleased]", f"[{version}]"))
    assert version in newest
