"""The one place where a framework's password meets an index: which index, which forms, what a fault means.

The frameworks' modules word the answer; they neither open indexes nor decide what an error means.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from breachdex._breachdex import Exposure, Index, IndexSet, examine
from breachdex._errors import (
    BreachdexError,
    CountsUnavailableError,
    IndexClosedError,
    IndexKindError,
    InvalidPasswordError,
)

if TYPE_CHECKING:
    from breachdex.types import OnError

logger: Final = logging.getLogger("breachdex")

RELOAD_EVERY: Final = 1.0
"""Seconds between two looks at whether a file was replaced."""

LOG_EVERY: Final = 60.0
"""Seconds between two lines that say that passwords cannot be checked."""

CHECKED_AT_START: Final = 64 * 2**20
"""Up to this size an index is verified from end to end when a framework opens it, which takes some
tenths of a second. Damage in a larger one shows when what is damaged is asked for."""

ON_ERROR: Final = ("accept", "reject", "raise")


NO_FAULTS: Final = (CountsUnavailableError, IndexClosedError, IndexKindError, InvalidPasswordError)
"""What is wrong about the question or the set-up, which no ``on_error`` passes over."""


class Unavailable:
    """The password could not be checked, and ``on_error`` says to refuse it."""

    def __repr__(self) -> str:
        return "Unavailable()"


Finding: TypeAlias = "Exposure | Unavailable | None"

_opened: dict[tuple[str | None, tuple[str, ...]], Index | IndexSet] = {}
_opening = threading.Lock()


def _unlock_in_child() -> None:
    global _opening
    _opening = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_in_child)


def shared_index(
    path: str | os.PathLike[str] | None = None, overlays: Sequence[str | os.PathLike[str]] = ()
) -> Index | IndexSet:
    """The process's one handle on an index and its overlays, opened at the first call and reloaded when its
    file is replaced. Raises whatever opening raises."""
    key = (None if path is None else os.path.abspath(path), tuple(map(os.path.abspath, overlays)))
    with _opening:
        index = _opened.get(key)
        if index is None or index.closed:
            index = _open(key[0])
            if key[1]:
                index = IndexSet(index, [_open(overlay) for overlay in key[1]])
            _opened[key] = index
        return index


def _open(path: str | None) -> Index:
    index = Index.open(path, reload_every=RELOAD_EVERY)
    if index.metadata.file_size <= CHECKED_AT_START:
        index.verify()
    return index


class Gate:
    """Asks one index for one surface.

    :param index: an open index, or ``None`` for the default one.
    :param min_count: from how many sightings on (inclusive) a password counts as exposed.
    :param on_error: what a fault at run time means: ``accept`` (logged once a minute), ``reject`` or ``raise``.
    """

    def __init__(
        self, index: Index | IndexSet | None = None, *, min_count: int = 1, on_error: OnError = "raise"
    ) -> None:
        if on_error not in ON_ERROR:
            raise ValueError(f"on_error must be one of 'accept', 'reject' and 'raise', not {on_error!r}")
        if isinstance(min_count, bool) or not isinstance(min_count, int) or min_count < 1:
            raise ValueError(f"min_count must be a whole number from 1 on, not {min_count!r}")
        self.index = shared_index() if index is None else index
        if min_count > 1 and not self.index.metadata.has_counts:
            raise ValueError("min_count needs an index with counts; this one was built without")
        self.min_count = min_count
        self.on_error: OnError = on_error
        self._next_line = 0.0

    def examine(self, password: str | bytes, *, stored: str | None = None) -> Finding:
        """How the password is exposed, in any form that is looked up; ``None`` where it is not.

        :param stored: the form of it that will be kept, looked up too.
        """
        try:
            return examine(self.index, password, self.min_count, stored=stored)
        except (BreachdexError, OSError) as error:
            if self.on_error == "raise" or isinstance(error, NO_FAULTS):
                raise
            self._say(error)
            return Unavailable() if self.on_error == "reject" else None
        finally:
            # Whoever prints the frames that an error went through, with what they hold, finds nothing in this one.
            del password, stored

    def _say(self, error: BaseException) -> None:
        now = time.monotonic()
        if now >= self._next_line:
            self._next_line = now + LOG_EVERY
            action: Literal["accepted", "refused"] = "refused" if self.on_error == "reject" else "accepted"
            logger.error("passwords cannot be checked and are %s: %s", action, error)
