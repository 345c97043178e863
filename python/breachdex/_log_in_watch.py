"""Tells a radar of log-in attempts: what every framework module, and a site without one, does with each.

Passwords are looked up here and not handed on. Nothing here keeps a name, an address or a password.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from breachdex._breachdex import Observation, Radar, Unavailable
from breachdex._configuration import current
from breachdex._errors import InvalidPasswordError
from breachdex._gate import Gate, logger
from breachdex._sidecar_radar import SidecarRadar, bounded
from breachdex._sources import Proxies
from breachdex._throttle import Throttle
from breachdex._verdicts import has_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from breachdex.types import Advice, RadarState

_telling = threading.Lock()


def _unlock_in_child() -> None:
    global _telling
    _telling = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_in_child)

LONGEST_PASSWORD: Final = 1024
"""Code points of a password that is looked up: longer ones are in no list, and their forms take time."""


@dataclass(frozen=True)
class Attack:
    """An attack that began, or that is over: when and why, without a name or an address."""

    since: int | None
    """When it began, in seconds since 1970: before the alarm."""
    reasons: list[dict[str, Any]] = field(default_factory=list)
    """Why, as :attr:`RadarStatus.reasons`; empty of one that is over."""


class LogInWatch:
    """Tells a radar of each log-in attempt, and you of attacks.

    >>> watch = LogInWatch(Radar())
    >>> observation = watch.observe("192.0.2.7", "kim@example.jp", "hunter2", succeeded=False)
    >>> observation.advice
    'allow'

    :param radar: a :class:`Radar` of this process, or a :class:`SidecarRadar`.
    :param trusted_proxies: whose header is believed by :meth:`source`: addresses, networks, or ``unix``.
    :param forwarded_header: the header that they write.
    :param on_attack_began: called with an :class:`Attack` at the attempt that raises the alarm.
    :param on_attack_ended: called at the first attempt after an attack is over.
    :raises ValueError: for a proxy or a header that is none.

    With several processes each calls the two functions for itself: ``since`` says which attack it is. What they raise is
    logged by its type, and the log-in goes on.
    """

    def __init__(
        self,
        radar: Radar | SidecarRadar,
        *,
        trusted_proxies: Iterable[str] = (),
        forwarded_header: str = "X-Forwarded-For",
        on_attack_began: Callable[[Attack], object] | None = None,
        on_attack_ended: Callable[[Attack], object] | None = None,
    ) -> None:
        self.radar = radar
        self._proxies = Proxies(trusted_proxies, forwarded_header)
        self._on = {"began": on_attack_began, "ended": on_attack_ended}
        self._attack: Attack | None = None
        self._gate: tuple[object, Gate | None] | None = None
        self._throttle = Throttle()

    def source(self, request: Mapping[str, Any]) -> str:
        """The address that a request comes from.

        :param request: a WSGI environment (``request.environ``) or an ASGI scope (``request.scope``).
        """
        return self._proxies.source_of(request)

    def observe(
        self,
        source: str,
        account: str,
        password: str | None,
        *,
        succeeded: bool,
        known: bool | None = None,
    ) -> Observation:
        """Tells the radar of an attempt, after its password was looked at. Never raises.

        :param source: the address, as :meth:`source` says it.
        :param account: the name that was typed; case, width and blanks at its ends are one.
        :param password: what was typed. It is looked up in the configured index, and goes nowhere.
        :param succeeded: whether the log-in succeeded.
        :param known: whether there is such an account, if you can tell.
        """
        try:
            exposed = self.exposed(password)
        finally:
            del password
        return self.tell(source, account, succeeded=succeeded, exposed=exposed, known=known)

    async def aobserve(
        self,
        source: str,
        account: str,
        password: str | None,
        *,
        succeeded: bool,
        known: bool | None = None,
    ) -> Observation:
        """:meth:`observe` without blocking the event loop."""
        try:
            exposed = self.exposed(password)
        finally:
            del password
        return await self.atell(source, account, succeeded=succeeded, exposed=exposed, known=known)

    def exposed(self, password: str | None, index: Any = None) -> bool | None:
        """Whether a password is exposed; ``None`` where that is not known, as for a range server: a log-in does not wait.

        :param index: what is asked instead of the configured index.
        """
        try:
            if not password:
                return None
            if len(password) > LONGEST_PASSWORD:
                return False
            gate = self._current_gate(index)
            return None if gate is None else as_exposed(gate.examine(password))
        except InvalidPasswordError:
            return False
        except Exception as error:  # noqa: BLE001 - a log-in does not fail because of a radar
            self._complain(error)
            return None
        finally:
            del password

    def tell(
        self, source: str, account: str, *, succeeded: bool, exposed: bool | None, known: bool | None = None
    ) -> Observation:
        """:meth:`observe` for an attempt whose password was looked up already."""
        try:
            observation = self.radar.observe(
                bounded(source), as_account(account), succeeded=succeeded, exposed=exposed, known=known
            )
        except Exception as error:  # noqa: BLE001 - as above
            self._complain(error)
            return Observation()
        self._note(observation.state)
        return observation

    async def atell(
        self, source: str, account: str, *, succeeded: bool, exposed: bool | None, known: bool | None = None
    ) -> Observation:
        """:meth:`tell` without blocking the event loop."""
        if isinstance(self.radar, Radar):
            return self.tell(source, account, succeeded=succeeded, exposed=exposed, known=known)
        observation = await self.radar.aobserve(
            bounded(source), as_account(account), succeeded=succeeded, exposed=exposed, known=known
        )
        self._note(observation.state)
        return observation

    def advise(self, source: str) -> Advice:
        """Advises on an attempt before its password is looked at, and does not count it. A sidecar is asked once more for
        that."""
        try:
            return self.radar.advise(bounded(source))
        except Exception as error:  # noqa: BLE001 - as above
            self._complain(error)
            return "allow"

    async def aadvise(self, source: str) -> Advice:
        """:meth:`advise` without blocking the event loop."""
        if isinstance(self.radar, Radar):
            return self.advise(source)
        return await self.radar.aadvise(bounded(source))

    def __repr__(self) -> str:
        return f"<breachdex.LogInWatch of {self.radar!r}>"

    def _current_gate(self, index: Any) -> Gate | None:
        configuration = current()
        asked = configuration if index is None else index
        if self._gate is None or self._gate[0] is not asked:
            corpus = configuration.corpus if index is None else index
            gate = None
            if not has_server(corpus):
                # A fault is "unknown" here, which "accept" would hide.
                gate = Gate(
                    corpus,
                    min_count=configuration.min_count or 1,
                    on_error="reject",
                    test_password=configuration.test_password,
                )
            self._gate = asked, gate
        return self._gate[1]

    def _note(self, state: RadarState) -> None:
        """Calls who is to be told, at the attempt with which an attack begins or is over."""
        if (state == "attack") == (self._attack is not None):
            return
        with _telling:
            before = self._attack
            if (state == "attack") == (before is not None):
                return
            self._attack = self._now() if state == "attack" else None
            attack = self._attack
        what, told = "began", attack
        if told is None:
            what, told = "ended", Attack(None if before is None else before.since)
        function = self._on[what]
        if function is not None:
            try:
                function(told)
            except Exception as error:  # noqa: BLE001 - of the site's, with who knows what in it
                logger.error("the function that is told of attacks failed: %s", type(error).__name__)

    def _now(self) -> Attack:
        if isinstance(self.radar, Radar):
            status = self.radar.status()
            return Attack(status.since, status.reasons)
        return Attack(self.radar.since, self.radar.reasons)

    def _complain(self, error: Exception) -> None:
        if self._throttle.allows():
            logger.error("the radar could not be told of a log-in: %s", type(error).__name__)


def as_account(typed: str) -> str:
    """The name of an account as the radar counts it, however it was typed."""
    return unicodedata.normalize("NFKC", bounded(typed).strip()).casefold()


def as_exposed(finding: object) -> bool | None:
    """What a gate found, as a radar is told."""
    return None if isinstance(finding, Unavailable) else finding is not None
