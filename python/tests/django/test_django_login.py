"""What becomes of a log-in with an exposed password, who gets in, and who is told what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from breachdex.django.signals import password_exposed
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.db import connection  # type: ignore[import-untyped]
from django.test import Client, override_settings  # type: ignore[import-untyped]
from django.test.utils import CaptureQueriesContext  # type: ignore[import-untyped]
from django_support import log_in, who

STOCK = ["django.contrib.auth.backends.ModelBackend"]
WARNING = {
    "en": (
        "The password you logged in with is in a list of passwords that leaked in the past. Please change it soon to "
        "one that you do not use anywhere else."
    ),
    "ja": (
        "ログインに使用したパスワードは、過去に流出したパスワードの一覧に含まれています。"
        "ほかのサービスで使っていない、別のパスワードへ早めに変更してください。"
    ),
}
FORCE_RESET = {
    "en": (
        "For your safety, your password has to be reset. Please follow the instructions sent to the e-mail address "
        "you registered."
    ),
    "ja": (
        "安全のため、パスワードの再設定が必要です。"
        "ご登録のメールアドレスにお送りしたご案内に沿って、再設定してください。"
    ),
}
EXPOSED = {
    "en": (
        "This password is in a list of passwords that leaked in the past, so it cannot be used. Please choose a "
        "different one that you do not use anywhere else."
    ),
    "ja": (
        "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。"
        "ほかのサービスで使っていない、別のパスワードを設定してください。"
    ),
}


@pytest.fixture
def told() -> Iterator[list[tuple[Any, str, str]]]:
    """What the signal said."""
    heard: list[tuple[Any, str, str]] = []

    def receiver(user: Any, event: str, action: str, request: Any, **_: Any) -> None:
        assert request is None or hasattr(request, "POST")
        heard.append((user, event, action))

    password_exposed.connect(receiver)
    yield heard
    password_exposed.disconnect(receiver)


def stored(user: Any) -> str:
    """The password's hash in the database."""
    return str(User.objects.get(pk=user.pk).password)


def test_accept_opens_the_session_and_says_nothing(
    hanako: Any, browser: Any, configure: Callable[..., None], told: list[Any]
) -> None:
    configure(LOG_IN="accept")
    assert log_in(browser, "hanako", "hunter2").status_code == 302
    assert who(browser) == "hanako: "
    assert (told, mail.outbox) == ([], [])


def test_warn_opens_the_session_and_says_so(
    hanako: Any, browser: Any, language: str, told: list[Any]
) -> None:
    before = stored(hanako)
    assert log_in(browser, "hanako", "hunter2").status_code == 302
    assert who(browser) == f"hanako: {WARNING[language]}"
    assert who(browser) == "hanako: "
    assert told == [(hanako, "log_in", "warn")]
    assert (stored(hanako), mail.outbox) == (before, [])


def test_a_password_that_nobody_knows_is_let_alone(taro: Any, browser: Any, told: list[Any]) -> None:
    log_in(browser, "taro", "a long walk in kyoto 8264")
    assert who(browser) == "taro: "
    assert told == []


def test_notify_opens_the_session_and_tells_the_owner_once(
    hanako: Any, browser: Any, language: str, configure: Callable[..., None], told: list[Any]
) -> None:
    configure(LOG_IN="notify")
    for _ in range(3):
        assert log_in(browser, "hanako", "hunter2").status_code == 302
        assert who(browser).startswith("hanako")
    [letter] = mail.outbox
    assert letter.to == ["hanako@mail.example"]
    assert letter.subject == {"en": "Please change your password", "ja": "パスワード変更のお願い"}[language]
    start = {
        "en": "Your account at testserver was just logged in to with a password that is in a list",
        "ja": "testserver のお客さまのアカウントにログインがありました。その際に使用されたパスワードは、過去に流出した",
    }[language]
    assert letter.body.startswith(start)
    assert letter.body.rstrip().endswith("testserver\nhttp://testserver/")
    assert told == [(hanako, "log_in", "notify")] * 3


def test_notify_goes_to_no_address_that_is_not_verified(hanako: Any, configure: Callable[..., None]) -> None:
    configure(LOG_IN="notify", VERIFIED_EMAIL=lambda user: None)
    browser = Client()
    log_in(browser, "hanako", "hunter2")
    assert who(browser) == f"hanako: {WARNING['en']}"
    assert mail.outbox == []


