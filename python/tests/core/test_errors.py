"""Every exception: its class, its place in the tree, its message as printed, and what it never holds."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import breachdex
import pytest
from breachdex import _errors
from support import damaged, replace

SURROGATE = "the password holds half of a surrogate pair, which is no character; decode what was received as UTF-8, strictly"


@pytest.fixture
def index(exposed_index: Path) -> breachdex.Index:
    return breachdex.Index.open(exposed_index)


@pytest.mark.parametrize(
    ("question", "kind", "message"),
    [
        (
            lambda i: i.count(None),
            TypeError,
            "a password is str, bytes, bytearray or memoryview, not NoneType",
        ),
        (lambda i: i.count(5), TypeError, "a password is str, bytes, bytearray or memoryview, not int"),
        (lambda i: i.count(["a"]), TypeError, "a password is str, bytes, bytearray or memoryview, not list"),
        (lambda i: i.count("s3cr\ud800t"), breachdex.InvalidPasswordError, SURROGATE),
        (lambda i: i.counts(["ok", "s3cr\ud800t"]), breachdex.InvalidPasswordError, f"row 1: {SURROGATE}"),
        (lambda i: i.contains("a", 0), ValueError, "min_count must be 1 or more, not 0"),
        (lambda i: i.contains("a", min_count=-3), ValueError, "min_count must be 1 or more, not -3"),
        (lambda i: i.contains("a", -(2**70)), ValueError, f"min_count must be 1 or more, not {-(2**70)}"),
        (lambda i: i.contains("a", 1.5), TypeError, "min_count must be an int, not float"),
        (lambda i: i.counts(["a"], threads=-1), ValueError, "threads must be 1 or more"),
        (
            lambda i: i.counts(memoryview(b"abc")),
            TypeError,
            "counts() takes many values, not one memoryview; use count() for one",
        ),
        (lambda i: i.range("\ud8001234"), breachdex.InvalidPrefixError, "a prefix has 5 hexadecimal digits"),
        (
            lambda i: i.count_hash(b"a" * 40),
            breachdex.InvalidDigestError,
            "a SHA-1 digest has 20 bytes, found 40",
        ),
        (lambda i: i.count_hash(b""), breachdex.InvalidDigestError, "a SHA-1 digest has 20 bytes, found 0"),
        (
            lambda i: i.count_hash("aa"),
            breachdex.InvalidDigestError,
            "a SHA-1 digest has 40 hex digits, found 2",
        ),
        (
            lambda i: i.count_hash("g" * 40),
            breachdex.InvalidDigestError,
            "not a hexadecimal digest: only the digits 0-9 and A-F are allowed",
        ),
        (
            lambda i: i.count_hash("\ud800" * 40),
            breachdex.InvalidDigestError,
            "not a hexadecimal digest: only the digits 0-9 and A-F are allowed",
        ),
        (lambda i: i.count_hash(None), TypeError, "a digest is bytes or str (hexadecimal), not NoneType"),
        (lambda i: i.range("5BAA"), breachdex.InvalidPrefixError, "a prefix has 5 hexadecimal digits"),
        (lambda i: i.range("5BAA6F"), breachdex.InvalidPrefixError, "a prefix has 5 hexadecimal digits"),
        (lambda i: i.range("+BAA6"), breachdex.InvalidPrefixError, "a prefix has 5 hexadecimal digits"),
        (
            lambda i: i.counts("abc"),
            TypeError,
            "counts() takes many values, not one str; use count() for one",
        ),
        (
            lambda i: i.counts_hash(b"abc"),
            TypeError,
            "counts_hash() takes many values, not one bytes; use count_hash() for one",
        ),
        (
            lambda i: i.counts(x for x in "a"),
            TypeError,
            (
                "counts() takes a list, a tuple or Arrow data, not generator; pass list(values), or anything with "
                "__arrow_c_array__ or __arrow_c_stream__"
            ),
        ),
        (
            lambda i: i.counts(["a", 5]),
            TypeError,
            "row 1: a password is str, bytes, bytearray or memoryview, not int",
        ),
        (
            lambda i: i.counts_hash([None, b"ab"]),
            breachdex.InvalidDigestError,
            "row 1: a SHA-1 digest has 20 bytes, found 2",
        ),
        (lambda i: i.counts(["a"], threads=0), ValueError, "threads must be 1 or more"),
        (
            lambda i: breachdex.digest("a", "md5"),  # type: ignore[arg-type]
            ValueError,
            "kind must be 'sha1' or 'ntlm'",
        ),
        (
            lambda i: breachdex.Index.open("x", reload_every=-1.0),
            ValueError,
            "reload_every is a number of seconds from 0 on",
        ),
    ],
)
def test_bad_questions(
    index: breachdex.Index, question: Callable[[breachdex.Index], object], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        question(index)
    error = caught.value
    assert type(error) is kind and str(error) == message
    assert error.__cause__ is None and error.__context__ is None
    assert "s3cr" not in f"{error} {error!r} {error.args}"


def test_an_index_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "none.bdx"
    with pytest.raises(FileNotFoundError) as caught:
        breachdex.Index.open(path)
    error = caught.value
    assert type(error) is breachdex.IndexNotFoundError
    assert str(error) == f"cannot open {path}: No such file or directory (os error 2)"
    assert (error.errno, error.filename) == (2, str(path))


def test_an_error_of_the_system_survives_pickling(tmp_path: Path) -> None:
    with pytest.raises(breachdex.IndexNotFoundError) as caught:
        breachdex.Index.open(tmp_path / "none.bdx")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (breachdex.IndexNotFoundError, str(caught.value))
    assert (again.errno, again.filename) == (2, str(tmp_path / "none.bdx"))


def test_a_threshold_above_every_count_is_never_reached(index: breachdex.Index) -> None:
    assert index.contains("password", 2**70) is False


def test_files_that_are_no_index(tmp_path: Path, exposed_index: Path) -> None:
    whole = exposed_index.read_bytes()
    text, short, folder = tmp_path / "text.bdx", tmp_path / "short.bdx", tmp_path / "folder.bdx"
    text.write_text("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3\n" * 20, encoding="ascii")
    short.write_bytes(whole[:-1])
    folder.mkdir()
    pipe = tmp_path / "pipe.bdx"
    os.mkfifo(pipe)
    for path, said in [
        (pipe, f"{pipe} is not a breachdex index: it is a pipe or a device, not a file"),
        (text, f"{text} is not a breachdex index: "),
        (short, f"{short} is damaged: header at byte "),
        (folder, f"{folder} is not a breachdex index: it is a folder"),
    ]:
        with pytest.raises(breachdex.IndexDamagedError) as caught:
            breachdex.Index.open(path)
        assert str(caught.value).startswith(said)


def test_a_later_version_is_refused(tmp_path: Path, exposed_index: Path) -> None:
    data = bytearray(exposed_index.read_bytes())
    version = data.index(b"\x02\x00\x00\x00", 4)
    data[version] = 99
    path = tmp_path / "later.bdx"
    path.write_bytes(data)
    with pytest.raises(breachdex.IndexVersionError) as caught:
        breachdex.Index.open(path)
    assert str(caught.value) == (
        f"{path} has format version 99; this breachdex reads version 2. Use a newer breachdex"
    )


def test_damage_shows_when_it_is_touched_and_again_each_time(tmp_path: Path, exposed_index: Path) -> None:
    path = damaged(exposed_index, tmp_path / "damaged.bdx")
    index = breachdex.Index.open(path)
    for _ in range(2):
        with pytest.raises(breachdex.IndexDamagedError) as caught:
            index.counts(["password", "hunter2", "パスワード"])
        # Not where: that would say which passwords were asked about.
        assert str(caught.value) == (
            f"{path} is damaged (bucket: the bucket's checksum does not match); find where with `breachdex verify`, "
            "then restore it from a copy or build it again"
        )
    with pytest.raises(
        breachdex.IndexDamagedError,
        match="is damaged: .* at byte .*; restore it from a copy or build it again$",
    ):
        index.verify()


def test_a_closed_index(exposed_index: Path) -> None:
    with breachdex.Index.open(exposed_index) as index:
        assert not index.closed
    assert index.closed and repr(index) == f"<breachdex.Index {exposed_index} closed>"
    questions: list[Callable[[], object]] = [
        lambda: index.count("a"),
        lambda: index.contains("a"),
        lambda: index.counts(["a"]),
        lambda: index.metadata,
        lambda: len(index),
        index.verify,
        index.reload_if_changed,
        lambda: index.range("00000"),
    ]
    for question in questions:
        with pytest.raises(breachdex.IndexClosedError) as caught:
            question()
        assert str(caught.value) == f"{exposed_index} was closed; open it again"
        assert isinstance(caught.value, ValueError)


def test_what_is_outside_of_the_coverage(tmp_path: Path, exposed_index: Path) -> None:
    breachdex.build(exposed_index, tmp_path / "part.bdx", prefixes=["00000-0FFFF"])
    with breachdex.Index.open(tmp_path / "part.bdx") as index:
        assert not index.metadata.covers_all
        with pytest.raises(breachdex.NotCoveredError) as caught:
            index.range("5BAA6")
        assert str(caught.value) == (
            f"the question is outside the coverage of {tmp_path / 'part.bdx'}: what is exposed there is not known"
        )


def test_full_digests_of_a_truncated_index(tmp_path: Path, exposed_index: Path) -> None:
    breachdex.build(exposed_index, tmp_path / "short.bdx", bits=64)
    with breachdex.Index.open(tmp_path / "short.bdx") as index:
        assert index.contains("password")
        with pytest.raises(breachdex.NotExactError) as caught:
            index.range("5BAA6")
        assert str(caught.value) == (
            f"{tmp_path / 'short.bdx'} keeps 64 of 160 bits of each digest; ranges and exports need an exact index"
        )


def test_kinds_do_not_mix(make_index: Callable[..., Path], tmp_path: Path, exposed_index: Path) -> None:
    ntlm = make_index(tmp_path / "ntlm.bdx", {"a": 1}, kind="ntlm")
    with pytest.raises(breachdex.IndexKindError) as caught:
        breachdex.IndexSet(breachdex.Index.open(exposed_index), [breachdex.Index.open(ntlm)])
    assert str(caught.value) == (
        f"{ntlm} holds NTLM digests, {exposed_index} holds SHA-1: indexes of one kind only can be used together"
    )


def test_a_pickle_of_another_index(make_index: Callable[..., Path], tmp_path: Path) -> None:
    path = make_index(tmp_path / "a.bdx", {"a": 1})
    pickled = pickle.dumps(breachdex.Index.open(path))
    replace(path, make_index(tmp_path / "b.bdx", {"b": 1}).read_bytes())
    with pytest.raises(breachdex.IndexMismatchError) as caught:
        pickle.loads(pickled)
    assert str(caught.value) == (
        f"{path} holds another index than the one that was pickled; open it anew where it is used"
    )


def test_the_tree() -> None:
    classes = [value for value in vars(_errors).values() if isinstance(value, type)]
    errors = [value for value in classes if issubclass(value, Exception) and not issubclass(value, Warning)]
    assert len(errors) > 15
    assert all(issubclass(value, breachdex.BreachdexError) for value in errors)
    public = [value.__name__ for value in classes if not value.__name__.startswith("_")]
    assert set(public) <= set(breachdex.__all__)
    for name in ("IndexClosedError", "CountsUnavailableError", "InvalidPasswordError", "InvalidDigestError"):
        assert issubclass(getattr(breachdex, name), ValueError)
