"""JupyterHub with NativeAuthenticator: sign-up, change and log-in over HTTP, of a hub without its proxy."""

from __future__ import annotations

import asyncio
import html
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bcrypt
import breachdex
import pytest
import requests
from breachdex.jupyterhub import ExposedPasswordAuthenticator
from jupyterhub import orm
from jupyterhub.app import JupyterHub
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, every_log_line
from nativeauthenticator.orm import UserInfo
from support import EXPOSED, write_index
from tornado.httpserver import HTTPServer
from traitlets.config import Config

BAD = "correct horse battery staple"
GOOD = "a long walk in kyoto 8264"
OTHER = "nine quiet herons by the weir"
REFUSED = {
    "en": "This password is in a list of passwords that leaked in the past",
    "ja": "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。",
}
GUESSED = {"en": "This password is easy to guess", "ja": "推測されやすいパスワード"}
FORCE_RESET = {"en": "Please ask your administrator for a", "ja": "管理者"}
UNAVAILABLE = "The safety of this password cannot be checked at the moment"
OWN_GUESS = "Something went wrong!"


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_index(tmp_path_factory.mktemp("hub") / "exposed.bdx", {**EXPOSED, EXPOSED_SENTINEL: 31})


@pytest.fixture(autouse=True)
def _configured(index: Path) -> None:
    breachdex.configure(index=index, policy={"profile": "nist", "mfa": True})


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only this machine answers."""
    reached: list[Any] = []
    connect = socket.socket.connect

    def local(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1"):
            reached.append(address)
            raise OSError("a test reached for the network")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local)
    yield
    assert reached == []


class Hub:
    """A hub on a port of this machine, in a thread with a loop of its own."""

    def __init__(self, folder: Path) -> None:
        config = Config()
        config.JupyterHub.authenticator_class = ExposedPasswordAuthenticator
        config.JupyterHub.db_url = f"sqlite:///{folder}/hub.sqlite"
        config.JupyterHub.cookie_secret_file = str(folder / "secret")
        config.ConfigurableHTTPProxy.should_start = False
        config.ConfigurableHTTPProxy.auth_token = "of the tests"
        config.ExposedPasswordAuthenticator.open_signup = True
        config.ExposedPasswordAuthenticator.allow_all = True
        self.folder = folder
        self.config = config
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.call(self.start())

    async def start(self) -> None:
        self.app = JupyterHub.instance(config=self.config)
        await self.app.initialize([])
        self.server = HTTPServer(self.app.tornado_application)
        self.server.listen(0, "127.0.0.1")
        (listening,) = self.server._sockets.values()
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/hub"

    def call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def stop(self) -> None:
        async def stopped() -> None:
            self.server.stop()
            self.app.db.close()

        self.call(stopped())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def plant(self, name: str, password: str) -> None:
        """An account from before breachdex was there."""

        async def planted() -> None:
            db = self.app.authenticator.db
            user = UserInfo.find(db, name)
            if user is None:
                user = UserInfo(username=name, password=b"", is_authorized=True)
                db.add(user)
            user.password = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4))
            db.commit()

        self.call(planted())


@pytest.fixture(scope="module")
def hub(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    breachdex.configure(index=index, policy={"profile": "nist", "mfa": True})
    hub = Hub(tmp_path_factory.mktemp("hub"))
    yield hub
    hub.stop()


class Browser:
    """Reads a page, fills its form in, and sends that."""

    def __init__(self, hub: Hub, language: str = "en") -> None:
        self.url = hub.url
        self.session = requests.Session()
        self.session.headers["Accept-Language"] = language

    def post(self, path: str, **form: str) -> Any:
        page = self.session.get(f"{self.url}/{path}")
        assert page.status_code == 200, page.text
        found = re.search(r'name="_xsrf"\s+value="([^"]*)"', page.text)
        token = {"_xsrf": html.unescape(found[1])} if found else {}
        answer = self.session.post(f"{self.url}/{path}", data={**form, **token}, allow_redirects=False)
        answer.encoding = "utf-8"
        answer.read = html.unescape(answer.text)
        return answer

    def sign_up(self, name: str, password: str) -> Any:
        return self.post(
            "signup", username=name, signup_password=password, signup_password_confirmation=password
        )

    def log_in(self, name: str, password: str) -> Any:
        return self.post("login", username=name, password=password)

    def change(self, old: str, new: str) -> Any:
        return self.post("change-password", old_password=old, new_password=new, new_password_confirmation=new)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_sign_up_log_in_and_change(hub: Hub, language: str) -> None:
    browser = Browser(hub, language)
    name = f"jiro{language}"
    refused = browser.sign_up(name, BAD)
    assert REFUSED[language] in refused.read
    assert OWN_GUESS not in refused.read
    assert GUESSED[language] in browser.sign_up("hanako", "H4n4ko2026!!").read
    assert browser.log_in(name, BAD).status_code != 302
    assert "The signup was successful!" in browser.sign_up(name, GOOD).read
    assert OWN_GUESS in browser.sign_up(name, OTHER).read, "what is no matter of the password is said as ever"
    assert browser.log_in(name, GOOD).status_code == 302
    refused = browser.change(GOOD, BAD)
    assert REFUSED[language] in refused.read
    assert OWN_GUESS not in refused.read
    assert "successfully" in browser.change(GOOD, OTHER).read
    assert Browser(hub).log_in(name, GOOD).status_code != 302
    assert Browser(hub).log_in(name, OTHER).status_code == 302


@pytest.mark.parametrize("language", ["en", "ja"])
def test_an_exposed_password_at_log_in(hub: Hub, language: str) -> None:
    hub.plant("old", BAD)
    browser = Browser(hub, language)
    for name, password in (("old", "wrong"), ("nobody", BAD)):
        answer = browser.log_in(name, password)
        assert answer.status_code == 200
        assert FORCE_RESET[language] not in answer.read
    refused = browser.log_in("old", BAD)
    assert refused.status_code == 200
    assert FORCE_RESET[language] in refused.read
    again = browser.log_in("old", BAD)
    assert again.status_code == 200
    assert FORCE_RESET[language] not in again.read


def test_sessions_and_tokens_end(hub: Hub, index: Path) -> None:
    hub.plant("keeper", BAD)
    accepting = {"profile": "nist", "mfa": True, "actions": {"log_in": {"exposed": "accept"}}}
    breachdex.configure(index=index, policy=accepting)
    browser = Browser(hub)
    assert browser.log_in("keeper", BAD).status_code == 302

    async def new_tokens() -> tuple[str, str]:
        user = orm.User.find(hub.app.db, "keeper")
        return user.new_api_token(note="mine"), user.new_api_token(note="Server at /user/keeper/")

    token, server = hub.call(new_tokens())

    def asks(token: str) -> int:
        headers = {"Authorization": f"token {token}"}
        return requests.get(f"{hub.url}/api/user", headers=headers, timeout=10).status_code

    def is_in() -> bool:
        page = browser.session.get(f"{hub.url}/change-password", allow_redirects=False)
        return page.status_code == 200

    assert is_in()
    assert asks(token) == asks(server) == 200
    breachdex.configure(index=index, policy={"profile": "nist", "mfa": True})
    Browser(hub).log_in("keeper", BAD)
    assert not is_in()
    assert asks(token) == 403
    assert asks(server) == 200


@pytest.fixture
def damage(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)

    def change(on_error: str) -> None:
        copy = tmp_path / f"{on_error}.bdx"
        copy.write_bytes(index.read_bytes())
        breachdex.configure(index=copy, policy={"profile": "nist", "mfa": True, "on_error": on_error})
        breachdex.examine("not there 1177")
        with copy.open("ab") as file:
            file.write(b"!")

    return change


def test_a_damaged_index(hub: Hub, damage: Callable[[str], None]) -> None:
    hub.plant("old", GOOD)
    damage("raise")
    assert Browser(hub).sign_up("saburo", GOOD).status_code == 500
    assert Browser(hub).log_in("old", GOOD).status_code == 500
    damage("reject")
    assert UNAVAILABLE in Browser(hub).sign_up("saburo", GOOD).read
    assert UNAVAILABLE in Browser(hub).log_in("old", GOOD).read
    damage("accept")
    assert "The signup was successful!" in Browser(hub).sign_up("saburo", GOOD).read
    assert Browser(hub).log_in("old", GOOD).status_code == 302


def test_a_missing_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BREACHDEX_INDEX", str(tmp_path / "gone.bdx"))
    breachdex.configure()
    with pytest.raises(breachdex.IndexNotFoundError, match="gone.bdx"):
        ExposedPasswordAuthenticator(add_new_table=False)


@pytest.mark.parametrize("on_error", [None, "raise", "reject", "accept"])
def test_nothing_leaks(
    hub: Hub,
    on_error: str | None,
    damage: Callable[[str], None],
    capfd: pytest.CaptureFixture[str],
) -> None:
    if on_error:
        damage(on_error)
    pages = []
    with every_log_line() as lines:
        for number, password in enumerate((SENTINEL, EXPOSED_SENTINEL)):
            hub.plant(f"planted{number}", password)
            browser = Browser(hub)
            pages += [browser.sign_up(f"new{number}{on_error}", password).text]
            pages += [browser.log_in(f"planted{number}", password).text]
    out, err = capfd.readouterr()
    assert_clean("\n".join(lines), out, err, *pages)
