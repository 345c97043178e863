"""Flask-AppBuilder: users that an administrator makes, change, reset, log-in by form and by API, and what ends with a password."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex.flask_appbuilder import ExposedSecurityManager, safe_password
from flask import Flask
from flask_appbuilder import AppBuilder
from flask_appbuilder.utils.legacy import get_sqla_class
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, every_log_line
from no_network import refuse_network
from support import EXPOSED, write_index
from werkzeug.security import generate_password_hash

BAD = "correct horse battery staple"
GOOD = "a long walk in kyoto 8264"
OTHER = "nine quiet herons by the weir"
REFUSED = {
    "en": "This password is in a list of passwords that leaked in the past",
    "ja": "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。",
}
UNAVAILABLE = "The safety of this password cannot be checked at the moment"
FORCE_RESET = {
    "en": "Please ask your administrator for a new one.",
    "ja": "管理者に再設定を依頼してください。",
}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from refuse_network(monkeypatch)


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_index(tmp_path_factory.mktemp("fab") / "exposed.bdx", {**EXPOSED, EXPOSED_SENTINEL: 31})


@pytest.fixture(autouse=True)
def _configured(index: Path) -> Iterator[None]:
    breachdex.configure(index=index, policy={"profile": "nist", "mfa": True})
    yield
    breachdex.configure()


@pytest.fixture(scope="module")
def app() -> Any:
    """The app of the page."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="of the tests, and long enough for a signature of HS256",
        SQLALCHEMY_DATABASE_URI="sqlite://",
        WTF_CSRF_ENABLED=False,
        LANGUAGES={"en": {"flag": "gb", "name": "English"}, "ja": {"flag": "jp", "name": "日本語"}},
        FAB_ADD_SECURITY_API=True,
        FAB_PASSWORD_COMPLEXITY_ENABLED=True,
        FAB_PASSWORD_COMPLEXITY_VALIDATOR=safe_password,
        RATELIMIT_ENABLED=False,
    )
    SQLA = get_sqla_class()
    db = SQLA(app)
    with app.app_context():
        appbuilder = AppBuilder(app, db.session, security_manager_class=ExposedSecurityManager)
        db.create_all()
        appbuilder.add_permissions(update_perms=True)
        appbuilder.sm.add_user("chief", "A", "B", "chief@x.example", appbuilder.sm.find_role("Admin"), GOOD)
    return app


@pytest.fixture
def plant(app: Any) -> Callable[[str], None]:
    """Gives chief a password that nobody checked."""

    def planted(password: str) -> None:
        # Not longer: Flask-Login keeps the user of a request in the context of the app.
        with app.app_context():
            manager = app.appbuilder.sm
            user = manager.find_user("chief")
            user.password = generate_password_hash(password)
            manager.update_user(user)

    planted(GOOD)
    return planted


def user_id(app: Any, name: str) -> Any:
    """The number of a user, if there is one."""
    with app.app_context():
        user = app.appbuilder.sm.find_user(name)
        return None if user is None else user.id


@pytest.fixture
def browser(app: Any, plant: Any) -> Any:
    return app.test_client()


def log_in(browser: Any, password: str, language: str = "en") -> str:
    if language != "en":
        browser.get(f"/lang/{language}")
    answer = browser.post("/login/", data={"username": "chief", "password": password}, follow_redirects=True)
    return html.unescape(answer.text)


def is_in(browser: Any) -> bool:
    return bool(browser.get("/users/list/").status_code == 200)


def post(browser: Any, path: str, password: str, **more: str) -> str:
    form = {"password": password, "conf_password": password, **more}
    return html.unescape(browser.post(path, data=form, follow_redirects=True).text)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_choosing(browser: Any, app: Any, language: str) -> None:
    log_in(browser, GOOD, language)
    new = {
        "first_name": "J",
        "last_name": "S",
        "username": f"jiro{language}",
        "active": "y",
        "email": f"{language}@x.example",
        "roles": "1",
    }
    assert REFUSED[language] in post(browser, "/users/add", BAD, **new)
    assert user_id(app, f"jiro{language}") is None
    post(browser, "/users/add", GOOD, **new)
    made = user_id(app, f"jiro{language}")
    assert made is not None
    assert REFUSED[language] in post(browser, f"/resetpassword/form?pk={made}", BAD)
    assert REFUSED[language] in post(browser, "/resetmypassword/form", BAD)
    post(browser, "/resetmypassword/form", OTHER)
    assert is_in(browser), "the session of who changed their own goes on"
    fresh = browser.application.test_client()
    assert not is_in(fresh)
    log_in(fresh, OTHER)
    assert is_in(fresh)


