"""Flask-AppBuilder, and so Apache Airflow and Superset: refuse exposed passwords where they are chosen and at log-in.

>>> app.config["FAB_PASSWORD_COMPLEXITY_ENABLED"] = True
>>> app.config["FAB_PASSWORD_COMPLEXITY_VALIDATOR"] = safe_password
>>> AppBuilder(app, db.session, security_manager_class=ExposedSecurityManager)
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Any, Final

from flask import current_app, flash, g, has_request_context, request, session
from flask_appbuilder.exceptions import PasswordComplexityValidationError  # type: ignore[import-not-found, unused-ignore]
from flask_login import user_logged_in  # type: ignore[import-untyped, unused-ignore]
from werkzeug.security import generate_password_hash

from breachdex import _asking
from breachdex._errors import InvalidPasswordError, PasswordRejectedError
from breachdex._language import chosen
from breachdex._verdicts import as_word
from breachdex._words import not_text, word

if TYPE_CHECKING:
    from breachdex._appbuilder_manager import ExposedSecurityManager

__all__ = ["AirflowTokensMixin", "ExposedSecurityManager", "ExposedSecurityManagerMixin", "safe_password"]

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
    except PasswordRejectedError as error:
        said = str(error)
    except InvalidPasswordError:
        said = not_text()
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

    def auth_user_db(self, username: str, password: str, *more: Any, **options: Any) -> Any:
        """The user whose password this is, if the configured policy lets them in; otherwise ``None``.

        :param more: what a manager of somebody else takes besides, such as Airflow's ``rotate_session_id``.
        """
        parent: Any = super()
        user: Any = None
        try:
            user = parent.auth_user_db(username, password, *more, **options)
            if user is None:
                return None
            verdict = _asking.validate(password, as_word(user.username), as_word(user.email), "log_in")
        except PasswordRejectedError as error:
            if error.codes[0] == "index_unavailable":
                _tell(str(error))
            else:
                self._expire(user)
                # No mail is sent here, and "choose another" would be said to somebody who is not let in.
                _tell(word("force_reset_by_administrator", chosen()))
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

    def create_login_manager(self, *app: Any) -> Any:
        """The parent's, whose sessions are stamped. Airflow's takes no app."""
        parent: Any = super()
        # Held by the manager itself, for signals keep no receiver alive.
        self._stamped = _stamp_session
        user_logged_in.connect(self._stamped)
        return parent.create_login_manager(*app)

    def create_jwt_manager(self, *app: Any) -> Any:
        """The parent's, whose tokens are stamped. Airflow's takes no app and returns nothing."""
        parent: Any = super()
        manager: Any = self
        tokens = parent.create_jwt_manager(*app) or current_app.extensions["flask-jwt-extended"]

        def claims(identity: Any) -> dict[str, str]:
            user = manager.get_user_by_id(int(identity))
            return {CLAIM: _stamp(user)} if user is not None else {}

        tokens.additional_claims_loader(claims)
        return tokens

    def reset_password(self, userid: Any, password: str) -> Any:
        """The parent's; the session of those who change their own goes on."""
        parent: Any = super()
        manager: Any = self
        try:
            was_reset = parent.reset_password(userid, password)
        finally:
            del password
        if has_request_context() and str(session.get("_user_id")) == str(userid):
            session[CLAIM] = _stamp(manager.get_user_by_id(userid))
        return was_reset

    def _expire(self, user: Any) -> None:
        manager: Any = self
        user.password = generate_password_hash(secrets.token_urlsafe(48))
        manager.update_user(user)


class AirflowTokensMixin:
    """Goes before Airflow's ``FabAuthManager``, which makes tokens of its own: they end with the password they were issued for.

    Airflow keeps users for a while (``[fab] cache_ttl``, 30 seconds unless it is set), and a token as long.
    """

    def serialize_user(self, user: Any) -> dict[str, Any]:
        """The parent's, stamped."""
        parent: Any = super()
        return {**parent.serialize_user(user), CLAIM: _stamp(user, _airflow_key())}

    def deserialize_user(self, token: dict[str, Any]) -> Any:
        """The user of a token that was issued for the present password.

        :raises ValueError: for another one; Airflow answers 401.
        """
        parent: Any = super()
        user = parent.deserialize_user(token)
        if not _is_current(token.get(CLAIM), user, _airflow_key()):
            raise ValueError("the password was changed since this token was issued")
        return user


def _airflow_key() -> str:
    # Not Flask's app: Airflow reads tokens where there is none.
    from airflow.configuration import conf  # type: ignore[import-not-found, unused-ignore]

    return str(conf.get("api", "secret_key"))


def __getattr__(name: str) -> Any:
    # Not at import: Airflow has tables of the same names as Flask-AppBuilder's own manager, and both do not fit into one
    # process.
    if name == "ExposedSecurityManager":
        from breachdex._appbuilder_manager import ExposedSecurityManager

        return ExposedSecurityManager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _stamp(user: Any, key: str | None = None) -> str:
    """What a session or a token has of the password, from which nothing can be guessed without the app's key."""
    key = str(current_app.config["SECRET_KEY"]) if key is None else key
    return hmac.new(key.encode(), f"breachdex {user.password}".encode(), "sha256").hexdigest()[:32]


def _is_current(stamp: object, user: Any, key: str | None = None) -> bool:
    return isinstance(stamp, str) and hmac.compare_digest(stamp, _stamp(user, key))


def _stamp_session(_: Any, user: Any, **__: Any) -> None:
    session[CLAIM] = _stamp(user)


def _tell(text: str) -> None:
    # Nobody reads the flashes of an API.
    if has_request_context() and not request.is_json:
        flash(text, "warning")
