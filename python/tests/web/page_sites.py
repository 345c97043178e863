"""The apps of the pages about plain frameworks, driven alike: what is sent, and what is answered."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would rather have a newer httpx.
    from starlette.testclient import TestClient

__all__ = ["FORCE_RESET", "REFUSED", "SITES", "UNAVAILABLE", "Site", "TestClient"]

REFUSED: Final = {
    "en": "This password is in a list of passwords that leaked in the past, so it cannot be used.",
    "ja": "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。",
}
FORCE_RESET: Final = {
    "en": "For your safety, your password has to be reset.",
    "ja": "安全のため、パスワードの再設定が必要です。",
}
UNAVAILABLE: Final = {
    "en": "The safety of this password cannot be checked at the moment.",
    "ja": "現在、パスワードの安全性を確認できません。",
}


@dataclass
class Answer:
    """What came back."""

    status: int
    text: str
    messages: list[str]


@dataclass
class Site:
    """An app out of a page."""

    names: dict[str, Any]
    send: Callable[[str, dict[str, str] | bytes, str], Answer]
    """Sends a form or JSON; bytes are JSON as they are."""
    is_form: bool = False

    def sign_up(self, name: str, password: str, language: str = "en") -> Answer:
        """Makes an account."""
        return self.send("/sign-up", {"user_name": name, "password": password}, language)

    def log_in(self, name: str, password: str, language: str = "en") -> Answer:
        """Opens a session."""
        return self.send("/log-in", {"user_name": name, "password": password}, language)

    def change(self, password: str, language: str = "en") -> Answer:
        """Changes the password of who is logged in."""
        return self.send("/change", {"password": password}, language)

    def reset(self, token: str, password: str, language: str = "en") -> Answer:
        """Chooses one by a mailed link."""
        return self.send(f"/reset/{token}", {"password": password}, language)


def as_json(body: dict[str, str] | bytes) -> dict[str, Any]:
    """The arguments of a client that send it."""
    return {"content": body} if isinstance(body, bytes) else {"json": body}


def flask(names: dict[str, Any]) -> Site:
    """Flask, by forms."""
    client = names["app"].test_client()

    def send(path: str, body: dict[str, str] | bytes, language: str) -> Answer:
        names["app"].config["PROPAGATE_EXCEPTIONS"] = False
        kind = {"content_type": "application/json"} if isinstance(body, bytes) else {}
        answer = client.post(path, data=body, headers={"Accept-Language": language}, **kind)
        said = (answer.json or {}).get("password", []) if answer.is_json else []
        return Answer(answer.status_code, answer.text, said)

    return Site(names, send, is_form=True)


def starlette(names: dict[str, Any]) -> Site:
    """Starlette, by JSON."""
    client = TestClient(names["app"], raise_server_exceptions=False)

    def send(path: str, body: dict[str, str] | bytes, language: str) -> Answer:
        answer = client.post(path, headers={"Accept-Language": language}, **as_json(body))
        detail = answer.json().get("detail", []) if "json" in answer.headers["content-type"] else []
        said = [one["msg"] for one in detail] if isinstance(detail, list) else []
        return Answer(answer.status_code, answer.text, said)

    return Site(names, send)


def litestar(names: dict[str, Any]) -> Site:
    """Litestar, by JSON."""
    from litestar.testing import TestClient

    client = TestClient(names["app"], raise_server_exceptions=False)

    def send(path: str, body: dict[str, str] | bytes, language: str) -> Answer:
        answer = client.post(path, headers={"Accept-Language": language}, **as_json(body))
        extra = answer.json().get("extra", []) if answer.text.startswith("{") else []
        return Answer(answer.status_code, answer.text, [one["message"] for one in extra or []])

    return Site(names, send)


def pyramid(names: dict[str, Any]) -> Site:
    """Pyramid, by JSON."""
    client = names["client"]

    def send(path: str, body: dict[str, str] | bytes, language: str) -> Answer:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Accept-Language": language, "Content-Type": "application/json"}
        try:
            answer = client.post(path, sent, headers=headers, status="*")
        except Exception as error:  # noqa: BLE001 - a WSGI server answers these with a 500
            return Answer(500, str(error), [])
        errors = answer.json.get("errors", []) if answer.content_type == "application/json" else []
        return Answer(answer.status_int, answer.text, [one["message"] for one in errors])

    return Site(names, send)


SITES: Final = {"flask": flask, "starlette": starlette, "litestar": litestar, "pyramid": pyramid}
