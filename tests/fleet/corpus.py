"""Two weeks of a made-up corpus, and the body and entity tags that each range must have.

Nothing here asks the command. Half of the ranges differ between the weeks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

PREFIXES = [f"{prefix:05X}" for prefix in range(0x21BC0, 0x21BD8)]
WEEKS = (1, 2)
DATES = {1: "2026-06-04", 2: "2026-06-11"}
ROWS = 400
EMPTY = f"{0:035}:0"


def changes(prefix: str) -> bool:
    """Whether the range differs between the weeks."""
    return int(prefix, 16) % 2 == 0


def rows(prefix: str, week: int) -> list[str]:
    """The rows of a range, ascending."""
    if prefix == PREFIXES[3]:
        return []
    made_in = week if changes(prefix) else 1
    suffixes = (
        hashlib.sha1(f"{prefix} {made_in} {row}".encode()).hexdigest().upper()[:35] for row in range(ROWS)
    )
    return [f"{suffix}:{1 + int(suffix[:2], 16)}" for suffix in sorted(suffixes)]


def body(prefix: str, week: int) -> bytes:
    """The body that a range has."""
    return ("\r\n".join(rows(prefix, week)) or EMPTY).encode()


def lines(week: int) -> Iterator[str]:
    """Input of `build`, sorted."""
    for prefix in PREFIXES:
        for row in rows(prefix, week):
            yield f"{prefix}{row}\n"
