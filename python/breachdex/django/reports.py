"""A filter for error reports that leaves out passwords which frames of others hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, Final

from django.views.debug import SafeExceptionReporterFilter  # type: ignore[import-untyped]

NAME: Final = re.compile("pass|credential|secret", re.IGNORECASE)

DEEPEST: Final = 4
"""Levels of containers and objects that are looked into for passwords."""

MOST: Final = 5000
"""Values of one frame and its callers that are looked at: a report must end."""

SHORT: Final = 4
"""Characters from which on a text is looked for inside of others."""


class PasswordReporterFilter(SafeExceptionReporterFilter):  # type: ignore[misc]
    """For ``DEFAULT_EXCEPTION_REPORTER_FILTER``, where reports show variables: ``include_html`` of Django's
    ``AdminEmailHandler``, and the page that ``DEBUG`` shows.

    Django's own ``validate_password`` does not hide its argument, and neither do serializers, schemas and the forms of other
    packages. What is left out is every variable that is named like a password, and every one that would show what such a name
    holds: in a form, in a JSON body, in a mapping or an attribute of the frame or of its callers.
    """

    def get_post_parameters(self, request: Any) -> Any:
        """The form, without what looks like a password."""
        given = super().get_post_parameters(request)
        return {key: self.cleansed_substitute if NAME.search(key) else value for key, value in given.items()}

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> Any:
        """The variables, without what looks like a password and without what shows what is held under such a name."""
        given = super().get_traceback_frame_variables(request, tb_frame)
        secrets = {shown for secret in _secrets(request, tb_frame) for shown in _as_shown(secret)}
        return [
            (name, self.cleansed_substitute if NAME.search(name) or _shows(value, secrets) else value)
            for name, value in given
        ]


def _secrets(request: Any, frame: FrameType) -> Iterator[str]:
    """What is held under a name that looks like a password's, by the form and by the frames."""
    if request is not None:
        for key, held in request.POST.lists():
            if NAME.search(key):
                yield from held
    seen = _Seen()
    caller: FrameType | None = frame
    while caller is not None:
        yield from _held(caller.f_locals, DEEPEST, seen)
        caller = caller.f_back


class _Seen:
    """What was looked into already."""

    def __init__(self) -> None:
        self.kept: dict[int, object] = {}

    def is_new(self, value: object) -> bool:
        if id(value) in self.kept or len(self.kept) >= MOST:
            return False
        self.kept[id(value)] = value  # So that its number is not given to another.
        return True


def _held(value: object, depth: int, seen: _Seen) -> Iterator[str]:
    """The texts under names that look like a password's, in what can be looked into without calling anything of it."""
    if isinstance(value, (bytes, str)):
        yield from _in_json(value, depth, seen)
        return
    if not depth or isinstance(value, (int, float, type, type(json), type(_held))) or not seen.is_new(value):
        return
    if isinstance(value, (list, tuple, set, frozenset)):
        for item in list(value)[:MOST]:
            yield from _held(item, depth - 1, seen)
        return
    for name, item in _named(value):
        if isinstance(name, str) and NAME.search(name):
            yield from _texts(item)
        yield from _held(item, depth - 1, seen)


def _named(value: object) -> list[tuple[object, object]]:
    if isinstance(value, Mapping):
        # Only what is a dict itself: others may ask a database for their items.
        return list(dict.items(value)) if isinstance(value, dict) else []
    slots = (name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ()) or ())
    found = list(getattr(value, "__dict__", {}).items())
    for name in slots:
        if isinstance(name, str) and NAME.search(name) and not name.startswith("__"):
            found.append((name, getattr(value, name, None)))
    return found


def _texts(value: object) -> Iterator[str]:
    """A text, or those in a list of them."""
    if isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            if isinstance(item, str):
                yield item


def _in_json(value: bytes | str, depth: int, seen: _Seen) -> Iterator[str]:
    """Those in a body of JSON."""
    start = value[:64].lstrip()[:1]
    if not depth or start not in ("{", "[", b"{", b"["):
        return
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return
    yield from _held(read, depth - 1, seen)


def _as_shown(secret: str) -> set[str]:
    """How a text may be written in a representation: by Python, and in JSON. A very short one, which may be in anything, only
    as a whole."""
    if len(secret) < SHORT:
        return {f"{quote}{secret}{quote}" for quote in "'\""} if secret else set()
    as_bytes = repr(secret.encode("utf-8", "replace"))[2:-1]
    return {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], as_bytes}


def _shows(value: Any, secrets: set[str]) -> bool:
    """Whether showing the value would show one of them. What cannot be shown is not shown by the report either."""
    if not secrets:
        return False
    try:
        shown = repr(value)
    except Exception:  # noqa: BLE001
        return False
    return any(secret in shown for secret in secrets)
