"""What a policy does when its index, or the range server in its place, gives no answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import Policy, PolicyError
from breachdex.types import Event, OnError
from support import EXPOSED, damaged, replace

FINE = "zq7 kv!dwm xp9rt"
EVENTS: tuple[Event, ...] = ("sign_up", "change", "reset", "log_in")


@pytest.fixture
def spoilt(
    make_index: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Policy]:
    """Makes policies whose index is changed in place once they have answered."""
    monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)
    made = iter(range(100))

    def make(**settings: Any) -> Policy:
        path = make_index(tmp_path / f"{next(made)}.bdx", {"hunter2": 17, "password": 5})
        policy = Policy.profile("nist", index=path, **settings)
        assert policy.check(FINE).accepted and not policy.check("hunter2").accepted
        with path.open("ab") as file:
            file.write(b"!")
        return policy

    return make


def codes(verdict: breachdex.Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def test_by_default_log_in_goes_on_and_choices_do_not(spoilt: Callable[..., Policy]) -> None:
    policy = spoilt()
    for event in EVENTS[:3]:
        with pytest.raises(breachdex.IndexDamagedError) as caught:
            policy.check(FINE, event=event)
        assert "the file was changed in place while it was open" in str(caught.value)
    verdict = policy.check("hunter2", event="log_in")
    assert (verdict.accepted, verdict.action, codes(verdict)) == (True, "accept", ["index_unavailable"])
    assert verdict.to_dict()["reasons"] == [{"code": "index_unavailable", "action": "accept"}]


@pytest.mark.parametrize(("on_error", "accepted"), [("accept", True), ("reject", False)])
def test_a_choice_for_every_event(spoilt: Callable[..., Policy], on_error: OnError, accepted: bool) -> None:
    policy = spoilt(on_error=on_error)
    for event in EVENTS:
        verdict = policy.check(FINE, event=event)
        assert (verdict.accepted, verdict.action) == (accepted, on_error)
        assert codes(verdict) == ["index_unavailable"]
        assert verdict.messages("ja") == [
            "現在、パスワードの安全性を確認できません。しばらくしてからもう一度お試しください。"
        ]


def test_a_choice_by_event(spoilt: Callable[..., Policy]) -> None:
    policy = spoilt(on_error={"sign_up": "reject", "change": "accept", "log_in": "raise"})
    assert [policy.on_error(event) for event in EVENTS] == ["reject", "accept", "raise", "raise"]
    assert policy.action("sign_up", "index_unavailable") == "reject"
    assert not policy.check(FINE, event="sign_up").accepted and policy.check(FINE, event="change").accepted
    for event in EVENTS[2:]:
        with pytest.raises(breachdex.IndexDamagedError):
            policy.check(FINE, event=event)


def test_other_reasons_stand_beside_a_fault(spoilt: Callable[..., Policy]) -> None:
    verdict = spoilt(on_error="accept").check("hanako", user_name="hanako")
    assert not verdict.accepted
    assert codes(verdict) == ["context_word", "too_short", "index_unavailable"]
    assert codes(spoilt(on_error="reject").check("hanako", user_name="hanako")) == [
        "context_word",
        "index_unavailable",
        "too_short",
    ]


def test_one_line_a_minute(spoilt: Callable[..., Policy], caplog: pytest.LogCaptureFixture) -> None:
    """The interval itself is tested where it is kept, in the library's throttle."""
    policy = spoilt(on_error="accept")
    with caplog.at_level(logging.DEBUG):
        for _ in range(5):
            policy.check("hunter2", "hanako", event="log_in")
        policy.check("hunter2", "hanako", event="reset")
    [line] = caplog.records
    assert (line.name, line.levelno) == ("breachdex", logging.ERROR)
    assert line.getMessage().startswith("passwords cannot be checked and are accepted: ")
    assert "changed in place" in line.getMessage()


def test_a_fault_ends_when_a_sound_file_is_there(
    make_index: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)
    path = make_index(tmp_path / "a.bdx", {"old": 1})
    policy = Policy.profile("nist", index=path)
    with path.open("ab") as file:
        file.write(b"!")
    with pytest.raises(breachdex.IndexDamagedError):
        policy.check(FINE)
    replace(path, make_index(tmp_path / "b.bdx", {FINE: 2}).read_bytes())
    assert codes(policy.check(FINE)) == ["exposed"]


