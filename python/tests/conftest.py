"""What all tests of the package share: small indexes, and no index of the machine's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import EXPOSED, VECTORS, write_index


@pytest.fixture(autouse=True)
def _no_index_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BREACHDEX_INDEX", raising=False)


@pytest.fixture(scope="session")
def make_index() -> Callable[..., Path]:
    """Builds indexes: ``make_index(path, {password: count}, **options of build)``."""
    return write_index


@pytest.fixture(scope="session")
def exposed_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that holds ``EXPOSED``."""
    return write_index(tmp_path_factory.mktemp("index") / "exposed.bdx", EXPOSED)


@pytest.fixture(scope="session")
def vectors() -> list[dict[str, Any]]:
    """Passwords with their digests and forms; the Rust tests read the same file."""
    loaded: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="ascii"))
    return loaded