def test_force_reset_gives_an_attacker_nothing(
    hanako: Any, browser: Any, language: str, configure: Callable[..., None], told: list[Any]
) -> None:
    victim = Client()
    configure(LOG_IN="accept")
    log_in(victim, "hanako", "hunter2")
    assert who(victim) == "hanako: "

    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    answer = log_in(browser, "hanako", "hunter2")

    assert answer.status_code == 200
    assert FORCE_RESET[language] in answer.content.decode()
    assert "sessionid" not in answer.cookies
    assert "new_password" not in answer.content.decode()
    assert who(browser) == "nobody"
    assert who(victim) == "nobody", "other sessions end"
    assert browser.get("/accounts/password_change/").status_code == 302, "no form to choose a password with"
    assert told == [(hanako, "log_in", "force_reset")]
    [letter] = mail.outbox
    assert letter.to == ["hanako@mail.example"]
    user = User.objects.get(pk=hanako.pk)
    assert user.has_usable_password()
    assert not user.check_password("hunter2")

    again = log_in(browser, "hanako", "hunter2")
    assert FORCE_RESET[language] not in again.content.decode(), (
        "the old password is an ordinary wrong one now"
    )
    assert len(mail.outbox) == 1


def test_reject_expires_the_password_and_sends_nothing(
    hanako: Any, browser: Any, language: str, configure: Callable[..., None], told: list[Any]
) -> None:
    configure(LOG_IN="reject")
    answer = log_in(browser, "hanako", "hunter2")
    assert EXPOSED[language] in answer.content.decode()
    assert who(browser) == "nobody"
    assert not User.objects.get(pk=hanako.pk).check_password("hunter2")
    assert User.objects.get(pk=hanako.pk).has_usable_password()
    assert (told, mail.outbox) == ([(hanako, "log_in", "reject")], [])


def test_force_reset_without_verified_addresses_warns(hanako: Any, configure: Callable[..., None]) -> None:
    before = stored(hanako)
    for verified in (None, lambda user: None, lambda user: ""):
        configure(LOG_IN="force_reset", VERIFIED_EMAIL=verified)
        browser = Client()
        assert log_in(browser, "hanako", "hunter2").status_code == 302
        assert who(browser) == f"hanako: {WARNING['en']}"
    User.objects.filter(pk=hanako.pk).update(email="")
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    assert log_in(Client(), "hanako", "hunter2").status_code == 302
    assert (stored(hanako), mail.outbox) == (before, [])


def address_elsewhere(user: Any) -> str:
    """A verified address that is not the one in the user model."""
    return f"{user.username}@verified.example"


def test_the_mail_goes_to_the_verified_address_and_to_one_account(
    hanako: Any, configure: Callable[..., None]
) -> None:
    User.objects.create_user("hanako-at-work", "hanako@verified.example", "something else 4425")
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=f"{__name__}.address_elsewhere")
    log_in(Client(), "hanako", "hunter2")
    [letter] = mail.outbox
    assert letter.to == ["hanako@verified.example"]
    assert ": hanako\n" in letter.body


def test_at_most_one_mail_in_the_hours_of_the_setting(hanako: Any, configure: Callable[..., None]) -> None:
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    for _ in range(3):
        hanako.set_password("hunter2")
        hanako.save()
        assert FORCE_RESET["en"] in log_in(Client(), "hanako", "hunter2").content.decode()
        assert not User.objects.get(pk=hanako.pk).check_password("hunter2")
    assert len(mail.outbox) == 1
    other = User.objects.create_user("jiro", "jiro@mail.example", "hunter2")
    log_in(Client(), other.username, "hunter2")
    assert len(mail.outbox) == 2, "the limit is an account's"


