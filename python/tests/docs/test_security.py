"""Every test that SECURITY.md names exists, under the name that its runner prints."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[3]
PAGE: Final = PROJECT / "SECURITY.md"
PYTHON: Final = PROJECT / "python" / "tests"

NAME: Final = re.compile(r"`((?:[a-z_]\w*::)*[a-z]\w*|[\w/]+\.py(?:::\w+)+)`")
MODULE: Final = re.compile(r"((?:^ *#\[[^\n]*\]\n)*)^ *(?:pub(?:\(\w+\))? )?mod (\w+);", re.MULTILINE)


def named(text: str) -> list[str]:
    """The tests in the last column of each table that is headed so."""
    found: list[str] = []
    column = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        column = bool(cells) and (column or cells[-1] == "tests")
        if column and cells[-1] != "tests":
            found += NAME.findall(cells[-1])
    return found


def in_rust(file: Path, modules: tuple[str, ...] = ()) -> Iterator[str]:
    """The tests of a file and of the modules below it, as `cargo test` names them."""
    text = file.read_text(encoding="utf-8")
    inline: list[tuple[int, str]] = []
    pending = False
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if opened := re.match(r" *(?:pub(?:\(\w+\))? )?mod (\w+) \{", line):
            inline.append((indent, opened[1]))
        elif line.strip() == "}" and inline and inline[-1][0] == indent:
            inline.pop()
        elif line.strip() == "#[test]":
            pending = True
        elif pending and (function := re.search(r"\bfn (\w+)", line)):
            pending = False
            yield "::".join((*modules, *(name for _, name in inline), function[1]))
    folder = file.parent if file.stem in ("lib", "main", "mod") else file.parent / file.stem
    for attributes, name in MODULE.findall(text):
        path = re.search(r'#\[path = "(.*?)"\]', attributes)
        places = [file.parent / path[1]] if path else [folder / f"{name}.rs", folder / name / "mod.rs"]
        for place in places:
            if place.is_file():
                yield from in_rust(place, (*modules, name))


@cache
def rust() -> frozenset[str]:
    programs = [
        *PROJECT.glob("crates/*/src/lib.rs"),
        *PROJECT.glob("crates/*/tests/*/main.rs"),
        PROJECT / "tests/tests/all/main.rs",
        PROJECT / "tests/tests/forged.rs",
        PROJECT / "tests/simulate/tests/seeds.rs",
        PROJECT / "tests/support/tests/library_memory.rs",
    ]
    return frozenset(name for program in programs for name in in_rust(program))


def exists(name: str) -> bool:
    """Whether there is a test of a name."""
    if ".py::" not in name:
        return name in rust()
    file, *names = name.split("::")
    path = PYTHON / file
    if not path.is_file():
        return False
    nodes: list[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    for wanted in names:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        found = [node for node in nodes if isinstance(node, kinds) and node.name == wanted]
        if not found:
            return False
        nodes = found[0].body
    return True


def test_every_test_that_is_named_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")
    names = [*named(text), *re.findall(r"\(test `([\w:]+)`\)", text)]
    assert len(names) > 100
    missing = [name for name in names if not exists(name)]
    assert not missing, "SECURITY.md names tests that do not exist:\n" + "\n".join(missing)


def test_every_claim_has_a_test() -> None:
    sections = (
        PAGE.read_text(encoding="utf-8").split("## What breachdex defends against")[1].split("\n## ")[0]
    )
    rows = [
        line
        for line in sections.splitlines()
        if line.startswith("|") and not line.startswith(("| claim", "| ---"))
    ]
    assert len(rows) > 35
    # The claim about memory has a section of its own.
    assert [row for row in rows if not named(f"| tests |\n{row}") and "#passwords-in-memory" not in row] == []


def test_a_test_that_is_not_there_is_noticed() -> None:
    assert exists("damage::every_truncation")
    assert not exists("damage::every_truncation_there_is")
    assert exists("docs/test_security.py::test_a_test_that_is_not_there_is_noticed")
    assert not exists("docs/test_security.py::test_nothing")
    assert not exists("docs/test_nothing.py::test_nothing")
    assert exists("web/test_users.py::TestForceReset::test_other_sessions_end")
    assert not exists("web/test_users.py::test_other_sessions_end")
    assert named("| a | tests |\n| --- | --- |\n| `no::name` | `a::b`, `c/d.py::e` |\n\n| `x::y` |") == [
        "a::b",
        "c/d.py::e",
    ]
