"""`Policy` against the shared vectors, which a plain model wrote; the Rust tests read the same file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import breachdex
import pytest
from breachdex import Policy
from breachdex.types import Code
from support import VECTORS

POLICIES: Final = VECTORS.with_name("policy.json")

OTHERS_OFF: Final[dict[Code, bool]] = {
    "too_short": False,
    "repetitive": False,
    "context_word": False,
    "control_character": False,
    "exposed": False,
}
"""So that one rule is asked alone."""


@pytest.fixture(scope="module")
def cases() -> dict[str, list[dict[str, Any]]]:
    loaded: dict[str, list[dict[str, Any]]] = json.loads(POLICIES.read_text(encoding="ascii"))
    return loaded


@pytest.fixture(scope="module")
def nothing(make_index: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> breachdex.Index:
    path = make_index(tmp_path_factory.mktemp("nothing") / "nothing.bdx", {"nobody's password zq7": 1})
    return breachdex.Index.open(path)


def test_forms_are_looked_up_in_order_and_no_other_text_is(
    cases: dict[str, list[dict[str, Any]]], make_index: Callable[..., Path], tmp_path: Path
) -> None:
    assert len(cases["forms"]) >= 30
    for i, case in enumerate(cases["forms"]):
        # The later a form is looked up, the more often it was seen: a threshold passes over the earlier ones.
        seen = {text: 10 * place for place, (_, text) in enumerate(case["forms"], 1)}
        unlike = dict.fromkeys(case["unlike"], 1000)
        index = breachdex.Index.open(make_index(tmp_path / f"{i}.bdx", seen))
        for place, (name, _) in enumerate(case["forms"], 1):
            policy = Policy.profile("permissive", index=index, min_count=10 * place, forms=case["wanted"])
            verdict = policy.check(case["password"], stored=case["stored"])
            [exposed] = [reason for reason in verdict.reasons if reason.code == "exposed"]
            assert (exposed.form, exposed.count, exposed.source) == (name, 10 * place, "base"), case
        if unlike:
            other = breachdex.Index.open(make_index(tmp_path / f"{i}-unlike.bdx", unlike))
            policy = Policy.profile("permissive", index=other, forms=case["wanted"])
            verdict = policy.check(case["password"], stored=case["stored"])
            assert "exposed" not in [reason.code for reason in verdict.reasons], case


def test_lengths_are_code_points_of_nfc(
    cases: dict[str, list[dict[str, Any]]], nothing: breachdex.Index
) -> None:
    for case in cases["lengths"]:
        policy = Policy.profile(
            "asvs-l2", index=nothing, max_length=case["max_length"], rules={"context_word": False}
        )
        reasons = policy.check(case["password"]).reasons
        assert [reason.code for reason in reasons] == ([case["code"]] if case["code"] else []), case
        for reason in reasons:
            assert reason.length == case["length"]
            most = case["max_length"] if case["code"] == "too_long" else None
            assert (reason.min_length, reason.max_length) == (None if most else 8, most)


def test_context_words(cases: dict[str, list[dict[str, Any]]], nothing: breachdex.Index) -> None:
    sources = Counter(case["source"] for case in cases["context_words"])
    assert min(sources[source] for source in (None, "user_name", "email", "service_name", "context")) >= 2
    for case in cases["context_words"]:
        policy = Policy.profile(
            "asvs-l2",
            index=nothing,
            service_name=case["service_name"],
            context=case["context"],
            rules=OTHERS_OFF | {"context_word": True},
        )
        verdict = policy.check(case["password"], user_name=case["user_name"], email=case["email"])
        expected = [("context_word", case["source"])] if case["source"] else []
        assert [(reason.code, reason.source) for reason in verdict.reasons] == expected, case


def test_repetitive(cases: dict[str, list[dict[str, Any]]], nothing: breachdex.Index) -> None:
    policy = Policy.profile("permissive", index=nothing, rules=OTHERS_OFF | {"repetitive": True})
    for case in cases["repetitive"]:
        codes = [reason.code for reason in policy.check(case["password"]).reasons]
        assert codes == (["repetitive"] if case["repetitive"] else []), case


def test_every_variation_is_similar_and_nothing_else_is(
    cases: dict[str, list[dict[str, Any]]],
    nothing: breachdex.Index,
    make_index: Callable[..., Path],
    tmp_path: Path,
) -> None:
    rules: dict[Code, bool] = OTHERS_OFF | {"exposed": True, "similar_exposed": True}
    for i, case in enumerate(cases["similar"]):
        password = case["password"]
        assert not Policy.profile("asvs-l2", index=nothing, rules=rules).check(password).reasons, case
        for j, held in enumerate(case["variations"]):
            index = breachdex.Index.open(make_index(tmp_path / f"{i}-{j}.bdx", {held: 3}))
            [reason] = Policy.profile("asvs-l2", index=index, rules=rules).check(password).reasons
            assert reason.to_dict() == {"code": "similar_exposed", "action": "reject"}, (password, held)


def test_reasons_and_actions_of_every_profile_and_event(
    cases: dict[str, list[dict[str, Any]]],
    nothing: breachdex.Index,
    make_index: Callable[..., Path],
    tmp_path: Path,
) -> None:
    indexes = {0: nothing}
    for case in cases["verdicts"]:
        key = hash((case["password"], case["seen"])) if case["seen"] else 0
        if key not in indexes:
            path = make_index(tmp_path / f"{len(indexes)}.bdx", {case["password"]: case["seen"]})
            indexes[key] = breachdex.Index.open(path)
        policy = Policy.profile(case["profile"], mfa=case["mfa"], index=indexes[key])
        verdict = policy.check(case["password"], user_name=case["user_name"], event=case["event"])
        assert [[reason.code, reason.action] for reason in verdict.reasons] == case["reasons"], case
        severest = case["reasons"][0][1] if case["reasons"] else "accept"
        assert (verdict.event, verdict.action) == (case["event"], severest)
        assert verdict.accepted == (severest in ("accept", "warn", "notify"))
