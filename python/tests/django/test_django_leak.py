"""No password, digest or start of one gets into logs, reports, mails, pages, errors, pickles or warnings."""

from __future__ import annotations

import logging
import pickle
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import breachdex
import pytest
from asgiref.sync import async_to_sync
from breachdex.django.signals import password_exposed
from breachdex.django.validators import ExposedPasswordValidator
from django import VERSION  # type: ignore[import-untyped]
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.contrib.auth.password_validation import validate_password  # type: ignore[import-untyped]
from django.contrib.auth.signals import user_login_failed  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.core.exceptions import ValidationError  # type: ignore[import-untyped]
from django.test import AsyncClient, Client, RequestFactory, override_settings  # type: ignore[import-untyped]
from django.utils.log import AdminEmailHandler  # type: ignore[import-untyped]
from django.views.debug import (  # type: ignore[import-untyped]
    ExceptionReporter,
    get_default_exception_reporter_filter,
)

EXPOSED = "sentinel-Vq7-exposed"
UNKNOWN = "sentinel-Vq7-unknown"
FILTER = "breachdex.django.reports.PasswordReporterFilter"


def needles() -> list[str]:
    """What must be nowhere."""
    digests = [breachdex.digest(password).hex() for password in (EXPOSED, UNKNOWN)]
    return ["sentinel-vq7", *(digest[:8] for digest in digests)]


def leaks(text: str) -> list[str]:
    """What of it is in a text, in whatever case."""
    return [needle for needle in needles() if needle in text.lower()]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index that holds one of the two."""
    words, target = tmp_path / "words.txt", tmp_path / "copy.bdx"
    words.write_text(f"{EXPOSED}\n")
    breachdex.build(words, target, format="passwords")
    return target


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Everything that is said anywhere, while the surface is driven."""
    caplog.set_level(logging.DEBUG)
    said: list[str] = []

    def receiver(**facts: Any) -> None:
        said.append(repr({key: value for key, value in facts.items() if key != "signal"}))

    password_exposed.connect(receiver)
    user_login_failed.connect(receiver)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
    password_exposed.disconnect(receiver)
    user_login_failed.disconnect(receiver)
    said += [str(one.message) for one in caught]


def visit_everything(client: Any) -> list[str]:
    """Sign-up, log-in, change and reset with both passwords; what the pages say."""
    pages = []

    def post(path: str, **data: str) -> None:
        answer = client.post(path, data)
        pages.append(answer.content.decode() + str(answer.headers) + str(answer.cookies))

    for number, password in enumerate((EXPOSED, UNKNOWN)):
        post("/signup/", username=f"new{number}", password1=password, password2=password)
        User.objects.filter(username__startswith="new").delete()
        user = User.objects.create_user("hanako", "hanako@mail.example", password)
        post("/plain/", username="hanako", password=password)
        post("/accounts/login/", username="hanako", password=password)
        post("/accounts/login/", username="nobody", password=password)
        post("/fields/", password=password)
        client.force_login(user)
        change = {"old_password": password, "new_password1": password, "new_password2": password}
        post("/accounts/password_change/", **change)
        client.logout()
        post("/accounts/password_reset/", email=user.email)
        user.delete()
    return pages


def everything(heard: list[str], caplog: pytest.LogCaptureFixture) -> str:
    """Logs with tracebacks, mails, signals and whatever else was collected."""
    lines = []
    for record in caplog.records:
        lines.append(f"{record.getMessage()} {record.args!r}")
        if record.exc_info:
            lines += traceback.format_exception(*record.exc_info)
    for letter in mail.outbox:
        lines += [letter.subject, letter.body, *(str(part) for part in letter.alternatives)]
    return "\n".join([*heard, *lines])


