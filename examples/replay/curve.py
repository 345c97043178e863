"""Replays over every share of the list that an index may cover, every share of older accounts, and every arrangement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .attack import attack_list
from .coverage import Coverage, covered_lines
from .gate import Arrangement
from .members import members_of
from .replay import open_site, replay


@dataclass(frozen=True)
class Setting:
    """What a curve is made from. Shares are whole percent."""

    members: int = 20_000
    tries: int = 30_000
    successes: int = 3_467
    seed: int = 1
    shares: tuple[int, ...] = tuple(range(0, 101, 5))
    old_accounts: tuple[int, ...] = (0, 50, 100)
    resets: int = 10


@dataclass(frozen=True)
class Point:
    """One replay, in numbers. Fields are the columns of the CSV file."""

    share: int
    """Percent of the list that the index was to cover."""
    covered: int
    """Lines of the list whose password it holds."""
    old_accounts: int
    """Percent of the accounts that are older than the gate."""
    arrangement: str
    fallen: int
    """Accounts that the attacker got into."""
    told: int
    """Accounts whose password the attacker was told to be right without getting in; as many mails were sent."""
    fallen_later: int
    """Accounts that the same list opens again later."""
    refused_choices: int
    """How often a member was asked for another password before the attack."""


def curve(setting: Setting) -> Iterator[Point]:
    """Runs every replay, the smallest share first.

    :raises ImpossibleNumbersError: when the numbers of the setting contradict each other.
    """
    pairs = attack_list(setting.tries, setting.seed)
    members = members_of(pairs, setting.members, setting.successes, setting.seed)
    coverage = Coverage(pairs, setting.seed)
    with TemporaryDirectory(prefix="replay-") as folder:
        for share in setting.shares:
            with coverage.index(share / 100, Path(folder, f"{share}.bdx")) as index:
                covered = covered_lines(index, pairs)
                for old in setting.old_accounts:
                    for arrangement in Arrangement:
                        site = open_site(members, arrangement, index, old / 100, setting.resets / 100)
                        outcome = replay(site, members, pairs)
                        yield Point(
                            share,
                            covered,
                            old,
                            arrangement.value,
                            len(outcome.fallen),
                            len(outcome.told),
                            outcome.fallen_later,
                            outcome.refused_choices,
                        )
