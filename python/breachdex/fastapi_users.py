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
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn

from fastapi import Request
from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users import models
from fastapi_users.authentication import JWTStrategy
from fastapi_users.exceptions import InvalidPasswordException
from fastapi_users.jwt import decode_jwt, generate_jwt
from fastapi_users.manager import BaseUserManager
from fastapi_users.schemas import BaseUserCreate

from breachdex._actions import Action, checked_action
from breachdex._breachdex import Index, IndexSet
from breachdex._configuration import Configuration, current
from breachdex._errors import InvalidPasswordError
from breachdex._gate import Gate, Unavailable, logger
from breachdex._language import chosen
from breachdex._log_ins import FIELD_REMEDY, LogIns
from breachdex._mailings import DAY, Mailings
from breachdex._marks import Mark, Marks
from breachdex._policy import Policy, opened
from breachdex._users_radar import RadarMixin, noting_accounts
from breachdex._verdicts import (
    CHOOSING,
    REFUSING,
    acts_at_log_in,
    has_server,
    identity,
    is_exposed,
    is_unavailable,
    refusing,
)
from breachdex._words import joined, not_text, refusal

if TYPE_CHECKING:
    from breachdex.types import Event, OnError

__all__ = ["ExposedPasswordMixin", "PasswordBoundJWTStrategy"]

_CLAIM: Final = "pwd"

_event: Final[ContextVar[Event]] = ContextVar("breachdex.fastapi_users.event", default="change")
"""What a password is chosen for, where nobody signs up."""


