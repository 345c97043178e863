"""Indexes of trusted keys only: opened by path, configured, replaced, and pickled."""

from __future__ import annotations

import logging
import os
import pickle
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import Index, IndexSet, Policy
from breachdex._breachdex import public_keys
from support import new_key, replace, sign, today, write_index

Make = Callable[..., Path]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[Path, Path], tuple[Path, Path]]:
    """A key of the site, and one of somebody else."""
    folder = tmp_path_factory.mktemp("keys")
    return new_key(folder, "ours"), new_key(folder, "theirs")


@pytest.fixture
def secret(keys: tuple[tuple[Path, Path], tuple[Path, Path]]) -> Path:
    return keys[0][0]


@pytest.fixture
def public(keys: tuple[tuple[Path, Path], tuple[Path, Path]]) -> Path:
    return keys[0][1]


@pytest.fixture
def other(keys: tuple[tuple[Path, Path], tuple[Path, Path]]) -> tuple[Path, Path]:
    return keys[1]


@pytest.fixture
def signed(tmp_path: Path, secret: Path) -> Path:
    path = write_index(tmp_path / "a.bdx", {"hunter2": 17}, corpus_date=today())
    sign(path, secret)
    return path


def text_of(public: Path) -> str:
    return public.read_text().splitlines()[1]


def id_of(public: Path) -> str:
    return public.read_text().splitlines()[0].rpartition(" ")[2]


def test_a_signed_index_answers_and_says_by_whom(
    signed: Path, public: Path, other: tuple[Path, Path]
) -> None:
    for given in (
        public,
        str(public),
        text_of(public),
        [public],
        (str(other[1]), text_of(public)),
        f"{other[1]}, {text_of(public)},",
    ):
        with Index.open(signed, trusted_keys=given) as index:
            assert (index.count("hunter2"), index.signed_by) == (17, id_of(public))
    with Index.open(signed) as index:
        assert index.signed_by is None
    with pytest.raises(breachdex.IndexClosedError):
        _ = index.signed_by


