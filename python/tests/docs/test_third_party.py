"""What is released names every crate in it, with its licence and its text, and only licences that are allowed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

PROJECT: Final = Path(__file__).resolve().parents[3]
LICENCES: Final = PROJECT / "third-party" / "LICENCES.txt"
BILLS: Final = {
    "breachdex-cli": PROJECT / "third-party" / "breachdex-command.cdx.json",
    "breachdex-python": PROJECT / "python" / "sboms" / "breachdex-python.cdx.json",
}
ROW: Final = re.compile(r"^(?P<crate>[\w-]+ \d\S*) +(?P<licence>\S.*?)  +(?P<texts>\d[\d, ]*)$", re.MULTILINE)


def bill(package: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(BILLS[package].read_text(encoding="utf-8"))
    return found


def components(package: str) -> dict[str, Any]:
    return {f"{part['name']} {part['version']}": part for part in bill(package)["components"]}


def lock() -> dict[str, Any]:
    packages = tomllib.loads((PROJECT / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    return {f"{package['name']} {package['version']}": package for package in packages}


def linked(package: str) -> set[str]:
    """The crates of a package on this system, without itself."""
    command = ["cargo", "tree", "--locked", "--package", package, "--features", "parquet"]
    shape = ["--edges", "normal", "--prefix", "none", "--format", "{p}"]
    ran = subprocess.run([*command, *shape], cwd=PROJECT, capture_output=True, text=True, check=True)
    words = [line.split() for line in ran.stdout.splitlines() if line]
    return {f"{name} {version[1:]}" for name, version, *_ in words if name != package}


def allowed(expression: str, licences: set[str]) -> bool:
    """Whether an expression of SPDX can be fulfilled with some licences."""
    words = re.findall(r"[()]|[\w.+-]+(?: WITH [\w.-]+)?", expression)
    python = [
        word.lower() if word in ("AND", "OR") else word if word in "()" else str(word in licences)
        for word in words
    ]
    return bool(eval(" ".join(python), {"__builtins__": {}}))


def test_the_files_are_up_to_date() -> None:
    command = [sys.executable, str(PROJECT / "third-party" / "collect.py"), "--check"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("package", BILLS)
def test_every_crate_is_in_the_bill_and_among_the_licences(package: str) -> None:
    crates = linked(package)
    assert len(crates) > 150
    assert crates <= components(package).keys()
    rows = {row["crate"] for row in ROW.finditer(LICENCES.read_text(encoding="utf-8"))}
    locked = lock()
    assert {crate for crate in crates if locked[crate].get("source")} <= rows
    assert not rows - locked.keys()


@pytest.mark.parametrize("package", BILLS)
def test_a_bill_holds_what_the_lock_file_holds(package: str) -> None:
    locked = lock()
    for crate, part in components(package).items():
        sums = [entry["content"] for entry in part.get("hashes", ())]
        assert sums == [value for key, value in locked[crate].items() if key == "checksum"], crate
    references = {part["ref"] for part in bill(package)["dependencies"]}
    assert references == {part["bom-ref"] for part in bill(package)["components"]} | {
        bill(package)["metadata"]["component"]["bom-ref"]
    }


def test_every_licence_is_allowed() -> None:
    rules = tomllib.loads((PROJECT / "deny.toml").read_text(encoding="utf-8"))
    licences = set(rules["licenses"]["allow"])
    for package in BILLS:
        for crate, part in components(package).items():
            expression = part["licenses"][0]["expression"]
            assert allowed(expression, licences), f"{crate}: {expression}"
    assert allowed("(MIT OR GPL-3.0-only) AND Zlib", licences)
    assert not allowed("MIT AND GPL-3.0-only", licences)
    assert not allowed("Apache-2.0 WITH Bison-exception-2.2", licences)


def test_every_text_is_there() -> None:
    text = LICENCES.read_text(encoding="utf-8")
    numbers = {int(number) for number in re.findall(r"^=+\n(\d+)\. ", text, re.MULTILINE)}
    used = {int(number) for row in ROW.finditer(text) for number in row["texts"].split(", ")}
    assert used == numbers == set(range(1, len(numbers) + 1))
    assert "Rich Felker" in text
    assert "The Rust Project" in text


def test_every_target_of_a_release_is_asked_for() -> None:
    workflow = (PROJECT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    script = (PROJECT / "third-party" / "collect.py").read_text(encoding="utf-8")
    targets = set(re.findall(r"target: ([\w-]+)", workflow))
    assert len(targets) == 8
    assert targets == set(re.findall(r'^    "([\w-]+)",$', script, re.MULTILINE))


def test_wheels_archives_and_images_have_the_files() -> None:
    settings = tomllib.loads((PROJECT / "python" / "pyproject.toml").read_text(encoding="utf-8"))
    folder = PROJECT / "python"
    found = [path for pattern in settings["project"]["license-files"] for path in folder.glob(pattern)]
    assert LICENCES in {path.resolve() for path in found}
    included = settings["tool"]["maturin"]["sbom"]["include"]
    assert [(folder / path).resolve() for path in included] == [BILLS["breachdex-python"]]
    assert not (folder / included[0]).is_symlink(), "maturin refuses links out of the package"
    for publisher in (".github/workflows/release.yml", "Dockerfile"):
        text = (PROJECT / publisher).read_text(encoding="utf-8")
        assert "third-party/LICENCES.txt" in text, publisher
        assert "third-party/breachdex-command.cdx.json" in text, publisher
