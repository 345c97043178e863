"""Starts Django once for the site of end points, and gives every test an index, an empty site and no network."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from no_network import refuse_network
from support import EXPOSED, write_index

sys.path.insert(0, str(Path(__file__).resolve().parent))
os.environ["DJANGO_SETTINGS_MODULE"] = "rest_site.settings"
os.environ.pop("BREACHDEX_INDEX", None)
os.environ["BREACHDEX_SKIP_STARTUP"] = "1"

import django  # type: ignore[import-untyped, unused-ignore]
from django.test import Client, override_settings  # type: ignore[import-untyped]
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # type: ignore[import-untyped]

django.setup()  # type: ignore[attr-defined, unused-ignore]
del os.environ["BREACHDEX_SKIP_STARTUP"]

from breachdex.django.validators import ExposedPasswordValidator
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.core.cache import cache  # type: ignore[import-untyped]
from django.utils import translation  # type: ignore[import-untyped]
from leaks import EXPOSED_SENTINEL


@pytest.fixture(scope="session")
def exposed_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that holds ``EXPOSED`` and the planted password."""
    return write_index(tmp_path_factory.mktemp("rest") / "exposed.bdx", {**EXPOSED, EXPOSED_SENTINEL: 31})


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
    translation.deactivate()
    with override_settings(BREACHDEX={"INDEX": exposed_index}):
        yield
    User.objects.all().delete()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from refuse_network(monkeypatch)


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
    """The language that the app asks for."""
    return str(request.param)


@pytest.fixture
def app(language: str) -> Any:
    """A single-page app in that language."""
    return Client(headers={"Accept-Language": language}, raise_request_exception=False)


@pytest.fixture
def damage(
    exposed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configure: Callable[..., None]
) -> Callable[..., None]:
    """Names a copy of the index in the setting, and, when called, changes that file in place while it is open."""
    monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)
    copy = tmp_path / "copy.bdx"
    copy.write_bytes(exposed_index.read_bytes())

    def change(**keys: Any) -> None:
        configure(INDEX=copy, **keys)
        ExposedPasswordValidator().validate("not there 1177")
        with copy.open("ab") as file:
            file.write(b"!")

    return change
