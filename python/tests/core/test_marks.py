"""Marks: what is kept about log-ins says nothing to who reads it without the site's secret."""

from __future__ import annotations

from datetime import date
from typing import Any

import breachdex
import pytest
from breachdex import Mark, Marks
from breachdex._marks import SEALED_LENGTH
from hypothesis import given
from hypothesis import strategies as st

SECRET = "x" * 32
ACCOUNT, STORED = "user:1", "argon2$salt$hash"

marks = st.builds(
    Mark,
    since=st.none() | st.dates(),
    log_ins=st.integers(min_value=0, max_value=0xFFFF),
    checked=st.none() | st.dates(),
)


@given(mark=marks, account=st.text(), stored=st.text())
def test_a_mark_opens_as_it_was_sealed_and_is_as_long_as_any_other(
    mark: Mark, account: str, stored: str
) -> None:
    sealer = Marks(SECRET)
    sealed = sealer.seal(mark, account, stored)
    assert len(sealed) == SEALED_LENGTH
    assert sealer.open(sealed, account, stored) == mark
    assert sealer.seal(mark, account, stored) != sealed


def test_a_mark_of_another_account_password_or_secret_is_none() -> None:
    sealed = Marks(SECRET).seal(Mark(date(2026, 1, 2), 3), ACCOUNT, STORED)
    for sealer, account, stored in [
        (Marks(SECRET), "user:2", STORED),
        (Marks(SECRET), ACCOUNT, "argon2$salt$other"),
        (Marks(SECRET), ACCOUNT + STORED, ""),
        (Marks("y" * 32), ACCOUNT, STORED),
    ]:
        assert sealer.open(sealed, account, stored) == Mark()


@given(given_=st.none() | st.text() | st.binary(max_size=64).map(lambda raw: raw.hex()))
def test_what_is_no_mark_is_an_empty_one(given_: str | None) -> None:
    assert Marks(SECRET).open(given_, ACCOUNT, STORED) == Mark()


def test_every_changed_character_is_noticed() -> None:
    sealer = Marks(SECRET)
    sealed = sealer.seal(Mark(date(2026, 1, 2), 3), ACCOUNT, STORED)
    for at, character in enumerate(sealed):
        other = "A" if character != "A" else "B"
        assert sealer.open(sealed[:at] + other + sealed[at + 1 :], ACCOUNT, STORED) == Mark()


def test_a_former_secret_still_opens_and_does_not_seal() -> None:
    old, new = Marks("y" * 32), Marks(SECRET, ("y" * 32,))
    mark = Mark(date(2026, 1, 2), 3)
    assert new.open(old.seal(mark, ACCOUNT, STORED), ACCOUNT, STORED) == mark
    assert old.open(new.seal(mark, ACCOUNT, STORED), ACCOUNT, STORED) == Mark()


def test_whoever_reads_marks_cannot_tell_them_apart() -> None:
    """The bits of marks of warned accounts are set as often as those of others: within what chance allows."""
    sealer = Marks(SECRET)

    def bits(mark: Mark) -> list[int]:
        import base64

        total = [0] * 8 * 42
        for number in range(400):
            raw = base64.urlsafe_b64decode(sealer.seal(mark, f"user:{number}", STORED))
            for at in range(len(total)):
                total[at] += raw[at // 8] >> at % 8 & 1
        return total

    for mark in (Mark(), Mark(date(2026, 1, 2), 3), Mark(checked=date(2026, 1, 2))):
        # Seven standard deviations of 400 fair coins.
        assert all(abs(ones - 200) < 70 for ones in bits(mark))


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="^a secret that seals marks has at least 16 bytes$"):
        Marks("short")
    assert SECRET not in repr(Marks(SECRET))


class TestGrace:
    def test_what_makes_no_sense_is_said_by_name(self) -> None:
        cases: list[tuple[Any, str]] = [
            (14, "configure(): grace must be a mapping with days, log_ins or until, not 14"),
            ({}, "configure(): grace cannot be used: grace needs days, log_ins or until"),
            ({"days": 0}, "configure(): grace cannot be used: days must be 1 or more, not 0"),
            (
                {"until": "2027-02-30"},
                'configure(): grace cannot be used: grace.until must be a day as "2027-01-31", not "2027-02-30"',
            ),
        ]
        for grace, said in cases:
            with pytest.raises(breachdex.ConfigurationError) as raised:
                breachdex.configure(grace=grace)
            assert str(raised.value) == said
        with pytest.raises(breachdex.ConfigurationError) as raised:
            breachdex.configure(recheck="sometimes")  # type: ignore[arg-type]
        assert str(raised.value) == "configure(): recheck must be always or newer_index, not 'sometimes'"

    def test_grace_without_anything_to_refuse_is_an_error(self) -> None:
        with pytest.raises(breachdex.ConfigurationError, match="grace is without effect"):
            breachdex.configure(policy="permissive", grace={"days": 14})
        with pytest.raises(breachdex.PolicyError, match="grace is without effect"):
            breachdex.Policy.profile("asvs-l1", grace={"days": 14})

    def test_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from breachdex._configuration import current

        monkeypatch.setenv("BREACHDEX_GRACE", "days=14,log_ins=5")
        breachdex.configure()
        assert repr(current().grace) == "<Grace days=14 log_ins=5>"
        monkeypatch.setenv("BREACHDEX_GRACE", "until=2027-01-31")
        breachdex.configure(policy="nist")
        assert repr(current().grace) == "<Grace until 2027-01-31>"
        assert current().judge._rules.grace == current().grace
        monkeypatch.setenv("BREACHDEX_GRACE", "14")
        with pytest.raises(breachdex.ConfigurationError) as raised:
            breachdex.configure()
        assert str(raised.value) == (
            "BREACHDEX_GRACE in the environment must be as days=14,log_ins=5 or until=2027-01-31, not '14'"
        )

    def test_a_day_may_be_a_date(self) -> None:
        from breachdex._configuration import current

        breachdex.configure(grace={"until": date(2027, 1, 31)})  # type: ignore[dict-item]
        assert repr(current().grace) == "<Grace until 2027-01-31>"

    def test_in_grace_a_refusal_is_a_warning(self) -> None:
        verdict = breachdex.Policy.profile("nist").check("password", event="log_in")
        assert (verdict.action, verdict.in_grace().action) == ("force_reset", "warn")
        assert verdict.in_grace().messages("en") == [
            (
                "The password you logged in with is in a list of passwords that leaked in the past. Please change it soon to one "
                "that you do not use anywhere else."
            )
        ]
