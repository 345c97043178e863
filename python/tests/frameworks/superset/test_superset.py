"""Superset: log-in by form and by API, users by API, reset, and what ends with a password."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterator
from typing import Any

import breachdex
import pytest
from superset.app import create_app
from werkzeug.security import check_password_hash, generate_password_hash

BAD = "correct horse battery staple"
GOOD = "a long walk in kyoto 8264"
OTHER = "nine quiet herons by the weir"
REFUSED = "This password is in a list of passwords that leaked in the past"
FORCE_RESET = "Please ask your administrator for a new one."


@pytest.fixture(autouse=True)
def _configured() -> Iterator[None]:
    """As the configuration file has it; tests begin without one."""
    breachdex.configure(index=os.environ["EXPOSED_INDEX"], policy={"profile": "nist", "mfa": True})
    yield
    breachdex.configure()


@pytest.fixture(scope="module")
def app() -> Any:
    return create_app()


@pytest.fixture
def plant(app: Any) -> Callable[[str], int]:
    """Gives chief a password that nobody checked."""

    def planted(password: str) -> int:
        with app.app_context():
            manager = app.appbuilder.sm
            user = manager.find_user("chief")
            user.password = generate_password_hash(password)
            manager.update_user(user)
            return int(user.id)

    planted(GOOD)
    return planted


@pytest.fixture
def browser(app: Any, plant: Any) -> Any:
    return app.test_client()


def is_stored(app: Any, password: str) -> bool:
    with app.app_context():
        return check_password_hash(app.appbuilder.sm.find_user("chief").password, password)


def log_in(browser: Any, password: str) -> list[str]:
    """What the next page says."""
    browser.post("/login/", data={"username": "chief", "password": password})
    with browser.session_transaction() as session:
        return [text for _, text in session.get("_flashes", [])]


def me(browser: Any, bearer: str | None = None) -> int:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    return int(browser.get("/api/v1/me/", headers=headers).status_code)


def token(browser: Any, password: str) -> Any:
    body = {"username": "chief", "password": password, "provider": "db", "refresh": True}
    return browser.post("/api/v1/security/login", json=body)


def test_choosing(app: Any, browser: Any, plant: Any) -> None:
    number = plant(GOOD)
    log_in(browser, GOOD)
    for path in (f"/resetpassword/form?pk={number}", "/resetmypassword/form"):
        answer = browser.post(path, data={"password": BAD, "conf_password": BAD}, follow_redirects=True)
        assert REFUSED in html.unescape(answer.text), path
    own = browser.put("/api/v1/me/", json={"password": BAD})
    assert own.status_code == 400
    assert REFUSED in own.text
    assert BAD not in own.text
    assert is_stored(app, GOOD)


def test_the_api_of_users(app: Any, browser: Any) -> None:
    headers = {"Authorization": f"Bearer {token(browser, GOOD).json['access_token']}"}
    with app.app_context():
        role = app.appbuilder.sm.find_role("Gamma").id

    def create(password: str) -> Any:
        body = {"username": "jiro", "first_name": "J", "last_name": "S", "email": "jiro@x.example"}
        body |= {"active": True, "roles": [role], "password": password}
        return app.test_client().post("/api/v1/security/users/", json=body, headers=headers)

    refused = create(BAD)
    assert refused.status_code == 400
    assert REFUSED in refused.text
    assert create(GOOD).status_code == 201


def test_log_in_with_an_exposed_password(app: Any, browser: Any, plant: Any) -> None:
    plant(BAD)
    assert FORCE_RESET not in " ".join(log_in(browser, "wrong"))
    assert FORCE_RESET in " ".join(log_in(browser, BAD))
    assert me(browser) == 401
    assert not is_stored(app, BAD)
    plant(BAD)
    assert token(browser, BAD).status_code == 401
    assert not is_stored(app, BAD)


def test_what_ends_with_a_password(app: Any, browser: Any, plant: Any) -> None:
    log_in(browser, GOOD)
    assert me(browser) == 200
    tokens = token(app.test_client(), GOOD).json
    assert me(app.test_client(), tokens["access_token"]) == 200
    plant(OTHER)
    assert me(browser) == 401
    assert me(app.test_client(), tokens["access_token"]) == 401
    headers = {"Authorization": f"Bearer {tokens['refresh_token']}"}
    assert app.test_client().post("/api/v1/security/refresh", headers=headers).status_code == 401
