"""Lists of one's own beside an index: what a policy makes of them, also while the command changes them."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import breachdex
import pytest
from breachdex import Index, IndexSet, Policy

FINE = "zq7 kv!dwm xp9rt"
OURS = "our own leak of 2026 ひみつ"


def command(*arguments: str, stdin: str = "") -> str:
    """What the command says."""
    asked = [sys.executable, "-m", "breachdex", *arguments]
    done = subprocess.run(asked, input=stdin.encode(), capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def in_two_seconds(policy: Policy, password: str) -> breachdex.Verdict:
    """The verdict of a policy that was asked all the time, two seconds after something changed."""
    until = time.monotonic() + 2.0
    while time.monotonic() < until:
        policy.check(password)
        time.sleep(0.1)
    return policy.check(password)


def found(policy: Policy, password: str) -> list[tuple[str, str | None, int | None]]:
    return [(reason.code, reason.source, reason.count) for reason in policy.check(password).reasons]


@pytest.fixture
def base(make_index: Callable[..., Path], tmp_path: Path) -> Path:
    return make_index(tmp_path / "base.bdx", {FINE: 7, "correct horse battery staple": 4})


def test_a_hit_in_an_overlay_counts_whatever_min_count_says(
    make_index: Callable[..., Path], base: Path, tmp_path: Path
) -> None:
    own = make_index(tmp_path / "own.bdx", {FINE: 1, OURS: 1})
    for min_count in (1, 2, 7, 8, 10**9):
        policy = Policy.profile("nist", index=base, overlays=[own], min_count=min_count)
        assert found(policy, OURS) == [("exposed", "overlay", 1)]
        # Counts add up over bases; overlays add none.
        assert found(policy, FINE) == [("exposed", "overlay", 7)]
        assert policy.check("correct horse battery staple").accepted is (min_count > 4)
    bare = make_index(tmp_path / "bare.bdx", {OURS: 1}, counts=False)
    policy = Policy.profile("nist", index=base, overlays=[bare], min_count=1000)
    [exposed] = policy.check(OURS).reasons
    assert exposed.source == "overlay"


def test_an_overlay_knows_other_ways_of_writing(
    make_index: Callable[..., Path], base: Path, tmp_path: Path
) -> None:
    own = make_index(tmp_path / "own.bdx", {OURS: 1})
    policy = Policy.profile("nist", index=base, overlays=[own], rules={"similar_exposed": True})
    wide = "ｏｕｒ own leak of ２０２６ ひみつ"
    [exposed] = policy.check(wide).reasons
    assert (exposed.form, exposed.source) == ("nfkc", "overlay")
    assert [reason.code for reason in policy.check(f"{OURS}1").reasons] == ["similar_exposed"]
    assert policy.check(OURS, event="log_in").action == "force_reset"


def test_open_indexes_paths_and_sets_are_all_overlays(
    make_index: Callable[..., Path], base: Path, tmp_path: Path
) -> None:
    first = make_index(tmp_path / "first.bdx", {"the first of our own": 1})
    second = make_index(tmp_path / "second.bdx", {"the second of our own": 1})
    both = IndexSet(Index.open(base), [Index.open(first)])
    for policy in (
        Policy.profile("nist", index=base, overlays=[first, second]),
        Policy.profile("nist", index=base, overlays=[Index.open(first), second]),
        Policy.profile("nist", index=Index.open(base), overlays=[str(first), Index.open(second)]),
        Policy.profile("nist", index=both, overlays=[second]),
        Policy.profile("nist", index=IndexSet(Index.open(base), [Index.open(first), Index.open(second)])),
    ):
        assert isinstance(policy.index, IndexSet) and len(policy.index.overlays) == 2
        for password, source in (("the first of our own", "overlay"), ("the second of our own", "overlay")):
            assert found(policy, password) == [("exposed", source, 1)]
        assert found(policy, FINE) == [("exposed", "base", 7)]


def test_a_file_names_its_overlays(make_index: Callable[..., Path], base: Path, tmp_path: Path) -> None:
    make_index(tmp_path / "own.bdx", {OURS: 1})
    other = make_index(tmp_path / "other.bdx", {"another of our own": 1})
    file = tmp_path / "policy.toml"
    file.write_text(f"index = '{base.name}'\noverlays = ['own.bdx']\n")
    assert found(Policy.from_toml(file), OURS) == [("exposed", "overlay", 1)]
    replaced = Policy.from_toml(file, overlays=[other])
    assert replaced.check(OURS).accepted and not replaced.check("another of our own").accepted


def test_the_wrong_kind_is_refused_when_it_is_attached(
    make_index: Callable[..., Path], base: Path, tmp_path: Path
) -> None:
    ntlm = make_index(tmp_path / "ntlm.bdx", {OURS: 1}, kind="ntlm")
    pairs: list[tuple[Path | Index, Path | Index]] = [
        (base, ntlm),
        (base, Index.open(ntlm)),
        (Index.open(ntlm), base),
    ]
    for index, overlay in pairs:
        with pytest.raises(breachdex.IndexKindError) as caught:
            Policy.profile("nist", index=index, overlays=[overlay], on_error="accept")
        assert "NTLM" in str(caught.value) and "SHA-1" in str(caught.value)


def test_ntlm_policies(make_index: Callable[..., Path], tmp_path: Path) -> None:
    index = make_index(tmp_path / "ntlm.bdx", {"パスワードの長いやつです。ええ": 9}, kind="ntlm")
    own = tmp_path / "own.bdx"
    command("overlay", "add", "-", "--kind", "ntlm", "--overlay", str(own), stdin=f"{OURS}\n")
    policy = Policy.profile("nist", index=index, overlays=[own])
    assert found(policy, "パスワードの長いやつです。ええ") == [("exposed", "base", 9)]
    half_width = "ﾊﾟｽﾜｰﾄﾞの長いやつです。ええ"
    assert [reason.form for reason in policy.check(half_width).reasons] == ["nfkc"]
    assert policy.check(half_width.encode()) == policy.check(half_width)
    assert found(policy, OURS) == [("exposed", "overlay", 1)]
    assert policy.check(FINE).accepted


def test_a_running_policy_follows_the_command(base: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.bdx"
    assert (
        command("overlay", "add", "--overlay", str(own))
        == f"0 added, 0 already there; {own} holds 0 SHA-1 digests\n"
    )
    assert stat.S_IMODE(os.stat(own).st_mode) == 0o600
    policy = Policy.profile("nist", index=base, overlays=[own], min_count=5)
    assert policy.check(OURS).accepted
    # Nothing but the line's end is stripped.
    spaced = f" {OURS} "
    command("overlay", "add", "-", "--overlay", str(own), stdin=f"{OURS}\r\n{spaced}\n")
    assert not in_two_seconds(policy, OURS).accepted
    assert found(policy, OURS) == [("exposed", "overlay", 1)] and not policy.check(spaced).accepted
    command("overlay", "add", "-", "--overlay", str(own), stdin=f"{OURS}\n")
    in_two_seconds(policy, OURS)
    assert found(policy, OURS) == [("exposed", "overlay", 1)], "adding it again counts nothing up"
    command("overlay", "remove", "-", "--overlay", str(own), stdin=f"{OURS}\n")
    assert in_two_seconds(policy, OURS).accepted
    assert not policy.check(spaced).accepted
    assert stat.S_IMODE(os.stat(own).st_mode) == 0o600


def test_two_processes_add_at_once(base: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.bdx"
    command("overlay", "add", "--overlay", str(own))
    policy = Policy.profile("nist", index=base, overlays=[own])
    lists = [[f"leak {side} of ours, number {number:05}" for number in range(300)] for side in "ab"]
    add = [sys.executable, "-m", "breachdex", "overlay", "add", "-", "--overlay", str(own)]
    adding = [subprocess.Popen(add, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in lists]
    for process, words in zip(adding, lists, strict=True):
        assert process.stdin is not None
        process.stdin.write("".join(f"{word}\n" for word in words).encode())
        process.stdin.close()
    for process in adding:
        assert process.stdout is not None
        with process.stdout:
            assert b"300 added, 0 already there" in process.stdout.read()
        assert process.wait(timeout=60) == 0
    in_two_seconds(policy, FINE)
    assert [word for words in lists for word in words if policy.check(word).accepted] == []
    assert len(Index.open(own)) == 600
