"""The system checks, each as it is printed."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex.django.checks import check_indexes, check_log_in, demand_refusal_at_reset
from django.apps import apps  # type: ignore[import-untyped]
from django.core.checks import run_checks  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]
from support import today  # type: ignore[import-not-found]

VALIDATOR = "breachdex.django.validators.ExposedPasswordValidator"


def crc32c(data: bytes) -> int:
    """The checksum of an index's header."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def of_a_later_version(index: Path, target: Path) -> Path:
    """A copy whose header says that a later breachdex wrote it."""
    header = bytearray(index.read_bytes()[:256])
    struct.pack_into("<I", header, 8, 99)
    struct.pack_into("<I", header, 252, crc32c(bytes(header[:252])))
    target.write_bytes(bytes(header) + index.read_bytes()[256:])
    return target


def index_of(folder: Path, name: str, **options: Any) -> Path:
    """A small index."""
    words, target = folder / "words.txt", folder / f"{name}.bdx"
    words.write_text("hunter2\n")
    breachdex.build(words, target, format="passwords", **options)
    return target


def found() -> list[tuple[str, str, str]]:
    """What the checks say: id, message, hint."""
    return [(one.id, one.msg, one.hint) for one in [*check_indexes(), *check_log_in()]]


def start() -> None:
    """What a server does when it starts."""
    apps.get_app_config("breachdex").ready()


def test_all_is_well() -> None:
    assert found() == []
    start()


def test_are_ordinary_checks(configure: Callable[..., None], tmp_path: Path) -> None:
    configure(INDEX=tmp_path / "nowhere.bdx")
    assert [one.id for one in run_checks() if str(one.id).startswith("breachdex")] == ["breachdex.E001"]