@pytest.mark.parametrize("action", ["accept", "warn", "notify", "force_reset", "reject"])
def test_while_all_is_well(
    action: str, index: Path, heard: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    setting = {"INDEX": index, "LOG_IN": action, "VERIFIED_EMAIL": True, "SHOW_COUNT": True}
    with override_settings(BREACHDEX=setting):
        pages = visit_everything(Client())
    assert any("leaked in the past" in page for page in pages)
    assert leaks("\n".join(pages) + everything(heard, caplog)) == []


@pytest.fixture
def broken(index: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Damages the index while it is open."""
    monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)

    def damage() -> None:
        ExposedPasswordValidator().validate(UNKNOWN)
        with index.open("ab") as file:
            file.write(b"!")

    return damage


@pytest.fixture(params=[False, True], ids=["text", "html"])
def reports(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Reports to the admins as text; and with variables, and then with the filter that the documentation names."""
    handlers = [one for one in logging.getLogger("django").handlers if isinstance(one, AdminEmailHandler)]
    assert handlers
    html = bool(request.param)
    for handler in handlers:
        handler.include_html = html
    get_default_exception_reporter_filter.cache_clear()
    with override_settings(DEFAULT_EXCEPTION_REPORTER_FILTER=FILTER) if html else override_settings():
        yield html
    for handler in handlers:
        handler.include_html = False
    get_default_exception_reporter_filter.cache_clear()


@pytest.mark.parametrize("choice", ["accept", "reject", "raise"])
def test_while_the_index_is_damaged(
    choice: str,
    index: Path,
    broken: Callable[[], None],
    reports: bool,
    heard: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with override_settings(BREACHDEX={"INDEX": index, "ON_ERROR": choice}):
        broken()
        pages = visit_everything(Client(raise_request_exception=False))
        letters = [letter for letter in mail.outbox if letter.to == ["admin@shop.example"]]
        assert bool(letters) == (choice == "raise")
        for letter in letters:
            assert "is damaged" in letter.body
            assert bool(letter.alternatives) == reports
        assert leaks("\n".join(pages) + everything(heard, caplog)) == []


def test_without_a_thread_while_the_index_is_damaged(
    index: Path, broken: Callable[[], None], reports: bool, heard: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    User.objects.create_user("hanako", "hanako@mail.example", EXPOSED)

    async def visit() -> None:
        browser = AsyncClient(raise_request_exception=False)
        answer = await browser.post("/accounts/login/", {"username": "hanako", "password": EXPOSED})
        assert answer.status_code == 500

    with override_settings(BREACHDEX={"INDEX": index, "ON_ERROR": "raise"}):
        broken()
        async_to_sync(visit)()
    assert mail.outbox
    assert leaks(everything(heard, caplog)) == []


def test_frames_of_this_package_hide_it_without_any_filter(index: Path, broken: Callable[[], None]) -> None:
    from breachdex.django.backends import ExposedPasswordBackend

    user = User.objects.create_user("hanako", "hanako@mail.example", EXPOSED)

    async def waiting() -> object:
        return await ExposedPasswordBackend().aauthenticate(None, username="hanako", password=EXPOSED)

    surfaces: list[Callable[[], object]] = [
        lambda: ExposedPasswordValidator().validate(EXPOSED, user),
        lambda: ExposedPasswordBackend().authenticate(None, username="hanako", password=EXPOSED),
    ]
    if VERSION >= (5, 0):  # before, Django neither calls that nor hides variables of coroutines
        surfaces.append(async_to_sync(waiting))
    with override_settings(BREACHDEX={"INDEX": index, "ON_ERROR": "raise"}):
        broken()
        for surface in surfaces:
            with pytest.raises(breachdex.IndexDamagedError) as caught:
                surface()
            error = caught.value
            reporter = ExceptionReporter(None, type(error), error, error.__traceback__)
            frames = [
                frame
                for frame in reporter.get_traceback_frames()
                if Path(frame["filename"]).is_relative_to(Path(breachdex.__file__).parent)
            ]
            assert frames
            assert not [frame for frame in frames if frame["filename"].endswith("_gate.py")], (
                "others report, too"
            )
            assert leaks(str([frame["vars"] for frame in frames])) == []
            assert leaks(f"{error!r}{error}{pickle.dumps(error)!r}") == []


def test_the_filter_hides_what_django_s_own_frames_show(index: Path, broken: Callable[[], None]) -> None:
    """A view that calls ``validate_password`` itself: Django decorates its forms only."""
    request = RequestFactory().post("/", {"password": EXPOSED})
    with override_settings(BREACHDEX={"INDEX": index, "ON_ERROR": "raise"}):
        broken()
        with pytest.raises(breachdex.IndexDamagedError) as caught:
            validate_password(EXPOSED)
    pages = []
    for name in (FILTER, "django.views.debug.SafeExceptionReporterFilter"):
        with override_settings(DEFAULT_EXCEPTION_REPORTER_FILTER=name):
            get_default_exception_reporter_filter.cache_clear()
            reporter = ExceptionReporter(
                request, type(caught.value), caught.value, caught.value.__traceback__
            )
            frames = [
                frame for frame in reporter.get_traceback_frames() if "breachdex" not in frame["filename"]
            ]
            pages.append(
                str([frame["vars"] for frame in frames])
                + str(reporter.get_traceback_data()["filtered_POST_items"])
            )
    get_default_exception_reporter_filter.cache_clear()
    ours, stock = pages
    assert leaks(ours) == []
    assert leaks(stock) == ["sentinel-vq7"], "so that the filter is worth naming"


def test_validators_and_errors_keep_nothing(index: Path) -> None:
    validator = ExposedPasswordValidator(index)
    with pytest.raises(Exception, match="leaked in the past") as caught:
        validator.validate(EXPOSED)
    assert leaks(f"{caught.value!r}{vars(caught.value)!r}{validator!r}{vars(validator)!r}") == []
    assert leaks(repr(pickle.dumps(validator))) == []
    with pytest.raises(ValidationError) as invalid:
        validator.validate(f"{UNKNOWN}\ud83d")
    assert leaks(f"{invalid.value!r}{invalid.value}") == []