class ExposedPasswordMixin(RadarMixin):
    """Checks passwords in a user manager; put it first among the bases.

    Settings are attributes of the class; they are checked, and the index is opened, when the class is defined. What an
    attribute leaves at ``None`` is as ``breachdex.configure()`` or the environment says; when that changes, the next
    password is asked of the new one.
    """

    breachdex_policy: ClassVar[Policy | None] = None
    """What judges passwords. It says itself which index is asked, from which count on, what a fault means and what
    happens at log-in, so the attributes that say so otherwise are an error beside it. Beside a policy that is configured
    elsewhere they change its rules."""

    breachdex_index: ClassVar[Index | IndexSet | str | os.PathLike[str] | None] = None
    """An open index, the path of one, or ``None`` for the configured one with its overlays."""

    breachdex_min_count: ClassVar[int | None] = None
    """From how many sightings on (inclusive) a password counts as exposed; 1 by default."""

    breachdex_on_error: ClassVar[OnError | None] = None
    """What a fault of the index means where a password is chosen: ``accept``, ``reject`` or (by default) ``raise``."""

    breachdex_language: str | None = None
    """The language of the reasons, as ``en`` or ``ja``, whatever the request asks for. A property may choose one."""

    breachdex_log_in: ClassVar[Action | None] = None
    """What happens at log-in: ``accept``, ``warn`` (by default), ``notify``, ``force_reset`` or ``reject``."""

    breachdex_log_in_on_error: ClassVar[OnError | None] = None
    """What a fault of the index means at log-in; ``accept`` by default."""

    breachdex_addresses_verified: ClassVar[bool] = False
    """Whether every address is known to be its account's, also where ``is_verified`` does not say so."""

    breachdex_mail_every: ClassVar[float] = DAY
    """Seconds between two mails to the same account, counted by each process."""

    breachdex_mark_field: ClassVar[str | None] = None
    """The text column of the user model, with room for 56 characters, that keeps what grace of ``days`` or ``log_ins`` and
    ``recheck`` need: a sealed mark that tells nobody whose password is exposed."""

    breachdex_mark_secret: ClassVar[str | bytes | None] = None
    """The secret that seals the marks, of at least 16 bytes: as that of the tokens, and kept as well."""

    _settled: ClassVar[Settled | None] = None
    _mailings: ClassVar[Mailings]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._mailings = Mailings(cls.breachdex_mail_every)
        cls._settled = None
        cls._settle()

    @classmethod
    def _settle(cls) -> Settled:
        """What the attributes mean, as configured now."""
        configuration, settled = current(), cls._settled
        if settled is None or settled.configuration is not configuration:
            settled = cls._settled = Settled(cls, configuration)
        return settled

    async def validate_password(self, password: str, user: Any) -> None:
        """What the other bases say, and then what the index, or the policy, says.

        :raises InvalidPasswordException: with the reasons, as a string.
        """
        try:
            await super().validate_password(password, user)  # type: ignore[misc]
            reasons = await self._reasons(password, user)
        except InvalidPasswordError:
            reasons = [not_text(self.breachdex_language)]
        finally:
            # Whoever prints the frames that an error went through finds nothing in those of breachdex; on
            # register, `user` holds the password too.
            del password, user
        if reasons:
            raise InvalidPasswordException(reason=joined(reasons, chosen(self.breachdex_language)))

    async def reset_password(self, token: str, password: str, request: Request | None = None) -> Any:
        """As the other bases'; a policy is told that this is a reset."""
        before = _event.set("reset")
        try:
            return await super().reset_password(token, password, request)  # type: ignore[misc]
        finally:
            _event.reset(before)
            del token, password, request

    async def authenticate(self, credentials: OAuth2PasswordRequestForm) -> Any:
        """The user that the other bases let in, if the password does not keep it out; ``None`` otherwise.

        A wrong password and an unknown user are answered before anything is looked up.
        """
        settled = self._settle()
        with noting_accounts() as known:
            user = await super().authenticate(credentials)  # type: ignore[misc]
        if await self._is_denied(credentials, user, known, settled.index):
            return None
        if user is None or not user.is_active:
            return user
        mark = settled.mark_of(user)
        if not settled.log_ins.needs_look(mark, settled.index):
            # Written anew all the same: who is passed over must look like everybody else.
            return await self._keep(settled, user, mark)
        wanted, exposed = await self._ruling(credentials.password, user)
        if wanted is None:
            return None
        outcome = settled.log_ins.refused(mark) if wanted in REFUSING else None
        if outcome is not None and not outcome.stands:
            wanted = "warn"
            await self.on_grace(user, outcome.days, outcome.log_ins)
        action = self._possible(wanted, user)
        if action not in REFUSING:
            found = exposed or wanted != "accept"
            kept = outcome.mark if outcome else settled.log_ins.accepted(settled.index, found=found)
            user = await self._keep(settled, user, kept)
        if action == "force_reset":
            user = await self._expire(user)
        if exposed:
            await self.on_exposed_log_in(user, action)
            if action == "notify" and self._mailings.claim(str(user.id)):
                await self.send_notice(user)
        return user if action in ("accept", "warn", "notify") else None

    async def _reasons(self, password: str, user: Any) -> list[str]:
        """What is against a password that is chosen."""
        settled, language = self._settle(), self.breachdex_language
        try:
            if settled.policy is None:
                finding = settled.gate.examine(password, users=identity(user))
                shows = settled.configuration.show_count
                return refusal(settled.gate, finding, chosen(language), show_count=shows) if finding else []
            event: Event = "sign_up" if isinstance(user, BaseUserCreate) else _event.get()
            judged = settled.policy.acheck(password, *identity(user), event)
        finally:
            del password, user
        return [text for _, text in refusing(await judged, language)]

    async def _ruling(self, password: str, user: Any) -> tuple[Action | None, bool]:
        """What is to become of a log-in, and whether because the password is exposed. ``None`` where nothing could
        be asked and that refuses everybody."""
        settled = self._settle()
        try:
            if settled.policy is None:
                finding = settled.log_in_gate.examine(password, users=identity(user))
                if isinstance(finding, Unavailable):
                    return None, False
                return (settled.log_in, True) if finding else ("accept", False)
            judged = settled.policy.acheck(password, *identity(user), "log_in")
        finally:
            del password
        verdict = await judged
        return None if is_unavailable(verdict) else verdict.action, is_exposed(verdict)

    async def on_exposed_log_in(self, user: Any, action: Action) -> None:
        """Called when somebody logs in with an exposed password, after the action was taken. Does nothing.

        Override it to count actions, to write to the user on ``notify``, or to raise an ``HTTPException`` that
        says why on ``reject``. Whoever logs in may be an attacker: tell the address on file, and do not write
        down which accounts these are.
        """

    async def send_notice(self, user: Any) -> None:
        """Called on ``notify``, at most once every ``breachdex_mail_every`` (a day) for an account. Does nothing.

        Override it to write to the address on file.
        """

    async def on_grace(self, user: Any, days: int | None, log_ins: int | None) -> None:
        """Called when a log-in that would be refused is let pass, with the days and the further log-ins that are left. Does
        nothing.

        Override it to tell the user, as in the answer to this request. Do not write down which accounts these are.
        """

    async def _keep(self, settled: Settled, user: Any, mark: Mark) -> Any:
        """Keeps a mark, where marks are kept."""
        if not settled.log_ins.keeps_marks:
            return user
        field = str(self.breachdex_mark_field)
        manager: Any = self
        return await manager.user_db.update(user, {field: settled.seal(mark, user)})

    async def end_sessions(self, user: Any) -> None:
        """Ends every session of an account; must be overridden for ``force_reset``.

        With :class:`PasswordBoundJWTStrategy` they end by themselves. With a token in a database, delete those
        of ``user.id``.
        """

    def _possible(self, action: Action, user: Any) -> Action:
        """What was asked for; without a verified address nobody could be sent a way back in."""
        reached = self.breachdex_addresses_verified or user.is_verified
        return "warn" if action == "force_reset" and not reached else action

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


