"""The replay of ``examples/replay`` against the real shop: log-in by log-in, the same accounts fall as it predicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("httpx", reason="httpx is not installed: THE REPLAY WAS NOT TRIED AGAINST THE SHOP")

from crowd import Crowd
from replay.attack import Pair, attack_list
from replay.coverage import Coverage
from replay.gate import Answer, Arrangement
from replay.members import Member, members_of
from replay.replay import Outcome, open_site, replay
from shop_server import Shop

SEED = 7
TRIES, SUCCESSES, MEMBERS = 300, 35, 120
COVERED, OLD, RESETS = 0.6, 0.5, 0.25

SETTINGS = {
    Arrangement.OFF: "no_gate_settings",
    Arrangement.CHOOSING: "choosing_settings",
    Arrangement.LOG_IN: "quick_settings",
}


@dataclass(frozen=True)
class Case:
    """A shop with its members before the attack, and what the simulation says of it."""

    arrangement: Arrangement
    shop: Shop
    crowd: Crowd
    pairs: list[Pair]
    members: list[Member]
    predicted: Outcome


@pytest.fixture(params=list(Arrangement), ids=lambda arrangement: arrangement.name.lower())
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    """One of the three arrangements, with members who came by the shop's own forms."""
    pairs = attack_list(TRIES, SEED)
    members = members_of(pairs, MEMBERS, SUCCESSES, SEED)
    with Coverage(pairs, SEED).index(COVERED, tmp_path / "covered.bdx") as index:
        predicted = replay(open_site(members, request.param, index, OLD, RESETS), members, pairs)
    shop = Shop(tmp_path, tmp_path / "covered.bdx", settings=SETTINGS[request.param])
    shop.start()
    crowd = Crowd(shop)
    old = [member for member in members if member.age < OLD]
    resetting = [member for member in old if member.steadiness < RESETS]
    crowd.add_old(old)
    crowd.join([member for member in members if member.age >= OLD])
    crowd.ask_for_resets(resetting)
    crowd.follow_reset_mails(resetting)
    crowd.forget_sessions()
    yield Case(request.param, shop, crowd, pairs, members, predicted)
    crowd.close()
    shop.stop()


def test_the_same_accounts_fall_as_predicted(case: Case) -> None:
    predicted, crowd = case.predicted, case.crowd
    assert crowd.refused_choices == predicted.refused_choices
    mails_before = len(case.shop.mails())

    answers = crowd.try_list(case.pairs)
    assert answers[Answer.SESSION] == predicted.fallen
    assert answers[Answer.RESET] == predicted.told

    # One session for each account that fell, and none for one whose password has to be reset.
    assert sorted(crowd.session_owners()) == sorted(predicted.fallen)
    mails = case.shop.mails()[mails_before:]
    assert sorted(mail.to for mail in mails) == sorted(predicted.told)
    assert len(crowd.refusals) == 1, "a wrong password and an unknown address are answered differently"

    if predicted.told:
        crowd.follow_reset_mails([member for member in case.members if member.name in predicted.told])
        later = crowd.try_list(case.pairs)
        assert len(later[Answer.SESSION]) == predicted.fallen_later
        assert later[Answer.RESET] == set()
        assert len(crowd.refusals) == 1, "an account that was reset is answered differently"


def test_what_is_predicted_differs_between_the_arrangements(tmp_path: Path) -> None:
    pairs = attack_list(TRIES, SEED)
    members = members_of(pairs, MEMBERS, SUCCESSES, SEED)
    with Coverage(pairs, SEED).index(COVERED, tmp_path / "covered.bdx") as index:
        off, choosing, log_in = (
            replay(open_site(members, arrangement, index, OLD, RESETS), members, pairs)
            for arrangement in Arrangement
        )
    assert len(off.fallen) == SUCCESSES
    assert off.fallen > choosing.fallen > log_in.fallen > set()
    assert log_in.told == choosing.fallen - log_in.fallen
    assert choosing.refused_choices == log_in.refused_choices > off.refused_choices == 0
