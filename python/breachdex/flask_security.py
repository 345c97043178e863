"""Flask-Security: refuse exposed passwords where they are chosen, and act on them at log-in.

>>> from breachdex.flask_security import ExposedLoginForm, ExposedPasswordUtil
>>> Security(app, datastore, password_util_cls=ExposedPasswordUtil, login_form=ExposedLoginForm)

Nothing here speaks to the network. Settings are those of ``app.config``; see the page about Flask-Security.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import flask
from blinker import Namespace
from flask import current_app, flash, request
from flask_login import current_user  # type: ignore[import-untyped]
from flask_security import (
    LoginForm,
    PasswordUtil,
    UnifiedSigninForm,
    hash_password,
    password_complexity_validator,
    password_length_validator,
    url_for_security,
)
from flask_security.proxies import _datastore, _security
from flask_security.recoverable import send_reset_password_instructions
from flask_security.utils import get_message, is_user_authenticated, localize_callback
from werkzeug.local import LocalProxy

from breachdex._actions import Action
from breachdex._breachdex import Verdict
from breachdex._errors import InvalidPasswordError
from breachdex._flask_radar import LONGEST_CODE, RadarLoginMixin, suspect_log_in
from breachdex._flask_settings import EXTENSION, Settings, settings
from breachdex._gate import Unavailable, logger
from breachdex._language import chosen as language
from breachdex._log_ins import FIELD_REMEDY
from breachdex._marks import Mark
from breachdex._policy import Policy
from breachdex._verdicts import REFUSING, identity, is_exposed, is_unavailable, refusing
from breachdex._words import joined, refusal, word

if TYPE_CHECKING:
    from breachdex.types import Event

__all__ = [
    "ExposedLoginForm",
    "ExposedLoginMixin",
    "ExposedPasswordUtil",
    "ExposedUnifiedSigninForm",
    "password_exposed",
    "password_judged",
    "suspect_log_in",
]

SHORT_ENOUGH: Final = 128
"""Code points that Flask-Security's own check of the length takes."""

_signals: Final = Namespace()

password_exposed: Final = _signals.signal("password-exposed")
"""Sent by the app when somebody logs in with an exposed password, with ``user``, ``event`` (``"log_in"``) and
``action``; never with the password. Count events and actions; do not write down whose they were: that list is
what an attacker would want next."""

password_judged: Final = _signals.signal("password-judged")
"""Sent by the app when a policy found something about a password that was chosen or logged in with, be it only worth a
warning, with ``event`` and ``verdict``. Who it was is not said."""


class ExposedPasswordUtil(PasswordUtil):
    """Flask-Security's password checks, with the remote look-up replaced by one in an index, or by the verdict of
    ``BREACHDEX_POLICY``.

    Pass it as ``Security(..., password_util_cls=ExposedPasswordUtil)``. The password is looked up as it was
    received, in NFC, in NFKC and in the form that will be stored.

    :raises BreachdexError: at start, if the index is missing, damaged or of a later version.
    :raises ValueError: at start, if a setting makes no sense.
    """

    def __init__(self, app: flask.Flask) -> None:
        super().__init__(app)
        app.extensions[EXTENSION] = Settings.of(app)

    def validate(self, password: str, is_register: bool, **kwargs: Any) -> tuple[list[str] | None, str]:
        """The reasons against a password, or ``None``, and the form of it to store."""
        stored = self.normalize(password)
        try:
            # The parent's own validate would ask the remote service, because it reads the same settings.
            policy = settings().policy
            if policy is None:
                against = password_length_validator(stored) or self._exposure(
                    password, stored, identity(kwargs if is_register else kwargs.get("user"))
                )
            else:
                against = self._judgement(policy, password, stored, is_register, kwargs)
                # It has a maximum of its own, and the policy another.
                against = against or password_length_validator(stored[:SHORT_ENOUGH])
            return against or password_complexity_validator(stored, is_register, **kwargs), stored
        finally:
            # Whoever prints the frames that an error went through finds nothing in those of breachdex.
            del password, stored, kwargs

    def _judgement(
        self, policy: Policy, password: str, stored: str, is_register: bool, about: dict[str, Any]
    ) -> list[str] | None:
        event = _event(is_register, about.get("user"))
        user_name, email = identity(about if is_register else about.get("user"))
        try:
            verdict = policy.check(password, user_name, email, event, stored=stored)
        except InvalidPasswordError:
            return [get_message("INVALID_PASSWORD")[0]]
        finally:
            del password, stored, about
        _announce(verdict)
        return [text for _, text in refusing(verdict, None)] or None

    def _exposure(self, password: str, stored: str, users: tuple[str | None, str | None]) -> list[str] | None:
        configured = settings()
        gate = configured.gate
        try:
            finding = gate.examine(password, stored=stored, users=users)
        except InvalidPasswordError:
            return [get_message("INVALID_PASSWORD")[0]]
        finally:
            del password, stored, users
        shows = configured.configuration.show_count
        return refusal(gate, finding, language(), show_count=shows) if finding else None


