"""No password in error mails, debug pages, answers and logs: serializers, schemas, JSON bodies and allauth's sign-up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from breachdex.django import checks
from django.core import mail  # type: ignore[import-untyped]
from django.test import Client, override_settings  # type: ignore[import-untyped]
from django.utils.log import AdminEmailHandler  # type: ignore[import-untyped]
from django.views.debug import get_default_exception_reporter_filter  # type: ignore[import-untyped]
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, every_log_line
from rest_support import post

OURS = "breachdex.django.reports.PasswordReporterFilter"
STOCK = "django.views.debug.SafeExceptionReporterFilter"
BROKEN = ["/broken/", "/ninja/broken"]
CHOOSING = {
    "/own/": ("username", "password"),
    "/djoser/users/": ("username", "password"),
    "/rest/registration/": ("username", "email", "password1", "password2"),
    "/ninja/django": ("username", "password"),
    "/ninja/schema": ("username", "password"),
}


@pytest.fixture(autouse=True)
def _mails_with_variables() -> Iterator[None]:
    handlers = [one for one in logging.getLogger("django").handlers if isinstance(one, AdminEmailHandler)]
    assert handlers
    for handler in handlers:
        handler.include_html = True
    yield
    for handler in handlers:
        handler.include_html = False
    get_default_exception_reporter_filter.cache_clear()


@pytest.fixture
def app() -> Any:
    """An app that gets a 500."""
    return Client(raise_request_exception=False)


def reporting_with(name: str) -> Any:
    get_default_exception_reporter_filter.cache_clear()
    return override_settings(DEFAULT_EXCEPTION_REPORTER_FILTER=name)


def body_of(path: str, password: str) -> dict[str, str]:
    values = {"username": "jiro", "email": "jiro@mail.example"}
    return {name: values.get(name, password) for name in CHOOSING[path]}


def letters() -> str:
    assert mail.outbox
    return "\n".join(str(part) for one in mail.outbox for part in (one.subject, one.body, one.alternatives))


@pytest.mark.parametrize("path", BROKEN)
def test_a_view_that_fails_with_the_password_at_hand(path: str, app: Any) -> None:
    for name, clean in ((OURS, True), (STOCK, False)):
        mail.outbox = []
        with reporting_with(name), every_log_line() as lines:
            assert post(app, path, username="jiro", password=SENTINEL).status_code == 500
        assert "broken" in letters()
        assert (SENTINEL in letters()) != clean, "so that the filter is worth naming"
        assert_clean("\n".join(lines))
        if clean:
            assert_clean(letters())


@pytest.mark.parametrize("path", BROKEN)
def test_the_page_of_debug(path: str, app: Any) -> None:
    for name, clean in ((OURS, True), (STOCK, False)):
        with reporting_with(name), override_settings(DEBUG=True):
            answer = app.post(
                path,
                {"username": "jiro", "password": SENTINEL},
                content_type="application/json",
                headers={"Accept": "text/html"},
            )
        assert answer.status_code == 500
        if "ninja" in path:  # In DEBUG it answers with a traceback as text, which has no variables.
            assert SENTINEL not in answer.content.decode()
        else:
            assert (SENTINEL in answer.content.decode()) != clean


@pytest.mark.parametrize("password", [SENTINEL, EXPOSED_SENTINEL])
@pytest.mark.parametrize("path", CHOOSING)
def test_choosing_with_a_damaged_index(
    path: str, password: str, app: Any, damage: Callable[..., None]
) -> None:
    damage(ON_ERROR="raise")
    with reporting_with(OURS), every_log_line() as lines:
        answer = post(app, path, **body_of(path, password))
    assert answer.status_code == 500
    assert_clean(letters(), answer.content.decode(), "\n".join(lines))


@pytest.mark.parametrize("path", CHOOSING)
def test_choosing(path: str, app: Any) -> None:
    with every_log_line() as lines:
        answers = [post(app, path, **body_of(path, password)) for password in (SENTINEL, EXPOSED_SENTINEL)]
    assert sorted(answer.status_code for answer in answers)[1] in (400, 422)
    assert_clean("\n".join(lines), *(answer.content.decode() for answer in answers))


def test_sign_up_of_allauth(app: Any, damage: Callable[..., None]) -> None:
    damage(ON_ERROR="raise")
    form = {"username": "jiro", "email": "jiro@mail.example", "password1": SENTINEL, "password2": SENTINEL}
    for name, clean in ((OURS, True), (STOCK, False)):
        mail.outbox = []
        with reporting_with(name):
            assert app.post("/allauth/signup/", form).status_code == 500
        assert (SENTINEL in letters()) != clean
        if clean:
            assert_clean(letters())


def test_the_check_asks_for_the_filter() -> None:
    with reporting_with(STOCK):
        (warning,) = checks.check_reports()
    assert warning.id == "breachdex.W009"
    assert OURS in warning.hint
    with reporting_with(OURS):
        assert checks.check_reports() == []
    for handler in logging.getLogger("django").handlers:
        if isinstance(handler, AdminEmailHandler):
            handler.include_html = False
    with reporting_with(STOCK):
        assert checks.check_reports() == []


def test_a_report_still_shows_the_rest(app: Any) -> None:
    with reporting_with(OURS):
        post(app, "/ninja/broken", username="jiro", password=SENTINEL)
    shown = letters()
    assert "rest_site" in shown
    assert shown.count("********************") < 60


def test_a_short_password_hides_only_what_is_that_text(app: Any) -> None:
    with reporting_with(OURS):
        post(app, "/ninja/broken", username="jiro", password="e")
    assert letters().count("********************") < 60
