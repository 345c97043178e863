#!/usr/bin/env python3
"""Packs the command for a release, with licences and bill of materials: ``pack.py VERSION TARGET PROGRAM FOLDER``.

Writes ``breachdex-vVERSION-TARGET.tar.gz`` (``.zip`` for Windows) into FOLDER and prints its path. The same program gives
the same bytes: names are sorted, owners are nobody, and the time is that of ``SOURCE_DATE_EPOCH``, or 1980-01-01.
"""

from __future__ import annotations

import gzip
import io
import os
import sys
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parent.parent
BESIDE: Final = {
    "README.md": "README.md",
    "LICENSE-APACHE": "LICENSE-APACHE",
    "LICENSE-MIT": "LICENSE-MIT",
    "breachdex-command.cdx.json": "third-party/breachdex-command.cdx.json",
    "THIRD-PARTY-LICENCES.txt": "third-party/LICENCES.txt",
}
"""What is packed beside the program, and where it is."""

EARLIEST: Final = 315532800
"""1980-01-01, before which a zip file has no times."""


def contents(target: str, program: Path) -> list[tuple[str, bytes, int]]:
    """Name, bytes and mode of each file, sorted."""
    name = "breachdex.exe" if "windows" in target else "breachdex"
    found = [(name, program.read_bytes(), 0o755)]
    found += [(inside, (PROJECT / path).read_bytes(), 0o644) for inside, path in BESIDE.items()]
    return sorted(found)


def tar_gz(folder: str, files: list[tuple[str, bytes, int]], now: int) -> bytes:
    """The bytes of an archive for systems with modes."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=now) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, data, mode in files:
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode, entry.mtime = len(data), mode, now
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def zipped(folder: str, files: list[tuple[str, bytes, int]], now: int) -> bytes:
    """The bytes of an archive for Windows."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data, mode in files:
            entry = zipfile.ZipInfo(f"{folder}/{name}", time.gmtime(now)[:6])
            entry.compress_type, entry.create_system, entry.external_attr = (
                zipfile.ZIP_DEFLATED,
                3,
                mode << 16,
            )
            archive.writestr(entry, data)
    return packed.getvalue()


def pack(version: str, target: str, program: Path, out: Path) -> Path:
    """Writes the archive and returns its path."""
    folder = f"breachdex-v{version}-{target}"
    now = max(int(os.environ.get("SOURCE_DATE_EPOCH", EARLIEST)), EARLIEST)
    is_windows = "windows" in target
    data = (zipped if is_windows else tar_gz)(folder, contents(target, program), now)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{folder}{'.zip' if is_windows else '.tar.gz'}"
    path.write_bytes(data)
    return path


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    print(pack(sys.argv[1].removeprefix("v"), sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])))
