"""Indexes for the web tests, whole and damaged, and a network that is not there."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import breachdex
import pytest
from leaks import EXPOSED_SENTINEL

EXPOSED = {
    "password": 52256179,
    "hunter2": 17,
    "パスワード": 300,
    "seen-once-7531": 1,
    "correct horse battery staple": 4,
    EXPOSED_SENTINEL: 31,
}


@pytest.fixture(scope="session")
def exposed_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that holds the passwords above, as often as said there."""
    folder = tmp_path_factory.mktemp("index")
    rows = sorted(f"{breachdex.digest(word).hex().upper()}:{count}" for word, count in EXPOSED.items())
    (folder / "rows.txt").write_text("\n".join(rows))
    breachdex.build(folder / "rows.txt", folder / "exposed.bdx", format="hibp")
    return folder / "exposed.bdx"


@pytest.fixture
def damaged_index(exposed_index: Path, tmp_path: Path) -> Path:
    """A copy that opens, because its frame is whole, and whose buckets are not what their checksums say."""
    content = exposed_index.read_bytes()
    path = tmp_path / "damaged.bdx"
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        if opens(path):
            with pytest.raises(breachdex.IndexDamagedError):
                breachdex.Index.open(path).count("password")
            return path
        path.unlink()
    pytest.fail("every byte of the index is checked when it is opened")


def opens(path: Path) -> bool:
    """Whether an index opens; if not, it says so with an error of ours."""
    try:
        breachdex.Index.open(path).close()
    except breachdex.BreachdexError:
        return False
    return True


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
