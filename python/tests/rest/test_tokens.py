"""What a refused log-in says, and that a forced reset leaves no token that opens anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from breachdex.django import checks
from django.apps import apps  # type: ignore[import-untyped]
from django.conf import settings  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]
from rest_framework.authtoken.models import Token  # type: ignore[import-untyped]
from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_support import FORCE_RESET, GOOD, REFUSED, me, post

LOG_INS = ["/token/", "/jwt/", "/rest/login/", "/djoser/token/login/"]


@pytest.fixture
def forcing(configure: Callable[..., None]) -> None:
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)


@contextmanager
def jwt(**changes: Any) -> Iterator[None]:
    # Its modules keep the object that they imported.
    kept = authentication.api_settings  # type: ignore[attr-defined]
    before = {name: getattr(kept, name) for name in changes}
    with override_settings(SIMPLE_JWT={**settings.SIMPLE_JWT, **changes}):
        for name, value in changes.items():
            setattr(kept, name, value)
        yield
    for name, value in before.items():
        setattr(kept, name, value)


@contextmanager
def without_blacklist() -> Iterator[None]:
    left = [name for name in settings.INSTALLED_APPS if "token_blacklist" not in name]
    with override_settings(INSTALLED_APPS=left):
        yield


def bearer(app: Any) -> tuple[str, str]:
    """An access and a refresh token of hanako's."""
    tokens = post(app, "/jwt/", username="hanako", password="hunter2").json()
    return f"Bearer {tokens['access']}", tokens["refresh"]


@pytest.mark.parametrize("path", LOG_INS)
def test_the_reason(path: str, app: Any, language: str, hanako: Any, forcing: None) -> None:
    for name, password in (("hanako", "wrong"), ("nobody", "hunter2")):
        answer = post(app, path, username=name, password=password)
        assert answer.status_code in (400, 401)
        assert FORCE_RESET[language] not in answer.content.decode()
    refused = post(app, path, username="hanako", password="hunter2")
    assert refused.status_code == 400
    (said,) = refused.json()["non_field_errors"]
    assert said.startswith(FORCE_RESET[language])
    assert [letter.to for letter in mail.outbox] == [["hanako@mail.example"]]
    again = post(app, path, username="hanako", password="hunter2")
    assert FORCE_RESET[language] not in again.content.decode()


@pytest.mark.parametrize("path", LOG_INS)
def test_a_rejected_log_in_and_one_that_is_let_in(
    path: str, app: Any, language: str, hanako: Any, configure: Callable[..., None]
) -> None:
    assert post(app, path, username="hanako", password="hunter2").status_code == 200
    configure(LOG_IN="reject")
    refused = post(app, path, username="hanako", password="hunter2")
    assert refused.status_code == 400
    assert refused.json()["non_field_errors"][0].startswith(REFUSED[language])
    hanako.set_password(GOOD)
    hanako.save()
    assert post(app, path, username="hanako", password=GOOD).status_code == 200


@pytest.mark.parametrize("path", [*LOG_INS, "/ninja/log-in"])
@pytest.mark.parametrize(("on_error", "status"), [("accept", 200), ("reject", 400), ("raise", 500)])
def test_a_damaged_index_at_log_in(
    path: str, on_error: str, status: int, app: Any, hanako: Any, damage: Callable[..., None]
) -> None:
    damage(ON_ERROR={"log_in": on_error})
    answer = post(app, path, username="hanako", password="hunter2")
    assert answer.status_code == (401 if "ninja" in path and status == 400 else status)


def test_every_token_ends(app: Any, hanako: Any, configure: Callable[..., None]) -> None:
    key = post(app, "/token/", username="hanako", password="hunter2").json()["token"]
    access, refresh = bearer(app)
    assert me(app, f"Token {key}") == me(app, access) == 200
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    assert post(app, "/ninja/log-in", username="hanako", password="hunter2").status_code == 401
    assert me(app, f"Token {key}") == me(app, access) == 401
    assert post(app, "/jwt/refresh/", refresh=refresh).status_code == 401
    assert not Token.objects.filter(user=hanako).exists()


