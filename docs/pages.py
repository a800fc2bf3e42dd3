"""Pages that are programs: run them, and write what they print back into them.

    python -m docs.pages                        all such pages
    python -m docs.pages guide/classify         this one

The blocks of a page that are marked ``python`` make one program, from top to bottom. A block ``text`` right below one
is what it printed, and a picture of the page is one that the program saved under its name. So a page shows nothing that
its program does not do; the tests compare. Lines of a block ``sh`` are calls of the command fastmlp, and belong to it.
Programs of other libraries, which are not run, are marked ``py``.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

from docs._site.gallery import build
from fastmlp import cli

FOLDER = Path(__file__).resolve().parent
PROGRAMS = ("guide/*.md", "coming-from/*.md", "file-format.md")
BLOCK = re.compile(
    r"^```(?P<kind>python|sh)\n(?P<code>.*?)^```\n(?:\n```text\n(?P<output>.*?)^```\n)?", re.MULTILINE | re.DOTALL
)
PICTURE = re.compile(r"!\[[^\]]*\]\((?P<file>pictures/[\w.-]+)\)")


def programs() -> list[Path]:
    """Return the pages that are programs; an index has none."""
    found = [page for pattern in PROGRAMS for page in sorted(FOLDER.glob(pattern))]
    return [page for page in found if BLOCK.search(page.read_text(encoding="utf-8"))]


def run(page: Path, folder: Path) -> list[str]:
    """Run the program of a page in a folder, where it leaves its pictures; return what each block printed."""
    matplotlib.use("agg")
    text = page.read_text(encoding="utf-8")
    namespace = {"__name__": "__main__"}
    outputs = []
    with inside(folder), matplotlib.rc_context(fname=FOLDER / "gallery" / "matplotlibrc"):
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start("code"))
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                if block["kind"] == "sh":
                    call(block["code"])
                else:  # tracebacks name the page and the right line
                    exec(compile("\n" * line + block["code"], str(page), "exec"), namespace)
            outputs.append(printed.getvalue())
        plt.close("all")
    return outputs


def call(lines: str) -> None:
    """Run lines as a shell would, each a call of the command fastmlp that must end well."""
    for line in lines.splitlines():
        program, *arguments = shlex.split(line)
        if program != "fastmlp" or cli.main(arguments) != 0:
            raise RuntimeError(f"{line!r} is no call of fastmlp that ends well.")


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Make a folder the current one for a while; contextlib.chdir came with Python 3.11."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def shown(page: Path) -> list[str]:
    """Return what the page says that each block printed."""
    return [block["output"] or "" for block in BLOCK.finditer(page.read_text(encoding="utf-8"))]


def pictures(page: Path) -> list[str]:
    """Return the names of the pictures that the page shows."""
    return [Path(file).name for file in PICTURE.findall(page.read_text(encoding="utf-8"))]


def written(text: str, outputs: list[str]) -> str:
    """Return the text of a page with these outputs."""
    remaining = iter(outputs)

    def block(match: re.Match[str]) -> str:
        output = next(remaining)
        shown = f"\n```text\n{output.rstrip()}\n```\n" if output.strip() else ""
        return f"```{match['kind']}\n{match['code']}```\n{shown}"

    return BLOCK.sub(block, text)


def main(names: list[str]) -> None:
    """Run the pages of these names, or all, and write outputs and pictures."""
    warnings.simplefilter("error")
    for page in programs():
        if names and page.relative_to(FOLDER).with_suffix("").as_posix() not in names:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            outputs = run(page, Path(scratch))
            page.write_text(written(page.read_text(encoding="utf-8"), outputs), encoding="utf-8")
            for name in pictures(page):
                target = page.parent / "pictures" / name
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(Path(scratch, name).read_bytes())
                build.shrink(target)
        print(page.relative_to(FOLDER))


if __name__ == "__main__":
    main(sys.argv[1:])
