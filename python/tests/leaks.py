"""Looks for a planted password, its digest and the digest's first eight digits in whatever was written."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from pathlib import Path

import breachdex

PACKAGE = Path(breachdex.__file__).parent

SENTINEL = "Zimtschnecke-Quarz-8831"
"""Planted where no index knows it."""

EXPOSED_SENTINEL = "Murmelbahn-Fjord-2290"
"""Planted in the index too."""


def needles(password: str) -> list[str]:
    """What must not be found, in lower case."""
    digest = sha1(password.encode()).hexdigest()
    return [password.lower(), digest, digest[:8]]


def assert_clean(*texts: str) -> None:
    """Fails if one of the texts holds a planted password or what it is looked up by."""
    for text in texts:
        for password in (SENTINEL, EXPOSED_SENTINEL):
            for needle in needles(password):
                assert needle not in text.lower(), text


def our_frames(error: BaseException) -> str:
    """What a report that prints local variables shows of the frames of breachdex, and all errors behind one."""
    shown = []
    summary: traceback.TracebackException | None
    summary = traceback.TracebackException.from_exception(error, capture_locals=True)
    while summary:
        shown += [str(frame.locals) for frame in summary.stack if PACKAGE in Path(frame.filename).parents]
        shown += list(summary.format_exception_only())
        summary = summary.__cause__ or summary.__context__
    return "\n".join(shown)


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def every_log_line() -> Iterator[list[str]]:
    """All lines of all loggers with their tracebacks, from DEBUG on."""
    collector, root = _Collector(), logging.getLogger()
    level = root.level
    root.addHandler(collector)
    root.setLevel(logging.DEBUG)
    try:
        yield collector.lines
    finally:
        root.removeHandler(collector)
        root.setLevel(level)
