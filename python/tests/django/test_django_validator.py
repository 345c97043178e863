"""ExposedPasswordValidator by itself: what it refuses, in which words, and what it is equal to."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex.django.signals import password_exposed
from breachdex.django.validators import ExposedPasswordValidator, PolicyValidator
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured, ValidationError  # type: ignore[import-untyped]
from django.db.migrations.writer import MigrationWriter  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]
from django.utils import translation  # type: ignore[import-untyped]
from django.utils.translation import gettext_lazy, ngettext_lazy  # type: ignore[import-untyped]


def refusal(validator: ExposedPasswordValidator, password: str = "hunter2", user: Any = None) -> Any:
    """The error that a password meets."""
    with pytest.raises(ValidationError) as caught:
        validator.validate(password, user)
    return caught.value


def test_says_code_and_numbers() -> None:
    error = refusal(ExposedPasswordValidator())
    assert (error.code, error.params) == ("exposed", {"count": 17, "amount": 17})


@pytest.mark.parametrize(
    ("language", "password", "words"),
    [
        (
            "en",
            "hunter2",
            (
                "This password is in a list of passwords that leaked in the past, so it cannot be used. Please choose a "
                "different one that you do not use anywhere else."
            ),
        ),
        (
            "ja",
            "hunter2",
            (
                "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。"
                "ほかのサービスで使っていない、別のパスワードを設定してください。"
            ),
        ),
        (
            "en",
            "ﾊﾟｽﾜｰﾄﾞ",
            (
                "Apart from differences in how its characters are written (such as full and half width), this password "
                "is the same as one that leaked in the past. Please choose a different one."
            ),
        ),
        (
            "ja",
            "ﾊﾟｽﾜｰﾄﾞ",
            (
                "このパスワードは、全角と半角などの表記の違いを除くと、過去に流出したパスワードと同じです。"
                "別のパスワードを設定してください。"
            ),
        ),
    ],
)
def test_words(language: str, password: str, words: str) -> None:
    error = refusal(ExposedPasswordValidator(), password)
    with translation.override(language):
        assert error.messages == [words]


@pytest.mark.parametrize(
    ("language", "password", "end"),
    [
        ("en", "hunter2", "anywhere else. It was seen 17 times in leaked data."),
        ("en", "seen-once-7531", "anywhere else. It was seen 1 time in leaked data."),
        ("ja", "hunter2", "設定してください。流出データの中で 17 回確認されています。"),
        ("ja", "ﾊﾟｽﾜｰﾄﾞ", "設定してください。流出データの中で 300 回確認されています。"),
    ],
)
def test_words_with_count(language: str, password: str, end: str, configure: Callable[..., None]) -> None:
    configure(SHOW_COUNT=True)
    error = refusal(ExposedPasswordValidator(), password)
    with translation.override(language):
        [message] = error.messages
        assert message.endswith(end)


@pytest.mark.filterwarnings("ignore::breachdex.StarterIndexWarning")
def test_the_starter_index_does_not_say_how_often() -> None:
    with override_settings(BREACHDEX={"SHOW_COUNT": True}):
        [message] = refusal(ExposedPasswordValidator(), "password").messages
        assert message.endswith("anywhere else.")


def test_help_text() -> None:
    validator = ExposedPasswordValidator()
    assert validator.get_help_text() == "Passwords that are known to have leaked in the past cannot be used."
    with translation.override("ja"):
        assert validator.get_help_text() == "過去に流出したことが確認されているパスワードは使用できません。"
    assert ExposedPasswordValidator(help_message=gettext_lazy("Password")).get_help_text() == "Password"


@pytest.mark.parametrize(
    ("given", "once", "often"),
    [
        ("no: %(count)d", "no: 1", "no: 17"),
        (("one", "%(amount)d of them"), "one", "17 of them"),
        (["one", "%(count)d of them"], "one", "17 of them"),
        ((gettext_lazy("one"), gettext_lazy("%(count)d of them")), "one", "17 of them"),
        (ngettext_lazy("once", "%(count)d times", "count"), "once", "17 times"),
    ],
)
def test_own_words(given: Any, once: str, often: str) -> None:
    validator = ExposedPasswordValidator(error_message=given)
    assert refusal(validator, "seen-once-7531").messages == [once]
    assert refusal(validator, "hunter2").messages == [often]


def test_lazy_words_are_translated_when_shown() -> None:
    error = refusal(ExposedPasswordValidator(error_message=gettext_lazy("Password")))
    with translation.override("ja"):
        assert error.messages == ["パスワード"]


def test_an_index_without_counts(tmp_path: Path, configure: Callable[..., None]) -> None:
    words, index = tmp_path / "words.txt", tmp_path / "plain.bdx"
    words.write_text("hunter2\n")
    breachdex.build(words, index, format="passwords", counts=False)
    configure(SHOW_COUNT=True)
    error = refusal(ExposedPasswordValidator(index, error_message="%(count)d"))
    assert error.messages == ["1"]
    [message] = refusal(ExposedPasswordValidator(index)).messages
    assert message.endswith("anywhere else.")
    with pytest.raises(ImproperlyConfigured) as caught:
        ExposedPasswordValidator(index, min_count=2).validate("hunter2")
    assert str(caught.value) == (
        f"breachdex.E003: The index {index} has no counts, and MIN_COUNT is 2. "
        "Build it with counts, or set MIN_COUNT to 1."
    )


def test_threshold_is_inclusive() -> None:
    refusal(ExposedPasswordValidator(min_count=17))
    ExposedPasswordValidator(min_count=18).validate("hunter2")


def test_overlay_hits_whatever_the_threshold(tmp_path: Path) -> None:
    words, overlay = tmp_path / "words.txt", tmp_path / "own.bdx"
    words.write_text("our-shop-2026\n")
    breachdex.build(words, overlay, format="passwords")
    validator = ExposedPasswordValidator(overlays=[overlay], min_count=1000)
    assert refusal(validator, "our-shop-2026").code == "exposed"
    assert refusal(validator, "password").params["count"] == 52256179
    validator.validate("hunter2")


def test_takes_an_open_index(exposed_index: Path) -> None:
    with breachdex.Index.open(exposed_index) as index:
        assert refusal(ExposedPasswordValidator(index)).code == "exposed"


def test_parameters_come_before_settings(tmp_path: Path, configure: Callable[..., None]) -> None:
    words, other = tmp_path / "words.txt", tmp_path / "other.bdx"
    words.write_text("only-here-11\n")
    breachdex.build(words, other, format="passwords")
    configure(MIN_COUNT=100)
    ExposedPasswordValidator().validate("hunter2")
    refusal(ExposedPasswordValidator(min_count=1))
    refusal(ExposedPasswordValidator(index=other, min_count=1), "only-here-11")
    ExposedPasswordValidator(index=other, min_count=1).validate("hunter2")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"min_count": 0}, "min_count must be a whole number from 1 on, not 0."),
        ({"min_count": True}, "min_count must be a whole number from 1 on, not True."),
        (
            {"on_error": "rejct"},
            'on_error must be one of "accept", "reject", "raise", not \'rejct\'. Did you mean "reject"?',
        ),
        ({"overlays": "own.bdx"}, "overlays must be a list of paths, not 'own.bdx'."),
        (
            {"error_message": ("a", "b", "c")},
            "error_message must be one text, or a pair of them: singular and plural.",
        ),
    ],
)
def test_parameters_that_make_no_sense(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        ExposedPasswordValidator(**options)
    assert str(caught.value) == f"ExposedPasswordValidator: {words}"


def test_deconstructs_and_compares() -> None:
    validator = ExposedPasswordValidator("/data/pwned.bdx", min_count=3, error_message=("one", "many"))
    path, args, kwargs = validator.deconstruct()  # type: ignore[attr-defined]
    assert path == "breachdex.django.validators.ExposedPasswordValidator"
    assert ExposedPasswordValidator(*args, **kwargs) == validator
    assert validator != ExposedPasswordValidator(
        "/data/pwned.bdx", min_count=4, error_message=("one", "many")
    )
    assert validator != "something else"
    assert "breachdex.django.validators.ExposedPasswordValidator" in MigrationWriter.serialize(validator)[0]
    assert pickle.loads(pickle.dumps(validator)) == validator


def test_signal_tells_the_event_and_no_password(hanako: Any) -> None:
    told: list[dict[str, Any]] = []

    def receiver(**facts: Any) -> None:
        told.append(facts)

    password_exposed.connect(receiver)
    try:
        for user in (None, User(username="new"), hanako):
            refusal(ExposedPasswordValidator(), "hunter2", user)
    finally:
        password_exposed.disconnect(receiver)
    assert [(fact["event"], fact["action"]) for fact in told] == [
        ("sign_up", "reject"),
        ("sign_up", "reject"),
        ("change", "reject"),
    ]
    assert all(set(fact) == {"signal", "sender", "user", "event", "action", "request"} for fact in told)


def test_a_receiver_that_fails_refuses_all_the_same() -> None:
    def receiver(**_: Any) -> None:
        raise RuntimeError("the counter is gone")

    password_exposed.connect(receiver)
    try:
        assert refusal(ExposedPasswordValidator()).code == "exposed"
    finally:
        password_exposed.disconnect(receiver)


@pytest.mark.parametrize("validator", [ExposedPasswordValidator, PolicyValidator])
@pytest.mark.parametrize(
    ("language", "words"), [("en", "has something in it that is not"), ("ja", "文字として読み取れないもの")]
)
def test_half_a_surrogate_pair_is_a_mistake_of_who_typed_it(
    validator: Any, language: str, words: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        validator().validate("hunter2\ud800")
    assert caught.value.code == "password_not_text"
    with translation.override(language):
        assert words in caught.value.messages[0]
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__context__ is None
