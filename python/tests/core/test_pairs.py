"""Exposed pairs: a file of them, what policies make of it, and how it is configured."""

from __future__ import annotations

import json
import logging
import os
import pickle
import stat
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import Pairs, Policy
from breachdex._breachdex import ExposedPair, Gate
from breachdex._configuration import current
from leaks import SENTINEL, assert_clean, every_log_line, our_frames
from support import VECTORS

HANAKO = "hanako@example.jp"
PASSWORD = "sakura2019 is not enough"
"""In the list with HANAKO, and in no index."""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A file of pairs and its key."""
    path, key = tmp_path / "pairs.bdx", tmp_path / "pairs.key"
    assert Pairs.add(path, key, [(HANAKO, PASSWORD), ("taro", b"hunter2"), (HANAKO, PASSWORD)]) == 2
    return path, key


def test_a_file_is_made_asked_and_changed(files: tuple[Path, Path]) -> None:
    path, key = files
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    pairs = Pairs.open(path, key)
    assert (len(pairs), bool(pairs), pairs.path) == (2, True, str(path))
    assert pairs.find("Hanako@Example.JP", PASSWORD) == "pair"
    assert pairs.find(HANAKO, "Sakura2019 is not enough") == "similar_pair"
    assert pairs.find(HANAKO, "else") == "user_name"
    assert pairs.find("jiro", PASSWORD) is None
    assert pairs.find("taro", bytearray(b"hunter2")) == "pair"
    pairs.verify()
    assert Pairs.add(path, key, [("jiro", "new")]) == 1
    assert pairs.reload_if_changed()
    assert pairs.find("jiro", "new") == "pair"
    assert pickle.loads(pickle.dumps(pairs)).find("jiro", "new") == "pair"
    pairs.close()
    assert pairs.closed
    with pytest.raises(breachdex.IndexClosedError):
        pairs.find("jiro", "new")


def test_the_shared_vectors(tmp_path: Path) -> None:
    vectors: dict[str, Any] = json.loads(VECTORS.with_name("pairs.json").read_text(encoding="ascii"))
    key = tmp_path / "pairs.key"
    key.write_bytes(bytes.fromhex(vectors["key"]))
    key.chmod(0o600)
    held = [(user, password) for user, password in vectors["held"] if user.strip() and password]
    for number, case in enumerate(vectors["files"]):
        path = tmp_path / f"{number}.bdx"
        rules = {"mail_rules": case["mail_rules"], "local_names": case["local_names"]}
        with pytest.raises(breachdex.IndexNotFoundError):
            Pairs.open(path, key)
        Pairs.add(path, key, held, **rules)
        pairs = Pairs.open(path, key)
        assert f"key={pairs.key_id};" in case["label"]
        for user, password, found in case["found"]:
            assert pairs.find(user, password) == found, (rules, user)
    policies = {
        profile: Policy.profile(profile, pairs=tmp_path / "0.bdx", pair_key=key)
        for profile in ("nist", "asvs-l1", "asvs-l2", "permissive")
    }
    for case in vectors["verdicts"]:
        verdict = policies[case["profile"]].check(
            case["password"], user_name=case["user_name"], event=case["event"]
        )
        assert [[reason.code, reason.action] for reason in verdict.reasons] == case["reasons"], case


@pytest.mark.parametrize(
    ("spoil", "error", "said"),
    [
        (
            "missing",
            breachdex.PairKeyError,
            "cannot open the key {key}: No such file or directory (os error 2)",
        ),
        ("short", breachdex.PairKeyError, "{key} is no key of pairs: it does not have 32 bytes"),
        (
            "readable",
            breachdex.PairKeyError,
            (
                "{key} has mode 0644, so other users can read the key; run `chmod 600 {key}`, and make a new key and new pairs "
                "if somebody may have read it"
            ),
        ),
        ("damaged", breachdex.IndexDamagedError, None),
        (
            "index",
            breachdex.IndexKindError,
            "{path} holds no pairs: it is an index of passwords; name it as an index",
        ),
    ],
)
def test_what_cannot_be_asked(
    files: tuple[Path, Path], exposed_index: Path, spoil: str, error: type[Exception], said: str | None
) -> None:
    path, key = files
    if spoil == "missing":
        key.unlink()
    elif spoil == "short":
        key.write_bytes(b"too short")
    elif spoil == "readable":
        key.chmod(0o644)
    elif spoil == "damaged":
        data = bytearray(path.read_bytes())
        data[20] ^= 1
        path.write_bytes(data)
    else:
        path.write_bytes(exposed_index.read_bytes())
    with pytest.raises(error) as raised:
        Pairs.open(path, key)
    if said is not None:
        assert str(raised.value) == said.format(path=path, key=key)


def test_another_key_is_an_error(files: tuple[Path, Path], tmp_path: Path) -> None:
    path, key = files
    other = tmp_path / "other.key"
    Pairs.add(tmp_path / "other.bdx", other, [("jiro", "new")])
    with pytest.raises(breachdex.PairKeyError) as raised:
        Pairs.open(path, other)
    assert "was made with the key" in str(raised.value)
    with pytest.raises(breachdex.PairKeyError):
        Pairs.add(path, other, [("jiro", "new")])
    # The right one of several is taken.
    assert Pairs.open(path, [other, key]).find("taro", "hunter2") == "pair"
    with pytest.raises(breachdex.IndexKindError) as refused:
        Pairs.add(path, key, [("jiro", "new")], mail_rules=False)
    assert "they stay as they are for the life of a file" in str(refused.value)
    with pytest.raises(breachdex.IndexKindError) as mixed:
        breachdex.Index.open(path)
    assert str(mixed.value).endswith("name it as pairs, not as an index or an overlay")


def test_pairs_that_cannot_be_added(files: tuple[Path, Path]) -> None:
    path, key = files
    before = path.read_bytes()
    for pair, fault in ((("", "x"), "the user name is empty"), (("x", ""), "the password is empty")):
        with pytest.raises(ValueError, match=f"^pair 1: {fault}; nothing was written$"):
            Pairs.add(path, key, [("jiro", "new"), pair])
    assert path.read_bytes() == before


def test_a_policy_asks_them(files: tuple[Path, Path], exposed_index: Path) -> None:
    path, key = files
    policy = Policy.profile("asvs-l2", index=exposed_index, pairs=[path], pair_key=key)
    verdict = policy.check(PASSWORD, email=HANAKO, event="log_in")
    assert (verdict.action, len(verdict.reasons)) == ("force_reset", 1)
    [reason] = verdict.reasons
    assert (reason.code, reason.match, reason.count, reason.source) == ("exposed_pair", "pair", None, None)
    assert verdict.to_dict() == {
        "event": "log_in",
        "action": "force_reset",
        "accepted": False,
        "reasons": [{"code": "exposed_pair", "action": "force_reset", "match": "pair"}],
    }
    assert pickle.loads(pickle.dumps(verdict)) == verdict
    both = policy.check("hunter2", user_name="taro")
    assert [reason.code for reason in both.reasons] == ["exposed_pair", "exposed", "too_short"]
    assert both.messages("ja")[0].startswith("このユーザー名またはメールアドレスとパスワードの組み合わせは、")
    similar = policy.check("Sakura2019 is not enough", user_name=HANAKO)
    assert similar.reasons[0].match == "similar_pair"
    # Nothing is said of the name.
    assert similar.messages("en") == [
        "This password is very similar to one that leaked in the past and could be guessed. Please choose a different one."
    ]
    assert policy.check(PASSWORD, user_name="jiro").accepted
    assert policy.check(PASSWORD).accepted
    again = pickle.loads(pickle.dumps(policy))
    assert again == policy
    assert [pairs.path for pairs in again.pairs] == [str(path)]
    assert again.check(PASSWORD, user_name=HANAKO).reasons[0].code == "exposed_pair"
    assert Policy.profile("asvs-l2", index=exposed_index) != policy


def test_a_policys_file_names_them(files: tuple[Path, Path], exposed_index: Path, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("profile = 'asvs-l2'\npairs = ['pairs.bdx']\npair_key = 'pairs.key'\n", encoding="utf-8")
    policy = Policy.from_toml(file, index=exposed_index)
    assert policy.check(PASSWORD, user_name=HANAKO).reasons[0].code == "exposed_pair"
    breachdex.configure(policy=file, index=exposed_index)
    with pytest.raises(breachdex.PasswordRejectedError):
        breachdex.validate(PASSWORD, HANAKO)


class TestConfiguration:
    def test_without_a_policy_they_are_asked_too(self, files: tuple[Path, Path], exposed_index: Path) -> None:
        path, key = files
        breachdex.configure(index=exposed_index, pairs=path, pair_key=key)
        with pytest.raises(breachdex.PasswordRejectedError) as raised:
            breachdex.validate(PASSWORD, email=HANAKO)
        assert [reason.code for reason in raised.value.verdict.reasons] == ["exposed_pair"]
        assert breachdex.validate(PASSWORD, "jiro").accepted
        assert breachdex.validate(PASSWORD, HANAKO, event="log_in").action == "warn"

    def test_the_environment(
        self, files: tuple[Path, Path], exposed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, key = files
        Pairs.add(tmp_path / "next.bdx", tmp_path / "next.key", [("shiro", "sakura")])
        monkeypatch.setenv("BREACHDEX_PAIRS", os.pathsep.join([str(path), str(tmp_path / "next.bdx")]))
        monkeypatch.setenv("BREACHDEX_PAIR_KEY", os.pathsep.join([str(tmp_path / "next.key"), str(key)]))
        breachdex.configure(index=exposed_index)
        assert len(current().pairs) == 2
        for user, password in ((HANAKO, PASSWORD), ("shiro", "sakura")):
            with pytest.raises(breachdex.PasswordRejectedError):
                breachdex.validate(password, user)
        # An explicit policy asks what is configured.
        assert not Policy.profile("nist", index=exposed_index).check(PASSWORD, HANAKO).accepted

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (
                {"pairs": "pairs.bdx"},
                "configure(): pairs needs configure(): pair_key: the key file that they were made with",
            ),
            (
                {"pairs": 3, "pair_key": "k"},
                "configure(): pairs must be the path of exposed pairs, or a list of paths or Pairs, not 3",
            ),
            (
                {"pair_key": b"secret bytes"},
                "configure(): pair_key must be the path of a key file, or a list of paths, not bytes",
            ),
        ],
    )
    def test_what_makes_no_sense(self, given: dict[str, Any], said: str) -> None:
        with pytest.raises(breachdex.ConfigurationError) as raised:
            breachdex.configure(**given)
        assert str(raised.value) == said

    def test_what_is_not_there_is_said_at_once(self, tmp_path: Path, files: tuple[Path, Path]) -> None:
        with pytest.raises(breachdex.IndexNotFoundError):
            breachdex.configure(pairs=tmp_path / "none.bdx", pair_key=files[1])


class TestGate:
    def test_a_pair_goes_before_an_exposed_password(
        self, files: tuple[Path, Path], exposed_index: Path
    ) -> None:
        gate = Gate(breachdex.Index.open(exposed_index), pairs=[Pairs.open(*files)])
        found = gate.examine("hunter2", users=["taro", None])
        assert found == ExposedPair("pair")
        assert repr(found) == "ExposedPair('pair')"
        assert pickle.loads(pickle.dumps(found)) == found
        exposed = gate.examine("hunter2")
        assert isinstance(exposed, breachdex.Exposure)
        assert gate.examine("a lantern nobody has written down", users=["taro"]) is None

    def test_a_damaged_list_is_never_one_that_holds_nothing(
        self, files: tuple[Path, Path], exposed_index: Path
    ) -> None:
        path, key = files
        pairs = Pairs.open(path, key, reload_every=0)
        index = breachdex.Index.open(exposed_index)
        with path.open("ab") as file:
            file.write(b"!")
        for on_error in ("accept", "reject", "raise"):
            gate = Gate(index, on_error=on_error, pairs=[pairs])
            if on_error == "raise":
                with pytest.raises(breachdex.IndexDamagedError):
                    gate.examine("not there 1177", users=["jiro"])
            else:
                found = gate.examine("not there 1177", users=["jiro"])
                assert (found is None) == (on_error == "accept")
            # What the index knows is known all the same, and where no account is known no list is asked.
            assert isinstance(gate.examine("hunter2", users=["jiro"]), breachdex.Exposure)
            assert gate.examine("not there 1177") is None


def test_nothing_leaks(
    files: tuple[Path, Path], exposed_index: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, key = files
    Pairs.add(path, key, [(HANAKO, SENTINEL)])
    pairs = Pairs.open(path, key, reload_every=0)
    policy = Policy.profile("asvs-l2", index=exposed_index, pairs=[pairs])
    caplog.set_level(logging.DEBUG)
    texts = [repr(pairs), repr(policy), repr(pickle.dumps(pairs)), repr(pickle.dumps(policy))]
    with every_log_line() as lines:
        verdict = policy.check(SENTINEL, email=HANAKO)
        assert verdict.reasons[0].code == "exposed_pair"
        texts += [repr(verdict), repr(verdict.to_dict()), *verdict.messages(), repr(pickle.dumps(verdict))]
        with path.open("ab") as file:
            file.write(b"!")
        for ask in (
            lambda: pairs.find(HANAKO, SENTINEL),
            lambda: policy.check(SENTINEL, email=HANAKO),
            lambda: Pairs.add(path, key, [("", SENTINEL)]),
            lambda: Pairs.open(path, key).find(HANAKO, SENTINEL + "\ud800"),
        ):
            with pytest.raises((breachdex.BreachdexError, ValueError)) as raised:
                ask()
            texts += [str(raised.value), repr(raised.value), our_frames(raised.value)]
    assert_clean(*texts, *lines, path.read_bytes().decode("latin-1"))
    for text in [*lines, path.read_bytes().decode("latin-1"), *texts[:4]]:
        assert HANAKO not in text
        assert key.read_bytes().hex() not in text