def test_tokens_of_others_go_on(app: Any, hanako: Any, configure: Callable[..., None]) -> None:
    from django.contrib.auth.models import User  # type: ignore[import-untyped]

    User.objects.create_user("taro", "taro@mail.example", GOOD)
    key = post(app, "/token/", username="taro", password=GOOD).json()["token"]
    tokens = post(app, "/jwt/", username="taro", password=GOOD).json()
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    post(app, "/jwt/", username="hanako", password="hunter2")
    assert me(app, f"Token {key}") == me(app, f"Bearer {tokens['access']}") == 200
    assert post(app, "/jwt/refresh/", refresh=tokens["refresh"]).status_code == 200


def test_with_the_blacklist_alone_access_tokens_go_on(
    app: Any, hanako: Any, configure: Callable[..., None]
) -> None:
    """What W008 warns about."""
    with jwt(CHECK_REVOKE_TOKEN=False):
        access, refresh = bearer(app)
        configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
        post(app, "/jwt/", username="hanako", password="hunter2")
        assert me(app, access) == 200
        assert post(app, "/jwt/refresh/", refresh=refresh).status_code == 401
        assert [fault.id for fault in checks.check_tokens()] == ["breachdex.W008"]


def test_without_the_blacklist_the_check_of_the_password_ends_them(
    app: Any, hanako: Any, configure: Callable[..., None]
) -> None:
    access, refresh = bearer(app)
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    with without_blacklist():
        post(app, "/jwt/", username="hanako", password="hunter2")
        assert checks.check_tokens() == []
    assert not BlacklistedToken.objects.filter(token__user=hanako).exists()
    assert me(app, access) == 401
    fresh = post(app, "/jwt/refresh/", refresh=refresh).json()["access"]
    assert me(app, f"Bearer {fresh}") == 401


def test_without_either_they_survive_and_the_checks_say_so(
    app: Any, hanako: Any, configure: Callable[..., None]
) -> None:
    with jwt(CHECK_REVOKE_TOKEN=False):
        access, refresh = bearer(app)
        configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
        with without_blacklist():
            post(app, "/jwt/", username="hanako", password="hunter2")
            assert [fault.id for fault in checks.check_tokens()] == ["breachdex.W007", "breachdex.W008"]
        assert me(app, access) == 200
        assert post(app, "/jwt/refresh/", refresh=refresh).status_code == 200


def test_the_checks_are_silent_where_nothing_expires(configure: Callable[..., None]) -> None:
    with jwt(CHECK_REVOKE_TOKEN=False), without_blacklist():
        assert checks.check_tokens() == []
        configure(LOG_IN="reject")
        assert len(checks.check_tokens()) == 2
        with override_settings(AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"]):
            assert checks.check_tokens() == []


def test_a_project_without_jwt_hears_nothing_of_it(configure: Callable[..., None]) -> None:
    configure(LOG_IN="reject")
    with (
        without_blacklist(),
        override_settings(
            REST_FRAMEWORK={
                "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]
            }
        ),
        override_settings(),
    ):
        del settings.SIMPLE_JWT
        assert checks.check_tokens() == []
        for named in (
            {"REST_AUTH": {"USE_JWT": True}},
            {"NINJA_JWT": {"ACCESS_TOKEN_LIFETIME": timedelta(hours=1)}},
            {
                "REST_FRAMEWORK": {
                    "DEFAULT_AUTHENTICATION_CLASSES": [
                        "rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"
                    ]
                }
            },
        ):
            with override_settings(**named):
                assert len(checks.check_tokens()) == 2


def test_tokens_that_are_over_or_refused_already_stay_as_they_are(
    app: Any, hanako: Any, configure: Callable[..., None]
) -> None:
    from breachdex.django import tokens

    bearer(app), bearer(app), bearer(app)
    first, second, _ = OutstandingToken.objects.filter(user=hanako).order_by("id")
    OutstandingToken.objects.filter(pk=first.pk).update(expires_at=first.created_at - timedelta(days=1))
    BlacklistedToken.objects.create(token=second)
    tokens.end(hanako)
    tokens.end(hanako)
    assert BlacklistedToken.objects.filter(token__user=hanako).count() == 2
    assert not BlacklistedToken.objects.filter(token=first).exists()
    assert apps.is_installed("rest_framework.authtoken")
