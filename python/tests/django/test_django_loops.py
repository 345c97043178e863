"""E004: what log-in refuses must be refused at reset, whatever the settings are that decide it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex.django.checks import check_log_in
from breachdex.django.criteria import of_rules
from breachdex.django.gates import at_log_in
from breachdex.django.policy_setting import rules_of
from django.apps import apps  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]

EXPOSED = "breachdex.django.validators.ExposedPasswordValidator"
POLICY = "breachdex.django.validators.PolicyValidator"
STRICT = {"profile": "asvs-l2", "actions": {"log_in": {"exposed": "reject"}}}


def strict(code: str, **more: Any) -> dict[str, Any]:
    """A policy that lets log-in refuse for one reason only."""
    return {"profile": "asvs-l2", "actions": {"log_in": {"exposed": "warn", code: "reject"}}, **more}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """An index of one's own incidents."""
    words, target = tmp_path / "words.txt", tmp_path / "own.bdx"
    words.write_text("kaeru no uta 8823\n")
    breachdex.build(words, target, format="passwords")
    return target


def loops(*validators: tuple[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What E004 says with these validators, message and hint; starting says the same."""
    entries = [{"NAME": name, "OPTIONS": options} for name, options in validators]
    with override_settings(AUTH_PASSWORD_VALIDATORS=entries):
        found = [(one.msg, one.hint) for one in check_log_in() if one.id == "breachdex.E004"]
        start = apps.get_app_config("breachdex").ready
        if not found:
            start()
            return []
        with pytest.raises(ImproperlyConfigured) as caught:
            start()
        assert str(caught.value) == f"breachdex.E004: {found[0][0]} {found[0][1]}"
        return found


@pytest.mark.parametrize(
    ("policy", "options", "difference", "remedy"),
    [
        (
            STRICT,
            {"profile": "asvs-l1"},
            'its scope is "common" and log-in\'s "all"',
            'give it a profile whose scope is "all"',
        ),
        (
            STRICT,
            {"forms": []},
            "its forms lack nfc, nfkc, trimmed, visible, which log-in looks up",
            "add them to its forms",
        ),
        (STRICT, {"min_count": 3}, "its min_count is 3 and log-in's 1", "let its min_count be at most 1"),
        (
            strict("context_word", service_name="swallowshop", context=["martin", "nest"]),
            {"profile": "asvs-l2", "context": ["nest"]},
            "its service_name is None and log-in's 'swallowshop'; its context lacks 'martin', which log-in knows",
            "give it the same service_name; add that to its context",
        ),
        (
            strict("too_short", min_length=12),
            {"profile": "asvs-l2"},
            "its min_length is 8 and log-in's 12",
            "let its min_length be 12 or more",
        ),
        (
            strict("too_long", max_length=64),
            {"profile": "asvs-l2"},
            "its max_length is 1024 and log-in's 64",
            "let its max_length be 64 or less",
        ),
    ],
)
def test_a_policy_that_a_validator_falls_short_of(
    configure: Callable[..., None],
    policy: dict[str, Any],
    options: dict[str, Any],
    difference: str,
    remedy: str,
) -> None:
    configure(POLICY=policy)
    [(message, hint)] = loops((POLICY, options))
    assert message.startswith('BREACHDEX["POLICY"] at log_in of ')
    assert message.endswith(f"users could set such a password again and be refused again: {difference}.")
    assert hint == f"In the OPTIONS of the validator in AUTH_PASSWORD_VALIDATORS: {remedy}."
    assert loops((POLICY, {})) == [], "as the setting says"
    assert loops((POLICY, options), (POLICY, {})) == [], "one that covers it is enough"


@pytest.mark.parametrize(
    "keys", [{"POLICY": STRICT}, {"POLICY": strict("similar_exposed", rules={"similar_exposed": True})}]
)
def test_another_index(
    configure: Callable[..., None], own: Path, exposed_index: Path, keys: dict[str, Any]
) -> None:
    configure(**keys)
    [(message, hint)] = loops((POLICY, {"index": own}))
    assert message.endswith(f": its index is {own} and log-in's {exposed_index}.")
    assert hint.endswith(": leave its index out, or name the same.")
    same = Path(os.path.relpath(exposed_index))
    assert loops((POLICY, {"index": same})) == loops((POLICY, {"index": own, "overlays": [same]})) == []
    with breachdex.Index.open(exposed_index) as index:
        assert loops((POLICY, {"index": index})) == []


@pytest.mark.parametrize("name", [EXPOSED, POLICY])
def test_an_overlay_that_is_dropped(
    configure: Callable[..., None], own: Path, exposed_index: Path, name: str
) -> None:
    configure(LOG_IN="reject", OVERLAYS=[own])
    [(message, hint)] = loops((name, {"index": exposed_index}))
    assert message.startswith(
        'LOG_IN is "reject", and the validator that refuses an exposed password at reset '
    )
    assert message.endswith(f": it does not ask the overlays {own}, and log-in does.")
    assert hint.endswith(": name them in its overlays, or leave its index and overlays out.")
    assert loops((name, {})) == loops((name, {"index": exposed_index, "overlays": [own]})) == []


def test_forms_that_a_validator_without_a_policy_does_not_look_up(configure: Callable[..., None]) -> None:
    configure(POLICY={**STRICT, "forms": ["nfc", "nfkc", "trimmed", "visible", "casefold"]})
    [(message, _)] = loops((EXPOSED, {}))
    assert message.endswith(": its forms lack casefold, which log-in looks up.")
    configure(POLICY=STRICT)
    assert loops((EXPOSED, {})) == []


@pytest.mark.parametrize(
    "keys",
    [
        {"ON_ERROR": {"log_in": "reject"}},
        {"POLICY": {"profile": "nist", "on_error": {"log_in": "reject"}}, "VERIFIED_EMAIL": True},
    ],
)
def test_a_log_in_that_a_fault_refuses(configure: Callable[..., None], own: Path, keys: Any) -> None:
    configure(**keys)
    for name in (EXPOSED, POLICY):
        [(message, hint)] = loops((name, {"on_error": "accept"}))
        assert message.startswith(
            'on_error at log_in is "reject", and the validator that refuses a password that '
        )
        assert message.endswith(': its on_error is "accept".')
        assert hint.endswith(': let its on_error be "reject" or "raise".')
        assert loops((name, {})) == loops((name, {"on_error": "reject"})) == []
    assert loops()[-1][0] == (
        'on_error at log_in is "reject", and nothing refuses a password that cannot be checked at reset, so that '
        "users could set it again and be refused again."
    )


def test_a_log_in_that_asks_nothing_has_no_faults(configure: Callable[..., None]) -> None:
    configure(LOG_IN="accept", ON_ERROR={"log_in": "reject"})
    assert loops() == []


@pytest.mark.parametrize(
    "word", ['a "nest"', "back\\slash", "\\U00000009", "a\ttab\nand\x7f", "つばめ", "😀"]
)
def test_the_words_of_a_policy_are_read_as_they_are(word: str) -> None:
    rules = rules_of({"profile": "asvs-l2", "service_name": word, "context": [word, "nest"]}, "here")
    read = of_rules(rules, at_log_in(), "reset")
    assert (read.service_name, read.context) == (word, frozenset({word, "nest"}))
    assert (read.scope, read.forms) == ("all", frozenset({"nfc", "nfkc", "trimmed", "visible"}))