def api_log_in(app: Any, password: str) -> Any:
    body = {"username": "chief", "password": password, "provider": "db", "refresh": True}
    return app.test_client().post("/api/v1/security/login", json=body)


def api_users(app: Any, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return int(app.test_client().get("/api/v1/security/users/", headers=headers).status_code)


def refreshed(app: Any, token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return app.test_client().post("/api/v1/security/refresh", headers=headers)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_forced_reset_ends_everything(
    browser: Any, app: Any, plant: Any, index: Path, language: str
) -> None:
    plant(BAD)
    accepting = {"profile": "nist", "mfa": True, "actions": {"log_in": {"exposed": "accept"}}}
    breachdex.configure(index=index, policy=accepting)
    log_in(browser, BAD)
    assert is_in(browser)
    tokens = api_log_in(app, BAD).json
    assert api_users(app, tokens["access_token"]) == 200
    assert refreshed(app, tokens["refresh_token"]).status_code == 200

    breachdex.configure(index=index, policy={"profile": "nist", "mfa": True})
    thief = app.test_client()
    assert FORCE_RESET[language] not in log_in(thief, "wrong", language)
    assert FORCE_RESET[language] in log_in(thief, BAD, language)
    assert not is_in(thief)
    assert not is_in(browser)
    assert api_users(app, tokens["access_token"]) == 401
    assert refreshed(app, tokens["refresh_token"]).status_code == 401
    assert api_log_in(app, BAD).status_code == 401
    assert FORCE_RESET[language] not in log_in(thief, BAD, language)


def test_log_in_by_the_api(app: Any, plant: Any) -> None:
    assert api_log_in(app, GOOD).status_code == 200
    plant(BAD)
    assert api_log_in(app, "wrong").status_code == 401
    assert api_log_in(app, BAD).status_code == 401
    plant(GOOD)
    assert api_log_in(app, GOOD).status_code == 200


def test_the_api_of_users(app: Any, plant: Any) -> None:
    token = api_log_in(app, GOOD).json["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    def create(password: str, words: str = "") -> Any:
        body = {
            "username": "api",
            "first_name": "A",
            "last_name": "B",
            "email": "api@x.example",
            "password": password,
            "active": True,
            "roles": [1],
        }
        return app.test_client().post(f"/api/v1/security/users/{words}", json=body, headers=headers)

    refused = create(BAD)
    assert refused.status_code == 400
    assert REFUSED["en"] in refused.text
    assert BAD not in refused.text
    assert REFUSED["ja"] in str(create(BAD, "?_l_=ja").json)
    assert create(GOOD).status_code == 201


@pytest.mark.parametrize("on_error", ["raise", "reject", "accept"])
def test_a_damaged_index(
    browser: Any, plant: Any, index: Path, on_error: str, tmp_path: Path, monkeypatch: Any
) -> None:
    log_in(browser, GOOD)
    monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)
    copy = tmp_path / "copy.bdx"
    copy.write_bytes(index.read_bytes())
    policy = {"profile": "nist", "mfa": True, "on_error": on_error}
    breachdex.configure(index=copy, policy=policy)
    breachdex.examine("not there 1177")
    with copy.open("ab") as file:
        file.write(b"!")
    browser.application.config["PROPAGATE_EXCEPTIONS"] = False
    answer = browser.post("/resetmypassword/form", data={"password": OTHER, "conf_password": OTHER})
    assert answer.status_code == {"raise": 500, "reject": 200, "accept": 302}[on_error]
    if on_error == "reject":
        assert UNAVAILABLE in html.unescape(answer.text)
        fresh = browser.application.test_client()
        assert UNAVAILABLE in log_in(fresh, GOOD)
        assert not is_in(fresh)
        assert is_in(browser), "a password that could not be checked did not expire"


def test_a_missing_index(tmp_path: Path) -> None:
    with pytest.raises(breachdex.IndexNotFoundError):
        breachdex.configure(index=tmp_path / "gone.bdx")


def test_nothing_leaks(browser: Any, app: Any, plant: Any, capfd: pytest.CaptureFixture[str]) -> None:
    log_in(browser, GOOD)
    pages = []
    with every_log_line() as lines:
        for password in (EXPOSED_SENTINEL, SENTINEL):
            pages.append(post(browser, "/resetmypassword/form", password))
            plant(password)
            pages += [log_in(app.test_client(), password), api_log_in(app, password).text]
            plant(GOOD)
            log_in(browser, GOOD)
    out, err = capfd.readouterr()
    assert_clean("\n".join(lines), out, err, *pages)
