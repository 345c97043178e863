"""ASGI: messages in the language that the browser asks for, for Starlette, FastAPI, Litestar and the like.

>>> from breachdex.asgi import LanguageMiddleware
>>> app.add_middleware(LanguageMiddleware)

Imports no framework.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from breachdex import _language

__all__ = ["LanguageMiddleware"]

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


def accept_language(scope: Scope) -> str:
    """The header of a request, several of them joined; empty without one."""
    found = [value for name, value in scope.get("headers", ()) if name.lower() == b"accept-language"]
    return ", ".join(value.decode("latin-1") for value in found)
