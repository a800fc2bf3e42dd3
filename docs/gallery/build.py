"""Make the gallery's pages: run every script, and write its text, code, printed output and pictures as Markdown.

    python docs/gallery/build.py                    all pages and the index
    python docs/gallery/build.py 03_xor 12_optimizers       these pages and the index

A script opens with a docstring: its first sentence is the page's title, its next paragraph stands in the index too.
A line "# %%" begins a new cell: comments below it are text, the rest is code. Scripts write their pictures into the
current folder and claim no number that they do not assert. Needs matplotlib, SciPy and scikit-learn. A script
imports nothing that only this folder has, so that it runs wherever it is copied to; how pictures look: matplotlibrc.
"""

from __future__ import annotations

import ast
import contextlib
import io
import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PICTURES = FOLDER / "pictures"
CELL = "# %%"
TIME_LIMIT = 900  # seconds, for the slowest script, on MNIST and a computer that is busy otherwise


@dataclass(frozen=True)
class Cell:
    """Text and the code below it; ``line`` is where the code begins in its script, from 1."""

    text: str
    code: str
    line: int


@dataclass(frozen=True)
class Result:
    """What a cell printed, and the names of the pictures it wrote."""

    output: str
    pictures: list[str]


def scripts() -> list[Path]:
    """Return the gallery's scripts in the order of their numbers."""
    return sorted(FOLDER.glob("[0-9][0-9]_*.py"))


def title_and_lead(script: Path) -> tuple[str, str]:
    """Return the first sentence of a script's docstring, without its full stop, and the paragraph after it."""
    title, lead, *_ = cells(script)[0].text.split("\n\n")
    return title.removeprefix("# "), lead.replace("\n", " ")


def cells(script: Path) -> list[Cell]:
    """Return the cells of a script; the first one's text is the docstring, its title as a heading."""
    source = script.read_text(encoding="utf-8")
    tree = ast.parse(source)
    docstring = ast.get_docstring(tree)
    if docstring is None:
        raise ValueError(f"{script.name} has no docstring: begin it with the page's title and text.")
    title, _, rest = docstring.partition("\n")
    lines, begin = source.splitlines(), tree.body[0].end_lineno or 0
    text = f"# {title.removesuffix('.')}\n{rest}"
    found = []
    while True:
        end = lines.index(CELL, begin) if CELL in lines[begin:] else len(lines)
        found.append(Cell(text.strip(), "\n".join(lines[begin:end]), begin + 1))
        if end == len(lines):
            return found
        begin = end + 1
        comments = list(itertools.takewhile(lambda line: line.startswith("#"), lines[begin:]))
        text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in comments)
        begin += len(comments)


def run(script: Path, pictures: Path) -> list[Result]:
    """Run a script in a process of its own, where it leaves its pictures, and return the result of each cell."""
    environment = {**os.environ, "MPLBACKEND": "agg", "MATPLOTLIBRC": str(FOLDER / "matplotlibrc")}
    done = subprocess.run(
        [sys.executable, "-W", "error:::__main__", __file__, "--cells-of", str(script)],
        cwd=pictures,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{script.name} failed:\n{done.stderr}")
    return [Result(**result) for result in json.loads(done.stdout)]


def run_here(script: Path) -> list[Result]:
    """Run the cells of a script one after the other in this process, as one program."""
    namespace = {"__name__": "__main__", "__file__": str(script)}
    results = []
    seen = pictures_here()
    for cell in cells(script):
        output = io.StringIO()
        program = compile("\n" * (cell.line - 1) + cell.code, str(script), "exec")  # tracebacks name the right line
        with contextlib.redirect_stdout(output):
            exec(program, namespace)
        now = pictures_here()
        results.append(Result(output.getvalue(), sorted(name for name in now if now[name] != seen.get(name))))
        seen = now
    return results


def pictures_here() -> dict[str, int]:
    """Return the pictures and films of the current folder, and when each was written."""
    return {found.name: found.stat().st_mtime_ns for kind in ("*.png", "*.gif") for found in Path.cwd().glob(kind)}


def page(script: Path, results: list[Result]) -> str:
    """Return the Markdown page of a script; results without output and pictures give the text alone."""
    alternative = title_and_lead(script)[0]
    parts = []
    for cell, result in zip(cells(script), results, strict=True):
        if cell.text:
            parts.append(cell.text)
        if cell.code.strip():
            parts.append(f"```python\n{cell.code.strip()}\n```")
        if result.output.strip():
            parts.append(f"```text\n{result.output.rstrip()}\n```")
        parts += [f"![{alternative}](pictures/{name})" for name in result.pictures]
    parts.append(f"---\n\n[All pages](README.md). This one was made from [{script.name}]({script.name}).")
    return "\n\n".join(parts) + "\n"


def index() -> str:
    """Return the gallery's README: one row with a small picture for each page."""
    rows = []
    for script in scripts():
        title, lead = title_and_lead(script)
        picture = f'[<img src="pictures/{script.stem}.png" alt="{title}" width="220">]({script.stem}.md)'
        rows.append(f"| {picture} | **[{title}]({script.stem}.md)**<br>{lead} |")
    return "\n".join([*INTRODUCTION, "| | |", "|---|---|", *rows, *CLOSING])


INTRODUCTION = [
    "# Gallery",
    "",
    "What an introductory course on neural networks shows, as short programs: one idea a page, in the order of such a",
    "course. The numbers on a page are asserted by its script, and the tests run the scripts.",
    "",
]
CLOSING = [
    "",
    "Every page is made by `docs/gallery/build.py` from the script of its name; a script also runs by itself and",
    "leaves its pictures in the current folder. Pages on handwriting take MNIST (LeCun, Cortes and Burges, 1998) from",
    "the folder that the environment variable `FASTMLP_MNIST` names, as the pages shown here did, and scikit-learn's",
    "digits of 8x8 pixels without it, as the tests do.",
    "",
]


def shrink(picture: Path) -> None:
    """Keep 256 colours of a picture: enough for a plot, and half of the bytes."""
    from PIL import Image

    with Image.open(picture) as image:
        small = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(picture, optimize=True)


def main(names: list[str]) -> None:
    """Write the pages of the scripts with these names, or all, and the index."""
    PICTURES.mkdir(exist_ok=True)
    for script in scripts():
        if names and script.stem not in names:
            continue
        results = run(script, PICTURES)
        for name in (name for result in results for name in result.pictures):
            if name.endswith(".png"):
                shrink(PICTURES / name)
            print(f"{name}: {(PICTURES / name).stat().st_size // 1000} kB")
        script.with_suffix(".md").write_text(page(script, results), encoding="utf-8")
    (FOLDER / "README.md").write_text(index(), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--cells-of"]:
        print(json.dumps([vars(result) for result in run_here(Path(sys.argv[2]))]))
    else:
        main(sys.argv[1:])
