"""The Python of the documentation is typed: what a reader copies passes a type checker."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_snippets import blocks

PAGES = (
    "docs/site/adapters.md",
    "docs/site/configuration.md",
    "docs/site/fastapi.md",
    "docs/site/five-minutes.md",
    "docs/site/policy.md",
    "python/README.md",
)


def checked(folder: Path, *options: str) -> str:
    command = [sys.executable, "-m", "mypy", "--no-incremental", "--hide-error-context", *options, "."]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


def write(folder: Path, page: str, code: list[str]) -> None:
    module = re.sub(r"\W", "_", page) + ".py"
    (folder / module).write_text("\n".join(code), encoding="utf-8")


def test_pages(tmp_path: Path) -> None:
    for page in PAGES:
        write(tmp_path, page, blocks(page))
    # A page goes on where its last example ended, with the same names.
    said = checked(tmp_path, "--allow-redefinition", "--disable-error-code=import-untyped")
    assert said.startswith("Success"), said


def test_the_first_example_of_fastapi_is_strict(tmp_path: Path) -> None:
    write(tmp_path, "example", blocks("docs/site/fastapi.md")[:1])
    said = checked(tmp_path, "--strict")
    assert said.startswith("Success"), said


def test_a_wrong_type_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, "example", ["import breachdex", "breachdex.validate('x').accepted + ''"])
    assert "Unsupported operand types" in checked(tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_there_is_something_to_check(page: str) -> None:
    assert blocks(page)
