"""How often an account is written to: at most once in a span of time, remembered by this process only.

What is remembered is no list of accounts: keys are HMACs under a key that dies with the process.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
from typing import Final

DAY: Final = 24 * 60 * 60.0

_SWEEP_FROM: Final = 1024
"""Entries from which on outdated ones are dropped; the bound doubles with what is left, so that a sweep is rare."""

_locked = threading.Lock()


def _unlock_in_child() -> None:
    global _locked
    _locked = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_in_child)


class Mailings:
    """Claims the one mail that an account gets in a span of time.

    :param every: seconds between two mails to the same account.
    """

    def __init__(self, every: float = DAY) -> None:
        if every < 0:
            raise ValueError(f"the time between two mails must not be negative, but is {every}")
        self.every = every
        self._key = secrets.token_bytes(32)
        self._claimed: dict[bytes, float] = {}
        self._sweep_at = _SWEEP_FROM

    def claim(self, account: str) -> bool:
        """Whether this account may be written to now. Saying yes counts as the mail."""
        key, now = self._pseudonym(account), time.monotonic()
        with _locked:
            last = self._claimed.get(key)
            if last is not None and now - last < self.every:
                return False
            if len(self._claimed) >= self._sweep_at:
                self._claimed = {k: at for k, at in self._claimed.items() if now - at < self.every}
                self._sweep_at = max(_SWEEP_FROM, 2 * len(self._claimed))
            self._claimed[key] = now
            return True

    def _pseudonym(self, account: str) -> bytes:
        return hmac.digest(self._key, account.encode("utf-8", "surrogatepass"), hashlib.sha256)

    def __repr__(self) -> str:
        return f"Mailings(every={self.every})"
