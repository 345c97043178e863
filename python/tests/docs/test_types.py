"""The Python of the documentation is typed: what a reader copies passes mypy and pyright.

Pyright is run as basedpyright, whose wheel brings all of it, with Node.js: pyright's own fetches itself at its first run.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_snippets import blocks

PAGES = (
    "docs/radar.md",
    "docs/site/adapters.md",
    "docs/site/configuration.md",
    "docs/site/fastapi.md",
    "docs/site/five-minutes.md",
    "docs/site/index.md",
    "docs/site/litestar.md",
    "docs/site/log-in.md",
    "docs/site/operations.md",
    "docs/site/policy.md",
    "docs/site/schemas.md",
    "docs/site/starlette.md",
    "python/README.md",
)


def checked(folder: Path, *options: str) -> str:
    command = [sys.executable, "-m", "mypy", "--no-incremental", "--hide-error-context", *options, "."]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


def checked_by_pyright(folder: Path, mode: str, **rules: bool) -> tuple[str, list[str]]:
    """What pyright says, and the names of the rules that were broken."""
    settings = {"typeCheckingMode": mode, **rules}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "basedpyright",
        "--outputjson",
        "--pythonpath",
        sys.executable,
        "-p",
        str(folder),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    told = json.loads(ran.stdout)
    assert told["summary"]["filesAnalyzed"] > 0, ran.stdout + ran.stderr
    return ran.stdout, [found["rule"] for found in told["generalDiagnostics"] if found["severity"] == "error"]


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
    said, broken = checked_by_pyright(tmp_path, "strict")
    assert not broken, said


def test_pages_with_pyright(tmp_path: Path) -> None:
    # Its stubs for WTForms say that a field's errors may be a mapping.
    for page in set(PAGES) - {"docs/site/adapters.md"}:
        write(tmp_path, page, blocks(page))
    # What an example caught is shown behind it; a reader knows that it was raised.
    said, broken = checked_by_pyright(tmp_path, "standard", reportPossiblyUnboundVariable=False)
    assert not broken, said


def test_a_wrong_type_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, "example", ["import breachdex", "breachdex.validate('x').accepted + ''"])
    assert "Unsupported operand types" in checked(tmp_path)
    _, broken = checked_by_pyright(tmp_path, "standard")
    assert broken == ["reportOperatorIssue"]


@pytest.mark.parametrize("page", PAGES)
def test_there_is_something_to_check(page: str) -> None:
    assert blocks(page)
