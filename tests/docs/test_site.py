"""The site has a page for everything, and its pages say what their programs do; the site itself is built by .ci/run.

What could go wrong: a page whose program fails, warns, prints or draws something else than the page shows (programs),
or that has nothing of its own to show (guide); a task that cannot be found from the first page (tasks); a public name
without a page, or one that its module does not call public (names); a docstring that lacks a section (numpydoc); a
link that is right in the repository and wrong on the site (links); a number of the first page that nobody measured
(numbers).
"""

from __future__ import annotations

import doctest
import inspect
import re
from pathlib import Path

import pytest
from numpydoc.validate import validate

import fastmlp as fm
from docs import pages
from docs._site import links, reference, stage
from docs._site.gallery import build

DOCS = Path(__file__).parents[2] / "docs"
TASKS = sorted(DOCS.glob("guide/*.md"))
MAX_PICTURE_BYTES = 60_000
COLUMNS = 100  # of code in 0.77 em, beside two lists, on a screen of 1300 pixels
PROGRAMS = pages.programs()
each_program = pytest.mark.parametrize(
    "page", PROGRAMS, ids=lambda page: page.relative_to(DOCS).with_suffix("").as_posix()
)

# ---- pages that are programs ----


@each_program
def test_a_page_shows_what_its_program_prints_and_draws(page, tmp_path):
    again = f"python -m docs.pages {page.relative_to(DOCS).with_suffix('').as_posix()}"
    printed = [output.rstrip() for output in pages.run(page, tmp_path)]
    assert printed == [output.rstrip() for output in pages.shown(page)], f"run {again}, and look at what changed"
    for name in pages.pictures(page):
        assert (tmp_path / name).exists(), name
        assert 0 < (page.parent / "pictures" / name).stat().st_size <= MAX_PICTURE_BYTES, f"run {again}"


def test_a_line_of_code_fits_a_column_of_the_site():
    """A page of the gallery has no list beside its text, and room for the 120 columns of its script."""
    folders = ("*.md", "guide/*.md", "coming-from/*.md")
    documents = [DOCS.parent / "README.md", *(page for folder in folders for page in DOCS.glob(folder))]
    too_long, seen = [], 0
    for document in documents:
        blocks = re.findall(r"^```(?:python|py|sh)\n(.*?)^```", document.read_text(encoding="utf-8"), re.M | re.S)
        seen += len(blocks)
        too_long += [line for block in blocks for line in block.splitlines() if len(line) > COLUMNS]
    assert seen > 80
    assert not too_long


def test_a_command_that_fails_is_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# P\n\n```sh\nfastmlp info none.safetensors\n```\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"fastmlp info none\.safetensors"):
        pages.run(page, tmp_path)


def test_a_wrong_output_is_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# P\n\n```python\nx = 1\n```\n\n```python\nprint(x + 1)\n```\n\n```text\n3\n```\n", encoding="utf-8"
    )
    outputs = pages.run(page, tmp_path)
    assert outputs == ["", "2\n"]
    assert pages.shown(page) == ["", "3\n"]
    mended = pages.written(page.read_text(encoding="utf-8"), outputs)
    assert mended == page.read_text(encoding="utf-8").replace("3", "2")


def test_an_error_of_a_page_names_its_line(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# P\n\n```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError) as failed:
        pages.run(page, tmp_path)
    assert failed.traceback[-1].lineno + 1 == 8


@pytest.mark.parametrize("page", TASKS, ids=lambda page: page.stem)
def test_a_page_of_the_guide_has_something_of_its_own_to_show(page):
    if page.stem == "index":
        return
    assert page in PROGRAMS
    assert any(pages.shown(page)) or pages.pictures(page)


def test_every_task_is_on_the_first_page_and_in_the_guide():
    first = (DOCS / "index.md").read_text(encoding="utf-8")
    index = (DOCS / "guide" / "index.md").read_text(encoding="utf-8")
    for page in TASKS:
        if page.stem != "index":
            assert f"<guide/{page.stem}>" in first, page.stem
            assert f"({page.name})" in index, page.stem


def test_the_numbers_of_the_first_page_are_those_of_the_readme():
    first = (DOCS / "index.md").read_text(encoding="utf-8")
    cards = first.split("```python")[0].split("::::{grid}")[1]
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    numbers = re.findall(r"\d+\.\d+", cards)
    assert len(numbers) >= 5
    assert all(re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.]*\d)", readme) for number in numbers), numbers


# ---- the API reference ----

NAMES = {name.path: name for names in reference.public_names().values() for name in names}
CLASSES = {name.value for name in NAMES.values() if inspect.isclass(name.value)}


def test_every_public_name_has_a_page():
    found = reference.pages()
    for module in reference.MODULES:
        assert f"api/{module}.md" in found
    for name in fm.__all__:
        assert f"api/fastmlp.{name}.rst" in found or f"api/fastmlp.{name}.md" in found, name
    assert len(NAMES) > 100
    assert all(f"api/{path}.rst" in found for path in NAMES)


