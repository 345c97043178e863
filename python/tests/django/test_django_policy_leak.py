"""PolicyValidator and a policy at log-in leave no trace of a password, whatever goes wrong."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex.django.backends import ExposedPasswordBackend
from breachdex.django.signals import password_exposed, password_judged
from breachdex.django.validators import PolicyValidator
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.core.exceptions import ValidationError  # type: ignore[import-untyped]
from django.test import Client, override_settings  # type: ignore[import-untyped]
from django.views.debug import ExceptionReporter  # type: ignore[import-untyped]

EXPOSED = "Blockfloete-Xk3-exposed"
UNKNOWN = "Blockfloete-Xk3-unknown"
CONTEXT = "Blockfloete-Xk3"
VALIDATOR = "breachdex.django.validators.PolicyValidator"


def leaks(text: str) -> list[str]:
    """What of the passwords, their digests and the starts of these is in a text."""
    digests = [breachdex.digest(password).hex() for password in (EXPOSED, UNKNOWN, CONTEXT)]
    return [needle for needle in (CONTEXT.lower(), *(one[:8] for one in digests)) if needle in text.lower()]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index that holds one of the two."""
    words, target = tmp_path / "words.txt", tmp_path / "copy.bdx"
    words.write_text(f"{EXPOSED}\n")
    breachdex.build(words, target, format="passwords")
    return target


