"""Lists of digests and passwords, in no order."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path


def write_hashes(path: Path, rows: int, *, seed: int = 1, width: int = 40) -> Path:
    """``HEX:COUNT`` lines of random digests."""
    chance = random.Random(seed)
    with path.open("w", encoding="ascii") as text:
        for _ in range(rows):
            text.write(
                f"{chance.randbytes(width // 2).hex().upper()}:{chance.choice((1, 2, 9, 70_000, 2**33))}\n"
            )
    return path


def write_skewed(path: Path, rows: int) -> Path:
    """As many digests under one 16-bit prefix as elsewhere together."""
    chance = random.Random(7)
    with path.open("w", encoding="ascii") as text:
        for _ in range(rows):
            text.write(
                f"ABCD{chance.randbytes(18).hex().upper()}:1\n{chance.randbytes(20).hex().upper()}:3\n"
            )
    return path


def write_passwords(path: Path, rows: int) -> Path:
    """Passwords, many of which are there more than once; ASCII and not, long and short."""
    chance = random.Random(3)
    with path.open("w", encoding="utf-8") as text:
        for _ in range(rows):
            number = chance.randrange(rows // 3)
            text.write(
                ("pass{}", "パスワード{}", "{}" * 30, "")[number % 4].replace("{}", str(number)) + "\n"
            )
    return path


def digests(count: int) -> list[bytes]:
    """That many SHA-1 digests."""
    return [hashlib.sha1(str(number).encode(), usedforsecurity=False).digest() for number in range(count)]
