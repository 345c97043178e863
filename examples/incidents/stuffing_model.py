"""The stuffing of 2019 at its full size, in virtual time: when the radar raises the alarm, and which accounts are taken.

At a parcel service tries began on the evening of 22 July 2019 and were noticed about noon of the next day: some 30,000 tries
until the 24th, and 3,467 accounts. The members, their passwords and the list are those of ``examples/replay``. Honest people
mistype meanwhile; the radar is told of everybody.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Any, Final

import breachdex
from replay.attack import Pair, attack_list
from replay.coverage import Coverage
from replay.gate import Answer, Arrangement, Site
from replay.members import Member, members_of
from replay.passwords import stream
from replay.replay import open_site

from .shops import PlayError

EVENING: Final = 1_563_791_400
"""19:30 in Tokyo on 22 July 2019, in seconds since 1970."""
NOTICED: Final = 16.5 * 3600
"""Seconds after the first try at which the service noticed: noon of the 23rd."""
LASTED: Final = 38 * 3600
"""Seconds from the first try to the last."""
EXPOSED_AT_REST: Final = 0.3
"""Share of honest failures whose password is exposed."""
UNKNOWN_AT_REST: Final = 0.1
"""Share of honest failures without such an account."""
COVERED: Final = 0.9
"""Share of the list that the index holds."""
OLD: Final = 0.5
"""Share of the accounts that are older than the check."""
RESETS: Final = 0.1

NAMES: Final = {
    Arrangement.OFF: "no check",
    Arrangement.CHOOSING: "check at sign-up and reset",
    Arrangement.LOG_IN: "check at log-in, too",
}


@dataclass(frozen=True)
class Size:
    """How much happens."""

    tries: int = 30_000
    successes: int = 3_467
    members: int = 20_000
    addresses: tuple[int, ...] = (200, 10_000)
    """From how many the attacker tries; each is played."""
    honest: int = 100
    """Honest failures a minute."""
    days: int = 14
    """Days before the attack, in which the radar learns."""
    seed: int = 2019


@dataclass
class Course:
    """What came of it in one arrangement."""

    arrangement: Arrangement
    addresses: int
    taken: list[float] = field(default_factory=list)
    """Seconds after the first try at which an account was taken, if nobody acts on the radar."""
    taken_acting: list[float] = field(default_factory=list)
    """The same, if the site asks for a second factor where the radar advises it."""
    told: int = 0
    """Right passwords that opened no session."""
    suspect_log_ins: int = 0
    """Log-ins that the radar told of while they happened."""
    source_alarm: float | None = None
    """Seconds until the first source's alarm."""
    site_alarm: float | None = None
    """Seconds until the alarm over the site."""
    tries_before_alarm: int = 0
    challenged_honest: int = 0
    """Honest log-ins during the attack that would have been asked for a second factor."""
    honest_log_ins: int = 0


def courses(size: Size) -> list[Course]:
    """All arrangements, with the same members, list and honest people."""
    pairs = attack_list(size.tries, size.seed)
    members = members_of(pairs, size.members, size.successes, size.seed)
    with tempfile.TemporaryDirectory(prefix="breachdex-incidents-") as folder:
        learned = Path(folder, "radar.state")
        _learn(size, learned)
        path = Path(folder, "covered.bdx")
        with Coverage(pairs, size.seed).index(COVERED, path) as index:
            return [
                _course(size, addresses, arrangement, pairs, members, index, learned)
                for addresses in size.addresses
                for arrangement in Arrangement
            ]


def _learn(size: Size, state: Path) -> None:
    """Weeks of honest people, after which a radar knows what is usual."""
    radar = breachdex.Radar(usual_exposed=EXPOSED_AT_REST, key=bytes(16))
    for attempt in _before(size):
        if radar.observe(**attempt).state == "attack":
            raise PlayError("the radar raised a false alarm before the attack")
    radar.save(state)


