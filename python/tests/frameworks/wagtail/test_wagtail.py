"""Wagtail's admin: users that an editor makes, their own password, its reset and its log-in."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, every_log_line

BAD = "correct horse battery staple"
OTHER = "nine quiet herons by the weir"
REFUSED = {
    "en": "This password is in a list of passwords that leaked in the past",
    "ja": "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。",
}
FORCE_RESET = {"en": "your password has to be reset", "ja": "パスワードの再設定が必要です"}


@pytest.fixture(params=["en", "ja"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def browser(language: str) -> Any:
    return Client(headers={"Accept-Language": language}, raise_request_exception=False)


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def new_user(browser: Any, password: str) -> Any:
    form = {
        "username": "jiro",
        "email": "jiro@mail.example",
        "first_name": "Jiro",
        "last_name": "Sato",
        "password1": password,
        "password2": password,
    }
    return browser.post("/cms/users/new/", form)


def test_an_editor_makes_a_user(browser: Any, language: str, editor: Any) -> None:
    browser.force_login(editor)
    assert REFUSED[language] in text(new_user(browser, BAD))
    assert not User.objects.filter(username="jiro").exists()
    assert new_user(browser, OTHER).status_code == 302
    assert User.objects.get(username="jiro").check_password(OTHER)


def test_a_reset(browser: Any, language: str, editor: Any) -> None:
    browser.post("/cms/password_reset/", {"email": editor.email})
    (letter,) = mail.outbox
    path = re.search(r"/cms/password_reset/confirm/\S+", letter.body)
    assert path
    form = browser.get(path[0], follow=True).redirect_chain[-1][0]
    refused = browser.post(form, {"new_password1": BAD, "new_password2": BAD})
    assert REFUSED[language] in text(refused)
    assert browser.post(form, {"new_password1": OTHER, "new_password2": OTHER}).status_code == 302
    editor.refresh_from_db()
    assert editor.check_password(OTHER)


def test_a_change(browser: Any, language: str, editor: Any) -> None:
    browser.force_login(editor)

    def change(password: str) -> Any:
        panels = browser.get("/cms/account/").context["panels_by_tab"]
        form = {}
        for tab_panels in panels.values():
            for panel in tab_panels:
                bound = panel.get_form()
                for name, field in bound.fields.items():
                    value = bound.get_initial_for_field(field, name)
                    form[bound.add_prefix(name)] = value if isinstance(value, str) else ""
        names = {name.rpartition("-")[2]: name for name in form}
        form[names["old_password"]] = "a long walk in kyoto 8264"
        form[names["new_password1"]] = form[names["new_password2"]] = password
        return browser.post("/cms/account/", form)

    assert REFUSED[language] in text(change(BAD))
    editor.refresh_from_db()
    assert not editor.check_password(BAD)


def test_log_in(browser: Any, language: str, editor: Any) -> None:
    right = {"username": "editor", "password": "a long walk in kyoto 8264"}
    assert browser.post("/cms/login/", right).status_code == 302
    browser.logout()
    editor.set_password(BAD)
    editor.save()
    assert FORCE_RESET[language] not in text(
        browser.post("/cms/login/", {"username": "editor", "password": "x"})
    )
    refused = browser.post("/cms/login/", {"username": "editor", "password": BAD})
    assert FORCE_RESET[language] in text(refused)
    assert [letter.to for letter in mail.outbox] == [["editor@mail.example"]]
    assert browser.get("/cms/account/").status_code == 302
    path = re.search(r"/cms/password_reset/confirm/\S+", mail.outbox[0].body)
    assert path
    form = browser.get(path[0], follow=True).redirect_chain[-1][0]
    assert browser.post(form, {"new_password1": OTHER, "new_password2": OTHER}).status_code == 302
    assert browser.post("/cms/login/", {"username": "editor", "password": OTHER}).status_code == 302


def test_a_damaged_index(
    browser: Any, editor: Any, exposed_index: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)
    copy = tmp_path / "copy.bdx"
    copy.write_bytes(exposed_index.read_bytes())
    browser.force_login(editor)
    with override_settings(BREACHDEX={"INDEX": copy}):
        new_user(browser, BAD)
        with copy.open("ab") as file:
            file.write(b"!")
        assert new_user(browser, OTHER).status_code == 500
    assert not User.objects.filter(username="jiro").exists()


def test_a_missing_index(tmp_path: Any) -> None:
    from django.apps import apps

    with (
        override_settings(BREACHDEX={"INDEX": tmp_path / "gone.bdx"}),
        pytest.raises(ImproperlyConfigured, match="E001"),
    ):
        apps.get_app_config("breachdex").ready()


def test_nothing_leaks(browser: Any, editor: Any, capfd: pytest.CaptureFixture[str]) -> None:
    browser.force_login(editor)
    with every_log_line() as lines:
        answers = [new_user(browser, password) for password in (SENTINEL, EXPOSED_SENTINEL)]
        answers.append(browser.post("/cms/login/", {"username": "jiro", "password": SENTINEL}))
    out, err = capfd.readouterr()
    assert_clean("\n".join(lines), out, err, *(text(answer) for answer in answers))
