"""HTTP to one server with a deadline for all of a question: connecting, sending and reading, however slowly an answer drips.

``http.client`` has a timeout for each read only.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl

LOOPBACK: Final = ("127.0.0.1", "::1")
RESOLVE_AGAIN: Final = 10.0
"""Seconds between two attempts to resolve the name of a server that does not answer."""


class Place:
    """Where the sidecar is."""

    def __init__(self, address: str, ssl_context: ssl.SSLContext | None) -> None:
        self.path: str | None = None
        self.ssl_context = ssl_context
        self.host, self.port = "localhost", 0
        self._addresses: tuple[str, ...] = LOOPBACK
        self._asked = 0.0
        if address.startswith("unix:"):
            self.path = address.removeprefix("unix:")
            if not self.path.startswith("/"):
                raise ValueError("the address of a sidecar over a Unix socket is unix: and an absolute path")
            self._text = address
        else:
            self._parse(address)
        if ssl_context is not None and self._scheme != "https":
            raise ValueError("ssl_context is for an https address")

    _scheme = "unix"

    def _parse(self, address: str) -> None:
        parts = urlsplit(address)
        try:
            port = parts.port
        except ValueError:
            port = None
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or not port
            or parts.path not in ("", "/")
            or "@" in parts.netloc
            or parts.query
            or parts.fragment
        ):
            raise ValueError(
                "the address of a sidecar is unix:/path, http://127.0.0.1:PORT or https://HOST:PORT"
            )
        self._scheme, self.host, self.port = parts.scheme, parts.hostname, port
        self._text = f"{parts.scheme}://{parts.netloc}"
        is_loopback = self.host == "localhost" or self.host in LOOPBACK
        if parts.scheme == "http" and not is_loopback:
            raise ValueError(
                f"{self._text} is not this machine, and http can be read on the way: use https, or a Unix socket"
            )
        if self.host != "localhost":
            self._addresses = (self.host,) if is_loopback or _is_address(self.host) else ()
        if not self._addresses:
            self._look_up()
        if parts.scheme == "https" and self.ssl_context is None:
            import ssl

            self.ssl_context = ssl.create_default_context()

    def open(self, deadline: float) -> socket.socket:
        """A connection, by then."""
        if self.path is not None:
            return _connected(socket.AF_UNIX, self.path, deadline)
        failure: OSError = OSError("its name cannot be resolved")
        for address in self._addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            try:
                connection = _connected(family, (address, self.port), deadline)
                break
            except OSError as error:
                failure = error
        else:
            raise failure
        if self.ssl_context is None:
            return connection
        try:
            return self.ssl_context.wrap_socket(connection, server_hostname=self.host)
        except BaseException:
            connection.close()
            raise

    def look_up_again(self) -> None:
        """Resolves the name anew, while nobody waits for it."""
        is_name = self._scheme == "https" and not _is_address(self.host)
        if is_name and time.monotonic() - self._asked > RESOLVE_AGAIN:
            self._asked = time.monotonic()
            threading.Thread(target=self._look_up, daemon=True).start()

    def _look_up(self) -> None:
        self._asked = time.monotonic()
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError:
            return
        self._addresses = tuple(dict.fromkeys(str(one[4][0]) for one in found))

    def __str__(self) -> str:
        return self._text


class Connection(http.client.HTTPConnection):
    """A connection whose questions end at a deadline, however slowly the answer drips."""

    deadline = 0.0

    def __init__(self, place: Place) -> None:
        super().__init__(place.host, place.port or None)
        self._place = place

    def connect(self) -> None:
        self.sock = cast("socket.socket", _Timed(self._place.open(self.deadline), self))


class _Timed:
    """What ``http.client`` needs of a socket."""

    def __init__(self, connected: socket.socket, connection: Connection) -> None:
        self._socket = connected
        self._connection = connection

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(_left(self._connection.deadline))
        self._socket.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        assert mode == "rb", "http.client reads answers"
        return io.BufferedReader(_Reader(self._socket, self._connection))

    def close(self) -> None:
        self._socket.close()


class _Reader(io.RawIOBase):
    """Reads from a socket until the deadline of its connection."""

    def __init__(self, connected: socket.socket, connection: Connection) -> None:
        self._socket = connected
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(_left(self._connection.deadline))
        return self._socket.recv_into(buffer)


def _connected(family: socket.AddressFamily, address: Any, deadline: float) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(_left(deadline))
        connection.connect(address)
        if family != socket.AF_UNIX:
            # Head and body are sent one after the other.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(_left(deadline))
    except BaseException:
        connection.close()
        raise
    return connection


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return True
    return False
