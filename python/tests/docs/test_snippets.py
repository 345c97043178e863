"""The Python of the documentation runs and says what the pages say.

The blocks of a page run one after another, as a reader would type them, in a folder with an index. An expression with
a comment behind it must have the value that the comment says. A block that cannot run has a reason above it:
``<!-- not run: reason -->``.
"""

from __future__ import annotations

import ast
import io
import re
import shutil
import tokenize
from pathlib import Path
from typing import Final

import breachdex
import pytest

PROJECT: Final = Path(__file__).resolve().parents[3]
SITE: Final = PROJECT / "docs" / "site"
PAGES: Final = (
    "README.md",
    "docs/site/index.md",
    "docs/site/five-minutes.md",
    "docs/site/operations.md",
    "python/README.md",
)
BLOCK: Final = re.compile(r"(?P<above>[^\n]*)\n```python\n(?P<code>.*?)\n```\n", re.DOTALL)
NOT_RUN: Final = re.compile(r"<!-- not run: \S.* -->")


def blocks(page: str) -> list[str]:
    """The blocks of a page that run, with line numbers as in the page."""
    text = (PROJECT / page).read_text(encoding="utf-8")
    found = []
    for block in BLOCK.finditer(text):
        if not NOT_RUN.fullmatch(block["above"]):
            found.append("\n" * text.count("\n", 0, block.start("code")) + block["code"])
    return found


def run(code: str, names: dict[str, object], page: str) -> int:
    """Runs a block; returns how many values were compared."""
    comments = {
        token.start[0]: token.string.removeprefix("# ")
        for token in tokenize.generate_tokens(io.StringIO(code).readline)
        if token.type == tokenize.COMMENT
    }
    compared = 0
    for statement in ast.parse(code, page).body:
        said = comments.get(statement.end_lineno or 0)
        if isinstance(statement, ast.Expr) and said is not None:
            value = eval(compile(ast.Expression(statement.value), page, "eval"), names)
            assert repr(value) == said, f"{page}, line {statement.lineno}"
            compared += 1
        else:
            exec(compile(ast.Module([statement], []), page, "exec"), names)  # noqa: S102
    return compared


@pytest.fixture
def folder(exposed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a corpus, as the pages assume one."""
    shutil.copy(exposed_index, tmp_path / "pwned.bdx")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BREACHDEX_INDEX", raising=False)
    return tmp_path


@pytest.mark.filterwarnings("ignore::breachdex.StarterIndexWarning")
@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_is_so(page: str, folder: Path) -> None:
    names: dict[str, object] = {}
    code = blocks(page)
    assert code, "the page has no block that runs"
    assert sum(run(block, names, page) for block in code) > 0


def test_a_wrong_value_is_noticed(folder: Path) -> None:
    with pytest.raises(AssertionError, match="a page, line 2"):
        run("\n1 + 1  # 3", {}, "a page")


def test_the_refusal_of_the_page_refuses(folder: Path) -> None:
    names: dict[str, object] = {}
    for block in blocks("docs/site/five-minutes.md"):
        run(block, names, "five-minutes.md")
    choose = names["choose"]
    assert callable(choose)
    with pytest.raises(ValueError, match="in a list of leaked ones"):
        choose("password")


def test_the_tree_of_errors_is_the_one_in_the_code() -> None:
    tree = (SITE / "exceptions.md").read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]
    shown = {line.split("── ")[1].split()[0]: line.rpartition("also ")[2] for line in tree.splitlines()[1:]}
    errors = [thing for name in breachdex.__all__ if isinstance(thing := getattr(breachdex, name), type)]
    errors = [error for error in errors if issubclass(error, Exception) and not issubclass(error, Warning)]
    assert set(shown) == {error.__name__ for error in errors}
    for error in errors:
        others = [base.__name__ for base in error.__bases__ if not base.__module__.startswith("breachdex")]
        if error is not breachdex.BreachdexError and others:
            assert shown[error.__name__] == others[0]
