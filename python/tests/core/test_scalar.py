"""One password at a time: against hashlib and a dict, every edge of what may be asked."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import breachdex
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import EXPOSED

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_digests_agree_with_the_shared_vectors(vectors: list[dict[str, Any]]) -> None:
    assert len(vectors) > 30
    for vector in vectors:
        assert breachdex.digest(vector["password"]).hex() == vector["sha1"]
        assert breachdex.digest(vector["password"], "ntlm").hex() == vector["ntlm"]


def test_forms_agree_with_the_shared_vectors(
    vectors: list[dict[str, Any]], make_index: Callable[..., Path], tmp_path: Path
) -> None:
    from breachdex._breachdex import examine

    for i, vector in enumerate(vectors):
        forms = vector["forms"]
        for held in forms:
            with breachdex.Index.open(make_index(tmp_path / f"{i}.bdx", {held: 7})) as index:
                exposure = examine(index, vector["password"])
                assert exposure is not None and exposure.count == 7
                assert (exposure.form == "raw") == (held == vector["password"])


@given(TEXT)
def test_any_text_is_hashed_as_hashlib_does(text: str) -> None:
    assert breachdex.digest(text) == hashlib.sha1(text.encode()).digest()
    assert breachdex.digest(text, kind="ntlm") == breachdex.digest(text.encode(), kind="ntlm")


@given(st.binary())
def test_bytes_are_hashed_as_they_are(data: bytes) -> None:
    expected = hashlib.sha1(data).digest()
    assert [breachdex.digest(kind(data)) for kind in (bytes, bytearray, memoryview)] == [expected] * 3
    assert breachdex.digest(memoryview(data)[::-1]) == hashlib.sha1(data[::-1]).digest()


def test_every_way_of_asking_agrees_with_a_dict(make_index: Callable[..., Path], tmp_path: Path) -> None:
    generator = random.Random(7)
    model = {f"{generator.getrandbits(24):x}": generator.randint(1, 2**33) for _ in range(500)}
    model[""] = 3
    questions = [*model, "absent", "", " ", *[f"{generator.getrandbits(24):x}" for _ in range(200)]]
    with breachdex.Index.open(make_index(tmp_path / "model.bdx", model)) as index:
        assert len(index) == len(model)
        for question in questions:
            count = model.get(question, 0)
            digest = hashlib.sha1(question.encode())
            assert index.count(question) == index.count(question.encode()) == count
            assert index.count_hash(digest.digest()) == index.count_hash(digest.hexdigest()) == count
            assert index.count_hash(digest.hexdigest().upper()) == count
            assert index.contains(question) == (count >= 1)
            assert index.contains(question, min_count=1000) == (count >= 1000)
        saturated = [min(model[question], 2**32 - 1) if question in model else 0 for question in questions]
        assert index.counts(questions) == index.counts(tuple(questions)) == saturated


def test_ranges_are_worded_as_the_service_words_them(exposed_index: Path) -> None:
    with breachdex.Index.open(exposed_index) as index:
        for password, count in EXPOSED.items():
            digest = hashlib.sha1(password.encode()).hexdigest().upper()
            assert index.range(digest[:5]) == index.range(digest[:5].lower()) == f"{digest[5:]}:{count}"
        assert index.range("00000") == ""


def test_nothing_is_stripped_or_normalised(exposed_index: Path) -> None:
    with breachdex.Index.open(exposed_index) as index:
        for near in ("password ", " password", "password\n", "Password", "ｐａｓｓｗｏｒｄ", "ﾊﾟｽﾜｰﾄﾞ"):
            assert index.count(near) == 0


def test_an_ntlm_index_takes_text_and_utf_8(make_index: Callable[..., Path], tmp_path: Path) -> None:
    path = make_index(tmp_path / "ntlm.bdx", {"パスワード": 9}, kind="ntlm")
    with breachdex.Index.open(path) as index:
        assert index.metadata.kind == "ntlm"
        assert index.count("パスワード") == index.count("パスワード".encode()) == 9
        assert index.count_hash(breachdex.digest("パスワード", "ntlm")) == 9
        with pytest.raises(
            breachdex.InvalidPasswordError, match="^the password is not UTF-8, which an NTLM digest needs$"
        ):
            index.count(b"\xff")


def test_an_index_without_counts_says_whether_and_not_how_often(
    make_index: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_index(tmp_path / "plain.bdx", {"password": 5}, counts=False)
    with breachdex.Index.open(path) as index:
        assert index.contains("password") and not index.contains("other")
        refusals: list[Callable[[], object]] = [
            lambda: index.count("password"),
            lambda: index.contains("password", min_count=2),
            lambda: index.counts(["password"]),
            lambda: index.count_hash(breachdex.digest("password")),
            lambda: index.range("5BAA6"),
        ]
        for refused in refusals:
            with pytest.raises(breachdex.CountsUnavailableError) as caught:
                refused()
            assert isinstance(caught.value, ValueError)
            assert (
                str(caught.value)
                == f"{path} was built without counts: it can only say whether a password is exposed"
            )


def test_metadata_is_frozen_and_typed(make_index: Callable[..., Path], tmp_path: Path) -> None:
    from datetime import date

    path = make_index(
        tmp_path / "m.bdx", {"a": 1, "b": 2}, source="tests", corpus_date=date(2026, 7, 2), bits=64
    )
    with breachdex.Index.open(path) as index:
        metadata = index.metadata
        assert (metadata.kind, metadata.bits, metadata.entries, metadata.has_counts) == ("sha1", 64, 2, True)
        assert (metadata.exact, metadata.source, metadata.corpus_date) == (False, "tests", date(2026, 7, 2))
        assert metadata.is_starter is False and metadata.covers_all is True and metadata.floor == 1
        assert metadata.holds_overlay is False
        assert metadata.false_positive_rate == 2 / 2**64
        assert metadata.tool_version is not None and breachdex.__version__ in metadata.tool_version
        assert metadata.file_size == path.stat().st_size and len(metadata.content_id) >= 32
        assert metadata == index.metadata and hash(metadata) == hash(index.metadata)
        with pytest.raises(AttributeError):
            metadata.bits = 160  # type: ignore[misc]
        assert repr(metadata).startswith("Metadata(kind='sha1', bits=64, entries=2, ")