class Settled:
    """What the attributes of a manager mean together with a configuration.

    :raises ValueError: for attributes that make no sense.
    :raises TypeError: for a forced reset that would not end the sessions of an account.
    """

    policy: Policy | None = None
    """Judges passwords; without one they are looked up by the gates."""

    _field: str | None
    _marks: Marks

    gate: Gate
    log_in_gate: Gate
    index: Any
    """What is asked."""
    log_ins: LogIns
    """How log-ins are treated beyond their verdict."""

    def __init__(self, kind: type[ExposedPasswordMixin], configuration: Configuration) -> None:
        self.configuration = configuration
        self.log_in = checked_action(kind.breachdex_log_in or "warn", "breachdex_log_in")
        if kind.breachdex_policy is not None:
            _refuse_what_it_says(kind, kind.breachdex_policy)
            self.policy = kind.breachdex_policy
            self.index = self.policy.index
        else:
            self._ask(kind)
        self._keep_marks(kind)
        if kind.end_sessions is ExposedPasswordMixin.end_sessions:
            if self.policy is not None and acts_at_log_in(self.policy, "force_reset"):
                whose = "breachdex_policy" if kind.breachdex_policy is not None else "the configured policy"
                _demand_end_of_sessions(kind, f"{whose} says 'force_reset' at log_in, which")
            elif self.log_in == "force_reset":
                _demand_end_of_sessions(kind, "breachdex_log_in = 'force_reset'")

    def _ask(self, kind: type[ExposedPasswordMixin]) -> None:
        """Without a policy of the class's own."""
        configuration, named = self.configuration, kind.breachdex_index
        index = self.index = configuration.corpus if named is None else opened(named, ())
        rules = configuration.rules
        if rules is not None or has_server(index):
            # A server is waited for by what judges, not by a gate.
            rules = configuration.exposed_only() if rules is None else rules
            self.policy = Policy(rules.changed(_changes(kind)), index, (), configuration.pairs)
            return
        least = kind.breachdex_min_count
        least = configuration.min_count or 1 if least is None else least
        on_error = kind.breachdex_on_error or configuration.on_error_at("change")
        at_log_in = kind.breachdex_log_in_on_error or configuration.on_error_at("log_in")
        knows = configuration.test_password
        asked: Any = {"min_count": least, "test_password": knows, "pairs": configuration.pairs}
        self.gate = Gate(index, on_error=on_error, **asked)
        self.log_in_gate = Gate(index, on_error=at_log_in, **asked)

    def _keep_marks(self, kind: type[ExposedPasswordMixin]) -> None:
        grace = self.configuration.grace if self.policy is None else self.policy._rules.grace
        # A list of pairs has no date by which a second look could be spared.
        has_pairs = self.configuration.has_pairs if self.policy is None else bool(self.policy.pairs)
        self.log_ins = LogIns(grace, "always" if has_pairs else self.configuration.recheck)
        self._field = kind.breachdex_mark_field
        if self.policy is None and grace is not None and self.log_in not in REFUSING:
            raise ValueError(
                f"grace is without effect, because breachdex_log_in is {self.log_in!r}: set it to 'force_reset' or 'reject'"
            )
        if self.log_ins.keeps_marks:
            if self._field is None or kind.breachdex_mark_secret is None:
                raise ValueError(
                    "days and log-ins of each account, and what was looked at, have to be kept: name in breachdex_mark_field "
                    f"{FIELD_REMEDY}, and set breachdex_mark_secret; or give grace 'until' a day"
                )
            self._marks = Marks(kind.breachdex_mark_secret)

    def mark_of(self, user: Any) -> Mark:
        """What is kept of the log-ins of an account before."""
        if not self.log_ins.keeps_marks:
            return Mark()
        return self._marks.open(getattr(user, str(self._field)), str(user.id), user.hashed_password)

    def seal(self, mark: Mark, user: Any) -> str:
        """A mark as it is kept."""
        return self._marks.seal(mark, str(user.id), user.hashed_password)


