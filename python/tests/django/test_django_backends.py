"""The mixin before other people's backends, callers without a request, and callers that wait for nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from breachdex.django.backends import ExposedPasswordBackend, ExposedPasswordMixin
from breachdex.django.gates import ask, at_log_in
from breachdex.django.login import settle
from breachdex.django.signals import password_exposed
from django import VERSION  # type: ignore[import-untyped]
from django.contrib.auth import authenticate  # type: ignore[import-untyped]
from django.contrib.auth.backends import BaseBackend, ModelBackend  # type: ignore[import-untyped]
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.core.exceptions import PermissionDenied  # type: ignore[import-untyped]
from django.test import AsyncClient, Client, RequestFactory, override_settings  # type: ignore[import-untyped]
from django_support import log_in, who


class ByEmail(BaseBackend):  # type: ignore[misc]
    """A backend with credentials of its own, without ``aauthenticate`` of its own."""

    def authenticate(self, request: Any, email: str, password: str) -> Any:
        """Whoever has that address and password."""
        user = User.objects.filter(email=email).first()
        return user if user is not None and user.check_password(password) else None


class ExposedByEmail(ExposedPasswordMixin, ByEmail):
    """The same, looked at."""


class ByToken(BaseBackend):  # type: ignore[misc]
    """A backend that takes no password."""

    def authenticate(self, request: Any, token: str) -> Any:
        """Everybody is the first user."""
        return User.objects.first() if token == "right" else None


class ExposedByToken(ExposedPasswordMixin, ByToken):
    """The same, with nothing to look at."""


HERE = __name__


def test_credentials_that_the_parent_does_not_take_pass_it_over(
    hanako: Any, configure: Callable[..., None]
) -> None:
    configure(LOG_IN="reject")
    backends = [
        f"{HERE}.ExposedByEmail",
        f"{HERE}.ExposedByToken",
        "django.contrib.auth.backends.ModelBackend",
    ]
    with override_settings(AUTHENTICATION_BACKENDS=backends):
        assert authenticate(username="hanako", password="hunter2") == hanako, "ModelBackend's turn"
        assert authenticate(token="right") == hanako
        assert authenticate(email="hanako@mail.example", password="wrong") is None
        assert authenticate(email="hanako@mail.example", password="hunter2") is None
        assert not User.objects.get(pk=hanako.pk).check_password("hunter2")


def test_credentials_by_position(hanako: Any, configure: Callable[..., None]) -> None:
    configure(LOG_IN="reject")
    with pytest.raises(PermissionDenied):
        ExposedPasswordBackend().authenticate(None, "hanako", "hunter2")


def test_without_a_request_there_is_nobody_to_tell(hanako: Any, configure: Callable[..., None]) -> None:
    assert authenticate(username="hanako", password="hunter2") == hanako
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    assert authenticate(username="hanako", password="hunter2") is None
    assert not User.objects.get(pk=hanako.pk).check_password("hunter2")


def test_a_request_without_messages_is_not_told(hanako: Any) -> None:
    request = RequestFactory().post("/")
    assert authenticate(request, username="hanako", password="hunter2") == hanako


@pytest.mark.skipif(VERSION < (5, 0), reason="Django before 5.0 has no asynchronous authenticate")
@pytest.mark.parametrize("backend", ["ExposedByEmail", "breachdex.django.backends.ExposedPasswordBackend"])
def test_waiting_for_nothing(hanako: Any, configure: Callable[..., None], backend: str) -> None:
    from django.contrib.auth import aauthenticate

    told: list[str] = []

    def receiver(action: str, **_: Any) -> None:
        told.append(action)

    named = {"email": hanako.email} if backend == "ExposedByEmail" else {"username": "hanako"}
    path = f"{HERE}.{backend}" if backend == "ExposedByEmail" else backend
    password_exposed.connect(receiver)
    try:
        with override_settings(AUTHENTICATION_BACKENDS=[path]):
            assert run(aauthenticate(**named, password="wrong")) is None
            assert run(aauthenticate(**named, password="hunter2")) == hanako
            configure(LOG_IN="force_reset", VERIFIED_EMAIL=True, RESET_MAIL=lambda *_: None)
            assert run(aauthenticate(**named, password="hunter2")) is None
    finally:
        password_exposed.disconnect(receiver)
    assert told == ["warn", "force_reset"], "once each"
    assert not User.objects.get(pk=hanako.pk).check_password("hunter2")


def run(coroutine: Any) -> Any:
    """Runs it the way that Django runs asynchronous code from a thread, so that the database is this thread's."""

    async def wait() -> Any:
        return await coroutine

    return async_to_sync(wait)()


def test_through_an_asynchronous_server(hanako: Any, configure: Callable[..., None]) -> None:
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)

    async def visit() -> str:
        browser = AsyncClient()
        answer = await browser.post("/accounts/login/", {"username": "hanako", "password": "hunter2"})
        return str(answer.content.decode())

    assert "For your safety, your password has to be reset." in async_to_sync(visit)()
    assert len(mail.outbox) == 1


@pytest.mark.skipif(VERSION < (5, 2), reason="Django before 5.2 has no asynchronous backends")
def test_the_parent_is_asked_asynchronously(hanako: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    original = ModelBackend.aauthenticate

    async def spy(self: Any, *args: Any, **more: Any) -> Any:
        asked.append("aauthenticate")
        return await original(self, *args, **more)

    monkeypatch.setattr(ModelBackend, "aauthenticate", spy)
    assert run(ExposedPasswordBackend().aauthenticate(None, username="hanako", password="hunter2")) == hanako
    assert asked == ["aauthenticate"]


def test_a_second_try_in_the_same_request_starts_afresh(hanako: Any, configure: Callable[..., None]) -> None:
    from django_site.urls import LoginForm

    configure(LOG_IN="reject")
    request = RequestFactory().post("/")
    first = LoginForm(request, {"username": "hanako", "password": "hunter2"})
    assert first.errors.as_data()["__all__"][0].code == "exposed"
    second = LoginForm(request, {"username": "hanako", "password": "hunter2"})
    assert second.errors.as_data()["__all__"][0].code == "invalid_login"


def test_a_hash_that_is_upgraded_on_the_way_is_expired_all_the_same(
    hanako: Any, configure: Callable[..., None]
) -> None:
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    hashers = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    with override_settings(PASSWORD_HASHERS=hashers):
        browser = Client()
        log_in(browser, "hanako", "hunter2")
        assert who(browser) == "nobody"
        user = User.objects.get(pk=hanako.pk)
        assert user.password.startswith("pbkdf2")
        assert not user.check_password("hunter2")
    assert len(mail.outbox) == 1


def test_two_right_passwords_at_once_send_one_mail_with_a_link_that_works(
    hanako: Any, configure: Callable[..., None]
) -> None:
    """Both have verified the password before either has replaced it."""
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    both = [User.objects.get(pk=hanako.pk) for _ in range(2)]

    finding = ask(at_log_in(), "raise", "hunter2")
    assert finding is not None
    for user in both:
        with pytest.raises(PermissionDenied):
            settle(user, finding, RequestFactory().post("/"))
    [letter] = mail.outbox
    [link] = [word for word in letter.body.split() if "/accounts/reset/" in word]
    assert "new_password1" in Client().get(link, follow=True).content.decode()
