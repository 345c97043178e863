"""The model of the replay: who is in it, what the index covers, and what the gate does to the curve."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import pytest
from replay.attack import Pair, attack_list
from replay.coverage import Coverage, covered_lines
from replay.curve import Point, Setting, curve
from replay.gate import Answer, Arrangement, EveryChoiceRefusedError, Site
from replay.members import ImpossibleNumbersError, members_of
from replay.passwords import COMMON_SHARE
from replay.replay import open_site, replay

SMALL = Setting(members=900, tries=1_200, successes=140, seed=5, shares=tuple(range(0, 101, 10)))


@pytest.fixture(scope="module")
def points() -> list[Point]:
    """A small curve."""
    return list(curve(SMALL))


def of(points: list[Point], arrangement: Arrangement, old: int) -> list[Point]:
    """One line of the picture."""
    return [p for p in points if p.arrangement == arrangement.value and p.old_accounts == old]


# Who is in it


@pytest.mark.parametrize("successes", [0, 1, 140, 900])
@pytest.mark.parametrize("seed", [1, 2, 77])
def test_exactly_so_many_tries_are_right(successes: int, seed: int) -> None:
    pairs = attack_list(1_200, seed)
    members = members_of(pairs, 900, successes, seed)
    assert len(members) == len({member.name for member in members}) == 900
    first = {member.name: member.choices[0] for member in members}
    assert sum(first.get(pair.name) == pair.password for pair in pairs) == successes


def test_nothing_but_a_first_choice_is_on_the_list() -> None:
    pairs = attack_list(1_200, 5)
    on_the_list = {pair.name: pair.password for pair in pairs}
    for member in members_of(pairs, 900, 140, 5):
        assert on_the_list.get(member.name) not in member.choices[1:], (
            "a second choice is the one on the list"
        )


def test_every_line_is_for_another_user_name() -> None:
    pairs = attack_list(1_200, 5)
    assert len({pair.name for pair in pairs}) == 1_200


def test_passwords_are_chosen_as_documented() -> None:
    seen = Counter(pair.password for pair in attack_list(30_000, 1))
    shared = sum(lines for password, lines in seen.items() if "-" not in password)
    assert shared / 30_000 == pytest.approx(COMMON_SHARE, abs=0.01)
    commonest = max(seen.values()) / 30_000
    assert 0.008 < commonest < 0.02, "about one in a hundred"
    assert all(lines == 1 for password, lines in seen.items() if "-" in password)


@pytest.mark.parametrize(("tries", "members", "most"), [(10, 500, 10), (500, 10, 10)])
def test_more_successes_than_can_be_are_an_error(tries: int, members: int, most: int) -> None:
    with pytest.raises(ImpossibleNumbersError) as caught:
        members_of(attack_list(tries, 1), members, 11, 1)
    assert str(caught.value) == (
        f"11 of {tries} tries cannot succeed with {members} members: give at most {most} successes, or more tries "
        "and members"
    )


# What the index covers


def test_an_index_covers_its_share_and_all_that_a_smaller_one_does(tmp_path: Path) -> None:
    pairs = attack_list(1_200, 5)
    coverage = Coverage(pairs, 5)
    heaviest = max(Counter(pair.password for pair in pairs).values())
    before: set[str] = set()
    for percent in range(0, 101, 10):
        with coverage.index(percent / 100, tmp_path / f"{percent}.bdx") as index:
            held = {pair.password for pair in pairs if index.contains(pair.password)}
            covered = covered_lines(index, pairs)
        assert before <= held
        assert percent * 12 - heaviest < covered <= percent * 12
        before = held
    assert covered == 1_200
    assert [file.suffix for file in tmp_path.iterdir()] == [".bdx"] * 11, (
        "the text it was built from was left"
    )


def test_the_index_counts_lines(tmp_path: Path) -> None:
    pairs = attack_list(1_200, 5)
    with Coverage(pairs, 5).index(1.0, tmp_path / "all.bdx") as index:
        for password, lines in Counter(pair.password for pair in pairs).items():
            assert index.count(password) == lines


# What the gate does


def test_without_a_gate_every_right_try_succeeds(points: list[Point]) -> None:
    for old in SMALL.old_accounts:
        for point in of(points, Arrangement.OFF, old):
            assert (point.fallen, point.told, point.refused_choices) == (140, 0, 0)


def test_an_index_that_covers_nothing_changes_nothing(points: list[Point]) -> None:
    assert {(p.fallen, p.told, p.refused_choices) for p in points if p.share == 0} == {(140, 0, 0)}


@pytest.mark.parametrize("arrangement", list(Arrangement))
@pytest.mark.parametrize("old", SMALL.old_accounts)
def test_more_coverage_never_means_more_fallen_accounts(
    points: list[Point], arrangement: Arrangement, old: int
) -> None:
    for less, more in itertools.pairwise(of(points, arrangement, old)):
        assert more.fallen <= less.fallen
        assert more.refused_choices >= less.refused_choices


def test_older_accounts_escape_sign_up_and_reset_but_not_log_in(points: list[Point]) -> None:
    young, half, all_old = (of(points, Arrangement.CHOOSING, old) for old in (0, 50, 100))
    for fewest, middle, most in zip(young, half, all_old, strict=True):
        assert fewest.fallen <= middle.fallen <= most.fallen
    assert all_old[-1].fallen > half[-1].fallen > young[-1].fallen == 0
    for lines in zip(*(of(points, Arrangement.LOG_IN, old) for old in (0, 50, 100)), strict=True):
        assert len({point.fallen for point in lines}) == 1
    assert of(points, Arrangement.LOG_IN, 100)[-1].fallen == 0


def test_log_in_gives_away_what_it_keeps_from_falling(points: list[Point]) -> None:
    for old in SMALL.old_accounts:
        for choosing, log_in in zip(
            of(points, Arrangement.CHOOSING, old), of(points, Arrangement.LOG_IN, old), strict=True
        ):
            assert log_in.told == choosing.fallen - log_in.fallen
            assert choosing.told == 0
            assert log_in.fallen_later == log_in.fallen, "a reset account fell, or another one did not"


def test_without_resets_every_old_account_keeps_its_password(tmp_path: Path) -> None:
    pairs = attack_list(1_200, 5)
    members = members_of(pairs, 900, 140, 5)
    with Coverage(pairs, 5).index(1.0, tmp_path / "all.bdx") as index:
        fallen = [
            len(replay(open_site(members, Arrangement.CHOOSING, index, 1.0, resets), members, pairs).fallen)
            for resets in (0.0, 0.5, 1.0)
        ]
    assert fallen[0] == 140 > fallen[1] > fallen[2] == 0


def test_a_right_exposed_password_opens_nothing_and_dies(tmp_path: Path) -> None:
    pairs = [Pair("a@mail.example", "sample-exposed-1")]
    with Coverage(pairs, 1).index(1.0, tmp_path / "one.bdx") as index:
        site = Site(Arrangement.LOG_IN, index)
        site.keep_old_account("a@mail.example", ("sample-exposed-1", "sample-kept-2"))
        assert site.log_in("a@mail.example", "sample-wrong") is Answer.REFUSED
        assert site.log_in("b@mail.example", "sample-exposed-1") is Answer.REFUSED
        assert site.mailed == []
        assert site.log_in("a@mail.example", "sample-exposed-1") is Answer.RESET
        assert site.log_in("a@mail.example", "sample-exposed-1") is Answer.REFUSED
        assert site.mailed == ["a@mail.example"]
        site.choose("a@mail.example", ("sample-exposed-1", "sample-kept-2"))
        assert site.log_in("a@mail.example", "sample-exposed-1") is Answer.REFUSED
        assert site.log_in("a@mail.example", "sample-kept-2") is Answer.SESSION
        with pytest.raises(EveryChoiceRefusedError, match=r"^all 1 choices of a member are exposed$"):
            site.choose("a@mail.example", ("sample-exposed-1",))


def test_the_same_seed_gives_the_same_curve(points: list[Point]) -> None:
    assert list(curve(SMALL)) == points
    other = Setting(members=900, tries=1_200, successes=140, seed=6, shares=SMALL.shares)
    assert list(curve(other)) != points