def test_missing(configure: Callable[..., None], tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.bdx"
    configure(INDEX=missing)
    [(code, message, hint)] = found()
    assert code == "breachdex.E001"
    assert message.startswith(f"An index is missing: cannot open {missing}: ")
    assert hint == 'Fetch one with "breachdex download -o pwned.bdx" and name its path in BREACHDEX["INDEX"].'
    with pytest.raises(ImproperlyConfigured) as caught:
        start()
    assert str(caught.value) == f"breachdex.E001: {message} {hint}"


def test_skipping(configure: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(INDEX=tmp_path / "nowhere.bdx")
    monkeypatch.setenv("BREACHDEX_SKIP_STARTUP", "1")
    start()
    monkeypatch.setenv("BREACHDEX_SKIP_STARTUP", "0")
    with pytest.raises(ImproperlyConfigured):
        start()
    configure(MINCOUNT=1)
    monkeypatch.setenv("BREACHDEX_SKIP_STARTUP", "1")
    with pytest.raises(ImproperlyConfigured, match="BREACHDEX has no key 'MINCOUNT'"):
        start()


def test_missing_in_the_validator_s_options(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.bdx"
    with override_settings(
        AUTH_PASSWORD_VALIDATORS=[{"NAME": VALIDATOR, "OPTIONS": {"index": str(missing)}}]
    ):
        [(code, message, _)] = found()
        assert (code, str(missing) in message) == ("breachdex.E001", True)
        with pytest.raises(ImproperlyConfigured, match="breachdex.E001"):
            start()


@pytest.mark.parametrize("how", ["empty", "rubbish", "cut"])
def test_damaged(configure: Callable[..., None], tmp_path: Path, exposed_index: Path, how: str) -> None:
    damaged, whole = tmp_path / "damaged.bdx", exposed_index.read_bytes()
    damaged.write_bytes({"empty": b"", "rubbish": b"password:1\n" * 99, "cut": whole[: len(whole) // 2]}[how])
    configure(INDEX=damaged)
    [(code, message, hint)] = found()
    assert code == "breachdex.E002"
    assert message.startswith(f"An index is damaged: {damaged} is ")
    assert hint == "Fetch the index anew, or build it again."
    with pytest.raises(ImproperlyConfigured, match="breachdex.E002"):
        start()


def test_incompatible_of_a_later_version(
    configure: Callable[..., None], tmp_path: Path, exposed_index: Path
) -> None:
    later = of_a_later_version(exposed_index, tmp_path / "later.bdx")
    configure(INDEX=later)
    [(code, message, hint)] = found()
    assert code == "breachdex.E003"
    assert message == (
        f"An index is incompatible: {later} has format version 99; this breachdex reads version 2. Use a newer "
        "breachdex."
    )
    assert hint == "Upgrade breachdex, or build that index anew."
    with pytest.raises(ImproperlyConfigured, match="breachdex.E003"):
        start()


def test_incompatible_without_counts(configure: Callable[..., None], tmp_path: Path) -> None:
    plain = index_of(tmp_path, "plain", counts=False)
    configure(INDEX=plain)
    assert found() == []
    configure(INDEX=plain, MIN_COUNT=2)
    assert found() == [
        (
            "breachdex.E003",
            f"The index {plain} has no counts, and MIN_COUNT is 2.",
            "Build it with counts, or set MIN_COUNT to 1.",
        )
    ]
    with pytest.raises(ImproperlyConfigured, match="breachdex.E003"):
        start()


def test_incompatible_overlay(configure: Callable[..., None], tmp_path: Path, exposed_index: Path) -> None:
    overlay = index_of(tmp_path, "overlay", kind="ntlm")
    configure(OVERLAYS=[overlay])
    [(code, message, hint)] = found()
    assert code == "breachdex.E003"
    assert message == (
        f"An index is incompatible: {overlay} holds NTLM digests, {exposed_index} holds SHA-1: indexes of one kind "
        "only can be used together."
    )
    assert hint == "Upgrade breachdex, or build that index anew."
    with pytest.raises(ImproperlyConfigured, match="breachdex.E003"):
        start()


def test_ntlm_is_as_good(configure: Callable[..., None], tmp_path: Path) -> None:
    configure(INDEX=index_of(tmp_path, "ntlm", kind="ntlm"))
    assert found() == []
    start()


@pytest.mark.filterwarnings("ignore::breachdex.StarterIndexWarning")
def test_starter() -> None:
    with override_settings(BREACHDEX={}):
        [(code, message, hint)] = found()
        entries = breachdex.Index.open().metadata.entries
        assert code == "breachdex.W001"
        assert message == f"The starter index answers, which holds {entries} common passwords only."
        assert hint == (
            'Fetch the whole corpus with "breachdex download -o pwned.bdx" and name its path in BREACHDEX["INDEX"].'
        )
        start()
    with override_settings(BREACHDEX={"MIN_COUNT": 2}):
        assert found() == [
            (
                "breachdex.E003",
                "The starter index does not know how often a password was seen, and MIN_COUNT is 2.",
                (
                    'Fetch one with "breachdex download -o pwned.bdx" and name its path in BREACHDEX["INDEX"], or set '
                    "MIN_COUNT to 1."
                ),
            )
        ]


# At any time, it is another day than by UTC in one of them.
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_old(configure: Callable[..., None], tmp_path: Path, zone: str) -> None:
    day = today() - timedelta(days=400)
    old = index_of(tmp_path, "old", corpus_date=day)
    with override_settings(TIME_ZONE=zone):
        configure(INDEX=old)
        assert found() == [
            (
                "breachdex.W002",
                f"The corpus of the index {old} is 400 days old ({day}), more than MAX_AGE_DAYS (365).",
                'Bring it up to date with "breachdex update".',
            )
        ]
        start()
        for most in (400, None):
            configure(INDEX=old, MAX_AGE_DAYS=most)
            assert found() == []


def test_part_of_the_corpus(configure: Callable[..., None], tmp_path: Path) -> None:
    part = tmp_path / "part.bdx"
    rows = tmp_path / "rows.txt"
    digest = breachdex.digest("hunter2").hex().upper()
    rows.write_text(f"{digest}:17\n")
    breachdex.build(rows, part, format="hibp", prefixes=[digest[:5]])
    configure(INDEX=part)
    [(code, message, _)] = found()
    assert code == "breachdex.W004"
    assert message == (
        f"The index {part} covers a part of the corpus only: other passwords cannot be checked with it."
    )


def test_force_reset_without_verified_addresses(configure: Callable[..., None]) -> None:
    configure(LOG_IN="force_reset")
    assert found() == [
        (
            "breachdex.W003",
            'LOG_IN is "force_reset", and nothing says which addresses are verified, so users are only warned.',
            (
                'Set BREACHDEX["VERIFIED_EMAIL"] to True if every address in the user model is verified, or to a function '
                "that takes a user and returns the verified address or None."
            ),
        )
    ]
    start()
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    assert found() == []


def test_force_reset_without_what_the_reset_mail_is_made_of(configure: Callable[..., None]) -> None:
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    ending = "Owners are locked out until they find your password-reset page."
    for changed, missing in (
        ({"TEMPLATES": []}, "the template registration/password_reset_subject.txt"),
        ({"ROOT_URLCONF": "rest_framework.urls"}, "a URL (Reverse for 'password_reset_confirm' not found."),
    ):
        with override_settings(**changed):
            [(code, message, hint)] = found()
            assert code == "breachdex.W014"
            assert missing in message
            assert message.endswith(ending)
            assert 'BREACHDEX["RESET_MAIL"]' in hint
            start()
            configure(LOG_IN="force_reset", VERIFIED_EMAIL=True, RESET_MAIL="django.core.mail.send_mail")
            assert found() == []
            configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    assert found() == []


@pytest.mark.parametrize("key", ["RESET_MAIL", "VERIFIED_EMAIL"])
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere.function", "No module named 'nowhere'"),
        ("django.core.mail.nothing", 'Module "django.core.mail" does not define a "nothing" attribute/class'),
        ("django.core.mail", "django.core.mail cannot be called"),
    ],
)
def test_a_setting_that_names_no_function(
    configure: Callable[..., None], key: str, path: str, said: str
) -> None:
    configure(**{"LOG_IN": "force_reset", "VERIFIED_EMAIL": True, key: path})
    hint = "Name a function by its dotted path, as in myproject.accounts.function."
    message = f'BREACHDEX["{key}"] names no function: {said}.'
    assert found()[0] == ("breachdex.E009", message, hint)
    with pytest.raises(ImproperlyConfigured) as caught:
        start()
    assert str(caught.value) == f"breachdex.E009: {message} {hint}"


@pytest.mark.parametrize("action", ["force_reset", "reject"])
def test_what_log_in_refuses_must_be_refused_at_reset(configure: Callable[..., None], action: str) -> None:
    configure(LOG_IN=action, VERIFIED_EMAIL=True)
    with override_settings(AUTH_PASSWORD_VALIDATORS=[]):
        message = (
            f'LOG_IN is "{action}", and nothing refuses an exposed password at reset, so that users could set it '
            "again and be refused again."
        )
        hint = f'Add {{"NAME": "{VALIDATOR}"}} to AUTH_PASSWORD_VALIDATORS.'
        assert found() == [("breachdex.E004", message, hint)]
        with pytest.raises(ImproperlyConfigured) as caught:
            start()
        assert str(caught.value) == f"breachdex.E004: {message} {hint}"
        with override_settings(AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"]):
            demand_refusal_at_reset()
    with override_settings(AUTH_PASSWORD_VALIDATORS=[{"NAME": VALIDATOR, "OPTIONS": {"min_count": 2}}]):
        assert found() == [
            (
                "breachdex.E004",
                (
                    f'LOG_IN is "{action}", and the validator that refuses an exposed password at reset lets some pass '
                    "that log-in refuses, so that users could set such a password again and be refused again: its "
                    "min_count is 2 and log-in's 1."
                ),
                "In the OPTIONS of the validator in AUTH_PASSWORD_VALIDATORS: let its min_count be at most 1.",
            )
        ]


def test_an_option_that_the_validator_does_not_have() -> None:
    wrong = override_settings(AUTH_PASSWORD_VALIDATORS=[{"NAME": VALIDATOR, "OPTIONS": {"mincount": 2}}])
    with wrong, pytest.raises(ImproperlyConfigured) as caught:
        start()
    said = (
        f"AUTH_PASSWORD_VALIDATORS: {VALIDATOR}: ExposedPasswordValidator.__init__() got an unexpected keyword "
        "argument 'mincount'."
    )
    # Python 3.13 has a hint.
    assert str(caught.value) in (said, f"{said} Did you mean 'min_count'?")
