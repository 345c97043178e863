"""Fixtures of the folders that start Django: a database, an empty site with an index, settings that a test changes.

A ``conftest.py`` imports them once Django is set up. It has a fixture ``exposed_index`` of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from breachdex.django.validators import ExposedPasswordValidator
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.contrib.sessions.models import Session  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.core.cache import cache  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # type: ignore[import-untyped]
from django.utils import translation  # type: ignore[import-untyped]

__all__ = ["_database", "_empty_site", "configure", "damage", "hanako", "language"]


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


@pytest.fixture(params=["en", "ja"])
def language(request: pytest.FixtureRequest) -> str:
    """The language that the browser asks for."""
    return str(request.param)


@pytest.fixture
def damage(
    exposed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configure: Callable[..., None]
) -> Callable[..., None]:
    """Names a copy of the index in the setting, and, when called, changes that file in place while it is open; keys of
    BREACHDEX that are given then are set before."""
    monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)
    copy = tmp_path / "copy.bdx"
    copy.write_bytes(exposed_index.read_bytes())
    configure(INDEX=copy)
    ExposedPasswordValidator().validate("not there 1177")

    def change(**keys: Any) -> None:
        if keys:
            configure(INDEX=copy, **keys)
            ExposedPasswordValidator().validate("not there 1177")
        with copy.open("ab") as file:
            file.write(b"!")

    return change