def test_damage_that_shows_when_it_is_read(
    make_index: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = damaged(make_index(tmp_path / "sound.bdx", EXPOSED | {FINE: 1}), tmp_path / "damaged.bdx")
    # By path an index of this size is read from end to end at once.
    with pytest.raises(breachdex.IndexDamagedError):
        Policy.profile("nist", index=path, on_error="accept")
    index = breachdex.Index.open(path)
    with pytest.raises(breachdex.IndexDamagedError):
        Policy.profile("nist", index=index).check(FINE)
    assert Policy.profile("nist", index=index, on_error="reject").check(FINE).action == "reject"
    assert Policy.profile("nist", index=index).check(FINE, event="log_in").accepted
    assert len(caplog.records) == 2


def test_what_an_overlay_knows_is_refused_whatever_the_base_says(
    make_index: Callable[..., Path], tmp_path: Path
) -> None:
    path = damaged(make_index(tmp_path / "sound.bdx", EXPOSED | {FINE: 1}), tmp_path / "damaged.bdx")
    own = make_index(tmp_path / "own.bdx", {FINE: 1, "another of our own": 1})
    for on_error in ("accept", "reject", "raise"):
        index = breachdex.Index.open(path)
        policy = Policy.profile("nist", index=index, overlays=[own], on_error=on_error)
        verdict = policy.check(FINE)
        assert (verdict.action, codes(verdict)) == ("reject", ["exposed"])


def test_a_closed_index_is_no_fault_of_the_moment(make_index: Callable[..., Path], tmp_path: Path) -> None:
    index = breachdex.Index.open(make_index(tmp_path / "a.bdx", {"x": 1}))
    policy, lenient = (
        Policy.profile("nist", index=index),
        Policy.profile("nist", index=index, on_error="accept"),
    )
    index.close()
    with pytest.raises(breachdex.IndexClosedError):
        policy.check(FINE)
    for event in ("sign_up", "log_in"):
        with pytest.raises(breachdex.IndexClosedError):
            lenient.check(FINE, event=event)


def test_a_range_server_is_asked_with_acheck_only(served: str, exposed_index: Path) -> None:
    client = breachdex.RangeClient(served)
    remote = Policy.profile("nist", index=client, rules={"similar_exposed": True})
    local = Policy.profile("nist", index=exposed_index, rules={"similar_exposed": True})
    assert remote.index is client
    with pytest.raises(TypeError) as caught:
        remote.check("hunter2")
    assert str(caught.value) == "a policy with a RangeClient speaks to the network: await acheck() instead"

    async def both(password: str, event: Event) -> None:
        there = await remote.acheck(password, "hanako", "hanako@mail.example", event)
        here = await local.acheck(password, "hanako", "hanako@mail.example", event)
        assert there == here == local.check(password, "hanako", "hanako@mail.example", event)

    async def every() -> None:
        asked = ("password", "ﾊﾟｽﾜｰﾄﾞ", "hunter3", "hanako99", FINE, "correct horse battery staple")
        await asyncio.gather(*(both(password, event) for password in asked for event in EVENTS))

    asyncio.run(every())
    assert asyncio.run(remote.acheck(FINE, stored="hunter2")).reasons[0].form == "stored"
    many = Policy.profile("asvs-l2", index=client, min_count=18, min_length=1)
    assert asyncio.run(many.acheck("hunter2")).accepted
    assert not asyncio.run(many.acheck("password")).accepted


def test_a_range_server_that_is_not_there(nobody: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(PolicyError, match="on_error is 'accept', which has no say in a policy"):
        Policy.profile("nist", index=breachdex.RangeClient(nobody, on_error="accept"))
    client = breachdex.RangeClient(nobody, timeout=2)
    policy = Policy.profile("nist", index=client, on_error={"change": "reject"})
    with pytest.raises(breachdex.RemoteError) as caught:
        asyncio.run(policy.acheck(FINE))
    assert str(caught.value).startswith(f"{nobody} gave no answer: ")
    assert not caplog.records
    for _ in range(2):
        assert not asyncio.run(policy.acheck(FINE, event="change")).accepted
        assert asyncio.run(policy.acheck("password", event="log_in")).accepted
    assert [record.getMessage().split(f"{nobody} gave")[0] for record in caplog.records] == [
        "passwords cannot be checked and are refused: "
    ]


def test_an_overlay_does_not_make_a_refusal_for_a_fault_milder(
    make_index: Callable[..., Path], tmp_path: Path
) -> None:
    path = damaged(make_index(tmp_path / "sound.bdx", EXPOSED | {FINE: 1}), tmp_path / "damaged.bdx")
    own = make_index(tmp_path / "own.bdx", {FINE: 1})
    index = breachdex.Index.open(path)
    assert not Policy.profile("permissive", index=index, on_error="reject").check(FINE).accepted
    assert (
        not Policy.profile("permissive", index=index, overlays=[own], on_error="reject").check(FINE).accepted
    )


def test_a_fault_is_raised_whatever_else_was_found(make_index: Callable[..., Path], tmp_path: Path) -> None:
    path = damaged(make_index(tmp_path / "sound.bdx", EXPOSED | {"short": 1}), tmp_path / "damaged.bdx")
    policy = Policy.profile("nist", index=breachdex.Index.open(path))
    with pytest.raises(breachdex.IndexDamagedError):
        policy.check("short")
