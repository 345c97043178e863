"""The radar at the end points that log in: Django REST framework's, SimpleJWT's, those of dj-rest-auth and Djoser."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import breachdex
import pytest
from breachdex import LogInWatch
from breachdex.django import radar
from django.conf import settings  # type: ignore[import-untyped]
from django.test import Client, RequestFactory, override_settings  # type: ignore[import-untyped]
from rest_framework.authentication import BasicAuthentication  # type: ignore[import-untyped]
from rest_framework.exceptions import AuthenticationFailed  # type: ignore[import-untyped]
from rest_framework.request import Request  # type: ignore[import-untyped]
from rest_support import post

MIDDLEWARE = [*settings.MIDDLEWARE, "breachdex.django.middleware.radar_middleware"]
HERE = "127.0.0.1"


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch, configure: Callable[..., None]) -> list[tuple[Any, ...]]:
    """What the radar was told."""
    heard: list[tuple[Any, ...]] = []
    tell = LogInWatch.tell

    def listening(self: LogInWatch, source: str, account: str, **facts: Any) -> Any:
        heard.append((source, account, facts["succeeded"], facts["exposed"], facts["known"]))
        return tell(self, source, account, **facts)

    monkeypatch.setattr(LogInWatch, "tell", listening)
    radar._watch.cache_clear()
    configure(RADAR=True)
    return heard


@pytest.mark.parametrize("path", ["/token/", "/jwt/", "/rest/login/", "/djoser/token/login/"])
def test_each_log_in_is_told_once(path: str, hanako: Any, told: list[Any]) -> None:
    with override_settings(MIDDLEWARE=MIDDLEWARE):
        for name, password in (("hanako", "wrong"), ("nobody", "hunter2"), ("hanako", "hunter2")):
            post(Client(), path, username=name, password=password)
    assert told == [
        (HERE, "hanako", False, False, True),
        (HERE, "nobody", False, True, False),
        (HERE, "hanako", True, True, True),
    ]


def test_deny_gives_no_token(hanako: Any, configure: Callable[..., None]) -> None:
    denying = breachdex.Radar(on_attack="deny")
    for number in range(40):
        denying.observe(HERE, f"victim{number}", succeeded=False, exposed=True)
    configure(RADAR=denying)
    for path in ("/token/", "/jwt/", "/rest/login/", "/djoser/token/login/"):
        answers = [
            post(Client(), path, username="hanako", password=password) for password in ("wrong", "hunter2")
        ]
        shown = [(answer.status_code, answer.content) for answer in answers]
        assert shown[0] == shown[1], path


def test_basic_authentication_is_an_attempt_with_each_request(hanako: Any, told: list[Any]) -> None:
    for password in ("hunter2", "wrong"):
        encoded = base64.b64encode(f"hanako:{password}".encode()).decode()
        inner = RequestFactory().get("/", HTTP_AUTHORIZATION=f"Basic {encoded}")
        try:
            BasicAuthentication().authenticate(Request(inner))
        except AuthenticationFailed:
            assert password == "wrong"
        assert inner.breachdex_advice == "allow"
    assert told == [(HERE, "hanako", True, True, True), (HERE, "hanako", False, False, True)]
