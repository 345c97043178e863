"""The pages about Django REST framework, django-ninja and Wagtail: their code runs, and answers as they say."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings  # type: ignore[import-untyped]
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.test import Client, override_settings  # type: ignore[import-untyped]
from django.urls import path  # type: ignore[import-untyped]
from rest_support import BAD, GOOD, post

SITE = Path(__file__).resolve().parents[3] / "docs" / "site"
FILE = re.compile(r'\n```python title="(?P<name>[\w./]+)"\n(?P<text>.*?\n)```\n', re.DOTALL)
ANSWER = re.compile(r"\n```json\n(.*?)\n```\n", re.DOTALL)


def files(page: str) -> dict[str, str]:
    """The files of a page by name; settings are made, not imported."""
    found: dict[str, str] = {}
    for file in FILE.finditer((SITE / page).read_text(encoding="utf-8")):
        found[file["name"]] = found.get(file["name"], "") + file["text"]
    return found


def answers(page: str) -> list[Any]:
    """What the page says is answered."""
    return [json.loads(text) for text in ANSWER.findall((SITE / page).read_text(encoding="utf-8"))]


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], Any]]:
    """Lays the files of a page into a package, and imports one of them."""

    def load(page: str, module: str) -> Any:
        package = tmp_path / "shop_of_page"
        package.mkdir()
        (package / "__init__.py").write_text("")
        for name, text in files(page).items():
            (package / name).write_text(text, encoding="utf-8")
        return importlib.import_module(f"shop_of_page.{module}")

    monkeypatch.syspath_prepend(tmp_path)
    yield load
    for name in [name for name in sys.modules if name.startswith("shop_of_page")]:
        del sys.modules[name]


@pytest.fixture
def served() -> Callable[..., Any]:
    """Serves views at paths."""

    def at(**views: Any) -> Any:
        urls = ModuleType("urls_of_page")
        urls.urlpatterns = [path(f"{name}/", view) for name, view in views.items()]  # type: ignore[attr-defined]
        return override_settings(ROOT_URLCONF=urls)

    return at


def settings_of(page: str) -> dict[str, Any]:
    """What the page puts into the settings."""
    names = {"INSTALLED_APPS": list(settings.INSTALLED_APPS)}
    exec(files(page)["settings.py"], names)  # noqa: S102
    return names


def test_rest_framework(imported: Any, served: Any, configure: Callable[..., None]) -> None:
    said = settings_of("rest-framework.md")
    assert said["AUTHENTICATION_BACKENDS"] == settings.AUTHENTICATION_BACKENDS
    assert said["AUTH_PASSWORD_VALIDATORS"] == settings.AUTH_PASSWORD_VALIDATORS
    assert said["SIMPLE_JWT"]["CHECK_REVOKE_TOKEN"] is True
    configure(
        **{key: value for key, value in said["BREACHDEX"].items() if key not in ("INDEX", "RESET_MAIL")}
    )
    views = imported("rest-framework.md", "views")
    app = Client()
    new = {"username": "ann", "email": "ann@mail.example"}
    with served(sign_up=views.SignUpView.as_view(), log_in=views.LogInView.as_view()):
        assert post(app, "/sign_up/", **new, password=BAD).status_code == 400
        assert post(app, "/sign_up/", **new, password=GOOD).status_code == 201
        assert post(app, "/log_in/", username="ann", password=GOOD).status_code == 200
        user = User.objects.get(username="ann")
        user.set_password(BAD)
        user.save()
        refused = post(app, "/log_in/", username="ann", password=BAD)
    short, log_in, _ = answers("rest-framework.md")
    assert refused.json() == log_in
    configure(POLICY={"profile": "nist", "actions": {"log_in": {"exposed": "warn"}}})
    serializers = importlib.import_module("shop_of_page.serializers")
    form = serializers.SignUp(data={**new, "username": "ben", "password": "hunter3"})
    assert not form.is_valid()
    assert json.loads(json.dumps(form.errors)) == short


def test_what_dj_rest_auth_answers(app: Any, hanako: Any, language: str) -> None:
    key = post(app, "/token/", username="hanako", password="hunter2").json()["token"]
    body = {"old_password": "hunter2", "new_password1": BAD, "new_password2": BAD}
    answer = post(app, "/rest/password/change/", f"Token {key}", **body)
    if language == "en":
        assert answer.json() == answers("rest-framework.md")[2]


def test_ninja(imported: Any, configure: Callable[..., None]) -> None:
    configure(LOG_IN="reject")
    api = imported("django-ninja.md", "api").api
    urls = ModuleType("urls_of_page")
    urls.urlpatterns = [path("api/", api.urls)]  # type: ignore[attr-defined]
    app = Client()
    with override_settings(ROOT_URLCONF=urls):
        refused = post(app, "/api/sign-up", username="ann", password=BAD)
        assert (refused.status_code, refused.json()) == (422, answers("django-ninja.md")[0])
        assert post(app, "/api/sign-up", username="ann", password=GOOD).status_code == 200
        assert post(app, "/api/log-in", username="ann", password=GOOD).status_code == 200
        user = User.objects.get(username="ann")
        user.set_password(BAD)
        user.save()
        assert post(app, "/api/log-in", username="ann", password=BAD).status_code == 401