def test_the_limit_ends(hanako: Any, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    configure(LOG_IN="notify", RESET_MAIL_HOURS=2)
    now = time.time()
    for hours, mails in ((0, 1), (1.9, 1), (2.1, 2)):
        monkeypatch.setattr(
            "django.core.cache.backends.locmem.time.time", lambda then=hours: now + then * 3600
        )
        log_in(Client(), "hanako", "hunter2")
        assert len(mail.outbox) == mails


def test_nothing_in_the_cache_names_the_account(hanako: Any, configure: Callable[..., None]) -> None:
    from django.core.cache import cache  # type: ignore[import-untyped]

    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    log_in(Client(), "hanako", "hunter2")
    [(key, value)] = list(cache._cache.items())
    assert re.fullmatch(r":1:breachdex:[0-9a-f]{64}", key)
    assert "hanako" not in f"{key}{value!r}"


def test_a_mail_that_fails_is_logged_without_the_account_and_does_not_count(
    hanako: Any, configure: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(user: Any, address: str, request: Any) -> None:
        raise OSError(f"no route for {address}")

    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True, RESET_MAIL=fail)
    assert FORCE_RESET["en"] in log_in(Client(), "hanako", "hunter2").content.decode()
    assert [record.getMessage() for record in caplog.records] == [
        (
            "the mail about an account's password could not be sent (OSError); its owner can still use the site's "
            "password-reset page"
        )
    ]
    sent: list[tuple[Any, str]] = []
    configure(
        LOG_IN="force_reset",
        VERIFIED_EMAIL=True,
        RESET_MAIL=lambda user, address, request: sent.append((user, address)),
    )
    hanako.set_password("hunter2")
    hanako.save()
    log_in(Client(), "hanako", "hunter2")
    assert sent == [(hanako, "hanako@mail.example")]
    assert caplog.text.count("hanako") == 0


def test_the_request_that_came_second_sends_no_mail(hanako: Any, configure: Callable[..., None]) -> None:
    """Two right passwords at once: the second expiry would void the link in the first one's mail."""
    from breachdex.django.login import expire

    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    slow = User.objects.get(pk=hanako.pk)
    log_in(Client(), "hanako", "hunter2")
    expired = stored(hanako)
    assert expire(slow) is False
    assert stored(hanako) == expired


def test_no_later_backend_lets_the_user_in(hanako: Any, configure: Callable[..., None]) -> None:
    configure(LOG_IN="reject")
    backends = ["breachdex.django.backends.ExposedPasswordBackend", *STOCK]
    with override_settings(AUTHENTICATION_BACKENDS=backends):
        browser = Client()
        log_in(browser, "hanako", "hunter2")
        assert who(browser) == "nobody"


def page(answer: Any) -> str:
    """A page without what differs from request to request anyway."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())


@pytest.mark.parametrize("action", ["warn", "notify", "force_reset", "reject"])
@pytest.mark.parametrize(
    ("name", "password"), [("hanako", "wrong"), ("hanako", "password"), ("nobody", "hunter2")]
)
def test_a_wrong_password_and_an_unknown_user_look_as_without_breachdex(
    hanako: Any, browser: Any, configure: Callable[..., None], action: str, name: str, password: str
) -> None:
    with (
        CaptureQueriesContext(
            connection,
        ) as expected_queries,
        override_settings(AUTHENTICATION_BACKENDS=STOCK),
    ):
        expected = log_in(browser, name, password, "/plain/")
    configure(LOG_IN=action, VERIFIED_EMAIL=True)
    with CaptureQueriesContext(connection) as queries:
        answer = log_in(browser, name, password)
    assert (answer.status_code, page(answer)) == (expected.status_code, page(expected))
    assert answer.headers.items() >= {"Vary": expected.headers["Vary"]}.items()
    assert [query["sql"] for query in queries] == [query["sql"] for query in expected_queries]
    assert mail.outbox == []


def test_an_inactive_user_looks_as_without_breachdex(hanako: Any, configure: Callable[..., None]) -> None:
    User.objects.filter(pk=hanako.pk).update(is_active=False)
    with override_settings(AUTHENTICATION_BACKENDS=STOCK):
        expected = log_in(Client(), "hanako", "hunter2", "/plain/")
    configure(LOG_IN="force_reset", VERIFIED_EMAIL=True)
    assert page(log_in(Client(), "hanako", "hunter2")) == page(expected)
    assert mail.outbox == []


def test_a_right_password_costs_no_query(taro: Any) -> None:
    with CaptureQueriesContext(connection) as expected, override_settings(AUTHENTICATION_BACKENDS=STOCK):
        log_in(Client(), "taro", "a long walk in kyoto 8264", "/plain/")
    with CaptureQueriesContext(connection) as queries:
        log_in(Client(), "taro", "a long walk in kyoto 8264")
    assert len(queries) == len(expected)
