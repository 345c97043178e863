"""What Django says about a password, in the language of the request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError  # type: ignore[import-untyped]
from django.utils.functional import lazy  # type: ignore[import-untyped]
from django.utils.translation import get_language, gettext_lazy, ngettext, ngettext_lazy  # type: ignore[import-untyped]

from breachdex._breachdex import Exposure, Reason, grouped_number
from breachdex._words import exposed_code
from breachdex.django.texts import COUNTED, ENGLISH

LIMITS: Final = {"too_short": "min_length", "too_long": "max_length"}
"""What counts in messages that are filled in when they are shown."""


def text(code: str) -> Any:
    """The words of a code, translated when they are shown, with the number that is filled in then."""
    if code in LIMITS:
        return ngettext_lazy(*COUNTED[code], LIMITS[code])
    return gettext_lazy(ENGLISH[code])


def _filled(code: str, params: Mapping[str, int]) -> str:
    return str(text(code) % params)


filled = lazy(_filled, str)
"""The same with its numbers, for what shows a message as it is."""


def not_text() -> Any:
    """The error about a password that is no text, as JSON can bring one."""
    return ValidationError(text("password_not_text"), code="password_not_text")


def counted(code: str, **number: int) -> str:
    """The words of a code that depend on one number, now."""
    [value] = number.values()
    return str(ngettext(*COUNTED[code], value) % number)


def of_exposure(exposure: Exposure | Reason, *, show_count: bool) -> Any:
    """Why this password is refused. Says how often only where that is known."""
    code = exposed_code(exposure.form)
    if show_count and exposure.count is not None:
        return _seen_lazy(code, exposure.count)
    return text(code)


def _seen(code: str, count: int) -> str:
    """With the number in groups of three digits, for which the catalogues have no place."""
    words = str(ngettext(*COUNTED[code], count))
    return words.replace("%(count)d", grouped_number(count, get_language() or ""))


_seen_lazy = lazy(_seen, str)
