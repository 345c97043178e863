"""`Policy` and what it says: profiles, verdicts, reasons, the words for people, and how a bad policy is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import Policy, PolicyError
from breachdex._breachdex import messages
from breachdex.types import Event, Profile

FINE = "zq7 kv!dwm xp9rt"
"""Long enough for everybody, no run, and in no list."""

CHOICES: tuple[Event, ...] = ("sign_up", "change", "reset")


@pytest.fixture(scope="module")
def nist(exposed_index: Path) -> Policy:
    return Policy.profile("nist", index=exposed_index, service_name="Swallow Shop")


def said(verdict: breachdex.Verdict) -> list[dict[str, Any]]:
    reasons: list[dict[str, Any]] = verdict.to_dict()["reasons"]
    return reasons


def test_a_verdict_says_everything(nist: Policy) -> None:
    verdict = nist.check("ﾊﾟｽﾜｰﾄﾞ", user_name="パスワード", event="change")
    assert verdict.to_dict() == {
        "event": "change",
        "action": "reject",
        "accepted": False,
        "reasons": [
            {"code": "context_word", "action": "reject", "source": "user_name"},
            {"code": "exposed", "action": "reject", "count": 300, "form": "nfkc", "source": "base"},
            # The half-width voiced marks are characters of their own in NFC.
            {"code": "too_short", "action": "reject", "length": 7, "min_length": 15},
        ],
    }
    assert json.loads(json.dumps(verdict.to_dict())) == verdict.to_dict()
    assert (verdict.event, verdict.action, verdict.accepted) == ("change", "reject", False)
    word, exposed, short = verdict.reasons
    assert (word.code, word.source, word.count, word.form, word.length) == (
        "context_word",
        "user_name",
        None,
        None,
        None,
    )
    assert (exposed.count, exposed.form, exposed.source) == (300, "nfkc", "base")
    assert (short.length, short.min_length, short.max_length, short.source) == (7, 15, None, None)
    assert repr(verdict) == "<breachdex.Verdict reject at change: [context_word, exposed, too_short]>"
    assert repr(word) == "Reason(code='context_word', action='reject', source='user_name')"
    [long] = nist.check("z" * 500 + "y" * 525).reasons
    assert long.to_dict() == {"code": "too_long", "action": "reject", "length": 1025, "max_length": 1024}


def test_a_plain_yes_has_no_reasons(nist: Policy) -> None:
    verdict = nist.check(FINE, "hanako", "hanako@mail.example")
    assert verdict.to_dict() == {"event": "sign_up", "action": "accept", "accepted": True, "reasons": []}
    assert (verdict.reasons, verdict.messages(), verdict.messages("ja")) == ((), [], [])


def test_verdicts_and_reasons_are_frozen_values(nist: Policy) -> None:
    verdict, same, other = (nist.check(password) for password in ("hunter2", "hunter2", FINE))
    assert verdict == same and hash(verdict) == hash(same) and verdict != other
    assert verdict != nist.check("hunter2", event="change") and verdict != "hunter2"
    assert verdict.reasons[0] == same.reasons[0] and len({*verdict.reasons, *same.reasons}) == 2
    for value, names in (
        (verdict, ("event", "action", "accepted", "reasons", "anything")),
        (verdict.reasons[0], ("code", "action", "count", "form", "source", "length", "anything")),
    ):
        for name in names:
            with pytest.raises(AttributeError):
                setattr(value, name, "accept")
            with pytest.raises(AttributeError):
                delattr(value, name)
        with pytest.raises(TypeError):
            type(value)()
    copied = verdict.to_dict()
    copied["reasons"].clear()
    assert len(verdict.reasons) == len(said(verdict)) == 2


def test_a_verdict_is_neither_true_nor_false(nist: Policy) -> None:
    for ask in (bool, lambda verdict: not verdict, lambda verdict: 1 if verdict else 0):
        with pytest.raises(TypeError) as caught:
            ask(nist.check(FINE))
        assert str(caught.value) == (
            "a verdict is neither true nor false: ask for its accepted or its action"
        )


def test_actions_order_the_reasons(exposed_index: Path) -> None:
    every: dict[Any, Any] = {"exposed": "notify", "context_word": "warn", "too_short": "reject"}
    policy = Policy.profile("asvs-l2", index=exposed_index, actions={"sign_up": every})
    verdict = policy.check("hunter2", user_name="hunter")
    assert [(reason.code, reason.action) for reason in verdict.reasons] == [
        ("too_short", "reject"),
        ("exposed", "notify"),
        ("context_word", "warn"),
    ]
    for severest, accepted in (("accept", True), ("warn", True), ("notify", True), ("reject", False)):
        alone: dict[Any, Any] = {"exposed": severest}
        verdict = Policy.profile("asvs-l2", index=exposed_index, actions={"sign_up": alone}).check("password")
        assert (verdict.action, verdict.accepted) == (severest, accepted)
    forced = Policy.profile("nist", index=exposed_index).check("password", event="log_in")
    assert (forced.action, forced.accepted, len(forced.reasons)) == ("force_reset", False, 1)


def test_profiles(exposed_index: Path) -> None:
    def shortest(name: Profile, mfa: bool = False) -> int:
        policy = Policy.profile(name, index=exposed_index, mfa=mfa)
        lengths = {length for length in range(20) if not said(policy.check(FINE[:length] or "z!"))}
        return min(lengths)

    assert (shortest("nist"), shortest("nist", True), shortest("asvs-l1"), shortest("asvs-l2")) == (
        15,
        8,
        8,
        8,
    )
    level_1 = Policy.profile("asvs-l1", index=exposed_index)
    assert level_1.check("correct horse battery staple").accepted, "seen four times only"
    assert [reason.code for reason in level_1.check("password").reasons] == ["exposed"]
    assert [reason.code for reason in level_1.check("iloveyou").reasons] == ["exposed"], "of the list"
    assert level_1.check("hanako2026", user_name="hanako").accepted
    level_2 = Policy.profile("asvs-l2", index=exposed_index)
    assert not level_2.check("correct horse battery staple").accepted
    assert not level_2.check("hanako2026", user_name="hanako").accepted
    permissive = Policy.profile("permissive", index=exposed_index)
    for event in (*CHOICES, "log_in"):
        verdict = permissive.check("password", user_name="password", event=event)
        assert (verdict.accepted, verdict.action) == (True, "warn")


def test_thresholds(exposed_index: Path) -> None:
    for min_count, accepted in ((1, False), (17, False), (18, True)):
        policy = Policy.profile("asvs-l2", index=exposed_index, min_count=min_count, min_length=1)
        assert policy.check("hunter2").accepted is accepted


def test_rules_are_switched_by_code(exposed_index: Path) -> None:
    policy = Policy.profile(
        "nist", index=exposed_index, rules={"too_short": False, "exposed": False, "similar_exposed": True}
    )
    assert policy.check("hunter3").to_dict()["reasons"] == [{"code": "similar_exposed", "action": "reject"}]
    assert (policy.action("sign_up", "exposed"), policy.action("sign_up", "similar_exposed")) == (
        "accept",
        "reject",
    )
    assert (policy.on_error("log_in"), policy.on_error("reset")) == ("accept", "raise")


def test_the_form_that_is_kept_is_looked_up_too(nist: Policy) -> None:
    assert nist.check(FINE).accepted
    [exposed] = nist.check(FINE, stored="correct horse battery staple").reasons
    assert (exposed.form, exposed.count) == ("stored", 4)


def test_bytes_are_text(nist: Policy) -> None:
    verdict = nist.check("パスワード")
    for kind in (bytes, bytearray, memoryview):
        assert nist.check(kind("パスワード".encode())) == verdict
    for asked in (b"\xff", bytearray(b"\xff"), memoryview(b"\xff\xfe")):
        with pytest.raises(breachdex.InvalidPasswordError) as caught:
            nist.check(asked)
        assert str(caught.value) == "a policy judges text: the password's bytes are no UTF-8"
        assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_what_is_no_question_is_an_error_whatever_faults_mean(exposed_index: Path) -> None:
    policy = Policy.profile("nist", index=exposed_index, on_error="accept")
    wrong: list[tuple[Any, str]] = [(None, "NoneType"), (5, "int"), (["password"], "list")]
    for password, found in wrong:
        with pytest.raises(TypeError) as caught:
            policy.check(password)
        assert str(caught.value) == f"a password is str, bytes, bytearray or memoryview, not {found}"
    with pytest.raises(breachdex.InvalidPasswordError) as half:
        policy.check("zq7-half\ud800")
    assert str(half.value) == (
        "the password holds half of a surrogate pair, which is no character; decode what was received as UTF-8, strictly"
    )
    assert half.value.__cause__ is None and half.value.__context__ is None
    with pytest.raises(PolicyError, match="^event must be one of sign_up, change, reset, log_in$"):
        policy.check(FINE, event="signup")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        policy.check(FINE, None, None, "reset", "stored")  # type: ignore[call-arg]


def test_the_words_in_japanese(exposed_index: Path) -> None:
    policy = Policy.profile("nist", index=exposed_index, rules={"similar_exposed": True}, max_length=64)
    exposed = "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。ほかのサービスで使っていない、別のパスワードを設定してください。"
    form = "このパスワードは、全角と半角などの表記の違いを除くと、過去に流出したパスワードと同じです。別のパスワードを設定してください。"
    word = "ユーザー名、メールアドレス、サービス名などから推測されやすいパスワードは使用できません。別のパスワードを設定してください。"
    similar = "過去に流出したパスワードとよく似ているため、推測されるおそれがあります。別のパスワードを設定してください。"
    repetitive = "同じ文字の繰り返しや連続した文字は推測されやすいため、避けることをおすすめします。"
    reset = "安全のため、パスワードの再設定が必要です。ご登録のメールアドレスにお送りしたご案内に沿って、再設定してください。"
    for password, event, sentences in (
        ("correct horse battery staple", "sign_up", [exposed]),
        ("ｃｏｒｒｅｃｔ horse battery staple", "sign_up", [form]),
        ("correct horse battery staple1", "sign_up", [similar]),
        ("zzzzzzzzzzzzzzzzzzzz", "sign_up", [repetitive]),
        ("hanako hanako hanako 2026", "change", [word]),
        (FINE[:14], "reset", ["パスワードが短すぎます。15文字以上で設定してください（現在14文字）。"]),
        (f"{FINE * 4}!", "reset", ["パスワードが長すぎます。64文字以内で設定してください。"]),
        ("password", "log_in", [reset]),
        (
            "hanako",
            "sign_up",
            [word, "パスワードが短すぎます。15文字以上で設定してください（現在6文字）。"],
        ),
    ):
        verdict = policy.check(password, "hanako", event=event)  # type: ignore[arg-type]
        for lang in ("ja", "ja-JP", "ja_JP.UTF-8", "JA"):
            assert verdict.messages(lang) == sentences, password
        assert len(verdict.messages()) == len(verdict.reasons) and verdict.messages() == verdict.messages(
            "en"
        )
        assert verdict.messages() != sentences
    japanese = Policy.profile("nist", index=exposed_index, language="ja-JP").check(
        "correct horse battery staple"
    )
    assert japanese.messages() == [exposed] and japanese.messages("en") != [exposed]
    with pytest.raises(PolicyError) as caught:
        japanese.messages("fr")
    assert str(caught.value) == "lang must be one of en, ja"


def test_the_words_that_no_verdict_says() -> None:
    for lang in ("ja", "ja_JP.UTF-8"):
        words = messages(lang)
        assert words["exposed_count"] == "流出データの中で %(count)d 回確認されています。"
        assert words["help_text"] == "過去に流出したことが確認されているパスワードは使用できません。"
        assert not [text for text in words.values() if "漏洩" in text or "漏えい" in text]


def test_the_policy_itself(nist: Policy, exposed_index: Path) -> None:
    assert isinstance(nist.index, breachdex.Index) and nist.index.path == str(exposed_index)
    assert repr(nist) == f"<breachdex.Policy nist {nist.index!r}>"
    with pytest.raises(AttributeError):
        nist.anything = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        nist.index = None  # type: ignore[misc,assignment]
    with pytest.raises(PolicyError, match="^code must be one of context_word, control_character, exposed, "):
        nist.action("log_in", "exposd")  # type: ignore[arg-type]
    # Paths share the process's one handle.
    assert Policy.profile("asvs-l2", index=str(exposed_index)).index is nist.index


def test_every_part_of_a_file(make_index: Callable[..., Path], tmp_path: Path) -> None:
    make_index(tmp_path / "policy.bdx", {"from the file's folder": 2})
    file = tmp_path / "policy.toml"
    file.write_text(
        "profile = 'asvs-l2'\nindex = 'policy.bdx'\nlanguage = 'ja'\n[rules]\ntoo_short = false\n"
    )
    policy = Policy.from_toml(file)
    assert isinstance(policy.index, breachdex.Index) and policy.index.path == str(tmp_path / "policy.bdx")
    assert not policy.check("from the file's folder").accepted
    again = tmp_path / "again.toml"
    again.write_text(policy.to_toml())
    assert Policy.from_toml(str(again), index=tmp_path / "policy.bdx").to_toml() == policy.to_toml()
    other = make_index(tmp_path / "other.bdx", {"another": 2})
    replaced = Policy.from_toml(file, index=other)
    assert replaced.check("from the file's folder").accepted and not replaced.check("another").accepted


@pytest.mark.parametrize("password", ["abcddd", "123444", "qwertyyy"])
def test_runs_that_share_a_character_are_runs(password: str, exposed_index: Path) -> None:
    policy = Policy.profile("permissive", index=exposed_index, rules={"too_short": False})
    assert [reason.code for reason in policy.check(password).reasons] == ["repetitive"]


@pytest.mark.parametrize(("argument", "subject"), [("user_name", "user name"), ("email", "e-mail")])
def test_half_a_surrogate_pair_is_looked_for_where_it_is(argument: str, subject: str, nist: Policy) -> None:
    names: dict[str, Any] = {argument: "zq7\ud800"}
    with pytest.raises(breachdex.BreachdexError, match=subject):
        nist.check(FINE, **names)
