"""fastapi-users: refuse exposed passwords at sign-up, change and reset, and act on them at log-in.

>>> from breachdex.fastapi_users import ExposedPasswordMixin
>>> class UserManager(ExposedPasswordMixin, UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
...     breachdex_index = "pwned.bdx"

A look-up takes about a microsecond and no thread, so the event loop is not held up.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING, Any, ClassVar, Final

from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users import models
from fastapi_users.authentication import JWTStrategy
from fastapi_users.exceptions import InvalidPasswordException
from fastapi_users.jwt import decode_jwt, generate_jwt
from fastapi_users.manager import BaseUserManager

from breachdex._actions import Action, checked_action
from breachdex._breachdex import Index, IndexSet
from breachdex._gate import Gate, Unavailable, logger, shared_index
from breachdex._mailings import DAY, Mailings
from breachdex._words import DEFAULT_LANGUAGE, joined, refusal

if TYPE_CHECKING:
    from breachdex.types import OnError

__all__ = ["ExposedPasswordMixin", "PasswordBoundJWTStrategy"]

_CLAIM: Final = "pwd"


class ExposedPasswordMixin:
    """Checks passwords in a user manager; put it first among the bases.

    Settings are attributes of the class; they are checked, and the index is opened, when the class is defined.
    """

    breachdex_index: ClassVar[Index | IndexSet | str | os.PathLike[str] | None] = None
    """An open index, the path of one, or ``None`` for the default one."""

    breachdex_min_count: ClassVar[int] = 1
    """From how many sightings on (inclusive) a password counts as exposed."""

    breachdex_on_error: ClassVar[OnError] = "raise"
    """What a fault of the index means where a password is chosen: ``accept``, ``reject`` or ``raise``."""

    breachdex_language: str = DEFAULT_LANGUAGE
    """The language of the reasons, as ``en`` or ``ja``. A property may choose one by request."""

    breachdex_log_in: ClassVar[Action] = "warn"
    """What happens at log-in: ``accept``, ``warn``, ``notify``, ``force_reset`` or ``reject``."""

    breachdex_log_in_on_error: ClassVar[OnError] = "accept"
    """What a fault of the index means at log-in."""

    breachdex_addresses_verified: ClassVar[bool] = False
    """Whether every address is known to be its account's, also where ``is_verified`` does not say so."""

    breachdex_mail_every: ClassVar[float] = DAY
    """Seconds between two mails to the same account, counted by each process."""

    _gate: ClassVar[Gate]
    _log_in_gate: ClassVar[Gate]
    _mailings: ClassVar[Mailings]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        action = checked_action(cls.breachdex_log_in, "breachdex_log_in")
        if action == "force_reset" and cls.end_sessions is ExposedPasswordMixin.end_sessions:
            raise TypeError(
                f"breachdex_log_in = 'force_reset' must end the sessions of an account: define "
                f"{cls.__name__}.end_sessions(user), which may do nothing with PasswordBoundJWTStrategy"
            )
        index = cls.breachdex_index
        if not isinstance(index, (Index, IndexSet)):
            index = shared_index(index)
        least = cls.breachdex_min_count
        cls._gate = Gate(index, min_count=least, on_error=cls.breachdex_on_error)
        cls._log_in_gate = Gate(index, min_count=least, on_error=cls.breachdex_log_in_on_error)
        cls._mailings = Mailings(cls.breachdex_mail_every)

    async def validate_password(self, password: str, user: Any) -> None:
        """What the other bases say, and then what the index says.

        :raises InvalidPasswordException: with the reason, as a string.
        """
        try:
            await super().validate_password(password, user)  # type: ignore[misc]
            finding = self._gate.examine(password)
        finally:
            # Whoever prints the frames that an error went through finds nothing in those of breachdex; on
            # register, `user` holds the password too.
            del password, user
        if finding:
            language = self.breachdex_language
            raise InvalidPasswordException(reason=joined(refusal(self._gate, finding, language), language))

    async def authenticate(self, credentials: OAuth2PasswordRequestForm) -> Any:
        """The user that the other bases let in, if the password does not keep it out; ``None`` otherwise.

        A wrong password and an unknown user are answered before anything is looked up.
        """
        user = await super().authenticate(credentials)  # type: ignore[misc]
        if user is None or not user.is_active:
            return user
        finding = self._log_in_gate.examine(credentials.password)
        if finding is None:
            return user
        if isinstance(finding, Unavailable):
            return None
        action = self._action_for(user)
        if action == "force_reset":
            user = await self._expire(user)
        await self.on_exposed_log_in(user, action)
        return user if action in ("accept", "warn", "notify") else None

    async def on_exposed_log_in(self, user: Any, action: Action) -> None:
        """Called when somebody logs in with an exposed password, after the action was taken. Does nothing.

        Override it to count actions, to write to the user on ``notify``, or to raise an ``HTTPException`` that
        says why on ``reject``. Whoever logs in may be an attacker: tell the address on file, and do not write
        down which accounts these are.
        """

    async def end_sessions(self, user: Any) -> None:
        """Ends every session of an account; must be overridden for ``force_reset``.

        With :class:`PasswordBoundJWTStrategy` they end by themselves. With a token in a database, delete those
        of ``user.id``.
        """

    def _action_for(self, user: Any) -> Action:
        """The setting; without a verified address nobody could be sent a way back in."""
        if self.breachdex_log_in == "force_reset" and not (
            self.breachdex_addresses_verified or user.is_verified
        ):
            return "warn"
        return self.breachdex_log_in

    async def _expire(self, user: Any) -> Any:
        """Ends whatever the password opens, then sends the way back in to the address on file."""
        manager: Any = self
        hashed = manager.password_helper.hash(secrets.token_urlsafe(48))
        user = await manager.user_db.update(user, {"hashed_password": hashed})
        await self.end_sessions(user)
        if self._mailings.claim(str(user.id)):
            try:
                await manager.forgot_password(user)
            except Exception as error:  # noqa: BLE001 - whatever the site's mail raises, with the address in it
                logger.error("reset instructions could not be mailed: %s", type(error).__name__)
        return user


class PasswordBoundJWTStrategy(JWTStrategy[models.UP, models.ID]):
    """fastapi-users' JWT strategy, whose tokens end when the password changes.

    An ordinary JWT stays valid until it expires, so a forced reset would leave an attacker logged in. These hold
    a fingerprint of the stored hash. Tokens without one are refused: everybody logs in once more.
    """

    async def read_token(
        self, token: str | None, user_manager: BaseUserManager[models.UP, models.ID]
    ) -> models.UP | None:
        """The user of a token, unless the password was changed since it was written."""
        user = await super().read_token(token, user_manager)
        if token is None or user is None:
            return None
        data = decode_jwt(token, self.decode_key, self.token_audience, algorithms=[self.algorithm])
        return user if hmac.compare_digest(str(data.get(_CLAIM)), _fingerprint(user)) else None

    async def write_token(self, user: models.UP) -> str:
        """A token for a user."""
        data = {"sub": str(user.id), "aud": self.token_audience, _CLAIM: _fingerprint(user)}
        return generate_jwt(data, self.encode_key, self.lifetime_seconds, algorithm=self.algorithm)


def _fingerprint(user: Any) -> str:
    """Of the salted hash that is stored, which it does not give away."""
    return hmac.new(b"breachdex session", user.hashed_password.encode(), hashlib.sha256).hexdigest()[:32]
