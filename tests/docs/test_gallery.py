"""The gallery is true: every script's assertions hold, and the pages show what the scripts say.

What could go wrong: a script that no longer runs, warns, claims a wrong number or leaves no picture of its name (run),
a page that was not made again after its script changed, or belongs to no script (pages), an index without a page or
with a picture that is missing or large (index), text taken for code or a wrong claim that nobody sees (the generator).
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from pathlib import Path

import pytest

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"
MAX_PICTURE_BYTES = 60_000  # the pages are read over slow lines too, and pictures stay in the history for good


def load_build():
    specification = importlib.util.spec_from_file_location("gallery_build", GALLERY / "build.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # where dataclasses look for it
    specification.loader.exec_module(module)
    return module


build = load_build()
SCRIPTS = build.scripts()
each_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)


def without_results(markdown):
    """Return a page without what its script printed and drew."""
    without_output = re.sub(r"^```text\n.*?^```\n\n", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^!\[.*?\]\(.*?\)\n\n", "", without_output, flags=re.MULTILINE)


@each_script
def test_a_script_keeps_its_word_and_leaves_its_picture(script, tmp_path, monkeypatch):
    monkeypatch.delenv("FASTMLP_MNIST", raising=False)  # the small digits, here as everywhere
    build.run(script, tmp_path)
    assert f"{script.stem}.png" in {picture.name for picture in tmp_path.glob("*.png")}
    assert "\nassert " in script.read_text(encoding="utf-8")


@each_script
def test_a_script_runs_wherever_it_is_copied_to(script):
    names = set()
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module.partition(".")[0])
    assert names <= sys.stdlib_module_names | {"fastmlp", "matplotlib", "numpy", "scipy", "sklearn"}


def test_what_two_scripts_have_in_common_is_the_same_in_both():
    # the cart-pole, which both pages on it have, so that each can be copied alone
    found = {}
    for script in SCRIPTS:
        if script.stem not in ("25_cart_pole", "26_deep_q_learning"):
            continue
        for node in ast.parse(script.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name in ("starts", "push", "fallen", "play", "lengths"):
                found.setdefault(node.name, set()).add(ast.dump(node))
    assert len(found) == 5
    assert all(len(different) == 1 for different in found.values())


@each_script
def test_a_page_shows_its_script_as_it_is(script):
    committed = script.with_suffix(".md").read_text(encoding="utf-8")
    nothing = [build.Result("", []) for _ in build.cells(script)]
    again = f"python docs/gallery/build.py {script.stem}"
    assert without_results(committed) == build.page(script, nothing), f"make the page again: {again}"
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", committed):
        assert (GALLERY / picture).exists(), picture


def test_every_page_and_every_picture_belongs_to_a_script():
    names = {script.stem for script in SCRIPTS}
    assert len(names) > 20
    assert {page.stem for page in GALLERY.glob("*.md")} == names | {"README"}
    pictures = {picture.stem for picture in (GALLERY / "pictures").glob("*")}
    assert names <= pictures
    # a page's other pictures have its name and one of their own
    assert all(any(picture.startswith(f"{name}_") for name in names) for picture in pictures - names)


def test_the_index_is_up_to_date_and_its_pictures_are_small():
    assert (GALLERY / "README.md").read_text(encoding="utf-8") == build.index()
    for picture in (GALLERY / "pictures").glob("*.png"):
        assert picture.stat().st_size <= MAX_PICTURE_BYTES, picture.name


def test_cells_are_text_above_code(tmp_path):
    script = tmp_path / "00_example.py"
    script.write_text('"""A title.\n\nA lead.\n"""\n\nprint(1)\n\n# %%\n# Text.\n\n# a comment\nprint(2)\n')
    assert build.title_and_lead(script) == ("A title", "A lead.")
    first, second = build.cells(script)
    assert (first.text, first.code.strip()) == ("# A title\n\nA lead.", "print(1)")
    assert (second.text, second.code.strip()) == ("Text.", "# a comment\nprint(2)")
    assert [result.output for result in build.run(script, tmp_path)] == ["1\n", "2\n"]


def test_a_claim_that_does_not_hold_is_an_error_that_names_the_line(tmp_path):
    script = tmp_path / "00_wrong.py"
    script.write_text('"""A title.\n\nA lead.\n"""\n\n# %%\n# Text.\n\nassert 1 + 1 == 3\n')
    with pytest.raises(RuntimeError, match=r'(?s)00_wrong.py", line 9.*AssertionError'):
        build.run(script, tmp_path)
