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


def checked_by_pyright(folder: Path) -> dict[str, list[str]]:
    """The rules that are broken in each file that breaks some."""
    # What an example caught is shown behind it; a reader knows that it was raised.
    settings = {"typeCheckingMode": "standard", "reportPossiblyUnboundVariable": False}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    python = sys.executable
    command = [python, "-m", "basedpyright", "--outputjson", "--pythonpath", python, "-p", str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    told = json.loads(ran.stdout)
    assert told["summary"]["filesAnalyzed"] == len(list(folder.glob("*.py"))), ran.stdout + ran.stderr
    broken: dict[str, list[str]] = {}
    for found in told["generalDiagnostics"]:
        if found["severity"] == "error":
            broken.setdefault(Path(found["file"]).stem, []).append(f"{found['rule']}: {found['message']}")
    return broken


def write(folder: Path, page: str, code: list[str]) -> None:
    module = re.sub(r"\W", "_", page) + ".py"
    (folder / module).write_text("\n".join(code), encoding="utf-8")


WRONG = ["import breachdex", "breachdex.validate('x').accepted + ''"]
"""What a checker that looks at anything at all has to notice."""


def test_pages(tmp_path: Path) -> None:
    for page in PAGES:
        write(tmp_path, page, blocks(page))
    write(tmp_path, "wrong", WRONG)
    # A page goes on where its last example ended, with the same names.
    said = checked(tmp_path, "--allow-redefinition", "--disable-error-code=import-untyped")
    first, *others = said.splitlines()
    assert first.startswith("wrong.py:2: error: Unsupported operand types"), said
    assert others == [f"Found 1 error in 1 file (checked {len(PAGES) + 1} source files)"], said


def test_the_first_example_of_fastapi_is_strict(tmp_path: Path) -> None:
    write(tmp_path, "example", blocks("docs/site/fastapi.md")[:1])
    said = checked(tmp_path, "--strict")
    assert said.startswith("Success"), said


def test_with_pyright(tmp_path: Path) -> None:
    """All in one run, which costs seconds to begin."""
    # Its stubs for WTForms say that a field's errors may be a mapping.
    for page in set(PAGES) - {"docs/site/adapters.md"}:
        write(tmp_path, page, blocks(page))
    write(tmp_path, "strict", ["# pyright: strict", *blocks("docs/site/fastapi.md")[:1]])
    # Nothing that strict mode alone asks for would be noticed if the comment did nothing.
    write(tmp_path, "strict_and_wrong", ["# pyright: strict", "def f(x): return x"])
    write(tmp_path, "wrong", WRONG)
    broken = checked_by_pyright(tmp_path)
    assert [rule.partition(":")[0] for rule in broken.pop("wrong")] == ["reportOperatorIssue"]
    assert any(rule.startswith("reportMissingParameterType") for rule in broken.pop("strict_and_wrong"))
    assert not broken


@pytest.mark.parametrize("page", PAGES)
def test_there_is_something_to_check(page: str) -> None:
    assert blocks(page)
