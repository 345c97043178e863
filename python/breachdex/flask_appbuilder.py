"""Flask-AppBuilder, and so Apache Airflow and Superset: refuse exposed passwords where they are chosen and at log-in.

>>> app.config["FAB_PASSWORD_COMPLEXITY_ENABLED"] = True
>>> app.config["FAB_PASSWORD_COMPLEXITY_VALIDATOR"] = safe_password
>>> AppBuilder(app, db.session, security_manager_class=ExposedSecurityManager)
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import flash
from flask_appbuilder.exceptions import PasswordComplexityValidationError  # type: ignore[import-not-found, unused-ignore]
from flask_appbuilder.security.sqla.manager import SecurityManager  # type: ignore[import-not-found, unused-ignore]
from werkzeug.security import generate_password_hash

from breachdex import _asking
from breachdex._errors import InvalidPasswordError, PasswordRejectedError
from breachdex._language import chosen
from breachdex._verdicts import as_word
from breachdex._words import word

__all__ = ["ExposedSecurityManager", "ExposedSecurityManagerMixin", "safe_password"]


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
    """

    def auth_user_db(self, username: str, password: str) -> Any:
        """The user whose password this is, if the configured policy lets them in; otherwise ``None``."""
        parent: Any = super()
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
            del password
        if verdict.reasons:
            _tell(word("log_in_warning", chosen()))
        return user

    def _expire(self, user: Any) -> None:
        manager: Any = self
        user.password = generate_password_hash(secrets.token_urlsafe(48))
        manager.update_user(user)


class ExposedSecurityManager(ExposedSecurityManagerMixin, SecurityManager):  # type: ignore[misc, unused-ignore]
    """Flask-AppBuilder's own security manager with :class:`ExposedSecurityManagerMixin`."""


def _tell(text: str) -> None:
    from flask import has_request_context

    if has_request_context():
        flash(text, "warning")
