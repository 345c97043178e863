"""One replay: members get their accounts, then the list is tried at them, log-in by log-in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from breachdex import Index

from .attack import Pair
from .gate import Answer, Arrangement, Site
from .members import Member


@dataclass(frozen=True)
class Outcome:
    """What came of it. Names are kept for comparing and shown nowhere."""

    fallen: frozenset[str] = field(repr=False)
    """Whose account the attacker is in."""
    told: frozenset[str] = field(repr=False)
    """Whose password the attacker was told to be right without getting in."""
    refused_choices: int
    """How often a member was asked for another password at sign-up or reset, before the attack."""
    fallen_later: int
    """Accounts that the same list opens once more after everybody who got a mail has used it."""


def open_site(
    members: Iterable[Member], arrangement: Arrangement, index: Index, old_accounts: float, resets: float
) -> Site:
    """A site with all its members, before the attack.

    :param old_accounts: share of the accounts that are older than the gate, from 0 to 1.
    :param resets: share of those whose owner has chosen a password since.
    """
    site = Site(arrangement, index)
    for member in members:
        if member.age >= old_accounts:
            site.choose(member.name, member.choices)
            continue
        site.keep_old_account(member.name, member.choices)
        if member.steadiness < resets:
            # They would like to have their first choice back, which is the worst case.
            site.choose(member.name, member.choices)
    return site


def replay(site: Site, members: Sequence[Member], pairs: Iterable[Pair]) -> Outcome:
    """Tries the list, lets the owners follow their mails, and tries it once more."""
    refused_choices = site.refused_choices
    fallen, told = _try(site, pairs)
    owners = {member.name: member for member in members}
    for name in site.mailed:
        site.choose(name, owners[name].choices)
    # Where nobody got a mail, nothing has changed, and the list would do what it did.
    fallen_later, _ = _try(site, pairs) if site.mailed else (fallen, told)
    return Outcome(fallen, told, refused_choices, len(fallen_later))


def _try(site: Site, pairs: Iterable[Pair]) -> tuple[frozenset[str], frozenset[str]]:
    """Whose accounts the list opens, and whose passwords it is told to be right without that."""
    fallen: set[str] = set()
    told: set[str] = set()
    for pair in pairs:
        answer = site.log_in(pair.name, pair.password)
        if answer is Answer.SESSION:
            fallen.add(pair.name)
        elif answer is Answer.RESET:
            told.add(pair.name)
    return frozenset(fallen), frozenset(told)
