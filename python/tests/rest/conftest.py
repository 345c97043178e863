"""Starts Django once for the site of end points, and gives every test an index, an empty site and no network."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
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
from django.test import Client  # type: ignore[import-untyped]

django.setup()  # type: ignore[attr-defined, unused-ignore]
del os.environ["BREACHDEX_SKIP_STARTUP"]

from django_fixtures import _database, _empty_site, configure, damage, hanako, language
from leaks import EXPOSED_SENTINEL

__all__ = ["_database", "_empty_site", "configure", "damage", "hanako", "language"]


@pytest.fixture(scope="session")
def exposed_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that holds ``EXPOSED`` and the planted password."""
    return write_index(tmp_path_factory.mktemp("rest") / "exposed.bdx", {**EXPOSED, EXPOSED_SENTINEL: 31})


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from refuse_network(monkeypatch)


@pytest.fixture
def app(language: str) -> Any:
    """A single-page app in that language."""
    return Client(headers={"Accept-Language": language}, raise_request_exception=False)
