"""Sign-up, change and reset by JSON: dj-rest-auth, Djoser and django-ninja, through Django's validators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]
from rest_support import BAD, GOOD, OTHER, REFUSED, link, post

SIGN_UPS = {
    "/rest/registration/": lambda password: {
        "username": "jiro",
        "email": "jiro@mail.example",
        "password1": password,
        "password2": password,
    },
    "/djoser/users/": lambda password: {"username": "jiro", "password": password},
    "/own/": lambda password: {"username": "jiro", "password": password},
}


@pytest.mark.parametrize("path", SIGN_UPS)
def test_sign_up(path: str, app: Any, language: str) -> None:
    refused = post(app, path, **SIGN_UPS[path](BAD))
    assert refused.status_code == 400, refused.content
    field = "password1" if "registration" in path else "password"
    assert set(refused.json()) == {field}
    assert refused.json()[field][0].startswith(REFUSED[language])
    assert not User.objects.filter(username="jiro").exists()
    assert post(app, path, **SIGN_UPS[path](GOOD)).status_code == 201
    assert User.objects.get(username="jiro").check_password(GOOD)


@pytest.fixture
def token(app: Any, hanako: Any) -> str:
    """What hanako's app sends."""
    return f"Token {post(app, '/token/', username='hanako', password='hunter2').json()['token']}"


def test_change_by_dj_rest_auth(app: Any, language: str, hanako: Any, token: str) -> None:
    def change(password: str) -> Any:
        body = {"old_password": "hunter2", "new_password1": password, "new_password2": password}
        return post(app, "/rest/password/change/", token, **body)

    refused = change(BAD)
    assert refused.status_code == 400
    assert refused.json()["new_password2"][0].startswith(REFUSED[language])
    assert change(OTHER).status_code == 200
    hanako.refresh_from_db()
    assert hanako.check_password(OTHER)


def test_change_by_djoser(app: Any, language: str, hanako: Any, token: str) -> None:
    def change(password: str) -> Any:
        body = {"current_password": "hunter2", "new_password": password}
        return post(app, "/djoser/users/set_password/", token, **body)

    refused = change(BAD)
    assert refused.status_code == 400
    assert refused.json()["new_password"][0].startswith(REFUSED[language])
    assert change(OTHER).status_code == 204
    hanako.refresh_from_db()
    assert hanako.check_password(OTHER)


def test_reset_by_dj_rest_auth(app: Any, language: str, hanako: Any) -> None:
    assert post(app, "/rest/password/reset/", email=hanako.email).status_code == 200
    uid, token = link(mail.outbox[-1])

    def reset(password: str) -> Any:
        body = {"uid": uid, "token": token, "new_password1": password, "new_password2": password}
        return post(app, "/rest/password/reset/confirm/", **body)

    refused = reset(BAD)
    assert refused.status_code == 400
    assert refused.json()["new_password2"][0].startswith(REFUSED[language])
    assert reset(OTHER).status_code == 200
    hanako.refresh_from_db()
    assert hanako.check_password(OTHER)


def test_reset_by_djoser(app: Any, language: str, hanako: Any) -> None:
    assert post(app, "/djoser/users/reset_password/", email=hanako.email).status_code == 204
    uid, token = link(mail.outbox[-1])

    def reset(password: str) -> Any:
        body = {"uid": uid, "token": token, "new_password": password}
        return post(app, "/djoser/users/reset_password_confirm/", **body)

    refused = reset(BAD)
    assert refused.status_code == 400
    assert refused.json()["new_password"][0].startswith(REFUSED[language])
    assert reset(OTHER).status_code == 204
    hanako.refresh_from_db()
    assert hanako.check_password(OTHER)


def test_ninja(app: Any, language: str) -> None:
    by_django = post(app, "/ninja/django", username="jiro", password=BAD)
    assert by_django.status_code == 422
    assert by_django.json()["detail"].startswith(REFUSED[language])
    by_schema = post(app, "/ninja/schema", username="jiro", password=BAD)
    assert by_schema.status_code == 422
    (error,) = by_schema.json()["detail"]
    assert error["msg"].startswith(REFUSED[language])
    assert (error["type"], error["loc"][-1]) == ("exposed", "password")
    for path in ("/ninja/django", "/ninja/schema"):
        assert post(app, path, username="jiro", password=GOOD).status_code == 200
    # pydantic quotes the object that lacks a name; what Ninja answers does not.
    assert GOOD not in post(app, "/ninja/schema", password=GOOD).content.decode()


@pytest.mark.parametrize("path", SIGN_UPS)
def test_a_name_in_the_password(path: str, app: Any, configure: Callable[..., None]) -> None:
    configure(POLICY={"profile": "nist", "mfa": True, "actions": {"log_in": {"exposed": "warn"}}})
    with override_settings(
        AUTH_PASSWORD_VALIDATORS=[{"NAME": "breachdex.django.validators.PolicyValidator"}]
    ):
        refused = post(app, path, **SIGN_UPS[path]("Jiro2026!!"))
    assert refused.status_code == 400
    # allauth compares once the form is complete, so it belongs to no field there.
    assert set(refused.json()) == {"non_field_errors" if "registration" in path else "password"}


@pytest.mark.parametrize("path", [*SIGN_UPS, "/ninja/django", "/ninja/schema"])
@pytest.mark.parametrize(("on_error", "status"), [("raise", 500), ("reject", 400), ("accept", 201)])
def test_a_damaged_index(
    path: str, on_error: str, status: int, app: Any, language: str, damage: Callable[..., None]
) -> None:
    damage(ON_ERROR=on_error)
    body = SIGN_UPS[path](GOOD) if path in SIGN_UPS else {"username": "jiro", "password": GOOD}
    answer = post(app, path, **body)
    if "ninja" in path:
        status = {400: 422, 201: 200}.get(status, status)
    assert answer.status_code == status
    if on_error == "reject":
        said = {
            "en": "The safety of this password cannot be checked",
            "ja": "パスワードの安全性を確認できません",
        }
        assert said[language] in str(answer.json())
