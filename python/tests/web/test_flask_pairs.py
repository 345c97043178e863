"""Exposed pairs in Flask-Security: at sign-up, change and log-in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import breachdex
import pytest
from flask_site import GOOD, Site, errors, inside

REFUSED = (
    "This combination of user name or e-mail address and password is in a list of login details that are known to have "
    "been exposed, so it cannot be used. Please choose a different password that you do not use anywhere else."
)
FORCED = (
    "For your safety, your password has to be reset. Please follow the instructions sent to the e-mail address "
    "you registered."
)


@pytest.fixture
def make(exposed_index: Path, tmp_path: Path) -> Any:
    """Makes a site with an account whose pair of address and password is in a list."""
    path, key = tmp_path / "pairs.bdx", tmp_path / "pairs.key"
    breachdex.Pairs.add(path, key, [("ann@example.com", GOOD)])

    def site(**config: Any) -> Site:
        made = Site(
            {
                "BREACHDEX_INDEX": exposed_index,
                "BREACHDEX_PAIRS": [path],
                "BREACHDEX_PAIR_KEY": key,
                "BREACHDEX_ADDRESSES_VERIFIED": True,
                **config,
            }
        )
        made.add(password=GOOD)
        return made

    return site


@pytest.mark.parametrize("config", [{}, {"BREACHDEX_POLICY": "asvs-l2"}])
def test_sign_up(make: Any, config: dict[str, Any]) -> None:
    site = make(**config)
    browser = site.app.test_client()
    for email, refused in (("Ann@example.com", True), ("bob@example.com", False)):
        sent = {"email": email, "password": GOOD, "password_confirm": GOOD}
        answer = browser.post("/register", json=sent)
        assert (REFUSED in answer.text) == refused, answer.text


@pytest.mark.parametrize(
    "config",
    [{"BREACHDEX_LOG_IN": "force_reset"}, {"BREACHDEX_POLICY": {"profile": "asvs-l2"}}],
)
def test_log_in(make: Any, config: dict[str, Any]) -> None:
    site = make(**config)
    site.add("bob@example.com", GOOD)
    with site.mails() as outbox:
        browser, answer = site.log_in(GOOD)
    assert errors(answer) == {"password": [FORCED]}
    assert not inside(browser)
    assert [letter.recipients for letter in outbox] == [["ann@example.com"]]
    browser, _ = site.log_in(GOOD, "bob@example.com")
    assert inside(browser)


def test_a_wrong_password_is_as_without(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    site = make(BREACHDEX_LOG_IN="force_reset")
    plain = Site({"BREACHDEX_LOG_IN": "accept"})
    plain.add(password=GOOD)
    for email, password in (("ann@example.com", "wrong"), ("nobody@example.com", GOOD)):
        with plain.statements() as expected:
            _, without = plain.log_in(password, email)
        with site.statements() as statements, site.mails() as outbox:
            _, answer = site.log_in(password, email)
        assert (answer.status_code, errors(answer)) == (without.status_code, errors(without))
        assert (statements, outbox) == (expected, [])


def test_a_key_that_is_not_theirs_ends_the_start(make: Any, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    breachdex.Pairs.add(tmp_path / "other.bdx", other, [("jiro", "new")])
    with pytest.raises(breachdex.PairKeyError, match="was made with the key"):
        make(BREACHDEX_PAIR_KEY=other)
