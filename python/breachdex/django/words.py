"""What Django says about an exposed password, in the language of the request."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy, ngettext_lazy  # type: ignore[import-untyped]

from breachdex._breachdex import Exposure
from breachdex.django.texts import COUNTED, ENGLISH


def text(code: str) -> Any:
    """The words of a code, translated when they are shown."""
    return gettext_lazy(ENGLISH[code])


def of_exposure(exposure: Exposure, *, show_count: bool) -> Any:
    """Why this password is refused; takes the parameter ``count``. Says how often only where that is known."""
    code = "exposed_form" if exposure.form == "nfkc" else "exposed"
    if show_count and exposure.count is not None:
        return ngettext_lazy(*COUNTED[code], "count")
    return text(code)
