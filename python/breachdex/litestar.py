"""Litestar: messages in the language of the request, and what a refused password is answered with.

>>> from breachdex.litestar import BreachdexPlugin
>>> app = Litestar([sign_up], plugins=[BreachdexPlugin()])

A handler calls ``breachdex.validate``, or awaits ``breachdex.avalidate``, and lets the error go.
"""

from __future__ import annotations

from typing import Any, cast

from litestar import Request, Response
from litestar.config.app import AppConfig
from litestar.plugins import InitPlugin

from breachdex._configuration import current
from breachdex._errors import InvalidPasswordError, PasswordRejectedError
from breachdex._words import reasons
from breachdex.asgi import LanguageMiddleware

__all__ = ["BreachdexPlugin", "refused"]

BAD_REQUEST = 400


class BreachdexPlugin(InitPlugin):
    """For ``Litestar(plugins=[...])``: opens what is configured when the app starts.

    :raises BreachdexError: for an index that is missing or damaged.
    """

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Adds the middleware and the handlers of the errors; those of the app's own stay."""
        current().judge  # noqa: B018 - opens the index
        app_config.middleware.insert(0, cast("Any", LanguageMiddleware))
        app_config.exception_handlers.setdefault(PasswordRejectedError, refused)
        app_config.exception_handlers.setdefault(InvalidPasswordError, refused)
        return app_config


def refused(
    request: Request[Any, Any, Any], error: PasswordRejectedError | InvalidPasswordError
) -> Response[Any]:
    """The answer: as Litestar's own to an invalid request, with one entry for each reason."""
    key, said = reasons(error)
    extra = [{"message": text, "key": key, "source": "body", "code": code} for code, text in said]
    detail = f"Validation failed for {request.method} {request.url.path}"
    content = {"status_code": BAD_REQUEST, "detail": detail, "extra": extra}
    return Response(content, status_code=BAD_REQUEST)