def test_another_is_refused_and_the_message_says_what_to_do(
    signed: Path, public: Path, other: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(breachdex.IndexNotSignedError) as refused:
        Index.open(signed, trusted_keys=other[1])
    assert str(refused.value) == (
        f"{signed} is not signed by a trusted key: {signed}.id.minisig was made with key {id_of(public)}, which is not "
        "trusted; if the key is yours, name it in trusted_keys too"
    )
    plain = write_index(tmp_path / "plain.bdx", {"hunter2": 17})
    with pytest.raises(breachdex.IndexNotSignedError) as refused:
        Index.open(plain, trusted_keys=public)
    assert str(refused.value) == (
        f"{plain} is not signed by a trusted key: {plain}.id.minisig is missing; sign the index with breachdex sign, or "
        "copy its two signature files beside it"
    )
    for ending in (".id", ".id.minisig"):
        shutil.copy(f"{signed}{ending}", f"{plain}{ending}")
    with pytest.raises(
        breachdex.IndexNotSignedError, match="is the statement of another index: .*copy the index"
    ):
        Index.open(plain, trusted_keys=public)
    assert issubclass(breachdex.IndexNotSignedError, breachdex.BreachdexError)
    assert pickle.loads(pickle.dumps(refused.value)).args == refused.value.args


def test_the_variable_is_what_nothing_else_says(
    signed: Path, public: Path, other: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = write_index(tmp_path / "plain.bdx", {"hunter2": 17})
    monkeypatch.setenv("BREACHDEX_TRUSTED_KEYS", f"{other[1]},{public}")
    with Index.open(signed) as index:
        assert index.signed_by == id_of(public)
    with pytest.raises(breachdex.IndexNotSignedError):
        Index.open(plain)
    with pytest.raises(breachdex.IndexNotSignedError):
        Index.open(signed, trusted_keys=other[1])
    Index.open(plain, trusted_keys=False).close()
    with pytest.warns(breachdex.StarterIndexWarning):
        Index.starter()
    for value, said in [(",", "it holds no key"), (f"{public}x", "cannot open")]:
        monkeypatch.setenv("BREACHDEX_TRUSTED_KEYS", value)
        with pytest.raises(ValueError, match=f"BREACHDEX_TRUSTED_KEYS in the environment: {said}"):
            Index.open(signed)
    monkeypatch.setenv("BREACHDEX_TRUSTED_KEYS", "")
    Index.open(plain).close()


def test_what_is_no_key_is_never_every_key(signed: Path, secret: Path, tmp_path: Path) -> None:
    nothing: tuple[Any, ...] = ("", [], ",", ())
    for given in nothing:
        with pytest.raises(ValueError, match="no key is trusted, so no index would be"):
            Index.open(signed, trusted_keys=given)
    unfit: tuple[Any, ...] = (True, 7, [7], object())
    for wrong in unfit:
        with pytest.raises(
            TypeError, match="trusted_keys is a public key, the path of one, or a list of these"
        ):
            Index.open(signed, trusted_keys=wrong)
    with pytest.raises(ValueError, match="not a minisign public key"):
        Index.open(signed, trusted_keys=signed)
    private = secret.read_text().splitlines()[1]
    unsafe: tuple[Any, ...] = (private, secret, [private])
    for given in unsafe:
        with pytest.raises(ValueError, match="it is a secret key") as refused:
            Index.open(signed, trusted_keys=given)
        assert private not in str(refused.value)
        with pytest.raises(breachdex.ConfigurationError, match="it is a secret key") as refused:
            breachdex.configure(index=signed, trusted_keys=given)
        assert private not in str(refused.value)
    with pytest.raises(ValueError, match="cannot open"):
        Index.open(signed, trusted_keys=tmp_path / "absent.pub")


def test_an_index_may_be_too_old(tmp_path: Path, secret: Path, public: Path) -> None:
    day = today() - timedelta(days=31)
    old = write_index(tmp_path / "old.bdx", {"hunter2": 17}, corpus_date=day)
    Index.open(old, max_age=32).close()
    with pytest.raises(breachdex.IndexStaleError) as refused:
        Index.open(old, max_age=30)
    assert str(refused.value) == (
        f"{old} is not new enough: its corpus date {day} is 31 days ago, at most 30 are allowed; use a newer index"
    )
    sign(old, secret)
    with pytest.raises(breachdex.IndexStaleError):
        Index.open(old, max_age=30, trusted_keys=public)
    undated = write_index(tmp_path / "undated.bdx", {"hunter2": 17})
    with pytest.raises(breachdex.IndexStaleError, match="it has no corpus date"):
        Index.open(undated, max_age=30)
    for wrong in (0, -1, 2**32, True, 1.5, "30"):
        with pytest.raises(ValueError, match="max_age must be a whole number of days from 1 on, not "):
            Index.open(old, max_age=wrong)  # type: ignore[arg-type]


def test_a_replacement_is_taken_when_it_is_signed(
    signed: Path, secret: Path, public: Path, other: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    index = Index.open(signed, trusted_keys=public, reload_every=0)
    newer = write_index(signed.with_name("b.bdx"), {"swordfish": 3}, corpus_date=today())
    with caplog.at_level(logging.ERROR, logger="breachdex"):
        replace(signed, newer.read_bytes())
        assert [index.count("hunter2") for _ in range(3)] == [17] * 3
    assert isinstance(index.reload_error, breachdex.IndexNotSignedError)
    assert len(caplog.records) == 1
    assert "a replaced index was refused, still using the previous one" in caplog.text
    sign(signed, other[0])
    assert index.reload_if_changed() is False
    assert "which is not trusted" in str(index.reload_error)
    sign(signed, secret)
    assert (index.count("swordfish"), index.signed_by) == (3, id_of(public))
    found: Exception | None = index.reload_error
    assert found is None


def test_a_replacement_is_refused_when_it_is_older(signed: Path, secret: Path, public: Path) -> None:
    index = IndexSet(Index.open(signed, trusted_keys=public))
    day = today() - timedelta(days=1)
    older = write_index(signed.with_name("b.bdx"), {"swordfish": 3}, corpus_date=day)
    replace(signed, older.read_bytes())
    sign(signed, secret)
    assert index.reload_if_changed() is False
    assert isinstance(index.reload_error, breachdex.IndexStaleError)
    assert str(index.reload_error) == (
        f"{signed} is not new enough: its corpus date is {day}, which is older than {today()} of the index in use"
    )
    assert index.count("hunter2") == 17


def test_what_was_changed_under_a_signature_is_refused(signed: Path, public: Path) -> None:
    data = bytearray(signed.read_bytes())
    data[300] ^= 1
    replace(signed, bytes(data))
    with pytest.raises(breachdex.IndexDamagedError), Index.open(signed, trusted_keys=public) as index:
        index.count("hunter2")


def test_an_older_index_is_taken_over_where_that_is_allowed(signed: Path, public: Path, secret: Path) -> None:
    strict = Index.open(signed, trusted_keys=public)
    lenient = Index.open(signed, trusted_keys=public, allow_rollback=True)
    breachdex.configure(index=signed, trusted_keys=[public], allow_rollback=True)
    configured = breachdex.Policy.profile("nist").index
    assert isinstance(configured, Index)
    older = write_index(
        signed.with_name("older.bdx"), {"letmein": 3}, corpus_date=today() - timedelta(days=9)
    )
    replace(signed, older.read_bytes())
    sign(signed, secret)
    assert not strict.reload_if_changed()
    assert isinstance(strict.reload_error, breachdex.IndexStaleError)
    assert strict.count("letmein") == 0
    for index in (lenient, configured):
        index.reload_if_changed()
        assert index.count("letmein") == 3
    pickled = pickle.loads(pickle.dumps(lenient))
    replace(
        signed,
        write_index(signed.with_name("oldest.bdx"), {"dragon": 5}, corpus_date=date(2020, 1, 1)).read_bytes(),
    )
    sign(signed, secret)
    assert pickled.count("letmein") == 3 and pickled.reload_if_changed() and pickled.count("dragon") == 5


def test_rollback_is_configured_by_the_environment(
    signed: Path, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREACHDEX_ALLOW_ROLLBACK", "perhaps")
    with pytest.raises(
        breachdex.ConfigurationError, match="BREACHDEX_ALLOW_ROLLBACK in the environment must be 1 or 0"
    ):
        breachdex.configure(index=signed)


def test_a_build_asks_for_the_signatures_of_its_indexes(
    signed: Path, public: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, plain = tmp_path / "out.bdx", write_index(tmp_path / "plain.bdx", {"letmein": 3})
    assert breachdex.build(signed, target, trusted_keys=public).entries == 1
    with pytest.raises(breachdex.IndexNotSignedError, match=r"plain\.bdx"):
        breachdex.build([signed, plain], tmp_path / "both.bdx", trusted_keys=public)
    monkeypatch.setenv("BREACHDEX_TRUSTED_KEYS", str(public))
    with pytest.raises(breachdex.IndexNotSignedError, match=r"plain\.bdx"):
        breachdex.build([signed, plain], tmp_path / "both.bdx")
    assert not (tmp_path / "both.bdx").exists()
    assert breachdex.build([signed, plain], tmp_path / "both.bdx", trusted_keys=False).entries == 2


def test_a_set_says_who_signed_its_base(signed: Path, public: Path, tmp_path: Path) -> None:
    own = Index.open(write_index(tmp_path / "own.bdx", {"handed-out": 1}), trusted_keys=False)
    assert IndexSet(Index.open(signed, trusted_keys=public), [own]).signed_by == id_of(public)
    assert IndexSet(Index.open(signed), [own]).signed_by is None


def test_a_pickled_index_asks_for_the_same(
    signed: Path, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index.open(signed, trusted_keys=public, max_age=3)
    pickled = pickle.dumps(index)
    assert pickle.loads(pickled).signed_by == id_of(public)
    plain = pickle.dumps(Index.open(signed))
    os.unlink(f"{signed}.id.minisig")
    with pytest.raises(breachdex.IndexNotSignedError):
        pickle.loads(pickled)
    monkeypatch.setenv("BREACHDEX_TRUSTED_KEYS", str(public))
    assert pickle.loads(plain).signed_by is None


def test_everything_configured_asks_for_a_signature(
    signed: Path, public: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = write_index(tmp_path / "own.bdx", {"handed-out": 1})
    plain = write_index(tmp_path / "plain.bdx", {"hunter2": 17})
    breachdex.configure(index=signed, overlays=[own], trusted_keys=[public], max_age=30)
    assert breachdex.examine("hunter2") is not None and breachdex.examine("handed-out") is not None
    policy = Policy.profile("nist", index=signed, overlays=[own])
    assert isinstance(policy.index, IndexSet)
    assert [base.signed_by for base in policy.index.bases if isinstance(base, Index)] == [id_of(public)]
    with pytest.raises(breachdex.IndexNotSignedError):
        Policy.profile("nist", index=plain)
    for unsigned in (plain, Index.open(plain), Index.from_bytes(plain.read_bytes())):
        with pytest.raises(breachdex.IndexNotSignedError):
            breachdex.configure(index=unsigned, trusted_keys=[public])
    with pytest.raises(
        breachdex.IndexNotSignedError, match=r"opened without trusted_keys.*trusted_keys=\.\.\."
    ):
        Policy.profile("nist", index=IndexSet(Index.open(plain)))
    assert breachdex.examine("handed-out") is not None, "the configuration before is still in use"
    breachdex.configure(index=Index.open(signed, trusted_keys=public), trusted_keys=[public])
    assert breachdex.examine("hunter2") is not None
    breachdex.configure(index=plain)
    assert breachdex.examine("hunter2") is not None, "keys are taken back with the rest"
    # The environment is below, and says whose signatures are needed where nothing else does.
    monkeypatch.setenv("BREACHDEX_TRUSTED_KEYS", str(public))
    breachdex.configure(index=signed)
    with pytest.raises(breachdex.IndexNotSignedError):
        breachdex.configure(index=plain)
    monkeypatch.setenv("BREACHDEX_INDEX", str(plain))
    monkeypatch.delenv("BREACHDEX_TRUSTED_KEYS")
    with pytest.raises(breachdex.IndexNotSignedError):
        breachdex.configure(trusted_keys=public)
    breachdex.configure()
    assert breachdex.examine("hunter2") is not None


def test_the_starter_index_needs_no_signature(public: Path) -> None:
    breachdex.configure(trusted_keys=public)
    with pytest.warns(breachdex.StarterIndexWarning):
        _ = Index.starter()
    with pytest.warns(breachdex.StarterIndexWarning):
        breachdex.configure(trusted_keys=public, min_count=1)
    assert breachdex.examine("password") is not None


def test_what_makes_no_sense_is_said_by_name(signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases: list[tuple[dict[str, object], str]] = [
        ({"trusted_keys": []}, "trusted_keys cannot be used: no key is trusted, so no index would be"),
        (
            {"trusted_keys": False},
            "trusted_keys must be a public key, the path of one, or a list of these, not bool",
        ),
        (
            {"trusted_keys": 7},
            "trusted_keys must be a public key, the path of one, or a list of these, not int",
        ),
        ({"max_age": 0}, "max_age must be a whole number of days from 1 on, not 0"),
        ({"max_age": True}, "max_age must be a whole number of days from 1 on, not True"),
    ]
    for given, said in cases:
        with pytest.raises(breachdex.ConfigurationError) as refused:
            breachdex.configure(index=signed, **given)  # type: ignore[arg-type]
        assert str(refused.value).startswith(f"configure(): {said}")
    monkeypatch.setenv("BREACHDEX_TRUSTED_KEYS", ",")
    with pytest.raises(
        breachdex.ConfigurationError, match="^BREACHDEX_TRUSTED_KEYS in the environment cannot be used"
    ):
        breachdex.configure()
    monkeypatch.delenv("BREACHDEX_TRUSTED_KEYS")
    monkeypatch.setenv("BREACHDEX_MAX_AGE", "soon")
    with pytest.raises(
        breachdex.ConfigurationError, match="^BREACHDEX_MAX_AGE in the environment must be a whole"
    ):
        breachdex.configure()
    monkeypatch.setenv("BREACHDEX_MAX_AGE", "30")
    with pytest.raises(breachdex.IndexStaleError):
        breachdex.configure(index=write_index(signed.with_name("undated.bdx"), {"hunter2": 1}))


def test_keys_are_read_when_they_are_configured(signed: Path, public: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved.pub"
    shutil.copy(public, moved)
    breachdex.configure(trusted_keys=[moved])
    assert public_keys([moved]) == (text_of(public),)
    moved.unlink()
    policy = Policy.profile("nist", index=signed)
    assert isinstance(policy.index, Index) and policy.index.signed_by == id_of(public)
