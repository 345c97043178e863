"""The admin and Django's commands about users: what they check, and what Django leaves out."""

from __future__ import annotations

import getpass
import io
from collections.abc import Callable
from typing import Any

import pytest
from breachdex.django.forms import ExposedLoginMixin
from django.contrib import admin  # type: ignore[import-untyped]
from django.contrib.admin.forms import AdminAuthenticationForm  # type: ignore[import-untyped]
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core.management import CommandError, call_command  # type: ignore[import-untyped]
from django_support import text

BAD = "correct horse battery staple"
GOOD = "a long walk in kyoto 8264"
REFUSED = {
    "en": "This password is in a list of passwords that leaked in the past",
    "ja": "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。",
}


@pytest.fixture
def chief() -> Any:
    """Somebody who may do everything."""
    return User.objects.create_superuser("chief", "chief@mail.example", GOOD)


def test_the_admin_checks_users_that_it_makes(browser: Any, language: str, chief: Any) -> None:
    browser.force_login(chief)
    form = {"username": "jiro", "usable_password": "true", "password1": BAD, "password2": BAD}
    assert REFUSED[language] in text(browser.post("/admin/auth/user/add/", form))
    assert not User.objects.filter(username="jiro").exists()
    form |= {"password1": GOOD, "password2": GOOD}
    assert browser.post("/admin/auth/user/add/", form).status_code == 302


def test_the_admin_checks_passwords_that_it_changes(
    browser: Any, language: str, chief: Any, taro: Any
) -> None:
    browser.force_login(chief)
    form = {"usable_password": "true", "password1": BAD, "password2": BAD}
    assert REFUSED[language] in text(browser.post(f"/admin/auth/user/{taro.pk}/password/", form))
    own = {"old_password": GOOD, "new_password1": BAD, "new_password2": BAD}
    assert REFUSED[language] in text(browser.post("/admin/password_change/", own))
    taro.refresh_from_db()
    assert not taro.check_password(BAD)


def test_the_admin_s_log_in(browser: Any, language: str, chief: Any, configure: Callable[..., None]) -> None:
    class AdminLoginForm(ExposedLoginMixin, AdminAuthenticationForm):  # type: ignore[misc]
        pass

    configure(LOG_IN="reject")
    for form, says in ((None, False), (AdminLoginForm, True)):
        chief.set_password(BAD)
        chief.save()
        admin.site.login_form = form
        try:
            answer = browser.post("/admin/login/", {"username": "chief", "password": BAD})
        finally:
            admin.site.login_form = None
        assert answer.status_code == 200
        assert (REFUSED[language] in text(answer)) == says


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What somebody types at the terminal."""

    def types(*passwords: str, answer: str = "n") -> None:
        left = [password for password in passwords for _ in range(2)]
        monkeypatch.setattr(getpass, "getpass", lambda prompt="": left.pop(0))
        monkeypatch.setattr("builtins.input", lambda prompt="": answer)

    return types


class Terminal(io.StringIO):
    """What the commands take for a terminal."""

    def isatty(self) -> bool:
        return True


def create(**options: Any) -> str:
    said = io.StringIO()
    call_command(
        "createsuperuser",
        username="root",
        email="root@mail.example",
        stdin=Terminal(),
        stdout=said,
        stderr=said,
        **options,
    )
    return said.getvalue()


def test_createsuperuser(typed: Callable[..., None]) -> None:
    typed(BAD, GOOD)
    assert REFUSED["en"] in create()
    assert User.objects.get(username="root").check_password(GOOD)


def test_createsuperuser_lets_it_be_bypassed(typed: Callable[..., None]) -> None:
    typed(BAD, answer="y")
    assert REFUSED["en"] in create()
    assert User.objects.get(username="root").check_password(BAD)


def test_without_input_django_checks_nothing(
    monkeypatch: pytest.MonkeyPatch, configure: Callable[..., None], browser: Any
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", BAD)
    create(interactive=False)
    assert User.objects.get(username="root").check_password(BAD)
    configure(LOG_IN="reject")
    browser.post("/admin/login/", {"username": "root", "password": BAD})
    assert not User.objects.get(username="root").check_password(BAD), "log-in finds what was not checked"


def test_changepassword(typed: Callable[..., None], taro: Any) -> None:
    typed(BAD, BAD, BAD)
    said = io.StringIO()
    with pytest.raises(CommandError, match="Aborting password change for user 'taro' after 3 attempts"):
        call_command("changepassword", "taro", stdout=said, stderr=said)
    assert REFUSED["en"] in said.getvalue()
