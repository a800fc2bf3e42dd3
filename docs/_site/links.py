"""Links of documents as the site has them, and those of a finished site that lead nowhere."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# a block or a span of code, in which nothing is a link; a link named by its file; or the target of one
LINK = re.compile(
    r"^(?P<fence>```+|~~~+).*?^(?P=fence)$|`[^`\n]+`|(?P<file>\[[\w./-]+\.md(?=\]\())|\]\((?P<target>[^)\s]+)\)",
    re.MULTILINE | re.DOTALL,
)


def rewritten(text: str, path: str, place: Callable[[str], str]) -> tuple[str, set[str]]:
    """Return a document with the links that it has on the site, and the source files that it links to.

    ``path`` is the document's, from the root of the repository, and ``place`` says where such a path is on the site.
    """
    here = os.path.dirname(path)
    there = os.path.dirname(place(path))
    shown = set()

    def link(match: re.Match[str]) -> str:
        if match["file"]:
            return "["  # named by its title, which Sphinx knows
        target = match["target"]
        if target is None or target.startswith(("https:", "#")):
            return match[0]
        file, hash_mark, part = target.partition("#")
        aim = os.path.normpath(os.path.join(here, file))
        if place(aim).startswith("sources/"):
            shown.add(aim)
        return f"]({os.path.relpath(place(aim), there or '.')}{hash_mark}{part})"

    return LINK.sub(link, text), shown


class Page(HTMLParser):
    """The places of a page that can be linked to, and what it links to itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.targets: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what a tag brings."""
        for name, value in attrs:
            if value and name == "id":
                self.places.add(value)
            elif value and name in ("href", "src"):
                self.targets.add(value)


def dead_links(site: Path) -> list[str]:
    """Return a line for each link of the pages of a folder that leads to no file, or to no place in a page."""
    found = sorted(page for page in site.rglob("*.html") if "_static" not in page.parts)  # the theme's own
    pages = {page: Page(page.read_text(encoding="utf-8")) for page in found}
    dead = []
    for page, content in pages.items():
        for target in sorted(content.targets):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            aim = page if not parts.path else Path(os.path.normpath(page.parent / unquote(parts.path)))
            known = pages[aim].places if aim in pages else None
            if not aim.is_file() or (parts.fragment and known is not None and unquote(parts.fragment) not in known):
                dead.append(f"{page.relative_to(site)} links to {target}, which is not there.")
    return dead
