"""Columns of passwords, and the counts that a dictionary gives for them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

MOST: Final = 2**32 - 1
"""What an Arrow count stops at."""

KINDS: Final = (
    "winter{}",
    "{}",
    "correct horse battery staple, the {}th",
    "パスワード{}",
    "ぱすわーど、とても長いもの{}",
    "pâté-{}-ñandú",
    "🔑{}🔑",
    "line\nbreak\t{}",
    "nul\0{}",
)
"""Short and long, ASCII and not, so that every way of holding a string in Arrow is met."""


@dataclass(frozen=True)
class Rows:
    """Passwords, and what a dictionary says of each."""

    passwords: list[str | None]
    counts: list[int | None]


def seen() -> dict[str, int]:
    """What the index holds: how often each was seen."""
    chance = random.Random(2026)
    words = {
        kind.format(number): chance.choice((1, 2, 3, 17, 2**31 + 5, MOST - 1))
        for kind in KINDS
        for number in range(300)
    }
    return words | {"": 31, "hunter2": 17, "the most": MOST}


def rows(count: int) -> Rows:
    """That many, in an order of their own: nulls, empty ones, duplicates, held and not."""
    chance, known = random.Random(count), seen()
    pool: list[str | None] = [*known, *[kind.format(f"-{number}") for kind in KINDS for number in range(300)]]
    passwords = [None if chance.random() < 0.03 else chance.choice(pool) for _ in range(count)]
    passwords[1:40] = [None] * 39
    passwords[40:80] = [""] * 40
    return Rows(passwords, [None if word is None else known.get(word, 0) for word in passwords])