class ExposedLoginMixin(RadarLoginMixin):
    """Acts on an exposed password once a form has verified it; put it before the form among the bases.

    A wrong password and an unknown user never get here. What happens is ``BREACHDEX_LOG_IN``'s, or the policy's:

    - ``accept``: nothing but the signal.
    - ``warn`` (default): the user is let in and told.
    - ``notify``: the user is let in and the address on file is written to.
    - ``force_reset``: the user is not let in, the password becomes a random one, every session and token of the
      account ends, and reset instructions go to the address on file.
    - ``reject``: the user is not let in.
    """

    form_errors: list[str]
    user: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Wrong wiring shows at the first request, whoever it is from.
        field = settings().mark_field
        if field is not None and not hasattr(_datastore.user_model, field):
            raise RuntimeError(
                f"the user model has no column {field!r}, which BREACHDEX_MARK_FIELD names: add {FIELD_REMEDY}"
            )
        super().__init__(*args, **kwargs)

    def validate(self, **kwargs: Any) -> bool:
        """What the form says, and then what the index says about the password that it verified."""
        typed = str(self._password_field().data)  # The form will put the one that is stored there.
        try:
            passed = bool(super().validate(**kwargs))  # type: ignore[misc]
            if not self._radar_lets_in(typed, passed) or not passed:
                return False
            return self._let_in(typed) if self._password_was_verified() else True
        finally:
            del typed, kwargs

    def may_mail(self, user: Any) -> bool:
        """Whether this account may be written to now: at most once every ``BREACHDEX_MAIL_EVERY`` (a day).

        Each process counts for itself; override this to count somewhere that all of them share.
        """
        return settings().mailings.claim(str(user.email).lower())

    def _password_field(self) -> Any:
        return self.password  # type: ignore[attr-defined]

    def _password_was_verified(self) -> bool:
        return True

    def _let_in(self, typed: str) -> bool:
        chosen, mark = settings(), self._mark()
        try:
            if not chosen.log_ins.needs_look(mark, chosen.configuration.corpus):
                # Written anew all the same: who is passed over must look like everybody else.
                return self._keep(mark)
            if chosen.policy is not None:
                return self._act_on(self._verdict(chosen.policy, typed), mark)
            normalize = _security.password_util.normalize
            finding = chosen.log_in_gate.examine(typed, stored=normalize(typed), users=identity(self.user))
        finally:
            del typed
        if finding is None:
            return self._keep(chosen.log_ins.accepted(chosen.configuration.corpus, found=False))
        shows = chosen.configuration.show_count
        reasons = refusal(chosen.log_in_gate, finding, language(), show_count=shows)
        if isinstance(finding, Unavailable):
            return self._refuse(reasons)
        warning = word("log_in_warning", language())
        action, kept, left = self._in_grace(chosen.log_in, mark)
        warning = joined([warning, *left], language())
        return self._act(self._possible(action), exposed=True, warning=warning, reasons=reasons, kept=kept)

    def _verdict(self, policy: Policy, typed: str) -> Verdict:
        user_name, email = identity(self.user)
        normalize = _security.password_util.normalize
        try:
            return policy.check(typed, user_name, email, "log_in", stored=normalize(typed))
        finally:
            del typed

    def _in_grace(self, action: Action, mark: Mark) -> tuple[Action, Mark, list[str]]:
        """What is done while grace lasts, what to keep for the next log-in, and what is said of it."""
        if action not in REFUSING:
            return action, Mark(), []
        outcome = settings().log_ins.refused(mark)
        return (action if outcome.stands else "warn"), outcome.mark, outcome.sentences(language())

    def _mark(self) -> Mark:
        """What is kept of the log-ins of the account before."""
        chosen = settings()
        if not chosen.log_ins.keeps_marks:
            return Mark()
        sealed = getattr(self.user, str(chosen.mark_field))
        return chosen.marks(_app()).open(sealed, str(self.user.id), str(self.user.password))

    def _keep(self, mark: Mark) -> bool:
        """Keeps a mark, where marks are kept; the log-in is let pass."""
        chosen, user = settings(), self.user
        if chosen.log_ins.keeps_marks:
            sealed = chosen.marks(_app()).seal(mark, str(user.id), str(user.password))
            setattr(user, str(chosen.mark_field), sealed)
            _datastore.put(user)  # type: ignore[no-untyped-call]
            _datastore.commit()  # type: ignore[no-untyped-call]
        return True

    def _act_on(self, verdict: Verdict, mark: Mark) -> bool:
        if is_unavailable(verdict):
            _announce(verdict)
            return self._refuse([text for _, text in refusing(verdict, None)])
        wanted, kept, left = self._in_grace(verdict.action, mark)
        if left or wanted != verdict.action:
            verdict = verdict.in_grace()
        _announce(verdict)
        if not verdict.reasons:
            return self._keep(settings().log_ins.accepted(settings().configuration.corpus, found=False))
        reasons = [text for _, text in refusing(verdict, None)]
        action, exposed = self._possible(wanted), is_exposed(verdict)
        first = verdict.messages()[0]
        if verdict.action == "notify" and not exposed:
            action = "warn"  # The mail is about leaked passwords.
        warning = joined([word("log_in_warning", language()) if exposed else first, *left], language())
        return self._act(action, exposed=exposed, warning=warning, reasons=reasons, kept=kept)

    def _act(self, action: Action, *, exposed: bool, warning: str, reasons: list[str], kept: Mark) -> bool:
        user = self.user
        if exposed:
            password_exposed.send(_app(), user=user, event="log_in", action=action)
        if action == "reject":
            return self._refuse(reasons)
        if action == "force_reset":
            self._expire()
            return self._refuse([word("force_reset", language())])
        if action == "notify" and user.email and self.may_mail(user):
            _mail("a warning", lambda: _send_warning(user))
        elif action == "warn":
            _flash(warning)
        return self._keep(kept)

    def _possible(self, action: Action) -> Action:
        """What was asked for; without a verified address nobody could be sent a way back in."""
        configured = settings()
        if action != "force_reset":
            return action
        confirmed = not _security.confirmable or self.user.confirmed_at is not None
        reached = configured.recoverable and configured.addresses_verified and confirmed and self.user.email
        return "force_reset" if reached else "warn"

    def _refuse(self, reasons: list[str]) -> bool:
        # Flask-Security empties the fields' errors where its answers are to be generic, but whoever gets here
        # knows the password.
        errors = (
            self.form_errors
            if current_app.config["SECURITY_RETURN_GENERIC_RESPONSES"]
            else self._password_field().errors
        )
        errors.extend(reasons)
        return False

    def _expire(self) -> None:
        """Ends whatever the password opens, then sends the way back in to the address on file."""
        user = self.user
        mail = self.may_mail(user)
        user.password = hash_password(secrets.token_urlsafe(48))
        _datastore.set_uniquifier(user)
        _datastore.set_token_uniquifier(user)
        if hasattr(user, "refresh_trackers") and hasattr(_datastore, "refresh_tracker_reset"):
            _datastore.refresh_tracker_reset(user)
        _datastore.put(user)  # type: ignore[no-untyped-call]
        _datastore.commit()  # type: ignore[no-untyped-call]
        if mail:
            _mail("reset instructions", lambda: _send_instructions(user))


