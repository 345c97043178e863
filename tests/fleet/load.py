"""Clients that ask without a pause, hold every answer against the corpus, and count what fails."""

from __future__ import annotations

import gzip
import http.client
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

import corpus

TIMEOUT = 60.0


@dataclass
class Load:
    """Threads with a connection each, kept alive as long as the other side does."""

    port: int
    clients: int = 8
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._ask, args=(seed,)) for seed in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def take(self) -> Counter[str]:
        """What came since the last call."""
        with self._lock:
            taken, self.outcomes = self.outcomes, Counter()
            return taken

    def _ask(self, seed: int) -> None:
        client = Client(self.port, random.Random(seed))
        while not self._stop.is_set():
            try:
                outcome = client.ask()
            except (OSError, http.client.HTTPException, Unexpected) as error:
                outcome = "failed"
                with self._lock:
                    self.failures.append(f"{type(error).__name__}: {error}")
                client.reconnect()
            with self._lock:
                self.outcomes[outcome] += 1
        client.close()


class Unexpected(Exception):
    """An answer that is not one of either week."""


class Client:
    """One of the clients."""

    def __init__(self, port: int, dice: random.Random) -> None:
        self._port, self._dice = port, dice
        self._tags: dict[tuple[str, str], str] = {}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)

    def reconnect(self) -> None:
        """Begins anew."""
        self._connection.close()

    close = reconnect

    def ask(self) -> str:
        """Asks for a range, in one of the ways that clients have, and says of which week the answer is."""
        prefix, way = (
            self._dice.choice(corpus.PREFIXES),
            self._dice.choice(("plain", "gzip", "padded", "again")),
        )
        headers = {"gzip": {"Accept-Encoding": "gzip"}, "padded": {"Add-Padding": "true"}}.get(way, {})
        known = self._tags.get((prefix, "plain"))
        if way == "again" and known is not None:
            headers = {"If-None-Match": known}
        self._connection.request("GET", f"/range/{prefix}", headers=headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status == http.HTTPStatus.NOT_MODIFIED and "If-None-Match" in headers:
            if response.headers["etag"] != known:
                raise Unexpected(f"304 with another tag for {prefix}")
            return "not modified"
        if response.status != http.HTTPStatus.OK:
            raise Unexpected(f"{response.status} for {prefix}: {body[:80]!r}")
        if way == "gzip":
            body = gzip.decompress(body)
        if way == "padded":
            real = [row for row in body.split(b"\r\n") if not row.endswith(b":0")]
            body = b"\r\n".join(real) or corpus.EMPTY.encode()
        weeks = [week for week in corpus.WEEKS if corpus.body(prefix, week) == body]
        if not weeks:
            raise Unexpected(f"{len(body)} bytes for {prefix} that are of no week")
        if way in ("plain", "again"):
            self._tags[prefix, "plain"] = response.headers["etag"]
        return f"week {weeks[0]}" if len(weeks) == 1 else "either week"
