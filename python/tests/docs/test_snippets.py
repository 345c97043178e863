"""The Python of the documentation runs and says what the pages say.

The blocks of a page run one after another, as a reader would type them, in a folder with an index. An expression with
a comment behind it must have the value that the comment says. A block that cannot run has a reason above it:
``<!-- not run: reason -->``.
"""

from __future__ import annotations

import ast
import io
import itertools
import re
import shutil
import textwrap
import tokenize
import warnings
from pathlib import Path
from typing import Any, Final, get_args

import breachdex
import pytest
from breachdex import Policy, types
from breachdex._breachdex import PolicyRules
from support import write_index

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore"
    )  # Starlette would rather have a newer httpx, and says so once, when it is imported.
    import fastapi.testclient  # noqa: F401

PROJECT: Final = Path(__file__).resolve().parents[3]
SITE: Final = PROJECT / "docs" / "site"
PAGES: Final = (
    "README.md",
    "docs/radar.md",
    "docs/site/adapters.md",
    "docs/site/configuration.md",
    "docs/site/index.md",
    "docs/site/log-in.md",
    "docs/site/five-minutes.md",
    "docs/site/operations.md",
    "docs/site/policy.md",
    "docs/site/recipes.md",
    "python/README.md",
)
BLOCK: Final = re.compile(
    r"(?P<above>[^\n]*)\n(?P<indent> *)```python\n(?P<code>.*?)\n(?P=indent)```\n", re.DOTALL
)
"""A block, which may be in a tab and so be indented."""
FILE: Final = re.compile(r'\n```toml title="(?P<name>[\w.]+)"\n(?P<text>.*?\n)```\n', re.DOTALL)
EVENTS: Final[dict[str, tuple[types.Event, ...]]] = {
    "chosen": ("sign_up", "change", "reset"),
    "log-in": ("log_in",),
}
"""What the table of profiles means by its second column."""
NOT_RUN: Final = re.compile(r"<!-- not run: \S.* -->")


def blocks(page: str) -> list[str]:
    """The blocks of a page that run, with line numbers as in the page."""
    text = (PROJECT / page).read_text(encoding="utf-8")
    found = []
    for block in BLOCK.finditer(text):
        if not NOT_RUN.fullmatch(block["above"].strip()):
            code = textwrap.dedent(block["code"])
            found.append("\n" * text.count("\n", 0, block.start("code")) + code)
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
            value = eval(compile(ast.Expression(statement.value), page, "eval", dont_inherit=True), names)
            assert repr(value) == said, f"{page}, line {statement.lineno}"
            compared += 1
        else:
            exec(compile(ast.Module([statement], []), page, "exec", dont_inherit=True), names)  # noqa: S102
    return compared


@pytest.fixture
def folder(exposed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a corpus and an overlay, as the pages assume them."""
    shutil.copy(exposed_index, tmp_path / "pwned.bdx")
    write_index(tmp_path / "overlay.bdx", {"handed-out-by-support": 1})
    breachdex.Pairs.add(tmp_path / "pairs.bdx", tmp_path / "pairs.key", [("nobody", "in no example")])
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BREACHDEX_INDEX", raising=False)
    return tmp_path


@pytest.mark.filterwarnings("ignore::breachdex.StarterIndexWarning")
@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_is_so(page: str, folder: Path) -> None:
    names: dict[str, object] = {}
    code = blocks(page)
    assert code, "the page has no block that runs"
    for file in FILE.finditer((PROJECT / page).read_text(encoding="utf-8")):
        (folder / file["name"]).write_text(file["text"], encoding="utf-8")
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


def test_the_file_of_the_page_has_every_key() -> None:
    file = FILE.search((SITE / "policy.md").read_text(encoding="utf-8"))
    assert file
    # The refusal of a key that there is not lists those that there are.
    with pytest.raises(breachdex.PolicyError) as refusal:
        PolicyRules.from_settings({"nothing": 1})
    keys = re.search(r"the keys are ([^)]*)", str(refusal.value))
    assert keys
    # What needs a file that there is not stands there as a comment.
    written = re.findall(r"^(?:# )?\[?(\w+)", file["text"], re.MULTILINE)
    assert set(keys[1].split(", ")) <= set(written)


def test_the_table_of_profiles_is_the_one_in_the_code(exposed_index: Path) -> None:
    """A cell says first what is done; behind ``off``, what is done once the rule is on."""
    table = (SITE / "policy.md").read_text(encoding="utf-8").split("## Profiles")[1].split("###")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if "|" in line]
    codes: set[Any] = {code for code in get_args(types.Code) if code != "index_unavailable"}
    said = set()
    for rule, when, *cells in rows[2:]:
        named: set[Any] = codes - {"exposed", "exposed_pair"} if rule == "all others" else {rule.strip("`")}
        for column, cell in zip(rows[0][2:], cells, strict=True):
            profile: Any = column.strip("`")
            action = re.findall(r"`(\w+)`", cell)[0]
            plain = Policy.profile(profile, index=exposed_index)
            switched_on = Policy.profile(profile, index=exposed_index, rules=dict.fromkeys(named, True))
            for event, code in itertools.product(EVENTS[when], named):
                at = (profile, event, code)
                assert plain.action(event, code) == ("accept" if cell.startswith("off") else action), at
                assert switched_on.action(event, code) == action, at
                said.add(at)
    assert len(said) == len(rows[0][2:]) * len(get_args(types.Event)) * len(codes)
