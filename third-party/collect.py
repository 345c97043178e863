#!/usr/bin/env python3
"""Writes the licences and the bills of materials (SBOM) of what is released, from Cargo.lock and the sources of its crates.

    python3 third-party/collect.py            write the files
    python3 third-party/collect.py --check    fail if they are not up to date

The files are committed, so that wheels, source distributions, images and archives have them without a build step. The same
Cargo.lock gives the same bytes. Needs Cargo and Python 3.11; Cargo fetches the sources of crates for other systems.
"""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
import tomllib
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).resolve().parent.parent

TARGETS: Final = (
    "aarch64-apple-darwin",
    "aarch64-pc-windows-msvc",
    "aarch64-unknown-linux-gnu",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
)
"""What `.github/workflows/release.yml` builds for."""

RELEASED: Final = {
    "breachdex-cli": "third-party/breachdex-command.cdx.json",
    # maturin takes files of the package's own folder only, and follows no link.
    "breachdex-python": "python/sboms/breachdex-python.cdx.json",
}
"""A package that is released, and its bill of materials."""

LICENCES: Final = "third-party/LICENCES.txt"
"""The licences of both: the Python module contains the command."""

STARTER: Final = "breachdex-starter"
"""The crate of this project that contains lists by others."""

FILE: Final = re.compile(r"(un)?licen[cs]e|copying|copyright|notice", re.IGNORECASE)
"""How names of files with a licence or a notice begin."""

CODE: Final = {".a", ".c", ".h", ".html", ".lib", ".py", ".rs"}
"""Endings of files that are no text of a licence."""

DEEPER: Final = {
    "chrono-tz": ("tz/LICENSE",),
    "ring": (
        "src/polyfill/once_cell/LICENSE-APACHE",
        "src/polyfill/once_cell/LICENSE-MIT",
        "third_party/fiat/LICENSE",
    ),
    "tracing-core": ("src/spin/LICENSE",),
    "zstd-sys": ("zstd/LICENSE",),
}
"""Licences of code by others within a crate, which lie in its folders."""

NOT_PASSED_ON: Final = {
    "pyo3": ("pyo3-runtime/",),  # a package of its own
    "zstd-sys": ("zstd/COPYING",),  # the other licence of zstd, which is not chosen
}
"""Files that are not the licence of what is compiled here."""

SAME_TEXT: Final = {"alloc-stdlib": "alloc-no-stdlib"}
"""A crate without a text, and another one of its repository that has it."""

INTRODUCTION: Final = """\
Licences of the software in breachdex
=====================================

breachdex is licensed under MIT OR Apache-2.0. The command and the Python module contain the libraries below, or were compiled
with them. Each has its licence and the numbers of the texts that it came with; where a licence offers a choice, any of them
may be chosen. Written by third-party/collect.py.
"""

LIBRARIES: Final = """\
The Rust standard library: MIT OR Apache-2.0, copyright (c) The Rust Project contributors. The texts are those of breachdex's own
licences. https://github.com/rust-lang/rust/blob/main/COPYRIGHT

musl libc, in static programs for Linux: MIT, copyright (c) 2005-2020 Rich Felker, et al. The text is that of breachdex's own MIT
licence. https://git.musl-libc.org/cgit/musl/tree/COPYRIGHT
"""

MIT: Final = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

WIDTH: Final = 120


@dataclass(frozen=True, order=True)
class Crate:
    """A package of Cargo.lock."""

    name: str
    version: str

    @property
    def purl(self) -> str:
        return f"pkg:cargo/{self.name}@{self.version.replace('+', '%2B')}"

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


Edges = dict[Crate, set[Crate]]
"""What each crate depends on directly."""


class MissingError(Exception):
    """A crate has no licence that could be passed on, or one that nobody has looked at."""


def cargo(*arguments: str) -> str:
    """The output of Cargo."""
    ran = subprocess.run(
        ["cargo", *arguments, "--locked"], cwd=PROJECT, check=False, capture_output=True, text=True
    )
    if ran.returncode != 0:
        sys.exit(ran.stderr)
    return ran.stdout


def tree(package: str, edges: str) -> tuple[Crate, Edges]:
    """What a package is built from, for all targets, with the features of a release."""
    targets = [argument for target in TARGETS for argument in ("--target", target)]
    shape = ("--edges", edges, "--prefix", "depth", "--format", " {p}")
    lines = cargo("tree", "--package", package, "--features", "parquet", *shape, *targets)
    found: Edges = {}
    above: list[Crate] = []
    for line in lines.splitlines():
        if not line:
            continue
        depth, name, version, *_ = line.split()
        crate = Crate(name, version.removeprefix("v"))
        del above[int(depth) :]
        found.setdefault(crate, set())
        if above:
            found[above[-1]].add(crate)
        above.append(crate)
    return above[0], found


@functools.cache
def packages() -> dict[Crate, dict[str, Any]]:
    """What `cargo metadata` says about each package."""
    described = json.loads(cargo("metadata", "--format-version", "1"))
    return {Crate(package["name"], package["version"]): package for package in described["packages"]}


def checksums() -> dict[Crate, str]:
    """SHA-256 of each package's file, as Cargo.lock has it."""
    lock = tomllib.loads((PROJECT / "Cargo.lock").read_text(encoding="utf-8"))
    return {
        Crate(package["name"], package["version"]): package["checksum"]
        for package in lock["package"]
        if "checksum" in package
    }


