"""Marks: what is kept about the log-ins of an account, sealed so that nobody who reads it learns whose password is exposed.

A mark says since when and how often the owner of an account was warned at log-in, and the date of the corpus with which its
password was last found not exposed. Kept in the clear, the first would be a list of accounts to attack. So every account that
logs in gets a mark, whatever was found; all sealed marks are of one length, each log-in writes a new one that resembles none
before, and only the site's secret opens them. A mark belongs to one account with one stored password: moved to another
account, or after the password was changed, it is no mark.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import date
from typing import Final, NamedTuple

SEALED_LENGTH: Final = 56
"""Characters of a sealed mark."""

_NONCE: Final = 16
_TAG: Final = 16
_HELD: Final = struct.Struct(">IIH")
"""Both dates as ordinals, 0 for none, and the number of log-ins."""


class Mark(NamedTuple):
    """What is kept about the log-ins of one account with its password of now."""

    since: date | None = None
    """The day of the first log-in at which its owner was warned."""
    log_ins: int = 0
    """How many log-ins were let pass with a warning."""
    checked: date | None = None
    """The date of the corpus with which the password was last found not exposed."""


class Marks:
    """Seals marks, and opens sealed ones.

    :param secret: the site's secret, as the one that signs its cookies, of at least 16 bytes. Marks do not survive its change.
    :param former: secrets that were replaced, whose marks are still opened.
    :raises ValueError: for a secret that is too short.
    """

    def __init__(self, secret: str | bytes, former: tuple[str | bytes, ...] = ()) -> None:
        keys = [key.encode() if isinstance(key, str) else bytes(key) for key in (secret, *former)]
        if any(len(key) < 16 for key in keys):
            raise ValueError("a secret that seals marks has at least 16 bytes")
        self._keys = [(_derived(key, b"hide"), _derived(key, b"bind")) for key in keys]

    def seal(self, mark: Mark, account: str, stored: str) -> str:
        """A mark as text, which is another one each time.

        :param account: what names the account for ever, as its primary key.
        :param stored: the password as it is stored: its salted hash.
        """
        hide, bind = self._keys[0]
        since, checked = (day.toordinal() if day else 0 for day in (mark.since, mark.checked))
        held = _HELD.pack(since, checked, min(mark.log_ins, 0xFFFF))
        nonce = secrets.token_bytes(_NONCE)
        hidden = _xored(held, hide, nonce)
        return base64.urlsafe_b64encode(nonce + hidden + _tag(bind, nonce + hidden, account, stored)).decode()

    def open(self, sealed: str | None, account: str, stored: str) -> Mark:
        """The mark of a text; an empty one where the text is none of this account with this password."""
        try:
            raw = base64.b64decode((sealed or "").encode("ascii"), altchars=b"-_", validate=True)
        except ValueError:
            return Mark()
        sealed_part, tag = raw[:-_TAG], raw[-_TAG:]
        if len(raw) != _NONCE + _HELD.size + _TAG:
            return Mark()
        for hide, bind in self._keys:
            if hmac.compare_digest(tag, _tag(bind, sealed_part, account, stored)):
                nonce, hidden = sealed_part[:_NONCE], sealed_part[_NONCE:]
                since, checked, log_ins = _HELD.unpack(_xored(hidden, hide, nonce))
                return Mark(_day(since), log_ins, _day(checked))
        return Mark()

    def __repr__(self) -> str:
        return f"<breachdex.Marks of {len(self._keys)} secrets>"


def _derived(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, b"breachdex mark: " + purpose, hashlib.sha256)


def _xored(text: bytes, key: bytes, nonce: bytes) -> bytes:
    """Hidden, or shown again: a mark is shorter than one block of the key stream, and no nonce is used twice."""
    stream = hmac.digest(key, nonce, hashlib.sha256)
    return bytes(one ^ other for one, other in zip(text, stream, strict=False))


def _tag(key: bytes, sealed: bytes, account: str, stored: str) -> bytes:
    whose = [part.encode("utf-8", "surrogatepass") for part in (account, stored)]
    bound = b"".join(struct.pack(">Q", len(part)) + part for part in (sealed, *whose))
    return hmac.digest(key, bound, hashlib.sha256)[:_TAG]


def _day(ordinal: int) -> date | None:
    return date.fromordinal(ordinal) if 0 < ordinal <= date.max.toordinal() else None
