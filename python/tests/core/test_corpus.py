"""Several bases, overlays and a range server as one corpus: the same table for indexes, gates and policies."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import Index, IndexSet, Policy, RangeClient
from breachdex._gate import Gate, Unavailable
from support import damaged

Make = Callable[..., Path]

NOBODY = "http://127.0.0.1:9"
"""A server that refuses every connection."""


@pytest.fixture
def base(make_index: Make, tmp_path: Path) -> Path:
    return make_index(tmp_path / "base.bdx", {"password": 5, "once": 1})


@pytest.fixture
def half_damaged(base: Path, make_index: Make, tmp_path: Path) -> IndexSet:
    """A base that is sound with a damaged overlay beside it."""
    own = make_index(tmp_path / "own.bdx", {"ours": 1, "password": 1})
    return IndexSet(Index.open(base), overlays=[Index.open(damaged(own, tmp_path / "damaged.bdx"))])


def test_counts_add_up_over_bases_and_overlays_add_none(base: Path, make_index: Make, tmp_path: Path) -> None:
    other = Index.open(make_index(tmp_path / "other.bdx", {"password": 7}))
    own = Index.open(make_index(tmp_path / "own.bdx", {"ours": 2, "password": 100}))
    both = IndexSet([Index.open(base), other], overlays=[own])
    asked = ["password", "once", "ours", "absent"]
    assert [both.count(password) for password in asked] == [12, 1, 2, 0]
    assert both.counts([*asked, None]) == [12, 1, 2, 0, None]
    assert both.contains("ours", min_count=10**6) and both.contains("password", min_count=10**6)
    assert not both.contains("once", min_count=2)
    assert len(both.bases) == 2 and both.base is both.bases[0] and both.overlays == (own,)
    again = pickle.loads(pickle.dumps(both))
    assert [again.count(password) for password in asked] == [12, 1, 2, 0]


@pytest.mark.parametrize("on_error", ["accept", "reject", "raise"])
def test_a_hit_stands_whatever_befalls_another_source(half_damaged: IndexSet, on_error: Any) -> None:
    assert half_damaged.contains("password")
    exposure = Gate(half_damaged, on_error=on_error).examine("password")
    assert isinstance(exposure, breachdex.Exposure)
    assert (exposure.count, exposure.source, exposure.partial) == (5, "base", True)
    verdict = Policy.profile("nist", index=half_damaged, on_error=on_error).check("password")
    assert not verdict.accepted and verdict.reasons[0].code == "exposed"
    # A part of a count is none.
    with pytest.raises(breachdex.IndexDamagedError):
        half_damaged.count("password")


def test_what_is_not_known_is_not_called_safe(half_damaged: IndexSet) -> None:
    absent = "nothing of the kind 7"
    with pytest.raises(breachdex.IndexDamagedError):
        half_damaged.contains(absent)
    with pytest.raises(breachdex.IndexDamagedError):
        Gate(half_damaged).examine(absent)
    assert isinstance(Gate(half_damaged, on_error="reject").examine(absent), Unavailable)
    assert Gate(half_damaged, on_error="accept").examine(absent) is None


def test_a_range_server_is_a_base(base: Path) -> None:
    both = IndexSet([Index.open(base), RangeClient(NOBODY, timeout=2)])
    assert both.contains("password"), "the index holds it"
    for ask in (both.contains, both.count):
        with pytest.raises(breachdex.RemoteError):
            ask("absent")
    with pytest.raises(TypeError, match=r"counts\(\) asks no range server"):
        both.counts(["password"])
    with pytest.raises(TypeError, match="range server is not known"):
        len(both)
    policy = Policy.profile("nist", index=both)
    with pytest.raises(TypeError, match=r"await acheck\(\)"):
        policy.check("password")
    assert not asyncio.run(policy.acheck("password")).accepted


def test_bases_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="a set needs a base"):
        IndexSet([])
    with pytest.raises(ValueError, match="one RangeClient at most"):
        IndexSet([RangeClient(NOBODY), RangeClient(NOBODY)])
    with pytest.raises(ValueError, match="on_error is 'accept', which has no say in a set"):
        IndexSet([RangeClient(NOBODY, on_error="accept")])


def test_values_survive_a_pickle(base: Path) -> None:
    policy = Policy.profile("asvs-l2", index=base, service_name="Shop", context=["kumo"], on_error="reject")
    verdict = policy.check("kumo", "hanako")
    exposed = policy.check("ｐａｓｓｗｏｒｄ")
    values: list[Any] = [
        policy,
        verdict,
        exposed,
        *verdict.reasons,
        *exposed.reasons,
        Index.open(base).metadata,
        Gate(Index.open(base)).examine("password"),
        RangeClient(NOBODY, 3.0, "reject"),
    ]
    assert {reason.code for reason in (*verdict.reasons, *exposed.reasons)} >= {"context_word", "exposed"}
    for value in values:
        again = pickle.loads(pickle.dumps(value))
        assert again == value and hash(again) == hash(value) and type(again) is type(value)
    again = pickle.loads(pickle.dumps(policy))
    assert again.to_toml() == policy.to_toml() and again.check("kumo", "hanako") == verdict
    assert again != Policy.profile("nist", index=base)
    for reason in (*verdict.reasons, *exposed.reasons):
        assert pickle.loads(pickle.dumps(reason)).to_dict() == reason.to_dict()
