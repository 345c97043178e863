"""Starlette and plain FastAPI: what a refused password is answered with.

>>> from breachdex.asgi import LanguageMiddleware
>>> from breachdex.starlette import answer_refusals
>>> app.add_middleware(LanguageMiddleware)
>>> answer_refusals(app)

An endpoint calls ``breachdex.validate``, or awaits ``breachdex.avalidate``, and lets the error go.
"""

from __future__ import annotations

from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from breachdex._configuration import current
from breachdex._errors import InvalidPasswordError, PasswordRejectedError
from breachdex._words import reasons

__all__ = ["answer_refusals", "refused"]

UNPROCESSABLE: Final = 422


def answer_refusals(app: Starlette) -> None:
    """Lets the app answer a password that is refused, or no text, with a 422 as FastAPI writes it, and opens what is configured.

    :param app: the app, before its first request; a mounted one needs its own call.
    :raises BreachdexError: for an index that is missing or damaged.
    """
    current().judge  # noqa: B018 - opens the index
    app.add_exception_handler(PasswordRejectedError, refused)
    app.add_exception_handler(InvalidPasswordError, refused)


def refused(request: Request, error: Exception) -> Response:
    """The answer: one error for each reason, in the language of the request."""
    field, said = reasons(error)
    detail = [{"type": code, "loc": ["body", field], "msg": text} for code, text in said]
    return JSONResponse({"detail": detail}, status_code=UNPROCESSABLE)
