"""Indexes for the web tests, whole and damaged, and a network that is not there."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from breachdex import _gate
from leaks import EXPOSED_SENTINEL
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
    """Whatever reaches for the network fails, and so does the test, even if it swallowed the error."""
    reached: list[Any] = []

    def refuse(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX:
            reached.append(address)
            raise OSError(f"a test reached for the network: {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket.socket, "sendto", lambda self, data, *rest: refuse(self, rest[-1]))
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **named: refuse(socket.socket(), host))
    yield
    assert reached == []
