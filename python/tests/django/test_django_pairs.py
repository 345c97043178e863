"""Exposed pairs in Django: at sign-up, change, reset and log-in, and what is said at start-up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex.django.apps import BreachdexConfig
from breachdex.django.checks import check_indexes
from breachdex.django.signals import password_exposed
from breachdex.django.validators import ExposedPasswordValidator, PolicyValidator
from django.apps import apps  # type: ignore[import-untyped]
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured, ValidationError  # type: ignore[import-untyped]
from django.db import connection  # type: ignore[import-untyped]
from django.test import Client, override_settings  # type: ignore[import-untyped]
from django.test.utils import CaptureQueriesContext  # type: ignore[import-untyped]
from django_support import link_in, log_in, open_link, text, who

STOCK = ["django.contrib.auth.backends.ModelBackend"]
WALK = "a long walk in kyoto 8264"
"""The password of taro, which is in no index."""

REFUSED = (
    "This combination of user name or e-mail address and password is in a list of login details that are known to have "
    "been exposed, so it cannot be used. Please choose a different password that you do not use anywhere else."
)


@pytest.fixture
def pairs(tmp_path: Path) -> dict[str, Any]:
    """Taro's address and password are in the list."""
    path, key = tmp_path / "pairs.bdx", tmp_path / "pairs.key"
    breachdex.Pairs.add(path, key, [("taro@mail.example", WALK)])
    return {"PAIRS": [path], "PAIR_KEY": key}


def codes(validator: Any, password: str, user: Any) -> list[tuple[str, str]]:
    try:
        validator.validate(password, user)
    except ValidationError as error:
        return [(one.code, str(one.message)) for one in error.error_list]
    return []


@pytest.mark.parametrize("policy", [None, "asvs-l2"])
def test_whoever_chooses_it_is_refused(
    pairs: dict[str, Any], configure: Callable[..., None], policy: str | None
) -> None:
    more = {} if policy is None else {"POLICY": policy}
    configure(**pairs, **more)
    validator = ExposedPasswordValidator() if policy is None else PolicyValidator()
    taro = User(username="taro", email="Taro@Mail.Example")
    assert codes(validator, WALK, taro) == [("exposed_pair", REFUSED)]
    assert codes(validator, WALK.replace("8264", "8265"), taro)[0][0] == "exposed_pair"
    # Known by the local part of the address alone; another account; and nobody.
    assert codes(validator, WALK, User(username="taro"))[0][0] == "exposed_pair"
    assert codes(validator, WALK, User(username="jiro", email="jiro@mail.example")) == []
    assert codes(validator, WALK, None) == []


def test_sign_up_and_reset(pairs: dict[str, Any], configure: Callable[..., None], taro: Any) -> None:
    configure(**pairs)
    browser = Client(headers={"Accept-Language": "en"})
    browser.post("/accounts/password_reset/", {"email": "taro@mail.example"})
    [letter] = mail.outbox
    assert link_in(letter)
    path = open_link(browser, letter)
    page = text(browser.post(path, {"new_password1": WALK, "new_password2": WALK}))
    assert REFUSED in page
    assert WALK not in page
    answer = browser.post(
        path, {"new_password1": "an unlit lantern 4417", "new_password2": "an unlit lantern 4417"}
    )
    assert answer.status_code == 302


@pytest.mark.parametrize("policy", [None, "asvs-l2"])
@pytest.mark.parametrize("action", ["warn", "force_reset"])
def test_log_in(
    pairs: dict[str, Any], configure: Callable[..., None], taro: Any, action: str, policy: str | None
) -> None:
    told: list[str] = []

    def receiver(action: str, **_: Any) -> None:
        told.append(action)

    password_exposed.connect(receiver)
    try:
        if policy is None:
            configure(**pairs, LOG_IN=action, VERIFIED_EMAIL=True)
        else:
            said = {"profile": policy, "actions": {"log_in": {"exposed": action}}}
            configure(**pairs, POLICY=said, VERIFIED_EMAIL=True)
        browser = Client(headers={"Accept-Language": "en"})
        answer = log_in(browser, "taro", WALK)
    finally:
        password_exposed.disconnect(receiver)
    assert told == [action]
    if action == "warn":
        assert answer.status_code == 302
        assert who(browser).startswith("taro: The password you logged in with is in a list")
    else:
        assert "your password has to be reset" in text(answer)
        assert who(browser) == "nobody"
        assert [letter.to for letter in mail.outbox] == [["taro@mail.example"]]


@pytest.mark.parametrize(("name", "password"), [("taro", "wrong"), ("nobody", WALK), ("hanako", WALK)])
def test_a_wrong_password_is_as_without(
    pairs: dict[str, Any],
    configure: Callable[..., None],
    taro: Any,
    hanako: Any,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    password: str,
) -> None:
    with CaptureQueriesContext(connection) as expected, override_settings(AUTHENTICATION_BACKENDS=STOCK):
        without = log_in(Client(), name, password, "/plain/")
    configure(**pairs, LOG_IN="force_reset", VERIFIED_EMAIL=True)
    asked: list[object] = []
    monkeypatch.setattr("breachdex.django.backends.ask", lambda *given: asked.append(given))
    with CaptureQueriesContext(connection) as queries:
        answer = log_in(Client(), name, password)
    assert answer.status_code == without.status_code
    assert [query["sql"] for query in queries] == [query["sql"] for query in expected]
    assert (asked, mail.outbox) == ([], [])


def test_a_mark_spares_no_look_where_pairs_are_asked(
    pairs: dict[str, Any], configure: Callable[..., None]
) -> None:
    from breachdex.django.conf import settings

    configure(RECHECK="newer_index")
    assert settings().log_ins.keeps_marks
    configure(**pairs, RECHECK="newer_index")
    assert not settings().log_ins.keeps_marks


class TestStartUp:
    def test_a_wrong_key_keeps_the_site_from_starting(
        self, pairs: dict[str, Any], configure: Callable[..., None], tmp_path: Path
    ) -> None:
        other = tmp_path / "other.key"
        breachdex.Pairs.add(tmp_path / "other.bdx", other, [("jiro", "new")])
        configure(PAIRS=pairs["PAIRS"], PAIR_KEY=other)
        [fault] = [found for found in check_indexes() if found.id == "breachdex.E008"]
        assert fault.msg.startswith("Exposed pairs cannot be asked: ")
        assert fault.hint == 'Name the key file of BREACHDEX["PAIRS"] in BREACHDEX["PAIR_KEY"].'
        config = apps.get_app_config("breachdex")
        assert isinstance(config, BreachdexConfig)
        with pytest.raises(ImproperlyConfigured, match=r"^breachdex\.E008: Exposed pairs cannot be asked: "):
            config.ready()

    def test_pairs_without_a_key(self, pairs: dict[str, Any], configure: Callable[..., None]) -> None:
        configure(PAIRS=pairs["PAIRS"])
        with pytest.raises(ImproperlyConfigured, match="PAIR_KEY"):
            ExposedPasswordValidator().validate("not there 1177", User(username="taro"))
