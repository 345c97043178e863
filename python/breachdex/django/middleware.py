"""Tells views which fields of a form hold an exposed password, and what the radar advises. Decides nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.utils.decorators import sync_and_async_middleware  # type: ignore[import-untyped]
from django.views.decorators.debug import sensitive_variables  # type: ignore[import-untyped]

from breachdex._breachdex import Exposure
from breachdex._errors import InvalidPasswordError
from breachdex.django import radar
from breachdex.django.conf import settings
from breachdex.django.gates import ask, at_log_in


@sync_and_async_middleware  # type: ignore[untyped-decorator]
def exposed_passwords_middleware(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Sets ``request.exposed_passwords``: the keys of ``request.POST`` that look like passwords, as
    ``PASSWORD_REGEX`` says, and whose value is in the index. Empty for other methods, and where passwords cannot
    be checked at the moment, which is logged.

    Goes after whatever changes upload handlers, because it reads ``request.POST``.
    """
    if iscoroutinefunction(get_response):

        async def awaiting(request: Any) -> Any:
            request.exposed_passwords = _exposed_fields(request)
            return await get_response(request)

        return awaiting

    def calling(request: Any) -> Any:
        request.exposed_passwords = _exposed_fields(request)
        return get_response(request)

    return calling


@sync_and_async_middleware  # type: ignore[untyped-decorator]
def radar_middleware(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Sets ``request.breachdex_advice``: what the radar of ``RADAR`` advises about where the request comes from, and after a
    log-in attempt about that. It is ``allow``, ``delay``, ``challenge`` or, if that was chosen, ``deny``.

    It also tells the radar of log-ins by backends without breachdex's mixin that open no session, as for a token.
    """
    if iscoroutinefunction(get_response):

        async def awaiting(request: Any) -> Any:
            radar.arrive(request)
            response = await get_response(request)
            if radar.waits():
                await sync_to_async(radar.leave)(request)
            else:
                radar.leave(request)
            return response

        return awaiting

    def calling(request: Any) -> Any:
        radar.arrive(request)
        response = get_response(request)
        radar.leave(request)
        return response

    return calling


def _exposed_fields(request: Any) -> list[str]:
    if request.method != "POST":
        return []
    looks_like_one = re.compile(settings().password_regex, re.IGNORECASE)
    return [key for key in request.POST if looks_like_one.search(key) and _is_exposed(request, key)]


@sensitive_variables()  # type: ignore[untyped-decorator]
def _is_exposed(request: Any, key: str) -> bool:
    for value in request.POST.getlist(key):
        try:
            finding = ask(at_log_in(), "accept", value)
        except InvalidPasswordError:
            continue
        if isinstance(finding, Exposure):
            return True
    return False
