"""The pages about Flask-Security, fastapi-users and FastAPI: their code runs, and does what they promise."""

from __future__ import annotations

import shutil
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from docs.test_snippets import blocks, run
from flask_security import hash_password

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would rather have a newer httpx.
    from fastapi.testclient import TestClient

EXPOSED = "correct horse battery staple"


@pytest.fixture
def page(exposed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the blocks of a page in a folder with an index; returns what they defined."""
    shutil.copy(exposed_index, tmp_path / "pwned.bdx")
    monkeypatch.chdir(tmp_path)

    def read(name: str) -> dict[str, Any]:
        module = ModuleType("page")
        monkeypatch.setitem(sys.modules, "page", module)
        names = vars(module)
        assert sum(run(block, names, name) for block in blocks(f"docs/site/{name}")) >= 2
        return names

    return read


def test_flask_security(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    names = page("flask-security.md")
    app, security = names["app"], names["security"]
    mailed: list[str] = []
    monkeypatch.setattr(security.mail_util, "send_mail", lambda *told, **_: mailed.append(told[2]))
    app.config["WTF_CSRF_ENABLED"] = False
    credentials = {"email": "ben@example.com", "password": EXPOSED}
    with app.app_context():
        hashed = hash_password(EXPOSED)
        confirmed = security.datetime_factory()
        security.datastore.create_user(email="ben@example.com", password=hashed, confirmed_at=confirmed)
        security.datastore.commit()
    answer = app.test_client().post("/login", json=credentials)
    assert answer.status_code == 400
    assert "has to be reset" in answer.text
    assert mailed == ["ben@example.com"]
    assert names["counted"] == {("log_in", "force_reset"): 1}


def test_fastapi_users(page: Any) -> None:
    names = page("fastapi-users.md")
    mailed: list[str] = []

    async def mail(self: object, user: Any, token: str, request: object = None) -> None:
        mailed.append(user.email)

    names["UserManager"].on_after_forgot_password = mail

    async def add() -> None:
        async for manager in names["user_manager"]():
            hashed = manager.password_helper.hash(EXPOSED)
            fields = {"email": "eva@example.com", "hashed_password": hashed, "is_verified": True}
            await manager.user_db.create(fields)

    with TestClient(names["app"]) as client:
        good = {"email": "ben@example.com", "password": "a lantern nobody has written down"}
        assert client.post("/register", json=good).status_code == 201
        answer = client.post("/auth/login", data={"username": good["email"], "password": good["password"]})
        assert answer.status_code == 200
        assert client.portal is not None
        client.portal.call(add)
        answer = client.post("/auth/login", data={"username": "eva@example.com", "password": EXPOSED})
        assert answer.json() == {"detail": "LOGIN_BAD_CREDENTIALS"}
    assert mailed == ["eva@example.com"]


def test_fastapi(page: Any) -> None:
    client = TestClient(page("fastapi.md")["app"])
    good = {"name": "Ann", "password": "a lantern nobody has written down"}
    assert client.post("/sign-up", json=good).json() == {"name": "Ann", "length": 33}
