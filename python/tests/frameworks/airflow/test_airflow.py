"""Airflow with the FAB provider: log-in by form and by API, reset, and what ends with a password."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterator
from typing import Any

import breachdex
import pytest
from airflow.api_fastapi.app import create_app
from airflow.providers.fab.auth_manager.models import User
from airflow.utils.session import create_session
from fastapi.testclient import TestClient
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
def browser(app: Any) -> TestClient:
    return TestClient(app, base_url="http://localhost")


@pytest.fixture
def plant() -> Callable[[str], int]:
    """Gives chief a password that nobody checked."""

    def planted(password: str) -> int:
        with create_session() as session:
            user = session.query(User).filter_by(username="chief").one()
            user.password = generate_password_hash(password)
            return int(user.id)

    planted(GOOD)
    return planted


def is_stored(password: str) -> bool:
    with create_session() as session:
        stored = session.query(User).filter_by(username="chief").one().password
    return check_password_hash(stored, password)


def log_in(browser: TestClient, password: str) -> str:
    answer = browser.post("/auth/login/", data={"username": "chief", "password": password})
    return html.unescape(answer.text)


def is_in(browser: TestClient) -> bool:
    return browser.get("/auth/users/list/", follow_redirects=False).status_code == 200


def token(browser: TestClient, password: str) -> Any:
    return browser.post("/auth/token", json={"username": "chief", "password": password})


def connections(app: Any, bearer: str) -> int:
    headers = {"Authorization": f"Bearer {bearer}"}
    fresh = TestClient(app, base_url="http://localhost")
    return int(fresh.get("/api/v2/connections", headers=headers).status_code)


def test_choosing(browser: TestClient, plant: Any) -> None:
    number = plant(GOOD)
    log_in(browser, GOOD)
    new = {"first_name": "J", "last_name": "S", "username": "jiro", "email": "jiro@x.example", "active": "y"}
    for path in ("/auth/users/add", f"/auth/resetpassword/form?pk={number}", "/auth/resetmypassword/form"):
        form = {**new, "roles": "1", "password": BAD, "conf_password": BAD}
        assert REFUSED in html.unescape(browser.post(path, data=form).text), path
    assert is_stored(GOOD)
    browser.post("/auth/resetmypassword/form", data={"password": OTHER, "conf_password": OTHER})
    assert is_stored(OTHER)
    assert is_in(browser), "the session of who changed their own goes on"


def test_log_in_with_an_exposed_password(browser: TestClient, plant: Any) -> None:
    plant(BAD)
    assert FORCE_RESET not in log_in(browser, "wrong")
    assert FORCE_RESET in log_in(browser, BAD)
    assert not is_in(browser)
    assert not is_stored(BAD)
    plant(BAD)
    assert token(browser, BAD).status_code == 401
    assert not is_stored(BAD)


def test_what_ends_with_a_password(app: Any, browser: TestClient, plant: Any) -> None:
    log_in(browser, GOOD)
    assert is_in(browser)
    bearer = token(browser, GOOD).json()["access_token"]
    assert connections(app, bearer) == 200
    plant(OTHER)
    assert not is_in(browser)
    assert connections(app, bearer) in (401, 403)
