"""What a fault of the index at run time means, as ON_ERROR says, and what it never means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex.django.checks import check_indexes
from breachdex.django.validators import ExposedPasswordValidator
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured, ValidationError  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]
from django_support import log_in, who

UNAVAILABLE = {
    "en": "The safety of this password cannot be checked at the moment. Please try again a little later.",
    "ja": "現在、パスワードの安全性を確認できません。しばらくしてからもう一度お試しください。",
}


def with_faults(index: Path, **keys: Any) -> Any:
    """The damaged index under other settings."""
    return override_settings(BREACHDEX={"INDEX": index, **keys})


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Where the index is that gets damaged."""
    return tmp_path / "copy.bdx"


def test_choosing_a_password_raises_by_default(damage: Callable[[], None], copy: Path) -> None:
    damage()
    with pytest.raises(breachdex.IndexDamagedError) as caught:
        ExposedPasswordValidator().validate("not there 1177")
    assert str(copy) in str(caught.value)


def test_choosing_a_password_can_be_refused(
    damage: Callable[[], None], copy: Path, browser: Any, language: str
) -> None:
    damage()
    with pytest.raises(ValidationError) as caught:
        ExposedPasswordValidator(on_error="reject").validate("not there 1177")
    assert caught.value.code == "index_unavailable"
    new = {"username": "jiro", "password1": "not there 1177", "password2": "not there 1177"}
    with with_faults(copy, ON_ERROR="reject"):
        assert UNAVAILABLE[language] in browser.post("/signup/", new).content.decode()
    assert not User.objects.filter(username="jiro").exists()
    with with_faults(copy, ON_ERROR={"sign_up": "accept"}):
        assert browser.post("/signup/", new).status_code == 302
    assert User.objects.filter(username="jiro").exists()


def test_no_answer_depends_on_the_notes(exposed_index: Path, copy: Path) -> None:
    whole = bytearray(exposed_index.read_bytes())
    whole[whole.rindex(b"tool")] ^= 1
    copy.write_bytes(whole)
    index = breachdex.Index.open(copy)
    with pytest.raises(breachdex.IndexDamagedError, match="notes"):
        index.verify()
    name = "breachdex.django.validators.ExposedPasswordValidator"
    named = {"NAME": name, "OPTIONS": {"index": index, "min_count": 2}}
    with override_settings(AUTH_PASSWORD_VALIDATORS=[named]):
        assert "breachdex.E002" in [fault.id for fault in check_indexes()]
    validator = ExposedPasswordValidator(index=index, min_count=2)
    validator.validate("not there 1177")
    with pytest.raises(ValidationError):
        validator.validate("hunter2")


def test_events_have_their_own_row(damage: Callable[[], None], copy: Path, hanako: Any) -> None:
    damage()
    with with_faults(copy, ON_ERROR={"sign_up": "accept", "change": "reject"}):
        ExposedPasswordValidator().validate("not there 1177")
        ExposedPasswordValidator().validate("not there 1177", User(username="new"))
        with pytest.raises(ValidationError):
            ExposedPasswordValidator().validate("not there 1177", hanako)


def test_a_log_in_is_let_through_by_default_and_said_once(
    damage: Callable[[], None], hanako: Any, browser: Any, caplog: pytest.LogCaptureFixture
) -> None:
    damage()
    for _ in range(3):
        log_in(browser, "hanako", "hunter2")
        assert who(browser) == "hanako: "
    [line] = [record.getMessage() for record in caplog.records if record.name == "breachdex"]
    assert line.startswith("passwords cannot be checked and are accepted: ")
    assert "hanako" not in line


def test_a_log_in_can_be_refused_and_keeps_its_password(
    damage: Callable[[], None], copy: Path, hanako: Any, browser: Any, language: str
) -> None:
    damage()
    with with_faults(copy, ON_ERROR="reject", LOG_IN="reject"):
        answer = log_in(browser, "hanako", "hunter2")
        assert UNAVAILABLE[language] in answer.content.decode()
        assert who(browser) == "nobody"
        wrong = log_in(browser, "hanako", "wrong")
        assert UNAVAILABLE[language] not in wrong.content.decode()
    assert User.objects.get(pk=hanako.pk).check_password("hunter2")


def test_a_log_in_can_raise(damage: Callable[[], None], copy: Path, hanako: Any, browser: Any) -> None:
    damage()
    with with_faults(copy, ON_ERROR="raise"), pytest.raises(breachdex.IndexDamagedError):
        log_in(browser, "hanako", "hunter2")
    assert who(browser) == "nobody"


def test_what_is_no_text_is_refused_whatever_on_error_says(configure: Callable[..., None]) -> None:
    for choice in ("accept", "reject", "raise"):
        configure(ON_ERROR=choice)
        with pytest.raises(ValidationError) as caught:
            ExposedPasswordValidator().validate("half of \ud83d")
        assert caught.value.code == "password_not_text"
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None


def test_what_is_misconfigured_raises_whatever_on_error_says(
    tmp_path: Path, hanako: Any, browser: Any, configure: Callable[..., None]
) -> None:
    missing = tmp_path / "nowhere.bdx"
    configure(INDEX=missing, ON_ERROR="accept")
    with pytest.raises(ImproperlyConfigured) as caught:
        ExposedPasswordValidator().validate("hunter2")
    assert str(caught.value).startswith(f"breachdex.E001: An index is missing: cannot open {missing}: ")
    with pytest.raises(ImproperlyConfigured):
        log_in(browser, "hanako", "hunter2")


def test_an_index_that_is_replaced_answers_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configure: Callable[..., None], exposed_index: Path
) -> None:
    monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)
    words, index, later = tmp_path / "words.txt", tmp_path / "live.bdx", tmp_path / "later.bdx"
    words.write_text("something else\n")
    breachdex.build(words, index, format="passwords")
    later.write_bytes(exposed_index.read_bytes())
    configure(INDEX=index)
    ExposedPasswordValidator().validate("hunter2")
    later.replace(index)
    with pytest.raises(ValidationError):
        ExposedPasswordValidator().validate("hunter2")
