"""ASGI: messages in the language that the browser asks for, and where log-ins come from, for Starlette, FastAPI, Litestar and
the like.

>>> from breachdex.asgi import LanguageMiddleware
>>> app.add_middleware(LanguageMiddleware)

Imports no framework.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any, Final, TypeAlias

from breachdex import _language

__all__ = ["LanguageMiddleware", "LogInMiddleware"]

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class LanguageMiddleware:
    """Lets breachdex speak the language of each request's ``Accept-Language``, as far as it speaks it.

    :param app: the application inside.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        token = _language.announce(accept_language(scope))
        try:
            await self.app(scope, receive, send)
        finally:
            _language.forget(token)


current_scope: Final[ContextVar[Scope | None]] = ContextVar("breachdex.asgi.scope", default=None)
"""The request that is answered, for code that is not told of it."""


class LogInMiddleware:
    """Lets :mod:`breachdex.fastapi_users` know where a log-in comes from, which fastapi-users does not tell its user manager.

    After an attempt ``request.state.breachdex_advice`` is what the radar advises about it.

    :param app: the application inside.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["breachdex_advice"] = "allow"
        token = current_scope.set(scope)
        try:
            await self.app(scope, receive, send)
        finally:
            current_scope.reset(token)


def accept_language(scope: Scope) -> str:
    """The header of a request, several of them joined; empty without one."""
    found = [value for name, value in scope.get("headers", ()) if name.lower() == b"accept-language"]
    return ", ".join(value.decode("latin-1") for value in found)
