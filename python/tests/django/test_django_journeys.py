"""Sign-up, change, reset, and from a refused log-in to a new password, as a browser goes through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.test import Client, override_settings  # type: ignore[import-untyped]
from django_support import link_in, log_in, open_link, text, who

REFUSED = {
    "en": (
        "This password is in a list of passwords that leaked in the past, so it cannot be used. Please choose a "
        "different one that you do not use anywhere else."
    ),
    "ja": (
        "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。"
        "ほかのサービスで使っていない、別のパスワードを設定してください。"
    ),
}
HELP = {
    "en": "Passwords that are known to have leaked in the past cannot be used.",
    "ja": "過去に流出したことが確認されているパスワードは使用できません。",
}
NEW = "a river under the bridge 5531"


@pytest.mark.parametrize("password", ["password", "パスワード"])
def test_sign_up(browser: Any, language: str, password: str) -> None:
    assert HELP[language] in text(browser.get("/signup/"))
    answer = browser.post("/signup/", {"username": "jiro", "password1": password, "password2": password})
    assert answer.status_code == 200
    assert REFUSED[language] in text(answer)
    assert not User.objects.filter(username="jiro").exists()
    assert (
        browser.post("/signup/", {"username": "jiro", "password1": NEW, "password2": NEW}).status_code == 302
    )
    assert User.objects.get(username="jiro").check_password(NEW)


def test_change(browser: Any, language: str, taro: Any) -> None:
    old = "a long walk in kyoto 8264"
    log_in(browser, "taro", old)
    path = "/accounts/password_change/"
    answer = browser.post(path, {"old_password": old, "new_password1": "hunter2", "new_password2": "hunter2"})
    assert REFUSED[language] in text(answer)
    assert User.objects.get(pk=taro.pk).check_password(old)
    browser.post(path, {"old_password": old, "new_password1": NEW, "new_password2": NEW})
    assert User.objects.get(pk=taro.pk).check_password(NEW)


def test_reset(browser: Any, language: str, taro: Any) -> None:
    browser.post("/accounts/password_reset/", {"email": taro.email})
    form = open_link(browser, mail.outbox[0])
    answer = browser.post(form, {"new_password1": "hunter2", "new_password2": "hunter2"})
    assert REFUSED[language] in text(answer)
    browser.post(form, {"new_password1": NEW, "new_password2": NEW})
    assert User.objects.get(pk=taro.pk).check_password(NEW)


def test_from_a_refused_log_in_to_a_new_password(
    browser: Any, language: str, hanako: Any, configure: Callable[..., None]
) -> None:
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    attacker, owner = Client(), browser
    log_in(attacker, "hanako", "hunter2")
    assert who(attacker) == "nobody"
    assert "安全のため" not in text(log_in(owner, "hanako", "hunter2")), "an ordinary wrong password by now"

    [letter] = mail.outbox
    form = open_link(owner, letter)
    answer = owner.post(form, {"new_password1": "hunter2", "new_password2": "hunter2"})
    assert REFUSED[language] in text(answer), "the old password is refused at reset too"
    assert owner.post(form, {"new_password1": NEW, "new_password2": NEW}).status_code == 302
    assert User.objects.get(pk=hanako.pk).check_password(NEW)

    assert log_in(owner, "hanako", NEW).status_code == 302
    assert who(owner) == "hanako: "
    assert "new_password1" not in text(attacker.get(link_in(letter), follow=True)), "the link is used up"
    assert len(mail.outbox) == 1


def test_the_mail_is_in_the_language_of_the_request(
    browser: Any, language: str, hanako: Any, configure: Callable[..., None]
) -> None:
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    log_in(browser, "hanako", "hunter2")
    assert ("パスワード" in mail.outbox[0].subject) == (language == "ja")


def test_an_owner_without_the_mail_can_ask_for_one(hanako: Any, configure: Callable[..., None]) -> None:
    """Django's page passes over accounts whose password is unusable, so an expired one must not be that."""
    configure(LOG_IN="reject")
    browser = Client()
    log_in(browser, "hanako", "hunter2")
    assert mail.outbox == []
    browser.post("/accounts/password_reset/", {"email": hanako.email})
    form = open_link(browser, mail.outbox[0])
    browser.post(form, {"new_password1": NEW, "new_password2": NEW})
    assert User.objects.get(pk=hanako.pk).check_password(NEW)


def test_a_link_from_before_is_void(hanako: Any, configure: Callable[..., None]) -> None:
    browser = Client()
    browser.post("/accounts/password_reset/", {"email": hanako.email})
    before = link_in(mail.outbox[0])
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    log_in(Client(), "hanako", "hunter2")
    assert "new_password1" not in text(browser.get(before, follow=True))
    assert "new_password1" in text(browser.get(link_in(mail.outbox[1]), follow=True))


def test_the_site_s_own_reset_view_words_the_mail(hanako: Any, configure: Callable[..., None]) -> None:
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    with override_settings(ROOT_URLCONF="django_site.own_reset_urls"):
        log_in(Client(), "hanako", "hunter2")
    [letter] = mail.outbox
    assert letter.subject == "Our own subject"
    assert letter.from_email == "accounts@shop.example"
    assert "/accounts/reset/" in letter.body


def test_the_admin_s_log_in_refuses_too(hanako: Any, configure: Callable[..., None]) -> None:
    User.objects.filter(pk=hanako.pk).update(is_staff=True)
    configure(LOG_IN="reject")
    browser = Client()
    answer = log_in(browser, "hanako", "hunter2", "/admin/login/")
    assert answer.status_code == 200
    assert who(browser) == "nobody"