def _changes(kind: type[ExposedPasswordMixin]) -> dict[str, object]:
    """What the attributes change in a policy that is configured elsewhere."""
    changes: dict[str, object] = {}
    faults: dict[str, OnError] = {}
    if kind.breachdex_min_count is not None:
        changes["min_count"] = kind.breachdex_min_count
    if kind.breachdex_on_error is not None:
        faults |= dict.fromkeys(CHOOSING, kind.breachdex_on_error)
    if kind.breachdex_log_in_on_error is not None:
        faults["log_in"] = kind.breachdex_log_in_on_error
    if kind.breachdex_log_in is not None:
        changes["actions"] = {"log_in": {"exposed": kind.breachdex_log_in}}
    return {**changes, "on_error": faults} if faults else changes


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


def _refuse_what_it_says(kind: type, policy: Policy) -> None:
    """Raises ``ValueError`` for attributes that a policy speaks for."""
    for name in ("index", "min_count", "on_error", "log_in", "log_in_on_error"):
        attribute = f"breachdex_{name}"
        if any(attribute in vars(base) for base in kind.__mro__ if base is not ExposedPasswordMixin):
            says = f" and says {policy.action('log_in', 'exposed')!r}" if name == "log_in" else ""
            raise ValueError(
                f"{attribute} is {getattr(kind, attribute)!r} beside breachdex_policy, which speaks for that{says}: "
                "say it in the policy"
            )


def _demand_end_of_sessions(kind: type, what: str) -> NoReturn:
    raise TypeError(
        f"{what} must end the sessions of an account: define {kind.__name__}.end_sessions(user), which may do "
        "nothing with PasswordBoundJWTStrategy"
    )


def _fingerprint(user: Any) -> str:
    """Of the salted hash that is stored, which it does not give away."""
    return hmac.new(b"breachdex session", user.hashed_password.encode(), hashlib.sha256).hexdigest()[:32]
