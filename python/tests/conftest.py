"""What all tests of the package share: small indexes, and no index of the machine's own."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import EXPOSED, VECTORS, write_index


def pytest_collection_finish() -> None:
    """Takes what is imported out of the collections below, which are quick for it."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Gives it back, for libraries complain at the end of the process about what is left."""
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _no_garbage() -> Iterator[None]:
    """Collects what a test left behind in its own teardown.

    A file that it did not close is a warning, and so an error, of the test that opened it, not of the one during
    which Python happens to collect.
    """
    yield
    gc.collect()


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
