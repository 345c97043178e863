"""Asking a range server instead of an index: Have I Been Pwned's, or one of your own."""

from __future__ import annotations

import time

from breachdex._breachdex import BlockingRangeClient
from breachdex._errors import RemoteError

# As typing has it, which takes longer to import than everything here together.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from breachdex._breachdex import Kind, OnError, Password

    T = TypeVar("T")

MOST = 2**32 - 1
"""What ``count`` says of a password that could not be checked and is to be refused: above every threshold."""

LOG_EVERY = 60.0
"""Seconds between two lines that say that passwords cannot be checked."""


class RangeClient:
    """Asks a range server, which learns the first five hex digits of a digest and nothing else.

    Answers are padded, redirections are not followed, and nothing but https is spoken unless the server is this
    machine. Safe to share between threads and after a fork.

    :param base_url: the server, as ``https://api.pwnedpasswords.com``.
    :param timeout: seconds that a whole answer may take.
    :param on_error: what a fault on the way means: ``accept`` (not exposed, logged once a minute), ``reject``
        (exposed, ``count`` is 2**32 - 1) or ``raise`` (:class:`RemoteError`).
    :param kind: the digests that are asked about.
    :param insecure_http: allow a connection that others can read and change.
    """

    def __init__(
        self,
        base_url: str = "https://api.pwnedpasswords.com",
        timeout: float = 10.0,
        on_error: OnError = "raise",
        *,
        kind: Kind = "sha1",
        insecure_http: bool = False,
    ) -> None:
        if on_error not in ("accept", "reject", "raise"):
            raise ValueError(f"on_error must be one of 'accept', 'reject' and 'raise', not {on_error!r}")
        self._client = BlockingRangeClient(base_url, timeout, kind, insecure_http)
        self._on_error = on_error
        self._next_line = 0.0

    def count(self, password: Password) -> int:
        """How often the password was seen; 0 when it was not."""
        return self._settle(lambda: self._client.count(password))

    def contains(self, password: Password, min_count: int = 1) -> bool:
        """Whether the password was seen at least ``min_count`` times (inclusive)."""
        if min_count < 1:
            raise ValueError("min_count must be 1 or more")
        return self.count(password) >= min_count

    def count_hash(self, digest: bytes | str) -> int:
        """How often a digest was seen: ``bytes`` are the raw digest, ``str`` is hexadecimal."""
        return self._settle(lambda: self._client.count_hash(digest))

    def range(self, prefix: str) -> str:
        """The rows under five hex digits, padding left out. There is no answer to stand in for this one, so a
        fault is always raised."""
        return self._client.range(prefix)

    async def acount(self, password: Password) -> int:
        """:meth:`count` without blocking the event loop."""
        return await _in_thread(self.count, password)

    async def acontains(self, password: Password, min_count: int = 1) -> bool:
        """:meth:`contains` without blocking the event loop."""
        return await _in_thread(self.contains, password, min_count)

    async def acount_hash(self, digest: bytes | str) -> int:
        """:meth:`count_hash` without blocking the event loop."""
        return await _in_thread(self.count_hash, digest)

    async def arange(self, prefix: str) -> str:
        """:meth:`range` without blocking the event loop."""
        return await _in_thread(self.range, prefix)

    def __repr__(self) -> str:
        return f"<breachdex.RangeClient {self._client.base_url}>"

    def _settle(self, ask: Callable[[], int]) -> int:
        try:
            return ask()
        except RemoteError as error:
            if self._on_error == "raise":
                raise
            now = time.monotonic()
            if now >= self._next_line:
                self._next_line = now + LOG_EVERY
                # Not at the top: whoever only opens an index does not wait for it.
                import logging

                logging.getLogger("breachdex").error("passwords cannot be checked: %s", error)
            return 0 if self._on_error == "accept" else MOST


async def _in_thread(ask: Callable[..., T], *arguments: object) -> T:
    # Not at the top: it takes as long to import as everything else together.
    import asyncio

    return await asyncio.to_thread(ask, *arguments)