class ExposedLoginForm(ExposedLoginMixin, LoginForm):
    """Flask-Security's log-in form with :class:`ExposedLoginMixin`: pass it as ``login_form=``."""


class ExposedUnifiedSigninForm(ExposedLoginMixin, UnifiedSigninForm):
    """The same for unified sign-in: pass it as ``us_signin_form=``. Codes are not looked up."""

    _wrong = "INVALID_PASSWORD_CODE"

    def _attempted(self) -> str | None:
        compared = self.submit.data and self.passcode.data and hasattr(self, "user")
        return str(self.identity.data or "") if compared else None

    def _looked_up(self, typed: str) -> str | None:
        # A code, most likely: every number of six digits is in the lists.
        return None if typed.isdigit() and len(typed) <= LONGEST_CODE else typed

    def _password_field(self) -> Any:
        return self.passcode

    def _password_was_verified(self) -> bool:
        return bool(self.submit.data) and self.authn_via == "password"


def _event(is_register: bool, user: Any) -> Event:
    """When the password is chosen: whoever is logged in changes their own, and anybody else's is reset."""
    if is_register:
        return "sign_up"
    own: bool = is_user_authenticated(current_user) and current_user == user
    return "change" if own else "reset"


def _announce(verdict: Verdict) -> None:
    if verdict.reasons:
        password_judged.send(_app(), event=verdict.event, verdict=verdict)


def _app() -> flask.Flask:
    app: flask.Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def _flash(warning: str) -> None:
    if current_app.config["SECURITY_FLASH_MESSAGES"] and not _security._want_json(request):
        flash(warning, "warning")


def _mail(what: str, send: Callable[[], None]) -> None:
    """Sends one, and says that it failed without the address that mail servers put into their errors."""
    try:
        send()
    except Exception as error:  # noqa: BLE001 - whatever a mail extension raises
        logger.error("%s could not be mailed: %s", what, type(error).__name__)


def _send_instructions(user: Any) -> None:
    send_reset_password_instructions(user)  # type: ignore[no-untyped-call]


def _send_warning(user: Any) -> None:
    """The warning to the address on file, with the way to another password if the site has one."""
    lines = [word("log_in_warning", language())]
    if _security.recoverable:
        lines.append(url_for_security("forgot_password", _external=True))
    sender = current_app.config["SECURITY_EMAIL_SENDER"]
    _security.mail_util.send_mail(
        "exposed_password",
        localize_callback(current_app.config["SECURITY_EMAIL_SUBJECT_PASSWORD_RESET"]),
        user.email,
        sender._get_current_object() if isinstance(sender, LocalProxy) else sender,
        "\n\n".join(lines) + "\n",
        None,
        user=user,
    )
