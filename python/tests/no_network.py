"""A network that is not there, for tests of what must never ask it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest


def refuse_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a fixture yields from: whatever reaches for the network fails, and so does the test, even if it swallowed the
    error."""
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
