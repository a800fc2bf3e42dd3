"""Build the documentation site: ``python -m docs [FOLDER]``, into build/site unless a folder is named.

Needs the extra docs, and no network. Warnings are errors, and so is a link of the finished site that leads nowhere.
The same sources give the same bytes. What Sphinx reads is made first, in a folder that is thrown away: _site/stage.py.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main() -> int:
    """Return 0 where the site was built without a warning and all its links lead somewhere."""
    parser = argparse.ArgumentParser(prog="python -m docs", description="Build the documentation site.")
    default = FOLDER.parent / "build" / "site"
    parser.add_argument("folder", nargs="?", type=Path, default=default, help="where to (default: build/site)")
    site = parser.parse_args().folder.resolve()
    if site.exists() and any(site.iterdir()) and not (site / "objects.inv").exists():
        parser.error(f"{site} holds other things than a site: name a new folder, or an empty one.")
    try:
        from sphinx.cmd.build import build_main
    except ImportError:
        print('python -m docs needs Sphinx and more: pip install ".[docs]" in the clone.', file=sys.stderr)
        return 2
    from docs._site.links import dead_links
    from docs._site.stage import stage

    shutil.rmtree(site, ignore_errors=True)  # pages that are no longer made
    # any time will do, as long as it is always the same
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    with tempfile.TemporaryDirectory() as scratch:
        source, doctrees = Path(scratch, "source"), Path(scratch, "doctrees")
        stage(source)
        options = ["--fail-on-warning", "--fresh-env", "--write-all", "--quiet", "--jobs", "auto"]
        folders = ["--conf-dir", FOLDER, "--doctree-dir", doctrees, source, site]
        if build_main([*options, *map(str, folders)]) != 0:
            return 1
    (site / ".buildinfo").unlink(missing_ok=True)  # for building on, which is not done here
    dead = dead_links(site)
    print(*dead, sep="\n", end="\n" if dead else "", file=sys.stderr)
    print(f"{len(list(site.rglob('*.html')))} pages in {site}")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
