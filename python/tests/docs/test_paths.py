"""Files that the documentation names exist."""

from __future__ import annotations

import itertools
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

PROJECT: Final = Path(__file__).resolve().parents[3]
FOLDERS: Final = (
    ".github",
    "benches",
    "crates",
    "data",
    "docs",
    "examples",
    "fuzz",
    "python",
    "release",
    "tests",
    "third-party",
)
PAGES: Final = sorted(
    str(page.relative_to(PROJECT))
    for pattern in (
        "*.md",
        "docs/*.md",
        "docs/site/*.md",
        "crates/*/README.md",
        "benches/README.md",
        "data/README.md",
    )
    for page in PROJECT.glob(pattern)
    # It speaks of files of its time.
    if page.name != "CHANGELOG.md"
)
ENDINGS: Final = (".rs", ".py", ".toml", ".yml", ".sh", ".pyi")
OF_THE_PROJECT: Final = ("ARCHITECTURE.md", "CONTRIBUTING.md")
"""Pages about this project alone, where a name without a folder is a file of it, too."""

NOT_OURS: Final = {
    # Made-up ones, of the examples in CONTRIBUTING.md.
    "all_digits.rs",
    "eo.rs",
    # A file of another project.
    "zxcvbn/frequency_lists.py",
}


@cache
def files() -> frozenset[str]:
    below = itertools.chain.from_iterable((PROJECT / folder).rglob("*") for folder in FOLDERS)
    paths = [path for path in [*below, *PROJECT.iterdir()] if "node_modules" not in path.parts]
    return frozenset("/" + path.relative_to(PROJECT).as_posix() for path in paths)


@cache
def endings() -> frozenset[str]:
    """Every path from each of its folders on."""
    return frozenset(
        "/".join(parts[start:])
        for path in files()
        for parts in [path.split("/")]
        for start in range(1, len(parts))
    )


def expanded(name: str) -> list[str]:
    """A name with the choices that braces in it give."""
    found = re.fullmatch(r"(.*)\{(.*)\}(.*)", name)
    return [f"{found[1]}{choice}{found[3]}" for choice in found[2].split(",")] if found else [name]


def missing(text: str, whole: bool) -> list[str]:
    """The names in code spans that look like files of the project and are none."""
    found = []
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for span in re.findall(r"`([\w.{},*/-]+)`", text):
        for name in expanded(span.strip("/").removeprefix("./")):
            inside = name.split("/")[0] in FOLDERS and "/" in name
            ends = name.endswith(ENDINGS) and ("/" in name or whole) and name not in NOT_OURS
            if not inside and not ends:
                continue
            known = bool(list(PROJECT.glob(name))) if inside else False
            if not known and name not in endings() and "*" not in name:
                found.append(span)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_there(page: str) -> None:
    text = (PROJECT / page).read_text(encoding="utf-8")
    assert missing(text, page in OF_THE_PROJECT) == []


def test_a_file_that_is_not_there_is_noticed() -> None:
    assert missing("`format/bucket.rs` and `docs/serve.md`, `tests/tests/all/{damage,crash}.rs`", False) == []
    assert missing("`format/pail.rs`, `docs/nothing.md`, `crates/nothing/messages`", False) == [
        "format/pail.rs",
        "docs/nothing.md",
        "crates/nothing/messages",
    ]
    assert missing("`bucket.rs`, `pail.rs`", True) == ["pail.rs"]