def _course(
    size: Size,
    number_of_addresses: int,
    arrangement: Arrangement,
    pairs: list[Pair],
    members: list[Member],
    index: breachdex.Index,
    learned: Path,
) -> Course:
    site = open_site(members, arrangement, index, OLD, RESETS)
    known = {member.name for member in members}
    course = Course(arrangement, number_of_addresses)
    radar = breachdex.Radar(path=learned, on_suspect_log_in=lambda _account, _source: _count(course))
    minutes, random = LASTED // 60, stream(size.seed, "attacker's addresses")
    addresses = [_address(stream(size.seed, f"address {number}")) for number in range(number_of_addresses)]
    tries, made = iter(pairs), 0
    honest = stream(size.seed, "honest people")
    for minute in range(minutes):
        start = EVENING + minute * 60
        due = size.tries * (minute + 1) // minutes - made
        # In the order in which they come: an attack that came in one piece would be seen at once.
        tried: list[tuple[float, Pair | dict[str, Any]]] = [
            (start + (number + 0.5) * 60 / due, next(tries)) for number in range(due)
        ]
        people: list[tuple[float, Pair | dict[str, Any]]] = [
            (attempt["time"], attempt) for attempt in _minute(size, honest, start)
        ]
        for now, attempt in sorted([*tried, *people], key=itemgetter(0)):
            if isinstance(attempt, Pair):
                made += 1
                state = _try(course, radar, site, random.choice(addresses), attempt, now, known, index)
            else:
                told = radar.observe(**attempt)
                state = told.state
                course.honest_log_ins += attempt["succeeded"]
                course.challenged_honest += attempt["succeeded"] and told.advice in ("challenge", "deny")
            _note(course, radar, state, made, now - EVENING)
    return course


def _try(
    course: Course,
    radar: breachdex.Radar,
    site: Site,
    source: str,
    pair: Pair,
    now: float,
    known: set[str],
    index: breachdex.Index,
) -> str:
    """One try of the attacker; the state of the radar after it."""
    answer = site.log_in(pair.name, pair.password)
    told = radar.observe(
        source,
        pair.name,
        succeeded=answer is not Answer.REFUSED,
        exposed=index.contains(pair.password),
        known=pair.name in known,
        time=now,
    )
    course.told += answer is Answer.RESET
    if answer is Answer.SESSION:
        course.taken.append(now - EVENING)
        if told.advice not in ("challenge", "deny"):
            course.taken_acting.append(now - EVENING)
    return told.state


def _count(course: Course) -> None:
    course.suspect_log_ins += 1


def _note(course: Course, radar: breachdex.Radar, state: str, made: int, after: float) -> None:
    """Keeps when the first alarms were raised."""
    if state != "attack" or (course.source_alarm is not None and course.site_alarm is not None):
        return
    if course.source_alarm is None and course.site_alarm is None:
        course.tries_before_alarm = made
    reasons = {reason["reason"] for reason in radar.status().reasons}
    if course.source_alarm is None and reasons & {"sources", "networks"}:
        course.source_alarm = after
    if course.site_alarm is None and reasons - {"sources", "networks"}:
        course.site_alarm = after


def _before(size: Size) -> Iterator[dict[str, Any]]:
    """Weeks of honest people."""
    honest = stream(size.seed, "honest weeks")
    first = EVENING - size.days * 86_400
    for minute in range(size.days * 1440):
        yield from _minute(size, honest, first + minute * 60)


def _minute(size: Size, random: Random, start: int) -> Iterator[dict[str, Any]]:
    """A minute of honest people: a failure, a log-in, and so on, each from an address of its own."""
    draw, bits = random.random, random.getrandbits
    for number in range(size.honest * 2):
        succeeded = number % 2 == 1
        yield {
            "source": _address(random),
            "account": f"h{bits(20)}@mail.example",
            "succeeded": succeeded,
            "exposed": draw() < EXPOSED_AT_REST,
            "known": succeeded or draw() >= UNKNOWN_AT_REST,
            "time": start + number * 30 / size.honest,
        }


def _address(random: Random) -> str:
    """Somewhere in the world: a network is seldom met twice."""
    bits = random.getrandbits(32)
    return f"{1 + (bits >> 24) % 223}.{bits >> 16 & 255}.{bits >> 8 & 255}.{bits & 255}"
