"""The messages on the page for operators are those of the code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

PROJECT: Final = Path(__file__).resolve().parents[3]
PAGE: Final = (PROJECT / "docs" / "site" / "troubleshooting.md").read_text(encoding="utf-8")
SYSTEM: Final = ("Permission denied", "Address already in use")
"""What the operating system says."""


@cache
def sources() -> str:
    """The code as one text; a string over several lines is one line, and what is filled in is a place."""
    paths = [*PROJECT.glob("crates/*/src/**/*.rs"), *PROJECT.glob("python/breachdex/**/*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(paths))
    text = re.sub(r"\\\n\s*", "", text)
    return re.sub(r"\{[^{}\n\"]*\}|%s", "…", text)


@cache
def hints() -> list[str]:
    """What the command adds to errors of the libraries."""
    text = (PROJECT / "crates/breachdex-cli/src/hints.rs").read_text(encoding="utf-8")
    return re.findall(r'=> "((?:;| or )[^"]+)"', text)


def messages() -> list[str]:
    rows = [line.split(" | ")[0] for line in PAGE.splitlines() if line.startswith("| ")]
    return [message for row in rows for message in re.findall(r"`([^`]+)`", row)]


def said(message: str) -> list[str]:
    """The pieces of a message between what is filled in, without those that the system says and without hints."""
    for words in (*SYSTEM, *hints()):
        message = message.replace(words, "…")
    return [piece.strip(" :;(),") for piece in message.split("…") if piece.strip(" :;(),.")]


@pytest.mark.parametrize("message", messages())
def test_a_message_is_one_of_the_code(message: str) -> None:
    pieces = said(message)
    assert pieces
    missing = [piece for piece in pieces if piece not in sources()]
    assert missing == []


def test_a_message_that_nothing_says_is_noticed() -> None:
    assert len(messages()) > 50
    assert said("cannot open …: Permission denied") == ["cannot open"]
    assert said("… exists; use --force to replace it") == ["exists"]
    assert "the index is upset" not in sources()
