"""Installs the package in place: imported from this folder, with the command and the metadata of an installed one.

    .venv-python/bin/python python/in_place.py

Compiles nothing: the module is what Cargo built beside the tests, see the Makefile. `pip install --editable` would have
maturin call Cargo for this package alone, with other features, and so compile most of the dependencies again.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def metadata(folder: Path) -> Path:
    """The folder with the package's metadata, written by maturin."""
    maturin = str(Path(sys.executable).with_name("maturin"))
    command = [maturin, "pep517", "write-dist-info", "--interpreter", sys.executable]
    subprocess.run(
        [*command, "--metadata-directory", str(folder)], cwd=PACKAGE, check=True, stdout=subprocess.DEVNULL
    )
    (found,) = folder.glob("*.dist-info")
    return found


def editable_wheel(folder: Path) -> Path:
    """A wheel that holds the metadata, and the path of this folder in place of the package (PEP 660)."""
    described = metadata(folder)
    name, version = described.name.removesuffix(".dist-info").split("-")
    files = {
        f"{described.name}/{path.relative_to(described)}": path.read_bytes()
        for path in sorted(described.rglob("*"))
        if path.is_file()
    }
    files[f"{described.name}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files["breachdex.pth"] = f"{PACKAGE}\n".encode()
    record = f"{described.name}/RECORD"
    files[record] = "".join(f"{path},,\n" for path in [*files, record]).encode()
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return wheel


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheel = editable_wheel(Path(folder))
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--force-reinstall", wheel], check=True)


if __name__ == "__main__":
    main()
