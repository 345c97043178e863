"""The attack list: user names and passwords that leaked at another site, in the order in which they are tried."""

from __future__ import annotations

from dataclasses import dataclass, field

from .passwords import Chooser


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of the list."""

    name: str
    password: str = field(repr=False)


def attack_list(tries: int, seed: int) -> list[Pair]:
    """As many lines as tries, each for another user name: whoever tries one account often is noticed."""
    chooser = Chooser(seed, "attack list")
    return [Pair(f"u{number:06d}@mail.example", chooser.choose()) for number in range(tries)]
