"""What the tests of the end points do again and again."""

from __future__ import annotations

from typing import Any

GOOD = "a long walk in kyoto 8264"
OTHER = "nine quiet herons by the weir"
BAD = "correct horse battery staple"
REFUSED = {
    "en": "This password is in a list of passwords that leaked in the past, so it cannot be used.",
    "ja": "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。",
}
FORCE_RESET = {
    "en": "For your safety, your password has to be reset.",
    "ja": "安全のため、パスワードの再設定が必要です。",
}


def post(app: Any, path: str, authorization: str = "", **body: Any) -> Any:
    """Sends JSON."""
    headers = {"Authorization": authorization} if authorization else {}
    return app.post(path, body, content_type="application/json", headers=headers)


def me(app: Any, token: str) -> int:
    """The status for whoever bears this token."""
    return int(app.get("/me/", headers={"Authorization": token}).status_code)


def link(letter: Any) -> tuple[str, str]:
    """User id and token of the link in a reset mail."""
    [address] = [word for word in letter.body.split() if "/reset/" in word]
    uid, token = address.rstrip("/").split("/")[-2:]
    return uid, token
