"""The documentation site in a real browser: every page opens, every link leads somewhere, the search finds.

    python tests/browser/open_pages.py build/site [--pictures FOLDER]

What could go wrong: a page that a link leads to is not there, or has not the place that the link names (links); a
script fails, or something is loaded from elsewhere (alone); a task is more than two clicks away (clicks); a page is
wider than the screen of a telephone, its letters cannot be told from the background, or its code is cut (looks); a
word is not found, or below other pages (search). .ci/browser runs this, with Debian's Chromium; the other tests need
no browser.
"""

from __future__ import annotations

import argparse
import functools
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag

from playwright.sync_api import Browser, Error, Page, Request, sync_playwright

CHROMIUM = "/usr/bin/chromium"
WIDE, NARROW = {"width": 1300, "height": 900}, {"width": 390, "height": 844}
# words as a stranger would type them, and a page that must be among the first
SEARCHES = {
    "threads": "guide/serve.html",
    "imbalanced": "guide/imbalanced.html",
    "quantile": "api/fastmlp.losses.Quantile.html",
}
AMONG_THE_FIRST = 6
# one of each kind
LOOKED_AT = [
    "index.html",
    "installation.html",
    "overview.html",
    "guide/index.html",
    "guide/classify.html",
    "guide/csv.html",
    "gallery/index.html",
    "gallery/03_xor.html",
    "api/index.html",
    "api/fastmlp.losses.html",
    "api/fastmlp.Network.html",
    "coming-from/pytorch.html",
    "math.html",
    "performance.html",
    "decisions/index.html",
    "glossary.html",
    "search.html",
]
LINKS = "[...document.querySelectorAll('a[href]')].map(a => a.href)"
PLACES = "[...document.querySelectorAll('[id]')].map(e => e.id)"
# whether the page can be pushed sideways, and how far its text and its background are apart, from 0 to 255
WIDTH = "[document.documentElement.scrollWidth, window.innerWidth]"
# lines of code that cannot be read without moving them: none on a wide screen, but for examples of the reference
CUT = "[...document.querySelectorAll('.highlight-python pre')].filter(e => e.scrollWidth > e.clientWidth).length"
CONTRAST = """
(() => {
  const grey = color => color.match(/[0-9.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part) / 3, 0);
  const style = getComputedStyle(document.body);
  return [grey(style.color), grey(style.backgroundColor)];
})()
"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder to this computer alone, and return the address of it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def watched(page: Page, address: str, faults: list[str]) -> Page:
    """Note what goes wrong on a page: errors of scripts, files that are missing or from elsewhere."""
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
    page.on("console", lambda said: faults.append(f"{page.url}: {said.text}") if said.type == "error" else None)

    def failed(asked: Request) -> None:
        if asked.failure != "net::ERR_ABORTED":  # what was still loading when the page was left
            faults.append(f"{page.url}: {asked.url} failed: {asked.failure}")

    page.on("requestfailed", failed)

    def own(asked: Request) -> None:
        if not asked.url.startswith((address, "data:")):
            faults.append(f"{page.url} loads {asked.url} from elsewhere")

    page.on("request", own)
    return page


def crawl(browser: Browser, address: str, faults: list[str]) -> dict[str, int]:
    """Open every page that links lead to; return how many clicks each is from the first one."""
    page = watched(browser.new_page(viewport=WIDE), address, faults)
    clicks, waiting = {address + "index.html": 0}, [address + "index.html"]
    places: dict[str, set[str]] = {}
    named: list[tuple[str, str, str]] = []
    while waiting:
        url = waiting.pop(0)
        answer = page.goto(url)
        if answer is None or not answer.ok:
            faults.append(f"{url} does not open")
            continue
        if not page.locator("h1").count():
            faults.append(f"{url} has no title")
        places[url] = set(page.evaluate(PLACES))
        for link in page.evaluate(LINKS):
            aim, part = urldefrag(link)
            if not aim.startswith(address):
                continue
            named.append((url, aim, unquote(part)))
            if aim in clicks:
                continue
            clicks[aim] = clicks[url] + 1
            if aim.endswith(".html"):
                waiting.append(aim)
            elif not page.request.head(aim).ok:
                faults.append(f"{url} links to {aim}, which is not there")
    faults += [
        f"{url} links to {aim}#{part}, which is not there"
        for url, aim, part in named
        if part and aim in places and part not in places[aim]
    ]
    page.close()
    return {url.removeprefix(address): number for url, number in clicks.items() if url.endswith(".html")}


def look(browser: Browser, address: str, faults: list[str], pictures: Path | None) -> None:
    """Look at a page of each kind, wide and narrow, light and dark."""
    for viewport in (WIDE, NARROW):
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport=viewport, color_scheme=scheme)
            page = watched(context.new_page(), address, faults)
            for name in LOOKED_AT:
                page.goto(address + name)
                where = f"{name}, {viewport['width']} wide, {scheme}"
                needed, there = page.evaluate(WIDTH)
                if needed > there:
                    faults.append(f"{where}: {needed} pixels are needed")
                cut = page.evaluate(CUT) if viewport == WIDE else 0
                if cut:
                    faults.append(f"{where}: {cut} blocks of code are cut")
                text, background = page.evaluate(CONTRAST)
                if (text < background) != (scheme == "light") or abs(text - background) < 128:
                    faults.append(f"{where}: text of grey {text:.0f} on {background:.0f}")
                if pictures is not None:
                    stem = name.removesuffix(".html").replace("/", "-")
                    page.screenshot(path=pictures / f"{stem}-{viewport['width']}-{scheme}.png")
            context.close()


def search(browser: Browser, address: str, faults: list[str]) -> None:
    """Type words into the search of the first page, as a reader would."""
    page = watched(browser.new_page(viewport=WIDE), address, faults)
    for word, wanted in SEARCHES.items():
        page.goto(address + "index.html")
        page.keyboard.press("Control+k")
        page.locator("dialog input[type=search], .search-button__search-container input").first.fill(word)
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html*")
        results = page.locator("#search-results ul.search li a")
        try:
            results.first.wait_for(timeout=15_000)
            page.wait_for_timeout(1_000)  # results come one after the other
            links = results.evaluate_all("all => all.map(a => a.href)")
        except Error as error:
            faults.append(f"searching {word!r}: {error}")
            continue
        found = [urldefrag(link)[0].removeprefix(address).partition("?")[0] for link in links]
        if wanted not in found[:AMONG_THE_FIRST]:
            faults.append(f"searching {word!r} gives {found[:AMONG_THE_FIRST]}, not {wanted}")
    page.close()


def main() -> int:
    """Return 0 where nothing is wrong."""
    parser = argparse.ArgumentParser(description="Look at the documentation site in a browser.")
    parser.add_argument("site", type=Path, help="the folder that python -m docs made")
    parser.add_argument("--pictures", type=Path, help="keep what was looked at in this folder")
    arguments = parser.parse_args()
    if arguments.pictures is not None:
        arguments.pictures.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with served(arguments.site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        clicks = crawl(browser, address, faults)
        look(browser, address, faults, arguments.pictures)
        search(browser, address, faults)
        browser.close()
    on_disk = {
        page.relative_to(arguments.site).as_posix()
        for page in arguments.site.rglob("*.html")
        if "_static" not in page.parts
    }
    faults += [f"no link leads to {page}" for page in sorted(on_disk - clicks.keys() - {"search.html"})]
    faults += [f"{page} is {number} clicks away" for page, number in clicks.items() if "guide/" in page and number > 2]
    print(f"{len(clicks)} pages opened, {len(LOOKED_AT)} looked at in 4 ways, {len(SEARCHES)} words searched")
    print(*sorted(set(faults)), sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
