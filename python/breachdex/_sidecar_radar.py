"""A radar that several processes and hosts share: attempts go to ``breachdex sidecar``.

A log-in never waits longer than the timeout for it, and never fails because of it.
"""

from __future__ import annotations

import http.client
import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

from breachdex._breachdex import Observation
from breachdex._deadline_http import Connection, Place
from breachdex._gate import logger
from breachdex._throttle import Throttle

if TYPE_CHECKING:
    import ssl

    from breachdex.types import Advice, Path, RadarState

LONGEST_ANSWER: Final = 64 * 1024
LONGEST_TEXT: Final = 1024
"""Bytes of a source or an account that the sidecar takes."""
IDLE_CONNECTIONS: Final = 8
ATTEMPT: Final = "/v1/attempt"
ADVICE: Final = "/v1/advice"
ADVICES: Final = ("allow", "delay", "challenge", "deny")

_STALE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
"""What a connection says that the sidecar closed while it was idle."""


class SidecarRadar:
    """Sends log-in attempts to ``breachdex sidecar``, whose radar all processes and hosts of a site share.

    It has the :meth:`Radar.observe` and :meth:`Radar.advise` of a radar in the process. Passwords are never sent, only whether they are exposed.

    If the sidecar does not answer within the timeout, the log-in goes on as without a radar: the advice is ``allow``, and one
    line a minute is logged. For the next second (``retry_after``) it is not asked, so that a sidecar that hangs does not hold up
    every log-in. Threads may share it, and forked processes.

    :param address: ``unix:/path``, ``http://127.0.0.1:PORT``, or ``https://HOST:PORT`` elsewhere.
    :param timeout: seconds that all of one question may take.
    :param retry_after: seconds without questions after one that failed.
    :param token_file: a file with the bearer token that the sidecar asks for: the first, if it has several.
    :param ssl_context: for ``https``, certificates that are not the system's, and a client's own.
    :raises ValueError: for an argument that makes no sense, a file without a token, or http to another machine.
    :raises OSError: the token file cannot be read.
    """

    def __init__(
        self,
        address: str,
        *,
        timeout: float = 0.25,
        retry_after: float = 1.0,
        token_file: Path | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        if not 0 < timeout <= 60:
            raise ValueError(f"timeout must be seconds from above 0 to 60, not {timeout!r}")
        self._place = Place(address, ssl_context)
        self._timeout = timeout
        self._retry_after = retry_after
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token_file is not None:
            self._headers["Authorization"] = f"Bearer {_token(token_file)}"
        self._idle: list[Connection] = []
        self._process = os.getpid()
        self._resting_until = 0.0
        self._throttle = Throttle()
        self._state: RadarState = "quiet"
        self._faults = 0
        self.since: int | None = None
        """When what the radar sees began, in seconds since 1970, as it was last told; ``None`` while quiet."""
        self.reasons: list[Any] = []
        """Why, as it was last told."""

    def observe(
        self,
        source: str,
        account: str,
        *,
        succeeded: bool,
        exposed: bool | None = None,
        known: bool | None = None,
        time: float | None = None,
    ) -> Observation:
        """Tells the radar of an attempt, as :meth:`Radar.observe`.

        :param time: not sent: the sidecar goes by its own clock, one for all hosts.
        :returns: the advice ``allow`` and the last known state if the sidecar cannot be asked.
        """
        if not self._may_ask():
            return self._unasked()
        try:
            told = self._exchange(ATTEMPT, _attempt(source, account, succeeded, exposed, known))
            return self._heard(told)
        except Exception as error:  # noqa: BLE001 - a log-in does not fail because of a radar
            return self._failed(error)

    async def aobserve(
        self,
        source: str,
        account: str,
        *,
        succeeded: bool,
        exposed: bool | None = None,
        known: bool | None = None,
        time: float | None = None,
    ) -> Observation:
        """:meth:`observe` without blocking the event loop."""
        import asyncio

        if not self._may_ask():
            return self._unasked()
        body = _attempt(source, account, succeeded, exposed, known)
        try:
            # The thread may have to wait for another, which the timeout covers too.
            told = await asyncio.wait_for(asyncio.to_thread(self._exchange, ATTEMPT, body), self._timeout)
            return self._heard(told)
        except Exception as error:  # noqa: BLE001 - as above
            return self._failed(error)

    def advise(self, source: str) -> Advice:
        """Asks for advice on an attempt before its password is looked at, as :meth:`Radar.advise`. It is not counted: tell
        :meth:`observe` how it ended.

        One more question to the sidecar. Ask where it is worth that, such as before a password is hashed slowly.

        :returns: ``allow`` if the sidecar cannot be asked.
        """
        if not self._may_ask():
            return "allow"
        try:
            return self._advised(self._exchange(ADVICE, _source(source)))
        except Exception as error:  # noqa: BLE001 - as in observe
            self._complain(error)
            return "allow"

    async def aadvise(self, source: str) -> Advice:
        """:meth:`advise` without blocking the event loop."""
        import asyncio

        if not self._may_ask():
            return "allow"
        try:
            asking = asyncio.to_thread(self._exchange, ADVICE, _source(source))
            return self._advised(await asyncio.wait_for(asking, self._timeout))
        except Exception as error:  # noqa: BLE001 - as in observe
            self._complain(error)
            return "allow"

    @property
    def state(self) -> RadarState:
        """The state of the radar as it was last told."""
        return self._state

    @property
    def faults(self) -> int:
        """How many attempts this process could not tell."""
        return self._faults

    def close(self) -> None:
        """Closes idle connections; the next attempt opens another."""
        while self._idle:
            self._idle.pop().close()

    def __repr__(self) -> str:
        place = getattr(self, "_place", None)
        return f"<breachdex.SidecarRadar {place or 'without an address'}>"

    def __reduce__(self) -> Any:
        raise TypeError("a SidecarRadar cannot be pickled: make one in each process")

    def _may_ask(self) -> bool:
        return time.monotonic() >= self._resting_until

    def _unasked(self) -> Observation:
        self._faults += 1
        return Observation("allow", self._state)

    def _failed(self, error: Exception) -> Observation:
        self._complain(error)
        return self._unasked()

    def _complain(self, error: Exception) -> None:
        if not (isinstance(error, _UnexpectedError) and error.is_about_the_question):
            self._resting_until = time.monotonic() + self._retry_after
            self._place.look_up_again()
        if self._throttle.allows():
            logger.error(
                "the radar at %s could not be asked (%s); log-ins go on without it",
                self._place,
                _what_failed(error),
            )

    def _heard(self, told: Any) -> Observation:
        radar = told["radar"]
        advice, state = cast("Advice", radar["advice"]), cast("RadarState", radar["state"])
        observation = Observation(
            advice, state, radar["source"], is_suspect_log_in=bool(radar["is_suspect_log_in"])
        )
        self._state, self.since, self.reasons = state, radar["since"], list(radar["reasons"])
        return observation

    @staticmethod
    def _advised(told: Any) -> Advice:
        if told["advice"] not in ADVICES:
            raise _UnexpectedError("it gave advice that is not known")
        return cast("Advice", told["advice"])

    def _exchange(self, path: str, body: bytes) -> Any:
        deadline = time.monotonic() + self._timeout
        connection, is_used = self._take()
        try:
            return self._ask(connection, path, body, deadline)
        except _STALE:
            if not is_used:
                raise
        return self._ask(Connection(self._place), path, body, deadline)

    def _ask(self, connection: Connection, path: str, body: bytes, deadline: float) -> Any:
        try:
            connection.deadline = deadline
            # Whoever is refused by the head alone may find the connection closed before the body is sent.
            with suppress(BrokenPipeError):
                connection.request("POST", path, body, self._headers)
            answer = connection.getresponse()
            content = answer.read(LONGEST_ANSWER + 1)
            if answer.status != http.client.OK:
                is_about_the_question = 400 <= answer.status < 500
                raise _UnexpectedError(f"it answered {answer.status}", is_about_the_question)
            if len(content) > LONGEST_ANSWER:
                raise _UnexpectedError("its answer is too long")
            told = json.loads(content)
        except BaseException:
            connection.close()
            raise
        if answer.will_close or len(self._idle) >= IDLE_CONNECTIONS:
            connection.close()
        else:
            self._idle.append(connection)
        return told

    def _take(self) -> tuple[Connection, bool]:
        """A connection, and whether it was used before."""
        if self._process != os.getpid():
            # Those of the parent are still its own.
            self._process = os.getpid()
            self.close()
        try:
            return self._idle.pop(), True
        except IndexError:
            return Connection(self._place), False


class _UnexpectedError(Exception):
    """An answer that is none, in words that say nothing of the attempt."""

    def __init__(self, what: str, is_about_the_question: bool = False) -> None:
        super().__init__(what)
        # The sidecar is well then, and an attacker who makes it say so must not get a second without a radar.
        self.is_about_the_question = is_about_the_question


def _attempt(source: str, account: str, succeeded: bool, exposed: bool | None, known: bool | None) -> bytes:
    """The question about an attempt, without its password."""
    question = {
        "source": bounded(source),
        "account": bounded(account),
        "outcome": "succeeded" if succeeded else "failed",
        "exposure": {True: "exposed", False: "not_exposed", None: "unknown"}[exposed],
    }
    if known is not None:
        question["account_status"] = "known" if known else "unknown"
    return json.dumps(question, ensure_ascii=True).encode()


def _source(source: str) -> bytes:
    """The question about a source."""
    return json.dumps({"source": bounded(source)}, ensure_ascii=True).encode()


def _token(path: Path) -> str:
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    for line in lines:
        if line and line.isascii() and line.isprintable():
            return line
    raise ValueError(f"{os.fspath(path)} has no token")


def bounded(text: str) -> str:
    """A text of the sender's as a radar takes it: not endless, valid Unicode, and without NUL, which the sidecar refuses."""
    return (
        text[:LONGEST_TEXT]
        .replace("\0", "\ufffd")
        .encode("utf-8", "replace")[:LONGEST_TEXT]
        .decode("utf-8", "ignore")
    )


def _what_failed(error: Exception) -> str:
    """In words that hold nothing of the attempt."""
    if isinstance(error, TimeoutError) or type(error).__name__ == "TimeoutError":
        return "it did not answer in time"
    if isinstance(error, _UnexpectedError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