def test_every_module_that_says_what_is_public_is_in_the_reference():
    package = Path(fm.__file__).parent
    modules = [*package.glob("*.py"), *package.glob("*/__init__.py")]
    public = [path for path in modules if not re.search(r"/_\w", path.relative_to(package.parent).as_posix())]
    saying = {
        ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in [*public, package / "__init__.py"]
        if "\n__all__ = " in path.read_text(encoding="utf-8")
    }
    # whose names are those of fastmlp
    assert saying - set(reference.MODULES) == {"fastmlp.diagnosis", "fastmlp.explanation"}


@pytest.mark.parametrize("module", ["activations", "losses", "optimizers", "schedules", "initializers"])
def test_a_module_calls_public_what_stands_in_its_registry(module):
    public = getattr(fm, module)
    kinds = getattr(public, module.upper())
    assert {kind.__name__ for kind in kinds.values()} <= set(public.__all__)


@pytest.mark.parametrize("path", reference.DATA)
def test_the_example_of_a_name_without_a_docstring_runs(path):
    test = doctest.DocTestParser().get_doctest(reference.DATA[path], {}, path, None, 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


def test_all_methods_of_a_network_are_shown():
    methods = {name for name, value in inspect.getmembers(fm.Network) if not name.startswith("_")}
    assert methods == set(reference.public_members(fm.Network, CLASSES))


def lacking(path: str, kind: object, *, is_member: bool) -> list[str]:
    """Return what numpydoc finds wrong in the sections of a docstring; of a member, without See Also and Examples."""
    found = []
    for code, message in validate(path)["errors"]:
        section = code[:2]
        if section not in ("PR", "RT", "YD", "SA", "EX") or (is_member and code in ("SA01", "EX01")):
            continue
        if code == "PR01" and inspect.isclass(kind):  # what only the library makes has attributes for users to read
            attributes = re.split(r"^Attributes\n-+\n", inspect.getdoc(kind) or "", flags=re.MULTILINE)[-1]
            names = re.findall(r"'(\w+)'", message)
            if all(name.startswith("_") or re.search(rf"\b{name}\b.* : ", attributes) for name in names):
                continue
        found.append(f"{path}: {code} {message}")
    return found


def test_numpydoc_finds_no_section_missing_in_a_public_docstring():
    wrong = []
    for path, name in NAMES.items():
        if path in reference.DATA or name.is_gate:
            continue
        wrong += lacking(path, name.value, is_member=False)
        # those of the reference are short, so that it can be read in one sitting
        if inspect.isclass(name.value) and not path.startswith("fastmlp.reference."):
            for member in reference.public_members(name.value, CLASSES):
                wrong += lacking(f"{path}.{member}", None, is_member=True)
    assert not wrong, "\n".join(wrong)
    assert sum(name.is_gate for name in NAMES.values()) == 20


def test_a_missing_section_is_seen():
    assert lacking("fastmlp.reference.exp", None, is_member=False)


# ---- links ----


def test_links_lead_to_where_things_are_on_the_site():
    text = "[a](../README.md#limits) `[b](c)` [`f`](../cpp/core/layer.hpp) [g](math.md) [h](https://x.org)\n"
    text += "```\n[k](../README.md)\n```\n[l](decisions/README.md) [m](#here) [math.md](math.md)\n"
    found, shown = links.rewritten(text, "docs/numerics.md", stage.place)
    expected = "[a](overview.md#limits) `[b](c)` [`f`](sources/cpp/core/layer.hpp.md) [g](math.md) [h](https://x.org)\n"
    assert found == expected + "```\n[k](../README.md)\n```\n[l](decisions/index.md) [m](#here) [](math.md)\n"
    assert shown == {"cpp/core/layer.hpp"}
    found, _ = links.rewritten("[a](docs/math.md) [b](docs/gallery/)", "README.md", stage.place)
    assert found == "[a](math.md) [b](gallery/index.md)"


def test_a_link_of_the_site_that_leads_nowhere_is_found(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.html").write_text('<p id="here"><a href="folder/b.html#there"><a href="#here"><a href="https://x">')
    (tmp_path / "folder" / "b.html").write_text('<a href="../a.html#here"><img src="none.png"><a href="../a.html#no">')
    dead = [line.split(",")[0] for line in links.dead_links(tmp_path)]
    assert dead == [
        "a.html links to folder/b.html#there",
        "folder/b.html links to ../a.html#no",
        "folder/b.html links to none.png",
    ]


def test_every_document_and_every_page_of_the_gallery_is_staged():
    staged = {stage.place(path) for path in stage.documents()}
    assert {"math.md", "overview.md", "changelog.md", "core.md", "decisions/index.md"} <= staged
    assert {f"gallery/{script.stem}.md" for script in build.scripts()} <= staged
