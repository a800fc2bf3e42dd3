"""Repair a wheel for Linux: libgomp goes into it, with its licence, and the name says on which systems it runs.

    python .ci/repair_wheel.py WHEEL FOLDER [OPTIONS OF AUDITWHEEL]

Needs auditwheel and patchelf on the PATH, and the package wheel. Called by .ci/wheels and, in a container, by
cibuildwheel (pyproject.toml); what it adds is what a wheel must hold beside what was built.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

# Where a system has GPL-3 and GCC's Runtime Library Exception, which belong to libgomp: Debian (the exception is in the
# second), Red Hat and the manylinux images.
LICENCES = [
    ["/usr/share/common-licenses/GPL-3", "/usr/share/doc/libgomp1/copyright"],
    ["/usr/share/licenses/libgcc/COPYING3", "/usr/share/licenses/libgcc/COPYING.RUNTIME"],
]
EXCEPTION = "GCC RUNTIME LIBRARY EXCEPTION"
OWN, BOTH = "BSD-3-Clause", "BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1"


def licences() -> dict[str, str]:
    """Return the texts by the names that they get in the wheel."""
    for paths in LICENCES:
        if all(Path(path).exists() for path in paths):
            texts = {Path(path).name: Path(path).read_text(encoding="utf-8") for path in paths}
            assert EXCEPTION in list(texts.values())[-1].upper(), f"{paths[-1]} has no {EXCEPTION}"
            return texts
    sys.exit(f"the licence of libgomp is not installed: {' or '.join(' and '.join(paths) for paths in LICENCES)}.")


def add_licences(content: Path) -> None:
    """Put the texts into an unpacked wheel, and their names into its metadata."""
    assert list(content.glob("fastmlp.libs/libgomp*.so*")), "auditwheel has put no libgomp into the wheel"
    (information,) = content.glob("*.dist-info")
    metadata = information / "METADATA"
    text = metadata.read_text(encoding="utf-8")
    assert text.count(f"License-Expression: {OWN}\n") == text.count("License-File: LICENSE\n") == 1
    text = text.replace(f"License-Expression: {OWN}\n", f"License-Expression: {BOTH}\n")
    folder = information / "licenses" / "libgomp"
    folder.mkdir()
    for name, licence in licences().items():
        (folder / name).write_text(licence, encoding="utf-8")
        text = text.replace("License-File: LICENSE\n", f"License-File: LICENSE\nLicense-File: libgomp/{name}\n")
    metadata.write_text(text, encoding="utf-8")


def main(wheel: str, folder: str, *options: str) -> None:
    """Repair one wheel into the folder."""
    with tempfile.TemporaryDirectory() as scratch:
        repaired, unpacked = Path(scratch, "repaired"), Path(scratch, "unpacked")
        # auto: the lowest tag that the versions of the symbols allow
        subprocess.run(["auditwheel", "repair", "--plat", "auto", "-w", repaired, *options, wheel], check=True)
        packing = [sys.executable, "-m", "wheel"]
        subprocess.run([*packing, "unpack", "--dest", unpacked, *repaired.glob("*.whl")], check=True)
        (content,) = unpacked.iterdir()
        add_licences(content)
        subprocess.run([*packing, "pack", "--dest-dir", folder, content], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
