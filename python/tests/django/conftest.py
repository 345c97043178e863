"""Starts Django once, with a database in memory, and gives every test an index, an empty site and an outbox."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
os.environ["DJANGO_SETTINGS_MODULE"] = "django_site.settings"
os.environ.pop("BREACHDEX_INDEX", None)
os.environ["BREACHDEX_SKIP_STARTUP"] = "1"

import django  # type: ignore[import-untyped]
from django.test import Client, override_settings  # type: ignore[import-untyped]
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # type: ignore[import-untyped]

django.setup()
del os.environ["BREACHDEX_SKIP_STARTUP"]

from breachdex.django.validators import ExposedPasswordValidator
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.contrib.sessions.models import Session  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.core.cache import cache  # type: ignore[import-untyped]
from django.utils import translation  # type: ignore[import-untyped]


@pytest.fixture(scope="session", autouse=True)
def _database() -> Iterator[None]:
    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(databases, verbosity=0)


@pytest.fixture(autouse=True)
def _empty_site(exposed_index: Path) -> Iterator[None]:
    mail.outbox = []
    cache.clear()
    # A request of the test before may have left its language behind.
    translation.deactivate()
    with override_settings(BREACHDEX={"INDEX": exposed_index}):
        yield
    User.objects.all().delete()
    Session.objects.all().delete()


@pytest.fixture
def configure(exposed_index: Path) -> Iterator[Callable[..., None]]:
    """Changes keys of BREACHDEX for the rest of the test."""
    entered: list[Any] = []

    def change(**keys: Any) -> None:
        override = override_settings(BREACHDEX={"INDEX": exposed_index, **keys})
        override.enable()
        entered.append(override)

    yield change
    for override in reversed(entered):
        override.disable()


@pytest.fixture
def hanako() -> Any:
    """A customer who uses an exposed password."""
    return User.objects.create_user("hanako", "hanako@mail.example", "hunter2")


@pytest.fixture
def taro() -> Any:
    """A customer whose password nobody knows."""
    return User.objects.create_user("taro", "taro@mail.example", "a long walk in kyoto 8264")


@pytest.fixture(params=["en", "ja"])
def language(request: pytest.FixtureRequest) -> str:
    """The language that the browser asks for."""
    return str(request.param)


@pytest.fixture
def browser(language: str) -> Any:
    """A browser in that language."""
    return Client(headers={"Accept-Language": language})


@pytest.fixture
def damage(
    exposed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configure: Callable[..., None]
) -> Callable[[], None]:
    """Names a copy of the index in the setting, and, when called, changes that file in place while it is open."""
    monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)
    copy = tmp_path / "copy.bdx"
    copy.write_bytes(exposed_index.read_bytes())
    configure(INDEX=copy)
    ExposedPasswordValidator().validate("not there 1177")

    def change() -> None:
        with copy.open("ab") as file:
            file.write(b"!")

    return change
