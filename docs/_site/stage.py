"""The folder that Sphinx reads: the documents, with links as the site has them, and the pages that are made.

Documents link to each other, and to files of the repository, so that they can be read where they are. The site has
another order: a README is the index of its folder, documents from outside of docs/ are pages too, and every source
file that a document links to is a page with its text. Pages of the API: reference.py; of the gallery: gallery.py.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from docs._site import gallery, reference
from docs._site.links import rewritten

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
# documents from elsewhere, and those that stand at another place of the site
PLACES = {
    "README.md": "overview.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "cpp/README.md": "core.md",
    "docs": "index.md",
    "docs/README.md": "index.md",
    "docs/gallery": "gallery/index.md",
    "docs/gallery/README.md": "gallery/index.md",
    "docs/decisions": "decisions/index.md",
    "docs/decisions/README.md": "decisions/index.md",
}
NOT_PAGES = ("docs/README.md", "docs/gallery/README.md")  # the site has its own
LANGUAGES = {".hpp": "cpp", ".cpp": "cpp", ".py": "python"}
PICTURES = (".png", ".gif", ".svg")


def place(path: str) -> str:
    """Return where a file of the repository is on the site; source files are shown under sources/."""
    if path in PLACES:
        return PLACES[path]
    if path.startswith("docs/") and path.endswith((".md", *PICTURES)):
        return path.removeprefix("docs/")
    return f"sources/{path}.md"


def documents() -> list[str]:
    """Return the documents that become pages, by their paths in the repository."""
    inside = [path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md")]
    outside = [path for path in PLACES if path.endswith(".md") and not path.startswith("docs/")]
    return sorted({*inside, *outside} - {*NOT_PAGES})


def stage(folder: Path) -> None:
    """Write everything that Sphinx reads into a new folder."""
    shown: set[str] = set()
    for path in documents():
        text = (ROOT / path).read_text(encoding="utf-8")
        if path.startswith("docs/gallery/"):
            text = gallery.finished(path, text)
        text, files = rewritten(text, path, place)
        shown |= files
        if path == "docs/decisions/README.md":
            text += toctree(sorted(note.stem for note in DOCS.glob("decisions/0*.md")))
        write(folder / place(path), text)
    for path in sorted(shown):
        write(folder / place(path), source_page(path))
    for kind in PICTURES:
        for picture in sorted(DOCS.rglob(f"*{kind}")):
            copy = folder / picture.relative_to(DOCS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, copy)
    for name, text in {**gallery.pages(), **reference.pages()}.items():
        write(folder / name, text)


def toctree(names: list[str]) -> str:
    """Return what tells Sphinx that these pages are below this one, for a page that lists them itself."""
    return "\n".join(["", "```{toctree}", ":hidden:", "", *names, "```", ""])


def source_page(path: str) -> str:
    """Return a page with the text of a source file, which the search leaves alone."""
    text = (ROOT / path).read_text(encoding="utf-8")
    language = LANGUAGES.get(Path(path).suffix, "text")
    return f"---\norphan: true\nnosearch: true\n---\n\n# `{path}`\n\n~~~~~~{language}\n{text}~~~~~~\n"


def write(path: Path, text: str) -> None:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
