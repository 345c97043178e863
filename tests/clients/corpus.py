"""Made-up digests: what the served indexes hold, and so what every client must be told.

Nothing here asks the command. The rows of a range, and its body as the protocol has it, are worked out anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

# Ranges of real density, one after another, for those who pull many.
DENSE_FIRST = 0x21BC0
DENSE_LAST = 0x21BDF
# What is particular about some of them.
EMPTY = 0x21BC3
ONE_ROW = 0x21BC4
# The largest of the real ranges have more than 2,500 rows.
CROWDED = 0x21BCA
ROWS = {EMPTY: 0, ONE_ROW: 1, CROWDED: 2_900}
USUAL_ROWS = 1_973
# Covered by nothing, so nothing is known of it.
UNKNOWN = 0x00000

DATE = "2026-07-02"

# With the count that each must be found with.
EXPOSED = {
    "password": 52_256_179,
    "correct horse battery staple": 1,
    "P@ssw0rd!": 12,
    "пароль": 4_294_967_297,  # beyond 32 bits
    "パスワード": 333,
    " with blanks ": 7,
}
# Not exposed: their ranges are full of other rows.
AMONG_OTHERS = ("made up and never seen", "noch nie gesehen", "見たことのない")
# Not exposed either: their ranges are covered and have no rows.
IN_EMPTY_RANGES = ("the only one of its range", "another of that sort")
# Outside the coverage: nobody may be told that they are not exposed.
NOT_COVERED = ("who knows", "誰も知らない")


def known_passwords() -> dict[str, int]:
    """The passwords whose count is known, with it."""
    return EXPOSED | dict.fromkeys([*AMONG_OTHERS, *IN_EMPTY_RANGES], 0)


def sha1(password: str) -> str:
    """The digest of a password as 40 upper-case digits."""
    return hashlib.sha1(password.encode()).hexdigest().upper()


def five_digits(prefix: int) -> str:
    """A prefix as the protocol writes it."""
    return f"{prefix:05X}"


@dataclass
class Corpus:
    """The digests of one kind: suffixes with their counts, by prefix. A prefix that is covered is a key."""

    kind: str
    digits: int
    ranges: dict[str, dict[str, int]] = field(default_factory=dict)

    def cover(self, prefix: str, rows: int = 0) -> None:
        """Covers a prefix, with so many made-up rows."""
        made_up = self.ranges.setdefault(prefix, {})
        for row in range(rows):
            digest = hashlib.sha256(f"{self.kind} {prefix} {row}".encode()).hexdigest().upper()
            # Skewed as real counts are: a half is 1, a quarter 2 or 3, and so on.
            length = (int(digest[:4], 16) & -int(digest[:4], 16)).bit_length() or 17
            made_up[digest[-(self.digits - 5) :]] = (1 << (length - 1)) + row % (1 << (length - 1))

    def add(self, digest: str, count: int) -> None:
        """Covers a digest's prefix and puts the digest there."""
        self.ranges.setdefault(digest[:5], {})[digest[5:]] = count

    def lines(self) -> Iterator[str]:
        """All as sorted HEX:COUNT lines."""
        for prefix, rows in sorted(self.ranges.items()):
            for suffix, count in sorted(rows.items()):
                yield f"{prefix}{suffix}:{count}\n"

    def body(self, prefix: str) -> str:
        """A range as the protocol has it: CR LF between rows and none at the end, one row of zeros for none."""
        rows = sorted(self.ranges[prefix].items()) or [("0" * (self.digits - 5), 0)]
        return "\r\n".join(f"{suffix}:{count}" for suffix, count in rows)


def dense_prefixes() -> list[str]:
    """The prefixes from the first dense one to the last."""
    return [five_digits(prefix) for prefix in range(DENSE_FIRST, DENSE_LAST + 1)]


def _dense(corpus: Corpus) -> Corpus:
    for prefix in range(DENSE_FIRST, DENSE_LAST + 1):
        corpus.cover(five_digits(prefix), ROWS.get(prefix, USUAL_ROWS))
    return corpus


def made_up() -> dict[str, Corpus]:
    """A corpus of each kind, by its name."""
    of_passwords = _dense(Corpus("sha1", 40))
    for password, count in EXPOSED.items():
        of_passwords.cover(sha1(password)[:5], 40)
        of_passwords.add(sha1(password), count)
    for password in AMONG_OTHERS:
        of_passwords.cover(sha1(password)[:5], USUAL_ROWS)
    for password in IN_EMPTY_RANGES:
        of_passwords.cover(sha1(password)[:5])
    for password in NOT_COVERED:
        assert sha1(password)[:5] not in of_passwords.ranges
    return {"sha1": of_passwords, "ntlm": _dense(Corpus("ntlm", 32))}
