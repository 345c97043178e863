"""Pyramid: messages in the language of the request, and what a refused password is answered with.

>>> config.include("breachdex.pyramid")

A view calls ``breachdex.validate`` and lets the error go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator  # type: ignore[import-untyped]
from pyramid.request import Request  # type: ignore[import-untyped]
from pyramid.response import Response  # type: ignore[import-untyped]

from breachdex import _language
from breachdex._configuration import current
from breachdex._errors import InvalidPasswordError, PasswordRejectedError
from breachdex._words import reasons

__all__ = ["includeme", "refused"]

BAD_REQUEST = 400


def includeme(config: Configurator) -> None:
    """Adds the tween and the exception view, and opens what is configured. A view of the app's own for
    ``PasswordRejectedError`` takes the place of this one.

    :raises BreachdexError: for an index that is missing or damaged.
    """
    current().judge  # noqa: B018 - opens the index
    config.add_tween("breachdex.pyramid.language_tween")
    config.add_exception_view(refused, context=PasswordRejectedError, renderer="json")
    config.add_exception_view(refused, context=InvalidPasswordError, renderer="json")


def language_tween(handler: Callable[[Request], Response], registry: Any) -> Callable[[Request], Response]:
    """Lets breachdex speak the language of each request's ``Accept-Language``, as far as it speaks it."""

    def tween(request: Request) -> Response:
        token = _language.announce(request.headers.get("Accept-Language"))
        try:
            return handler(request)
        finally:
            _language.forget(token)

    return tween


def refused(error: PasswordRejectedError | InvalidPasswordError, request: Request) -> dict[str, Any]:
    """The answer: field and errors, each with code and message."""
    request.response.status_int = BAD_REQUEST
    field, said = reasons(error)
    return {"field": field, "errors": [{"code": code, "message": text} for code, text in said]}
