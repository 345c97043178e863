"""The stuffing of 2019: the whole attack in virtual time, and a part of it at real shops with a sidecar."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import breachdex
from replay.attack import Pair, attack_list
from replay.coverage import Coverage
from replay.gate import Answer, Arrangement
from replay.members import Member, members_of
from replay.replay import open_site, replay

from .play import Incident
from .shops import PlayError, Shop
from .sidecars import Sidecar, can_start
from .stuffing_model import COVERED, NAMES, NOTICED, OLD, RESETS, Course, Size, courses

SHORT: Final = Size(tries=3_000, successes=347, members=2_000, addresses=(100,), honest=10, days=2)

LAYERS: Final = {
    Arrangement.OFF: "none",
    Arrangement.CHOOSING: "choosing",
    Arrangement.LOG_IN: "log_in",
}


@dataclass(frozen=True)
class Part:
    """What of the attack the real shops see."""

    tries: int = 1_000
    successes: int = 116
    members: int = 400
    addresses: int = 20
    seed: int = 2019
    played: tuple[tuple[Arrangement, bool], ...] = tuple(
        (arrangement, acts) for arrangement in Arrangement for acts in (False, True)
    )


SHORT_PART: Final = Part(160, 40, 80, 5, played=((Arrangement.OFF, False), (Arrangement.LOG_IN, True)))


def play(short: bool) -> Incident:
    """Plays it."""
    size = SHORT if short else Size()
    incident = Incident(
        "stuffing",
        "Credential stuffing: the parcel service of 2019",
        (
            "played",
            "layer",
            "alarm",
            "accounts taken",
            "taken if the advice is acted on",
            "right passwords stopped",
        ),
    )
    for course in courses(size):
        incident.row(
            f"{size.tries:,} tries in 38 hours from {course.addresses:,} addresses, virtual time",
            NAMES[course.arrangement],
            _alarm(course),
            f"{len(course.taken):,}",
            f"{len(course.taken_acting):,}",
            f"{course.told:,}",
        )
        incident.facts.setdefault("courses", []).append(_facts(course))
    incident.facts["size"] = {"tries": size.tries, "successes": size.successes, "members": size.members}
    if (why := can_start()) is None:
        _play_shops(incident, SHORT_PART if short else Part())
    else:
        incident.skipped.append(f"the shops with a sidecar: {why}")
    assumed = (
        f"Assumed: {size.honest} honest failures a minute, of which 30 % carry exposed passwords; the index holds "
        f"{COVERED:.0%} of the list; {OLD:.0%} of the accounts are older than the check. "
        "Nobody knows from how many addresses the real attack came."
    )
    incident.notes += [
        f"In 2019 it was noticed after about {NOTICED / 3600:.1f} hours; 3,467 accounts were taken.",
        assumed,
        "Acted on: a log-in for which the radar advises `challenge` needs a second factor, which the attacker does not have.",
    ]
    return incident


def _alarm(course: Course) -> str:
    alarms = [alarm for alarm in (course.source_alarm, course.site_alarm) if alarm is not None]
    if not alarms:
        return "none"
    return f"after {min(alarms) / 60:.1f} minutes, {course.tries_before_alarm:,} tries"


def _facts(course: Course) -> dict[str, object]:
    return {
        "layer": NAMES[course.arrangement],
        "addresses": course.addresses,
        "source_alarm_seconds": course.source_alarm,
        "site_alarm_seconds": course.site_alarm,
        "tries_before_alarm": course.tries_before_alarm,
        "taken": len(course.taken),
        "taken_acting": len(course.taken_acting),
        "told": course.told,
        "suspect_log_ins": course.suspect_log_ins,
        "honest_log_ins": course.honest_log_ins,
        "honest_log_ins_challenged": course.challenged_honest,
        "taken_at": _by_hour(course.taken),
        "taken_acting_at": _by_hour(course.taken_acting),
    }


def _by_hour(times: list[float]) -> list[int]:
    """How many accounts were taken until each hour's end."""
    return [sum(time < (hour + 1) * 3600 for time in times) for hour in range(38)]


def _play_shops(incident: Incident, part: Part) -> None:
    pairs = attack_list(part.tries, part.seed)
    members = members_of(pairs, part.members, part.successes, part.seed)
    with tempfile.TemporaryDirectory(prefix="breachdex-incidents-") as name:
        folder = Path(name)
        with Coverage(pairs, part.seed).index(COVERED, folder / "covered.bdx") as index:
            for at, (arrangement, acts) in enumerate(part.played):
                _play_shop(incident, part, folder / str(at), arrangement, acts, pairs, members, index)


def _play_shop(
    incident: Incident,
    part: Part,
    folder: Path,
    arrangement: Arrangement,
    acts: bool,
    pairs: list[Pair],
    members: list[Member],
    index: breachdex.Index,
) -> None:
    site = open_site(members, arrangement, index, OLD, RESETS)
    accounts = site.accounts()
    predicted = replay(site, members, pairs)
    path = folder.parent / "covered.bdx"
    with (
        Sidecar(folder / "sidecar", path) as sidecar,
        Shop(
            folder / "shop",
            path,
            INCIDENT_LAYER=LAYERS[arrangement],
            INCIDENT_SIDECAR=sidecar.address,
            INCIDENT_ACTS="1" if acts else "0",
        ) as shop,
    ):
        shop.add_members(accounts)
        taken, told, alarm = 0, 0, None
        for number, pair in enumerate(pairs):
            answer = _answer(shop, pair, f"198.51.{number % part.addresses}.7")
            taken += answer is Answer.SESSION
            told += answer is Answer.RESET
            if alarm is None and sidecar.radar()["state"] == "attack":
                alarm = number + 1
        attempts = sidecar.radar()["attempts"]
    if attempts != len(pairs):
        raise PlayError(f"the sidecar's radar was told of {attempts} attempts, not {len(pairs)}")
    if not acts and (taken, told) != (len(predicted.fallen), len(predicted.told)):
        raise PlayError(
            f"{NAMES[arrangement]}: {taken} accounts were taken and {told} told, not "
            f"{len(predicted.fallen)} and {len(predicted.told)} as simulated"
        )
    incident.row(
        f"{part.tries:,} tries from {part.addresses} addresses, real shop and sidecar",
        NAMES[arrangement],
        "none" if alarm is None else f"after {alarm:,} tries",
        "" if acts else f"{taken:,}",
        f"{taken:,}" if acts else "",
        "" if acts else f"{told:,}",
    )
    incident.facts.setdefault("shops", []).append(
        {"layer": NAMES[arrangement], "acts": acts, "taken": taken, "told": told, "alarm_tries": alarm}
    )


def _answer(shop: Shop, pair: Pair, source: str) -> Answer:
    seen = shop.sign_in(pair.name, pair.password, source)
    if seen.session is not None and seen.location:
        return Answer.SESSION
    return Answer.RESET if seen.says("force_reset") else Answer.REFUSED
