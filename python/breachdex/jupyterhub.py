"""JupyterHub with NativeAuthenticator: refuse exposed passwords at sign-up, change and log-in.

>>> c.JupyterHub.authenticator_class = "breachdex.jupyterhub.ExposedPasswordAuthenticator"
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

import bcrypt  # type: ignore[import-not-found, unused-ignore]
from jupyterhub import orm  # type: ignore[import-not-found, unused-ignore]
from jupyterhub.utils import new_token  # type: ignore[import-not-found, unused-ignore]
from nativeauthenticator import NativeAuthenticator  # type: ignore[import-not-found, unused-ignore]

from breachdex import _asking
from breachdex._breachdex import negotiate, sentence_separator
from breachdex._configuration import current
from breachdex._errors import InvalidPasswordError, PasswordRejectedError
from breachdex._language import DEFAULT
from breachdex._words import not_text_code, word

if TYPE_CHECKING:
    from breachdex.types import Event

__all__ = ["ExposedPasswordAuthenticator"]

SERVER_NOTE: Final = "Server at "
"""What JupyterHub notes about the token of a user's server."""


class ExposedPasswordAuthenticator(NativeAuthenticator):  # type: ignore[misc, unused-ignore]
    """NativeAuthenticator that asks what is configured, as by ``breachdex.configure()`` in ``jupyterhub_config.py``.

    Sign-up and change refuse what the policy refuses, and say why. At log-in ``reject`` and ``force_reset`` let nobody in and
    replace the password by a random one, so that an administrator sets another; ``warn`` and ``notify`` let in.

    :raises BreachdexError: when the hub starts, for an index that is missing or damaged.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        current().judge  # noqa: B018 - opens the index
        super().__init__(*args, **kwargs)
        self.refusal: PasswordRejectedError | InvalidPasswordError | None = None
        """Why the last password was refused, until the page says so: nothing waits in between."""

    def create_user(self, username: str, password: str, **kwargs: Any) -> Any:
        """As the parent's, for a password that is not refused."""
        try:
            if self._refuses(password, username, kwargs.get("email") or None, "sign_up"):
                return None
            return super().create_user(username, password, **kwargs)
        finally:
            # Whoever prints the frames that an error went through finds nothing in this one.
            del password

    def change_password(self, username: str, new_password: str) -> Any:
        """As the parent's, for a password that is not refused."""
        try:
            if self._refuses(new_password, username, None, "change"):
                return None
            return super().change_password(username, new_password)
        finally:
            del new_password

    async def authenticate(self, handler: Any, data: dict[str, str]) -> Any:
        """The name of a user whose password was verified and may still be used; the page says why it may not."""
        refusal: PasswordRejectedError
        name = None
        try:
            name = await super().authenticate(handler, data)
            if name:
                await _asking.avalidate(data["password"], name, event="log_in")
            return name
        except PasswordRejectedError as error:
            refusal = error
        finally:
            del data
        if refusal.codes[0] != "index_unavailable":
            self._expire(name)
        if handler is not None:
            handler.refusal = refusal
        return None

    def get_handlers(self, app: Any) -> list[Any]:
        """The parent's, which say why a password is refused."""
        return [(path, type(kind.__name__, (_Saying, kind), {})) for path, kind in super().get_handlers(app)]

    def _refuses(self, password: str, name: str, email: str | None, event: Event) -> bool:
        self.refusal = None
        try:
            _asking.validate(password, name, email, event)
        except (PasswordRejectedError, InvalidPasswordError) as error:
            self.refusal = error.with_traceback(None)
        finally:
            del password
        return self.refusal is not None

    def _expire(self, name: Any) -> None:
        """Replaces the password, and ends the sessions and tokens of the account in the hub. Tokens that a running server of
        the user's speaks to the hub with stay: the server would have to be started anew."""
        user = self.get_user(name)
        user.password = bcrypt.hashpw(secrets.token_urlsafe(48).encode(), bcrypt.gensalt())
        account = orm.User.find(self.db, name)
        if account is not None:
            account.cookie_id = new_token()
            for token in list(account.api_tokens):
                if not (token.note or "").startswith(SERVER_NOTE):
                    self.db.delete(token)
        self.db.commit()


class _Saying:
    """Goes before a handler: puts the reason into the place of its own guess at one."""

    authenticator: Any
    refusal: PasswordRejectedError | None = None
    """Why the right password opened no session."""

    def render_template(self, name: str, *args: Any, **values: Any) -> Any:
        """As the parent's."""
        parent: Any = super()
        chosen, self.authenticator.refusal = self.authenticator.refusal, None
        if chosen is not None and values.get("alert") == "alert-danger":
            values["result_message"] = _said(chosen, self)
        if self.refusal is not None and values.get("login_error"):
            values["login_error"] = _said_at_log_in(self.refusal, self)
        return parent.render_template(name, *args, **values)


def _said_at_log_in(refusal: PasswordRejectedError, handler: Any) -> str:
    """No mail is sent here, and "choose another" would be said to somebody who is not let in."""
    if refusal.codes[0] == "index_unavailable":
        return _said(refusal, handler)
    return word("force_reset_by_administrator", _language(handler))


def _said(refusal: PasswordRejectedError | InvalidPasswordError, handler: Any) -> str:
    """The reasons, in the language that the browser asks for."""
    language = _language(handler)
    if isinstance(refusal, InvalidPasswordError):
        return word(not_text_code(refusal.field), language)
    return sentence_separator(language).join(refusal.messages(language))


def _language(handler: Any) -> str:
    asked = handler.request.headers.get("Accept-Language", "") if handler is not None else ""
    return negotiate(asked) or current().lang or DEFAULT
