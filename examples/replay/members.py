"""Synthetic members: who is on the attack list too, what they choose as passwords, and since when they are members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from .attack import Pair
from .passwords import Chooser, stream

REUSE: Final = 0.45
"""Of the members who are on the list, the share who have the same password here. Whoever is on the list and has
another password only lengthens the attack: this changes no number of accounts that fall."""


class ImpossibleNumbersError(ValueError):
    """Numbers of members, tries and successes that contradict each other."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with an account."""

    name: str
    choices: tuple[str, ...] = field(repr=False)
    """Passwords in the order in which they would take them, when one is refused the next. None but the first can be
    the one on the list, and the last is nobody else's."""
    age: float
    """Between 0 and 1: older than the gate when that is below the share of older accounts."""
    steadiness: float
    """Between 0 and 1: has reset the password since the gate is there when that is below the share of resets."""


def members_of(pairs: Sequence[Pair], members: int, successes: int, seed: int) -> list[Member]:
    """Members of whom exactly so many have the user name and the password of a line of the list.

    :raises ImpossibleNumbersError: when there are fewer members or lines than successes.
    """
    most = min(members, len(pairs))
    if not 0 <= successes <= most:
        raise ImpossibleNumbersError(
            f"{successes:,} of {len(pairs):,} tries cannot succeed with {members:,} members: give at most {most:,} "
            "successes, or more tries and members"
        )
    order = stream(seed, "who is a member")
    listed = order.sample(pairs, min(most, round(successes / REUSE)))
    chooser = Chooser(seed, "members")
    ages = stream(seed, "ages")

    def member(name: str, first: str, on_the_list: str | None) -> Member:
        second, third = chooser.choose_other_than(on_the_list), chooser.unique()
        return Member(name, (first, second, third), ages.random(), ages.random())

    people = [member(pair.name, pair.password, pair.password) for pair in listed[:successes]]
    for pair in listed[successes:]:
        people.append(member(pair.name, chooser.choose_other_than(pair.password), pair.password))
    for number in range(members - len(listed)):
        people.append(member(f"m{number:06d}@mail.example", chooser.choose(), None))
    order.shuffle(people)
    return people
