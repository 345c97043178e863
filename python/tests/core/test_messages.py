"""The words of the compiled module: the shared vectors, which the Rust tests read too, and what holds for all."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest
from breachdex._breachdex import language_code, languages, messages, sentence_separator
from breachdex._words import joined, word
from support import VECTORS

MESSAGES: Final[list[dict[str, Any]]] = json.loads(
    VECTORS.with_name("messages.json").read_text(encoding="ascii")
)


def test_messages_are_those_of_the_shared_vectors() -> None:
    assert len(MESSAGES) >= 15
    for case in MESSAGES:
        assert word(case["key"], case["language"], **case["values"]) == case["text"], case


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_message_with_the_same_places(language: str) -> None:
    english, texts = messages("en"), messages(language)
    assert [code for code in english if ".one" not in code] == [code for code in texts if ".one" not in code]
    for code, text in texts.items():
        assert re.findall(r"%\(\w+\)[ds]", text) == re.findall(r"%\(\w+\)[ds]", english[code]), code


def test_languages() -> None:
    assert languages()[:2] == ["en", "ja"]
    assert messages("ja") == messages("ja-JP") == messages("ja_JP.UTF-8") != messages("en")
    assert messages("not-known") == messages("\ud800") == messages("en")
    assert [language_code(name) for name in ("ja_JP.UTF-8", "JA", "jav", "", "en-GB")] == [
        "ja",
        "ja",
        "en",
        "en",
        "en",
    ]
    assert joined(["一。", "二。"], "ja_JP.UTF-8") == "一。二。"
    assert joined(["One.", "Two."], "en-GB") == joined(["One.", "Two."], "not-known") == "One. Two."
    assert sentence_separator("ja") == ""
