"""The words of the compiled module: the shared vectors, which the Rust tests read too, and what holds for all."""

from __future__ import annotations

import json
import pickle
import re
from typing import Any, Final

import breachdex
import pytest
from breachdex._breachdex import language_code, languages, messages, sentence_separator
from breachdex._words import joined, reasons, word
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


def test_the_first_number_takes_the_singular() -> None:
    begin = "This password is too short. Please use at least"
    assert word("too_short", min_length=1, length=0) == f"{begin} 1 character (it has 0)."
    assert word("too_short", min_length=15, length=1) == f"{begin} 15 characters (it has 1)."
    assert word("too_long", max_length=1).endswith("at most 1 character.")


@pytest.mark.parametrize(
    ("given", "field", "code", "text"),
    [
        (
            {"user_name": "\ud800"},
            "user_name",
            "user_name_not_text",
            "This user name or e-mail address has something",
        ),
        (
            {"email": "\ud800"},
            "email",
            "user_name_not_text",
            "This user name or e-mail address has something",
        ),
        ({"password": "\ud800"}, "password", "password_not_text", "This password has something"),
    ],
)
def test_what_is_no_text_is_the_fault_of_its_own_field(given: Any, field: str, code: str, text: str) -> None:
    asked = {"password": "zq7 kv!dwm xp9rt", **given}
    with pytest.raises(breachdex.InvalidPasswordError) as caught:
        breachdex.validate(**asked)
    assert (caught.value.field, pickle.loads(pickle.dumps(caught.value)).field) == (field, field)
    told, [(found, said)] = reasons(caught.value)
    assert (told, found) == (field, code) and said.startswith(text)
