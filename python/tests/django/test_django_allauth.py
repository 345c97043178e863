"""The recipe for allauth, against allauth's own backend, forms and mails."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings  # type: ignore[import-untyped]
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.test import Client, override_settings  # type: ignore[import-untyped]
from django_support import log_in, text, who
from test_django_journeys import NEW, REFUSED
from test_django_login import FORCE_RESET, WARNING, page

pytest.importorskip("allauth")

RECIPE = "django_site.allauth_recipe"


@pytest.fixture(autouse=True)
def _recipe() -> Iterator[None]:
    with override_settings(
        AUTHENTICATION_BACKENDS=[f"{RECIPE}.ExposedAuthenticationBackend"],
        ACCOUNT_FORMS={"login": f"{RECIPE}.ExposedLoginForm"},
    ):
        yield


@pytest.fixture
def member(hanako: Any) -> Any:
    """A customer with a verified address that the user model does not know."""
    from allauth.account.models import EmailAddress  # type: ignore[import-untyped]

    EmailAddress.objects.create(user=hanako, email="old@mail.example", verified=False, primary=True)
    EmailAddress.objects.create(user=hanako, email="true@mail.example", verified=True, primary=False)
    return hanako


def enter(client: Any, name: str, password: str) -> Any:
    """Sends allauth's log-in form."""
    return client.post("/allauth/login/", {"login": name, "password": password})


def forcing(configure: Callable[..., None]) -> None:
    """The settings of the recipe."""
    configure(
        LOG_IN="force_reset",
        VERIFIED_EMAIL=f"{RECIPE}.verified_email",
        RESET_MAIL=f"{RECIPE}.send_reset_mail",
    )


def test_sign_up_change_and_reset_need_nothing(browser: Any, language: str) -> None:
    new = {"username": "jiro", "email": "jiro@mail.example"}
    assert REFUSED[language] in text(browser.post("/allauth/signup/", {**new, "password1": "hunter2"}))
    assert not User.objects.filter(username="jiro").exists()
    assert browser.post("/allauth/signup/", {**new, "password1": NEW}).status_code == 302
    user = User.objects.get(username="jiro")

    change = {"oldpassword": NEW, "password1": "hunter2", "password2": "hunter2"}
    assert REFUSED[language] in text(browser.post("/allauth/password/change/", change))
    browser.post("/allauth/logout/")

    mail.outbox = []
    browser.post("/allauth/password/reset/", {"email": user.email})
    form = browser.get(link(), follow=True).redirect_chain[-1][0]
    assert REFUSED[language] in text(browser.post(form, {"password1": "hunter2", "password2": "hunter2"}))
    user.refresh_from_db()
    assert user.check_password(NEW)


def link() -> str:
    """The link in the last mail."""
    words = html.unescape(mail.outbox[-1].body).split()
    [found] = [word for word in words if "/password/reset/key/" in word]
    return found.removeprefix("http://testserver")


def test_warns(browser: Any, language: str, member: Any) -> None:
    assert enter(browser, "hanako", "hunter2").status_code == 302
    assert WARNING[language] in who(browser)


def test_from_a_refused_log_in_to_a_new_password(
    browser: Any, language: str, member: Any, configure: Callable[..., None]
) -> None:
    victim = Client()
    enter(victim, "hanako", "hunter2")
    assert who(victim).startswith("hanako")
    forcing(configure)
    answer = enter(browser, "hanako", "hunter2")
    assert answer.status_code == 200
    assert FORCE_RESET[language] in text(answer)
    assert who(browser) == "nobody"
    assert who(victim) == "nobody"
    [letter] = mail.outbox
    assert letter.to == ["true@mail.example"]

    owner = Client(headers={"Accept-Language": language})
    form = owner.get(link(), follow=True).redirect_chain[-1][0]
    assert REFUSED[language] in text(owner.post(form, {"password1": "hunter2", "password2": "hunter2"}))
    owner.post(form, {"password1": NEW, "password2": NEW})
    assert enter(owner, "hanako", NEW).status_code == 302
    assert who(owner).startswith("hanako")


def test_without_a_verified_address_the_user_is_warned(hanako: Any, configure: Callable[..., None]) -> None:
    forcing(configure)
    browser = Client()
    enter(browser, "hanako", "hunter2")
    assert WARNING["en"] in who(browser)
    assert mail.outbox == []


@pytest.mark.parametrize(("name", "password"), [("hanako", "wrong"), ("nobody", "hunter2")])
def test_a_wrong_password_looks_as_without_breachdex(
    member: Any, browser: Any, configure: Callable[..., None], name: str, password: str
) -> None:
    stock = override_settings(
        AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"], ACCOUNT_FORMS={}
    )
    with stock:
        expected = enter(browser, name, password)
    forcing(configure)
    answer = enter(browser, name, password)
    assert (answer.status_code, page(answer)) == (expected.status_code, page(expected))


def test_an_inactive_account_stays_allauth_s_business(member: Any, configure: Callable[..., None]) -> None:
    User.objects.filter(pk=member.pk).update(is_active=False)
    forcing(configure)
    browser = Client()
    answer = enter(browser, "hanako", "hunter2")
    assert answer.url == "/allauth/inactive/"
    assert (who(browser), mail.outbox) == ("nobody", [])


def test_the_admin_s_form_goes_through_the_same_backend(member: Any, configure: Callable[..., None]) -> None:
    forcing(configure)
    browser = Client()
    log_in(browser, "hanako", "hunter2", "/plain/")
    assert who(browser) == "nobody"
    assert settings.AUTHENTICATION_BACKENDS == [f"{RECIPE}.ExposedAuthenticationBackend"]