def expression(crate: Crate) -> str:
    """The licence of a crate in today's syntax: a slash was an OR."""
    return " OR ".join(part.strip() for part in str(packages()[crate]["license"]).split("/"))


def bill(root: Crate, edges: Edges, linked: set[Crate]) -> dict[str, Any]:
    """A CycloneDX document; what is only run while compiling is there with the scope `excluded`."""
    sums = checksums()
    components = []
    for crate in sorted(edges.keys() - {root}):
        package = packages()[crate]
        component: dict[str, Any] = {
            "type": "library",
            "bom-ref": crate.purl,
            "name": crate.name,
            "version": crate.version,
            "description": " ".join((package["description"] or "").split()),
            "scope": "required" if crate in linked else "excluded",
            "licenses": [{"expression": expression(crate)}],
            "purl": crate.purl,
        }
        if crate in sums:
            component["hashes"] = [{"alg": "SHA-256", "content": sums[crate]}]
        if package["repository"]:
            component["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
        components.append(component)
    described = {
        "type": "application" if root.name == "breachdex-cli" else "library",
        "bom-ref": root.purl,
        "name": "breachdex",
        "version": root.version,
        "licenses": [{"expression": expression(root)}],
        "purl": root.purl if root.name == "breachdex-cli" else f"pkg:pypi/breachdex@{root.version}",
    }
    dependencies = [
        {"ref": crate.purl, "dependsOn": sorted(below.purl for below in edges[crate])}
        for crate in sorted(edges)
    ]
    content = {"metadata": {"component": described}, "components": components, "dependencies": dependencies}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    head = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
    }
    return head | content


def licence_files(crate: Crate) -> dict[str, str]:
    """The licences and notices that a crate brings with it, by their path in it."""
    folder = Path(packages()[crate]["manifest_path"]).parent
    if crate.name == STARTER:
        return {
            path.name: path.read_text(encoding="utf-8") for path in sorted((folder / "LICENSES").iterdir())
        }
    deeper, known = DEEPER.get(crate.name, ()), NOT_PASSED_ON.get(crate.name, ())
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not FILE.match(path.name) or path.suffix in CODE or not path.is_file() or name.startswith(known):
            continue
        if "/" in name and name not in deeper:
            raise MissingError(
                f"{crate}: {name} is the licence of a part of it? Add it to DEEPER or NOT_PASSED_ON."
            )
        found[name] = path.read_text(encoding="utf-8", errors="replace")
    return found


def standard_text(crate: Crate) -> dict[str, str]:
    """The text of the licence that is chosen for a crate that has no file with it."""
    choices = re.split(r" OR ", expression(crate))
    if crate.name in SAME_TEXT:
        other = min(known for known in packages() if known.name == SAME_TEXT[crate.name])
        return licence_files(other)
    if "Apache-2.0" in choices:
        return {"Apache-2.0": (PROJECT / "LICENSE-APACHE").read_text(encoding="utf-8")}
    if "MIT" in choices:
        authors = ", ".join(re.sub(r"\s*<.*?>", "", author) for author in packages()[crate]["authors"])
        return {"MIT": f"MIT License\n\nCopyright (c) {authors or f'the authors of {crate.name}'}\n\n{MIT}"}
    raise MissingError(f"{crate}: {expression(crate)}, and no text. Add it to SAME_TEXT.")


def tidy(text: str) -> str:
    """A text without what differs between systems."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\ufeff", "").split("\n")]
    return "\n".join(lines).strip("\n")


def licences(crates: list[Crate]) -> str:
    """Every crate with its licence, and every text once."""
    numbers: dict[str, int] = {}
    texts: list[tuple[str, list[str]]] = []
    rows = []
    for crate in crates:
        used = set()
        for name, text in (licence_files(crate) or standard_text(crate)).items():
            key = " ".join(text.split())
            number = numbers.setdefault(key, len(texts))
            if number == len(texts):
                texts.append((tidy(text), []))
            texts[number][1].append(f"{crate}: {name}")
            used.add(number + 1)
        rows.append((str(crate), expression(crate), ", ".join(map(str, sorted(used)))))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    table = [f"{name:{widths[0]}}  {licence:{widths[1]}}  {used}" for name, licence, used in rows]
    parts = [INTRODUCTION, LIBRARIES, "\n".join(table) + "\n"]
    for number, (text, users) in enumerate(texts, 1):
        parts.append(f"{'=' * WIDTH}\n{number}. {'; '.join(users)}\n{'=' * WIDTH}\n\n{text}\n")
    return "\n".join(parts)


def collected() -> dict[str, str]:
    """The files and their content."""
    files: dict[str, str] = {}
    others: set[Crate] = set()
    for package, name in RELEASED.items():
        root, edges = tree(package, "normal,build")
        _, linked = tree(package, "normal,no-proc-macro")
        files[name] = json.dumps(bill(root, edges, set(linked)), indent=1, ensure_ascii=False) + "\n"
        others |= edges.keys()
    registry = {crate for crate in others if packages()[crate]["source"] or crate.name == STARTER}
    files[LICENCES] = licences(sorted(registry))
    return files


def main() -> None:
    files = collected()
    if sys.argv[1:] == ["--check"]:
        stale = [
            name
            for name, text in files.items()
            if not (PROJECT / name).is_file() or (PROJECT / name).read_text(encoding="utf-8") != text
        ]
        if stale:
            sys.exit(f"not up to date: {', '.join(stale)}; run python3 third-party/collect.py")
        return
    for name, text in files.items():
        (PROJECT / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
