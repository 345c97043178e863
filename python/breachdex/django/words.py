"""What Django says about a password, in the language of the request."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy  # type: ignore[import-untyped]

from breachdex._breachdex import Exposure, Reason
from breachdex.django.texts import COUNTED, ENGLISH


def text(code: str) -> Any:
    """The words of a code, translated when they are shown."""
    return gettext_lazy(ENGLISH[code])


def counted(code: str, **number: int) -> str:
    """The words of a code that depend on one number, now."""
    [value] = number.values()
    return str(ngettext(*COUNTED[code], value) % number)


def of_exposure(exposure: Exposure | Reason, *, show_count: bool) -> Any:
    """Why this password is refused; takes the parameter ``count``. Says how often only where that is known."""
    code = "exposed_form" if exposure.form in ("nfkc", "casefold") else "exposed"
    if show_count and exposure.count is not None:
        return ngettext_lazy(*COUNTED[code], "count")
    return text(code)
