"""Indexes that cover a share of the attack list, built by breachdex as a real one is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import breachdex

from .attack import Pair
from .passwords import stream

FILLER: Final = "a password that nobody of the model has"
"""In every index, since breachdex builds none without an entry: it would answer "not found" to everything."""


class Coverage:
    """The list's passwords in a random order. A larger share covers all that a smaller one does, and more."""

    def __init__(self, pairs: Sequence[Pair], seed: int) -> None:
        self._tries = len(pairs)
        seen = Counter(pair.password for pair in pairs)
        self._order = list(seen.items())
        stream(seed, "coverage").shuffle(self._order)

    def index(self, share: float, path: Path) -> breachdex.Index:
        """Builds and opens an index of passwords that make up at most this share of the lines, from 0 to 1, and as
        nearly it as the order allows. Its counts say how many lines have the password."""
        room = share * self._tries
        rows = [_row(FILLER, 1)]
        for password, lines in self._order:
            room -= lines
            # A millionth of a line is what rounding may take from a whole one.
            if room < -1e-6:
                break
            rows.append(_row(password, lines))
        text = path.with_suffix(".txt")
        text.write_text("".join(sorted(rows)), encoding="ascii")
        breachdex.build(text, path, format="hibp", source="a share of a synthetic attack list")
        text.unlink()
        return breachdex.Index.open(path)


def covered_lines(index: breachdex.Index, pairs: Sequence[Pair]) -> int:
    """How many lines of the list have a password that the index holds."""
    return sum(index.contains(pair.password) for pair in pairs)


def _row(password: str, lines: int) -> str:
    return f"{breachdex.digest(password).hex().upper()}:{lines}\n"
