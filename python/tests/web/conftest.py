"""Indexes for the web tests, whole and damaged, and a network that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from breachdex import _gate
from leaks import EXPOSED_SENTINEL
from no_network import refuse_network
from support import EXPOSED, damaged, write_index


@pytest.fixture(scope="session")
def exposed_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that holds ``EXPOSED`` and the planted password."""
    return write_index(tmp_path_factory.mktemp("web") / "exposed.bdx", {**EXPOSED, EXPOSED_SENTINEL: 31})


@pytest.fixture
def damaged_index(exposed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy whose entries are damaged, which shows when it is asked, as of an index too large to be read whole
    at the start."""
    monkeypatch.setattr(_gate, "CHECKED_AT_START", -1)
    return damaged(exposed_index, tmp_path / "damaged.bdx")


@pytest.fixture
def small_damaged_index(exposed_index: Path, tmp_path: Path) -> Path:
    """The same, small enough to be read whole at the start."""
    return damaged(exposed_index, tmp_path / "small.bdx")


@pytest.fixture
def anyio_backend() -> str:
    """What asynchronous tests run in."""
    return "asyncio"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever reaches for the network fails, and so does the test."""
    yield from refuse_network(monkeypatch)
