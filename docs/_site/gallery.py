"""The gallery on the site: an index of pictures, and each page's script and notebook to take away.

What a page and a cell are is said in docs/gallery/build.py, which also makes the pages.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).resolve().parents[1] / "gallery"


def load_build() -> ModuleType:
    """Return docs/gallery/build.py as a module; its folder is no package."""
    specification = importlib.util.spec_from_file_location("gallery_build", FOLDER / "build.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # where dataclasses look for it
    specification.loader.exec_module(module)
    return module


build = load_build()


def notebook(script: Path) -> str:
    """Return a script as a Jupyter notebook: its cells of text and of code, nothing run."""
    import nbformat

    v4 = nbformat.v4
    found = []
    for cell in build.cells(script):
        found += [v4.new_markdown_cell(cell.text)] if cell.text else []
        found += [v4.new_code_cell(cell.code.strip())] if cell.code.strip() else []
    for number, cell in enumerate(found):
        cell["id"] = f"cell-{number}"  # in the place of a random one
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = v4.new_notebook(cells=found, metadata={"kernelspec": kernel})
    nbformat.validate(made)
    return str(nbformat.writes(made)) + "\n"


def finished(path: str, text: str) -> str:
    """Return a page of the gallery with its downloads in the place of the links at its end."""
    stem = Path(path).stem
    page, _, _ = text.rpartition("\n---\n")
    script, notebook = f"{{download}}`the script <{stem}.py>`", f"{{download}}`the notebook <{stem}.ipynb>`"
    return f"{page}\n---\n\nTake it with you: {script} or {notebook}. All pages: [gallery](index.md).\n"


def index() -> str:
    """Return the page that shows all others, each by its picture."""
    _, _, *introduction = build.INTRODUCTION
    lines = ["# Gallery", "", *introduction, "::::{grid} 1 2 3 3", ":gutter: 3", ""]
    for script in build.scripts():
        title, lead = build.title_and_lead(script)
        picture = f"pictures/{script.stem}.png"
        lines += [f":::{{grid-item-card}} {title}", f":link: {script.stem}", ":link-type: doc", f":img-top: {picture}"]
        lines += [f":img-alt: {title}", "", lead, ":::", ""]
    lines += ["::::", "", "```{toctree}", ":hidden:", "", *(script.stem for script in build.scripts()), "```"]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Return the index, and the scripts and notebooks to download."""
    found = {"gallery/index.md": index()}
    for script in build.scripts():
        found[f"gallery/{script.name}"] = script.read_text(encoding="utf-8")
        found[f"gallery/{script.stem}.ipynb"] = notebook(script)
    return found
