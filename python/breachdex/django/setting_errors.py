"""The texts of errors in the settings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]


def wrong(key: str, reason: str) -> NoReturn:
    """Raises ``ImproperlyConfigured`` about one key."""
    raise ImproperlyConfigured(sentence(f'BREACHDEX["{key}"] {reason}'))


def sentence(words: str) -> str:
    """With a full stop, unless it ends in a question."""
    return words if words.endswith(("?", ".")) else f"{words}."


def nearest(given: object, known: Iterable[str]) -> str:
    """``. Did you mean "…"?`` where something known resembles it, else nothing."""
    folded = {name.lower(): name for name in known}
    close = difflib.get_close_matches(str(given).lower(), folded, n=1, cutoff=0.5)
    return f'. Did you mean "{folded[close[0]]}"?' if close else ""


def one_of(value: object, choices: tuple[str, ...]) -> str:
    """What is wrong with a value that is none of the choices; empty where it is one."""
    if isinstance(value, str) and value in choices:
        return ""
    listed = ", ".join(f'"{choice}"' for choice in choices)
    return f"must be one of {listed}, not {value!r}{nearest(value, choices)}"