@pytest.fixture
def damage(index: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Damages the index while it is open."""
    monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)

    def change() -> None:
        PolicyValidator("nist").validate("nothing to be found here")
        with index.open("ab") as file:
            file.write(b"!")

    return change


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What signals and warnings say."""
    caplog.set_level(logging.DEBUG)
    said: list[str] = []

    def receiver(**facts: Any) -> None:
        said.append(repr({key: value for key, value in facts.items() if key != "signal"}))
        said.append(repr(getattr(facts.get("verdict"), "to_dict", dict)()))

    for signal in (password_exposed, password_judged):
        signal.connect(receiver)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
    for signal in (password_exposed, password_judged):
        signal.disconnect(receiver)
    said += [str(one.message) for one in caught]


def visit(client: Any) -> list[str]:
    """Sign-up, change and log-in with all of them; what the pages say."""
    pages = []

    def post(path: str, **data: str) -> None:
        answer = client.post(path, data)
        pages.append(answer.content.decode() + str(answer.headers) + str(answer.cookies))

    for password in (EXPOSED, UNKNOWN, CONTEXT):
        post("/signup/", username="new", password1=password, password2=password)
        User.objects.filter(username="new").delete()
        user = User.objects.create_user("hanako", "hanako@mail.example", password)
        post("/accounts/login/", username="hanako", password=password)
        client.force_login(User.objects.get(pk=user.pk))
        post(
            "/accounts/password_change/",
            old_password=password,
            new_password1=password,
            new_password2=password,
        )
        client.logout()
        user.delete()
    return pages


def everything(pages: list[str], heard: list[str], caplog: pytest.LogCaptureFixture) -> str:
    """All that was said."""
    lines = []
    for record in caplog.records:
        # The database's own lines hold the statements' parameters, which are hashes.
        lines.append(f"{record.getMessage()} {record.args!r}")
        if record.exc_info:
            lines += traceback.format_exception(record.exc_info[1])
    letters = [f"{letter.subject}{letter.body}{letter.alternatives!r}" for letter in mail.outbox]
    return "\n".join([*pages, *heard, *lines, *letters])


@pytest.mark.parametrize("action", ["warn", "notify", "force_reset", "reject"])
def test_sound_index(index: Path, heard: list[str], caplog: pytest.LogCaptureFixture, action: str) -> None:
    policy = {"profile": "nist", "context": [CONTEXT], "actions": {"log_in": {"exposed": action}}}
    chosen = {"INDEX": index, "VERIFIED_EMAIL": True, "POLICY": policy}
    with override_settings(BREACHDEX=chosen, AUTH_PASSWORD_VALIDATORS=[{"NAME": VALIDATOR}]):
        pages = visit(Client())
    assert any("leaked in the past" in page for page in pages)
    assert any("easy to guess" in page for page in pages)
    assert leaks(everything(pages, heard, caplog)) == []


@pytest.mark.parametrize("choice", ["accept", "reject", "raise"])
def test_while_the_index_is_damaged(
    choice: str,
    index: Path,
    damage: Callable[[], None],
    heard: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    chosen = {"INDEX": index, "POLICY": {"profile": "nist", "on_error": choice}}
    with override_settings(BREACHDEX=chosen, AUTH_PASSWORD_VALIDATORS=[{"NAME": VALIDATOR}]):
        damage()
        pages = visit(Client(raise_request_exception=False))
    assert any("is damaged" in letter.body for letter in mail.outbox) == (choice == "raise")
    assert any("cannot be checked" in page for page in pages) == (choice == "reject")
    assert leaks(everything(pages, heard, caplog)) == []


def test_frames_hide_it_without_any_filter(index: Path, damage: Callable[[], None]) -> None:
    user = User.objects.create_user("hanako", "hanako@mail.example", EXPOSED)
    policy = {"profile": "nist", "on_error": "raise"}
    surfaces: list[Callable[[], object]] = [
        lambda: PolicyValidator().validate(EXPOSED, user),
        lambda: ExposedPasswordBackend().authenticate(None, username="hanako", password=EXPOSED),
    ]
    with override_settings(BREACHDEX={"INDEX": index, "POLICY": policy}):
        damage()
        for surface in surfaces:
            with pytest.raises(breachdex.IndexDamagedError) as caught:
                surface()
            error = caught.value
            reporter = ExceptionReporter(None, type(error), error, error.__traceback__)
            frames = [
                frame
                for frame in reporter.get_traceback_frames()
                if Path(frame["filename"]).is_relative_to(Path(breachdex.__file__).parent)
            ]
            assert frames
            assert not [frame for frame in frames if frame["filename"].endswith("_policy.py")], (
                "others report, too"
            )
            assert leaks(str([frame["vars"] for frame in frames])) == []
            assert leaks(f"{error!r}{error}{pickle.dumps(error)!r}") == []


def test_validators_and_errors_keep_nothing(index: Path) -> None:
    validator = PolicyValidator("nist", index=index)
    for password in (EXPOSED, UNKNOWN[:14]):
        with pytest.raises(ValidationError) as caught:
            validator.validate(password)
        error = caught.value
        assert leaks(f"{error!r}{vars(error)!r}{error.params!r}{error.messages!r}") == []
    assert leaks(f"{validator!r}{vars(validator)!r}{pickle.dumps(validator)!r}{copy.copy(validator)!r}") == []
    with pytest.raises(ValidationError) as invalid:
        validator.validate(f"{UNKNOWN}\ud83d")
    assert invalid.value.__cause__ is None
    assert invalid.value.__context__ is None
    assert leaks(f"{invalid.value!r}{invalid.value}") == []


class TestOnError:
    def test_choosing_raises_by_default(self, index: Path, damage: Callable[[], None]) -> None:
        with override_settings(BREACHDEX={"INDEX": index}):
            damage()
            with pytest.raises(breachdex.IndexDamagedError, match=r"copy\.bdx"):
                PolicyValidator().validate(UNKNOWN)

    def test_the_options_say_otherwise(self, index: Path, damage: Callable[[], None]) -> None:
        with override_settings(BREACHDEX={"INDEX": index}):
            damage()
            with pytest.raises(ValidationError) as caught:
                PolicyValidator(on_error="reject").validate(UNKNOWN)
            assert caught.value.code == "index_unavailable"
            with pytest.raises(ValidationError) as caught:
                PolicyValidator(on_error="accept").validate("too short")
            assert [one.code for one in caught.value.error_list] == ["too_short"]
            PolicyValidator(on_error="accept").validate(UNKNOWN)

    def test_and_so_does_the_setting(self, index: Path, damage: Callable[[], None]) -> None:
        with override_settings(BREACHDEX={"INDEX": index, "ON_ERROR": "reject"}):
            damage()
            with pytest.raises(ValidationError) as caught:
                PolicyValidator().validate(UNKNOWN)
            assert caught.value.code == "index_unavailable"

    def test_log_in_lets_in_by_default_and_says_so_once(
        self, index: Path, damage: Callable[[], None], caplog: pytest.LogCaptureFixture
    ) -> None:
        user = User.objects.create_user("hanako", "hanako@mail.example", EXPOSED)
        with override_settings(
            BREACHDEX={"INDEX": index, "POLICY": {"profile": "nist"}, "VERIFIED_EMAIL": True}
        ):
            damage()
            for _ in range(3):
                found = ExposedPasswordBackend().authenticate(None, username="hanako", password=EXPOSED)
                assert found == user
        [line] = [record.getMessage() for record in caplog.records if record.name == "breachdex"]
        assert line.startswith("passwords cannot be checked and are accepted: ")
        assert "hanako" not in line

    def test_or_refuses_and_leaves_the_password_alone(self, index: Path, damage: Callable[[], None]) -> None:
        user = User.objects.create_user("hanako", "hanako@mail.example", EXPOSED)
        policy = {"profile": "nist", "on_error": "reject"}
        with override_settings(BREACHDEX={"INDEX": index, "POLICY": policy}):
            damage()
            answer = Client().post("/accounts/login/", {"username": "hanako", "password": EXPOSED})
            assert "cannot be checked at the moment" in answer.content.decode()
        assert User.objects.get(pk=user.pk).check_password(EXPOSED)
