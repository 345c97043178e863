"""Flask-AppBuilder, and so Apache Airflow and Superset: refuse exposed passwords where they are chosen and at log-in.

>>> app.config["FAB_PASSWORD_COMPLEXITY_ENABLED"] = True
>>> app.config["FAB_PASSWORD_COMPLEXITY_VALIDATOR"] = safe_password
>>> AppBuilder(app, db.session, security_manager_class=ExposedSecurityManager)
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any, Final

from flask import current_app, flash, g, has_request_context, request, session
from flask_appbuilder.exceptions import PasswordComplexityValidationError  # type: ignore[import-not-found, unused-ignore]
from flask_appbuilder.security.sqla.manager import SecurityManager  # type: ignore[import-not-found, unused-ignore]
from flask_login import user_logged_in  # type: ignore[import-untyped, unused-ignore]
from werkzeug.security import generate_password_hash

from breachdex import _asking
from breachdex._errors import InvalidPasswordError, PasswordRejectedError
from breachdex._language import chosen
from breachdex._verdicts import as_word
from breachdex._words import word

__all__ = ["ExposedSecurityManager", "ExposedSecurityManagerMixin", "safe_password"]

CLAIM: Final = "breachdex_password"
"""The name of the stamp, in sessions and tokens."""


def safe_password(password: str) -> None:
    """For ``FAB_PASSWORD_COMPLEXITY_VALIDATOR``: forms and the REST API of users ask it.

    Flask-AppBuilder names no user here, so a policy has no name to compare with.

    :raises PasswordComplexityValidationError: with the reasons, for a password that the configured policy refuses.
    """
    said: str
    try:
        _asking.validate(password or "", event="change", field="password")
        return
    except (PasswordRejectedError, InvalidPasswordError) as error:
        said = str(error)
    finally:
        # Whoever prints the frames that an error went through finds nothing in this one.
        del password
    raise PasswordComplexityValidationError(said)


class ExposedSecurityManagerMixin:
    """Goes before a security manager: acts on an exposed password once the manager has verified it.

    ``warn`` and ``notify`` let the user in and tell them. ``reject`` and ``force_reset`` let nobody in and replace the password by
    a random one: Flask-AppBuilder has no reset by mail, so an administrator sets another (*Reset Password*).

    Sessions and JSON Web Tokens end with the password that they were opened with: they carry a keyed hash of its hash.
    """

    def auth_user_db(self, username: str, password: str) -> Any:
        """The user whose password this is, if the configured policy lets them in; otherwise ``None``."""
        parent: Any = super()
        user: Any = None
        try:
            user = parent.auth_user_db(username, password)
            if user is None:
                return None
            verdict = _asking.validate(password, as_word(user.username), as_word(user.email), "log_in")
        except PasswordRejectedError as error:
            if error.codes[0] != "index_unavailable":
                self._expire(user)
            _tell(str(error))
            return None
        finally:
            # Whoever prints the frames that an error went through finds nothing in this one.
            del password
        if verdict.reasons:
            _tell(word("log_in_warning", chosen()))
        return user

    def load_user(self, pk: Any) -> Any:
        """The user of a session that was opened with the present password."""
        parent: Any = super()
        user = parent.load_user(pk)
        return user if user is not None and _is_current(session.get(CLAIM), user) else None

    def load_user_jwt(self, _jwt_header: Any, jwt_data: Any) -> Any:
        """The user of a token that was issued for the present password."""
        parent: Any = super()
        user = parent.load_user(jwt_data["sub"])
        if user is None or not _is_current(jwt_data.get(CLAIM), user):
            return None
        g.user = user
        return user

    def create_login_manager(self, app: Any) -> Any:
        """The parent's, whose sessions are stamped."""
        parent: Any = super()
        # Held by the manager itself, for signals keep no receiver alive.
        self._stamped = _stamp_session
        user_logged_in.connect(self._stamped)
        return parent.create_login_manager(app)

    def create_jwt_manager(self, app: Any) -> Any:
        """The parent's, whose tokens are stamped."""
        parent: Any = super()
        manager: Any = self
        tokens = parent.create_jwt_manager(app)

        def claims(identity: Any) -> dict[str, str]:
            user = manager.get_user_by_id(int(identity))
            return {CLAIM: _stamp(user)} if user is not None else {}

        tokens.additional_claims_loader(claims)
        return tokens

    def reset_password(self, userid: Any, password: str) -> None:
        """The parent's; the session of those who change their own goes on."""
        parent: Any = super()
        manager: Any = self
        try:
            parent.reset_password(userid, password)
        finally:
            del password
        if has_request_context() and str(session.get("_user_id")) == str(userid):
            session[CLAIM] = _stamp(manager.get_user_by_id(userid))

    def _expire(self, user: Any) -> None:
        manager: Any = self
        user.password = generate_password_hash(secrets.token_urlsafe(48))
        manager.update_user(user)


class ExposedSecurityManager(ExposedSecurityManagerMixin, SecurityManager):  # type: ignore[misc, unused-ignore]
    """Flask-AppBuilder's own security manager with :class:`ExposedSecurityManagerMixin`."""


def _stamp(user: Any) -> str:
    """What a session or a token has of the password, from which nothing can be guessed without the app's key."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"breachdex {user.password}".encode(), "sha256").hexdigest()[:32]


def _is_current(stamp: object, user: Any) -> bool:
    return isinstance(stamp, str) and hmac.compare_digest(stamp, _stamp(user))


def _stamp_session(_: Any, user: Any, **__: Any) -> None:
    session[CLAIM] = _stamp(user)


def _tell(text: str) -> None:
    # Nobody reads the flashes of an API.
    if has_request_context() and not request.is_json:
        flash(text, "warning")
