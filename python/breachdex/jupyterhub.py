"""JupyterHub with NativeAuthenticator: refuse exposed passwords at sign-up, change and log-in.

>>> c.JupyterHub.authenticator_class = "breachdex.jupyterhub.ExposedPasswordAuthenticator"
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import bcrypt  # type: ignore[import-not-found, unused-ignore]
from nativeauthenticator import NativeAuthenticator  # type: ignore[import-not-found, unused-ignore]
from tornado import web  # type: ignore[import-not-found, unused-ignore]

from breachdex import _asking
from breachdex._breachdex import negotiate, sentence_separator
from breachdex._configuration import current
from breachdex._errors import InvalidPasswordError, PasswordRejectedError
from breachdex._language import DEFAULT

if TYPE_CHECKING:
    from breachdex.types import Event

__all__ = ["ExposedPasswordAuthenticator"]

FORBIDDEN = 403


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
        """The name of a user whose password was verified and may still be used.

        :raises tornado.web.HTTPError: 403 with the reason, for a right password that is refused.
        """
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
        raise web.HTTPError(FORBIDDEN, _said(refusal, handler))

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
        user = self.get_user(name)
        user.password = bcrypt.hashpw(secrets.token_urlsafe(48).encode(), bcrypt.gensalt())
        self.db.commit()


class _Saying:
    """Goes before a handler: puts the reason into the place of its own guess at one."""

    authenticator: Any

    def render_template(self, name: str, *args: Any, **values: Any) -> Any:
        """As the parent's."""
        parent: Any = super()
        refusal, self.authenticator.refusal = self.authenticator.refusal, None
        if refusal is not None and values.get("alert") == "alert-danger":
            values["result_message"] = _said(refusal, self)
        return parent.render_template(name, *args, **values)


def _said(refusal: PasswordRejectedError | InvalidPasswordError, handler: Any) -> str:
    """The reasons, in the language that the browser asks for."""
    if isinstance(refusal, InvalidPasswordError):
        return str(refusal)
    asked = handler.request.headers.get("Accept-Language", "") if handler is not None else ""
    language = negotiate(asked) or current().lang or DEFAULT
    return sentence_separator(language).join(refusal.messages(language))
