"""FastAPI: answers to invalid requests that do not send back what was typed.

A password field of :data:`breachdex.pydantic.SafePassword` masks its own errors. But the error of a *sibling*, as
a missing name, quotes the object that both are in, and so the password.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request, WebSocket
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.responses import JSONResponse

MASK: Final = "**********"
"""What stands where a password may have been."""

__all__ = ["redact_validation_errors", "redacted"]

INVALID_REQUEST = 422

POLICY_VIOLATION = 1008
"""The code that FastAPI closes a WebSocket with whose request is invalid."""


def redact_validation_errors(app: FastAPI) -> None:
    """Lets the app answer invalid requests as before, but without what they held.

    It takes the place of FastAPI's own handlers of ``RequestValidationError`` and
    ``WebSocketRequestValidationError``. An app with a handler of its own calls :func:`redacted` there instead;
    a mounted app needs its own call.

    :param app: the app whose answers change.
    """
    app.add_exception_handler(RequestValidationError, _answer)
    app.add_exception_handler(WebSocketRequestValidationError, _close)


def redacted(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Errors of pydantic without the input, as they may be shown.

    :param errors: what ``errors()`` of a validation error says.
    :returns: the same, of each only where it is, what it is and its words.
    """
    shown = []
    for error in errors:
        kept = {name: error[name] for name in ("type", "loc", "msg") if name in error}
        if "loc" in kept:
            kept["loc"] = _without_keys(kept["loc"])
        # An exception in there is the one that a validator raised: its words are in the message already.
        context = {
            name: value
            for name, value in error.get("ctx", {}).items()
            if not isinstance(value, BaseException)
        }
        if context:
            kept["ctx"] = context
        shown.append(kept)
    return shown


def _without_keys(place: Sequence[int | str]) -> tuple[int | str, ...]:
    """Where an error is, without the key of a dict that failed itself: pydantic puts ``[key]`` behind it."""
    behind = (*place[1:], None)
    return tuple(MASK if after == "[key]" else part for part, after in zip(place, behind, strict=True))


async def _answer(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return JSONResponse({"detail": jsonable_encoder(redacted(error.errors()))}, status_code=INVALID_REQUEST)


async def _close(websocket: WebSocket, error: Exception) -> None:
    assert isinstance(error, WebSocketRequestValidationError)
    reasons = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in redacted(error.errors()))
    # A close frame has room for 123 bytes of text.
    await websocket.close(POLICY_VIOLATION, reasons.encode()[:123].decode(errors="ignore"))
