"""How people of the model choose passwords. Nothing here is anybody's: every password is made of random syllables.

Three in ten take one of 5,000 common passwords, the k-th of them with a weight of 1 / k^0.8, so that the commonest is
chosen by about one person in a hundred. Everybody else has one that nobody else has.
"""

from __future__ import annotations

import itertools
from random import Random
from typing import Final

COMMON: Final = 5_000
"""Number of passwords that several people choose."""

EXPONENT: Final = 0.8
"""How fast they become rarer."""

COMMON_SHARE: Final = 0.3
"""Share of choices that fall on one of them."""

SYLLABLES: Final = tuple(map("".join, itertools.product("bdfghjkmnprstvwz", "aeiou")))


def stream(seed: int, purpose: str) -> Random:
    """Random numbers for one purpose: what one part of the model draws never shifts what another draws."""
    return Random(f"{seed} {purpose}")


class Chooser:
    """Draws passwords. The common ones are the same for every chooser of a seed."""

    def __init__(self, seed: int, purpose: str) -> None:
        words = stream(seed, "common passwords")
        self._common = [f"{_word(words, 3)}{words.randrange(10_000):04d}" for _ in range(COMMON)]
        self._bounds = list(itertools.accumulate((rank + 1) ** -EXPONENT for rank in range(COMMON)))
        self._random = stream(seed, purpose)

    def choose(self) -> str:
        """A password as a person of the model chooses one."""
        if self._random.random() < COMMON_SHARE:
            return self._random.choices(self._common, cum_weights=self._bounds)[0]
        return self.unique()

    def unique(self) -> str:
        """A password that nobody else has."""
        first, second = _word(self._random, 3), _word(self._random, 3)
        return f"{first}-{second}-{self._random.randrange(10_000):04d}"

    def choose_other_than(self, password: str | None) -> str:
        """A password that is not this one."""
        while (chosen := self.choose()) == password:
            pass
        return chosen


def _word(random: Random, syllables: int) -> str:
    return "".join(random.choice(SYLLABLES) for _ in range(syllables))
