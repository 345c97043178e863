"""The setting BREACHDEX: what it means, and what it says about what is wrong in it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from breachdex.django.conf import KEYS, Settings, parse, settings
from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]


def test_defaults() -> None:
    chosen = parse({})
    assert chosen == Settings()
    assert [chosen.on_error_at(event) for event in ("sign_up", "change", "reset", "log_in")] == [
        "raise",
        "raise",
        "raise",
        "accept",
    ]
    assert (chosen.log_in, chosen.reset_mail_hours, chosen.max_age_days) == ("warn", 24, 365)
    assert "on_error" not in {key.lower() for key in KEYS} ^ {
        field.name for field in dataclasses.fields(chosen)
    }


def test_everything_can_be_said() -> None:
    chosen = parse(
        {
            "INDEX": Path("/data/pwned.bdx"),
            "OVERLAYS": [Path("/data/own.bdx"), "/data/other.bdx"],
            "MIN_COUNT": 3,
            "ON_ERROR": {"log_in": "reject", "reset": "accept"},
            "LOG_IN": "force_reset",
            "VERIFIED_EMAIL": "shop.mail.verified",
            "RESET_MAIL": "shop.mail.send",
            "RESET_MAIL_HOURS": 0.5,
            "MAX_AGE_DAYS": None,
            "SHOW_COUNT": True,
            "CACHE": "default",
            "PASSWORD_REGEX": "secret",
        }
    )
    assert chosen.index == "/data/pwned.bdx"
    assert chosen.overlays == ("/data/own.bdx", "/data/other.bdx")
    # Django's validators cannot tell a reset from a change, so what is said of one holds for both.
    assert [chosen.on_error_at(event) for event in ("sign_up", "change", "reset", "log_in")] == [
        "raise",
        "accept",
        "accept",
        "reject",
    ]
    with pytest.raises(dataclasses.FrozenInstanceError):
        chosen.min_count = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "BREACHDEX must be a dict, not []."),
        (
            {"MINCOUNT": 3},
            (
                "BREACHDEX has no key 'MINCOUNT'. Did you mean \"MIN_COUNT\"? The keys are INDEX, OVERLAYS, PAIRS, PAIR_KEY, TRUSTED_KEYS, "
                "MAX_AGE, ALLOW_ROLLBACK, MIN_COUNT, ON_ERROR, LOG_IN, VERIFIED_EMAIL, RESET_MAIL, RESET_MAIL_HOURS, MAX_AGE_DAYS, "
                "SHOW_COUNT, CACHE, PASSWORD_REGEX, POLICY, TEST_PASSWORD, GRACE, RECHECK, MARK_FIELD, RADAR."
            ),
        ),
        (
            {"zzz": 3},
            (
                "BREACHDEX has no key 'zzz'. The keys are INDEX, OVERLAYS, PAIRS, PAIR_KEY, TRUSTED_KEYS, MAX_AGE, ALLOW_ROLLBACK, MIN_COUNT, ON_ERROR, "
                "LOG_IN, VERIFIED_EMAIL, RESET_MAIL, RESET_MAIL_HOURS, MAX_AGE_DAYS, SHOW_COUNT, CACHE, PASSWORD_REGEX, POLICY, "
                "TEST_PASSWORD, GRACE, RECHECK, MARK_FIELD, RADAR."
            ),
        ),
        ({"INDEX": 7}, 'BREACHDEX["INDEX"] must be the path of an index, or None, not 7.'),
        ({"INDEX": ""}, "BREACHDEX[\"INDEX\"] must be the path of an index, or None, not ''."),
        ({"OVERLAYS": "own.bdx"}, "BREACHDEX[\"OVERLAYS\"] must be a list of paths, not 'own.bdx'."),
        ({"OVERLAYS": [None]}, 'BREACHDEX["OVERLAYS"] must be a list of paths of indexes, not None.'),
        ({"MIN_COUNT": 0}, 'BREACHDEX["MIN_COUNT"] must be a whole number from 1 on, not 0.'),
        ({"MIN_COUNT": "1"}, "BREACHDEX[\"MIN_COUNT\"] must be a whole number from 1 on, not '1'."),
        (
            {"ON_ERROR": "acept"},
            'BREACHDEX["ON_ERROR"] must be one of "accept", "reject", "raise", not \'acept\'. Did you mean "accept"?',
        ),
        ({"ON_ERROR": 1}, 'BREACHDEX["ON_ERROR"] must be a string, or a dict from event to string, not 1.'),
        (
            {"ON_ERROR": {"login": "accept"}},
            (
                'BREACHDEX["ON_ERROR"] has a key that is no event: it must be one of "sign_up", "change", "reset", '
                '"log_in", not \'login\'. Did you mean "log_in"?'
            ),
        ),
        (
            {"ON_ERROR": {"reset": None}},
            'BREACHDEX["ON_ERROR"]["reset"] must be one of "accept", "reject", "raise", not None.',
        ),
        (
            {"ON_ERROR": {"reset": "accept", "change": "raise"}},
            (
                'BREACHDEX["ON_ERROR"] must say the same for "change" and "reset": Django\'s validators cannot tell them '
                "apart."
            ),
        ),
        (
            {"LOG_IN": "force-reset"},
            (
                'BREACHDEX["LOG_IN"] must be one of "accept", "warn", "notify", "force_reset", "reject", not '
                "'force-reset'. Did you mean \"force_reset\"?"
            ),
        ),
        (
            {"VERIFIED_EMAIL": False},
            (
                'BREACHDEX["VERIFIED_EMAIL"] must be None, True, or a function (or the dotted path of one) that takes a '
                "user and returns the verified address or None, not False."
            ),
        ),
        (
            {"RESET_MAIL": "send"},
            (
                'BREACHDEX["RESET_MAIL"] must be None, or a function (or the dotted path of one) that takes a user, an '
                "address and a request and sends the mail, not 'send'."
            ),
        ),
        ({"RESET_MAIL_HOURS": 0}, 'BREACHDEX["RESET_MAIL_HOURS"] must be a number of hours above 0, not 0.'),
        (
            {"MAX_AGE_DAYS": 0},
            'BREACHDEX["MAX_AGE_DAYS"] must be a whole number of days from 1 on, or None, not 0.',
        ),
        ({"SHOW_COUNT": 1}, 'BREACHDEX["SHOW_COUNT"] must be True or False, not 1.'),
        (
            {"CACHE": "defualt"},
            'BREACHDEX["CACHE"] must be a name in CACHES, not \'defualt\'. Did you mean "default"?',
        ),
        (
            {"PASSWORD_REGEX": "("},
            (
                "BREACHDEX[\"PASSWORD_REGEX\"] must be a regular expression, not '(' (missing ), unterminated subpattern "
                "at position 0)."
            ),
        ),
    ],
)
def test_what_is_wrong_is_said_by_name(given: Any, words: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        parse(given)
    assert str(caught.value) == words


def test_is_parsed_once_and_follows_override_settings() -> None:
    before = settings()
    assert settings() is before
    with override_settings(BREACHDEX={"MIN_COUNT": 9}):
        assert settings().min_count == 9
    assert settings() == before
