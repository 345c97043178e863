"""In which language people are told about a password: one place for every surface.

What was asked for explicitly, else the language of the request that is being answered, else the configured one, else
English.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar

from breachdex._breachdex import language_code, negotiate, spoken_language

# As typing has it, which takes longer to import than everything here together.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

DEFAULT: Final = "en"

_announced: ContextVar[str | None] = ContextVar("breachdex.language", default=None)
"""What a middleware found in the request."""


def announce(accept_language: str | None) -> Any:
    """Says which languages the sender of this request reads; returns what :func:`forget` takes."""
    return _announced.set(negotiate(accept_language) if accept_language else None)


def forget(token: Any) -> None:
    """Ends what :func:`announce` began."""
    _announced.reset(token)


def of_request() -> str | None:
    """The language of the request that is being answered, of those that breachdex speaks; ``None`` without one.

    That is the one of an ``Accept-Language`` header that :mod:`breachdex.asgi` read, Flask-Babel's locale, the header of a
    Flask request, or Django's active language.
    """
    return _announced.get() or _of_flask() or _of_django()


def chosen(explicit: str | None = None) -> str:
    """The code of the language to speak now.

    :param explicit: what the caller wants whatever the request says; English where breachdex does not speak it.
    """
    if explicit is not None:
        return language_code(explicit)
    from breachdex._configuration import current

    return of_request() or current().lang or DEFAULT


def _of_flask() -> str | None:
    flask: Any = sys.modules.get("flask")
    if flask is None or not getattr(flask, "has_request_context", bool)():
        return None
    if "babel" in flask.current_app.extensions:
        from flask_babel import get_locale  # type: ignore[import-untyped, unused-ignore]

        # A site in a language that breachdex does not speak is not answered in the browser's.
        return spoken_language(str(get_locale() or ""))
    return negotiate(flask.request.headers.get("Accept-Language", ""))


def _of_django() -> str | None:
    conf: Any = sys.modules.get("django.conf")
    translation: Any = sys.modules.get("django.utils.translation")
    if conf is None or translation is None or not conf.settings.configured:
        return None
    return spoken_language(translation.get_language() or "")
