"""fastapi-users: tells the radar of log-ins, which the user manager sees without their request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, Final

from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users.exceptions import UserNotExists

from breachdex._gate import logger
from breachdex._log_in_watch import LogInWatch
from breachdex._throttle import Throttle
from breachdex.asgi import current_scope

if TYPE_CHECKING:
    from breachdex.types import Advice

_known: Final[ContextVar[list[bool] | None]] = ContextVar("breachdex.fastapi_users.known", default=None)
"""Where it is noted whether there is the account that somebody logs in to."""

_throttle: Final = Throttle()


@contextmanager
def noting_accounts() -> Iterator[list[bool]]:
    """Notes whether the accounts that are looked for meanwhile are there."""
    known: list[bool] = []
    token = _known.set(known)
    try:
        yield known
    finally:
        _known.reset(token)


class RadarMixin:
    """What a user manager has to do with a radar."""

    breachdex_watch: ClassVar[LogInWatch | None] = None
    """Tells a radar of log-ins. Add :class:`breachdex.asgi.LogInMiddleware`, or it does not know where they come from."""

    async def get_by_email(self, user_email: str) -> Any:
        """As the other bases'; a radar is told whether there is such an account."""
        known = _known.get()
        try:
            user = await super().get_by_email(user_email)  # type: ignore[misc]
        except UserNotExists:
            if known is not None:
                known.append(False)
            raise
        if known is not None:
            known.append(True)
        return user

    async def _is_denied(
        self, credentials: OAuth2PasswordRequestForm, user: Any, known: list[bool], index: Any
    ) -> bool:
        """Tells the radar of an attempt, if there is one. Whether it denies a right password."""
        watch = self.breachdex_watch
        if watch is None:
            return False
        scope = current_scope.get()
        if scope is None and _throttle.allows():
            logger.warning(
                "the radar does not know where log-ins come from: add breachdex.asgi.LogInMiddleware to the app"
            )
        succeeded = user is not None and user.is_active
        observation = await watch.atell(
            "" if scope is None else watch.source(scope),
            credentials.username,
            succeeded=succeeded,
            exposed=watch.exposed(credentials.password, index),
            known=any(known) if known else None,
        )
        advice = observation.advice
        if scope is not None:
            scope.setdefault("state", {})["breachdex_advice"] = advice
        is_denied = succeeded and advice == "deny"
        if observation.is_suspect_log_in:
            await self.on_suspect_log_in(user, is_denied)
        if advice != "allow" and not is_denied:
            await self.on_advice(advice, user if succeeded else None)
        return is_denied

    async def on_advice(self, advice: Advice, user: Any) -> None:
        """Called when the radar advises more than ``allow`` about an attempt, before a token is written. Does nothing.

        Override it to wait, or to raise an ``HTTPException`` that asks for more than the password. Do the same whether the
        password was right (``user``) or not (``None``), or the answer tells which.
        """

    async def on_suspect_log_in(self, user: Any, is_denied: bool) -> None:
        """Called when a password was right during an attack, from a suspected source: the account may have been taken over.
        Does nothing.

        Override it to end the sessions of the account and to send a reset to the address on file. Keep no list of them.
        """
