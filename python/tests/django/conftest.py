"""Starts Django once, with a database in memory, and gives every test an index, an empty site and an outbox."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
os.environ["DJANGO_SETTINGS_MODULE"] = "django_site.settings"
os.environ.pop("BREACHDEX_INDEX", None)
os.environ["BREACHDEX_SKIP_STARTUP"] = "1"

import django  # type: ignore[import-untyped]
from django.test import Client  # type: ignore[import-untyped]

django.setup()
del os.environ["BREACHDEX_SKIP_STARTUP"]

from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django_fixtures import (  # type: ignore[import-not-found]
    _database,
    _empty_site,
    configure,
    damage,
    hanako,
    language,
)

__all__ = ["_database", "_empty_site", "configure", "damage", "hanako", "language"]


@pytest.fixture
def taro() -> Any:
    """A customer whose password nobody knows."""
    return User.objects.create_user("taro", "taro@mail.example", "a long walk in kyoto 8264")


@pytest.fixture
def browser(language: str) -> Any:
    """A browser in that language."""
    return Client(headers={"Accept-Language": language})
