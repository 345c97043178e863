"""What Django says about a password, in the language of the request."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError  # type: ignore[import-untyped]
from django.utils.functional import lazy  # type: ignore[import-untyped]
from django.utils.translation import get_language, gettext_lazy, ngettext  # type: ignore[import-untyped]

from breachdex._breachdex import Exposure, Reason, grouped_number
from breachdex._words import exposed_code
from breachdex.django.texts import COUNTED, ENGLISH


def text(code: str) -> Any:
    """The words of a code, translated when they are shown."""
    return gettext_lazy(ENGLISH[code])


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
