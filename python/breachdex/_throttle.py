"""Log lines that repeat at most once a minute."""

from __future__ import annotations

import time

EVERY = 60.0
"""Seconds between two lines."""


class Throttle:
    """Says when a line may be logged again. Threads may share it: at worst two of them log one each."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = 0.0

    def allows(self) -> bool:
        """Whether a line may be logged now."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + EVERY
        return True
