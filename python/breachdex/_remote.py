"""Asking a range server instead of an index: Have I Been Pwned's, or one of your own."""

from __future__ import annotations

from breachdex._breachdex import BlockingRangeClient, examine

# As typing has it, which takes longer to import than everything here together.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from breachdex._breachdex import Exposure
    from breachdex.types import Kind, OnError, Password


class RangeClient:
    """Asks a range server, which learns the first five hex digits of a digest and nothing else.

    Answers are padded, redirections are not followed, and nothing but https is spoken unless the server is this
    machine. An answer whose end the protocol does not tell (no length, no chunks, no HTTP/2) is an error: it may have been
    cut. The proxy comes from ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``, trusted certificates from the
    system or ``SSL_CERT_FILE``. A log-in that a proxy refused is not repeated for a minute, so that no account is locked.
    Safe to share between threads and after a fork.

    :raises ValueError: for an argument, or a variable named here, that makes no sense.
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
        self._client = BlockingRangeClient(base_url, timeout, kind, insecure_http, on_error)
        self._arguments = (base_url, timeout, on_error, kind, insecure_http)

    def count(self, password: Password) -> int:
        """How often the password was seen; 0 when it was not."""
        question = Question(self._client.count, password)
        del password
        return question()  # type: ignore[no-any-return]

    def contains(self, password: Password, min_count: int = 1) -> bool:
        """Whether the password was seen at least ``min_count`` times (inclusive)."""
        question = Question(self._client.count, password)
        del password
        least = _threshold(min_count)
        return bool(question() >= least)

    def examine(
        self, password: Password, min_count: int = 1, *, stored: str | None = None
    ) -> Exposure | None:
        """How the password is exposed in any of its forms, as :meth:`Index.examine`. There is no answer to stand in for
        this one, so a fault is always raised."""
        try:
            return examine(self, password, min_count, stored=stored)
        finally:
            del password, stored

    def count_hash(self, digest: bytes | str) -> int:
        """How often a digest was seen: ``bytes`` are the raw digest, ``str`` is hexadecimal."""
        question = Question(self._client.count_hash, digest)
        del digest
        return question()  # type: ignore[no-any-return]

    def range(self, prefix: str) -> str:
        """The rows under five hex digits, padding left out. There is no answer to stand in for this one, so a
        fault is always raised."""
        question = Question(self._client.range, prefix)
        del prefix
        return question()  # type: ignore[no-any-return]

    async def acount(self, password: Password) -> int:
        """:meth:`count` without blocking the event loop."""
        question = Question(self.count, password)
        del password
        return await in_thread(question)  # type: ignore[no-any-return]

    async def acontains(self, password: Password, min_count: int = 1) -> bool:
        """:meth:`contains` without blocking the event loop."""
        question = Question(self.count, password)
        del password
        least = _threshold(min_count)
        return bool(await in_thread(question) >= least)

    async def aexamine(
        self, password: Password, min_count: int = 1, *, stored: str | None = None
    ) -> Exposure | None:
        """:meth:`examine` without blocking the event loop."""
        question = Question(examine, self, password, min_count, stored=stored)
        del password, stored
        return await in_thread(question)  # type: ignore[no-any-return]

    async def acount_hash(self, digest: bytes | str) -> int:
        """:meth:`count_hash` without blocking the event loop."""
        question = Question(self.count_hash, digest)
        del digest
        return await in_thread(question)  # type: ignore[no-any-return]

    async def arange(self, prefix: str) -> str:
        """:meth:`range` without blocking the event loop."""
        question = Question(self.range, prefix)
        del prefix
        return await in_thread(question)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        # There is none when the constructor failed, which is when somebody prints this.
        client = getattr(self, "_client", None)
        return f"<breachdex.RangeClient {client.base_url if client else 'without a server'}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RangeClient) and self._arguments == other._arguments

    def __hash__(self) -> int:
        return hash(self._arguments)

    def __reduce__(self) -> tuple[Callable[..., RangeClient], tuple[object, ...]]:
        from breachdex._pickling import range_client

        return range_client, self._arguments


class Question:
    """A question that does not show what is asked, to whoever prints the frames that an error went through."""

    __slots__ = ("_ask", "_named", "_secrets")

    def __init__(self, ask: Callable[..., Any], *secrets: object, **named: object) -> None:
        self._ask = ask
        self._secrets = secrets
        self._named = named

    def __call__(self) -> Any:
        return self._ask(*self._secrets, **self._named)


def _threshold(min_count: int) -> int:
    if not isinstance(min_count, int):
        raise TypeError(f"min_count must be an int, not {type(min_count).__name__}")
    if min_count < 1:
        raise ValueError(f"min_count must be 1 or more, not {min_count}")
    return min_count


def later(ask: Callable[..., Any], secrets: tuple[object, ...], waits: bool) -> Coroutine[Any, Any, Any]:
    """A coroutine that asks, on a thread of its own where that waits for a server."""
    return in_thread(Question(ask, *secrets)) if waits else _at_once(Question(ask, *secrets))


async def _at_once(ask: Question) -> Any:
    return ask()


async def in_thread(ask: Question) -> Any:
    # Not at the top: it takes as long to import as everything else together.
    import asyncio

    return await asyncio.to_thread(ask)
