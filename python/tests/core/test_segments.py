"""Segments of an index built of Arrow data, and joining them."""

from __future__ import annotations

import pickle
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import breachdex
import pyarrow as pa
import pytest
from support import new_key, sign

ROWS = 3000


@pytest.fixture(scope="module")
def rows() -> list[tuple[bytes, int]]:
    """Digests with counts, ascending."""
    numbers = random.Random(7)
    return sorted((numbers.randbytes(20), numbers.randrange(1, 1 << 40)) for _ in range(ROWS))


@pytest.fixture(scope="module")
def whole(rows: list[tuple[bytes, int]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "rows.txt").write_text("".join(f"{digest.hex()}:{count}\n" for digest, count in rows))
    breachdex.build(folder / "rows.txt", folder / "whole.bdx", source="rows", corpus_date="2026-11-27")
    return folder / "whole.bdx"


def under(rows: list[tuple[bytes, int]], first: str, last: str) -> list[tuple[bytes, int]]:
    return [row for row in rows if first <= row[0].hex()[:5].upper() <= last]


def batches(rows: list[tuple[bytes, int]], digests: pa.DataType | None = None) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(rows), 700):
        part = rows[start : start + 700]
        column = pa.array([digest for digest, _ in part], digests or pa.binary(20))
        yield pa.record_batch(
            {"digest": column, "count": pa.array([count for _, count in part], pa.uint64())}
        )


def reader(rows: list[tuple[bytes, int]]) -> pa.RecordBatchReader:
    schema = pa.schema({"digest": pa.binary(20), "count": pa.uint64()})
    return pa.RecordBatchReader.from_batches(schema, batches(rows))


SPANS = [("00000", "3FFFF"), ("40000", "8ABCD"), ("8ABCE", "8ABCE"), ("8ABCF", "FFFFF")]


def build_all(rows: list[tuple[bytes, int]], folder: Path, **options: Any) -> list[Path]:
    paths = []
    for first, last in SPANS:
        path = folder / f"{first}.bdx"
        part = under(rows, first, last)
        options = {"source": "rows", "corpus_date": "2026-11-27", **options}
        breachdex.build_segment(reader(part), path, first=first, last=last, **options)
        paths.append(path)
    return paths


@pytest.mark.parametrize("options", [{}, {"is_sorted": True, "threads": 1}, {"directory_bits": 2}])
def test_joined_segments_are_the_index_built_at_once(
    rows: list[tuple[bytes, int]], whole: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    segments = build_all(rows, tmp_path, **options)
    report = breachdex.join(segments[::-1], tmp_path / "joined.bdx")
    assert (tmp_path / "joined.bdx").read_bytes() == whole.read_bytes()
    assert report.entries == ROWS
    # A whole so small has 2 directory bits; only groups of these are copied.
    assert (report.groups_copied > 0) == ("directory_bits" in options)
    assert pickle.loads(pickle.dumps(report)) == report
    digest, count = under(rows, *SPANS[1])[0]
    with breachdex.Index.open(segments[1]) as segment:
        assert segment.count_hash(digest) == count
        with pytest.raises(breachdex.NotCoveredError):
            segment.count_hash(rows[0][0])


def test_a_list_that_was_cut_off_is_warned_of_when_its_segments_are_joined(
    rows: list[tuple[bytes, int]], tmp_path: Path
) -> None:
    with pytest.warns(breachdex.BuildWarning, match="^no digest begins with 80000 to FFFFF, .* was cut off"):
        report = breachdex.join(build_all(under(rows, "00000", "7FFFF"), tmp_path), tmp_path / "joined.bdx")
    assert report.empty_span == ("80000", "FFFFF")


def column_types() -> list[tuple[str, Any, Any]]:
    """Ways to say the same digests and counts."""

    def hexadecimal(digests: list[bytes]) -> list[str]:
        return [digest.hex() if at % 2 else digest.hex().upper() for at, digest in enumerate(digests)]

    def view(digests: list[bytes]) -> Any:
        return pa.array(digests, pa.binary()).cast(pa.binary_view())

    return [
        ("binary", lambda digests: pa.array(digests, pa.binary()), pa.int64()),
        ("large_binary", lambda digests: pa.array(digests, pa.large_binary()), pa.uint64()),
        ("binary_view", view, pa.int64()),
        ("string", lambda digests: pa.array(hexadecimal(digests)), pa.int64()),
        ("large_string", lambda digests: pa.array(hexadecimal(digests), pa.large_string()), pa.uint64()),
        ("string_view", lambda digests: pa.array(hexadecimal(digests), pa.string_view()), pa.int64()),
        ("dictionary", lambda digests: pa.array(hexadecimal(digests)).dictionary_encode(), pa.int64()),
    ]


@pytest.mark.parametrize(("digests", "counts"), [case[1:] for case in column_types()])
def test_columns_of_every_type(
    rows: list[tuple[bytes, int]], whole: Path, tmp_path: Path, digests: Any, counts: pa.DataType
) -> None:
    table = pa.table(
        # The order and the names of the columns mean nothing, their types do.
        {
            "n": pa.array([count for _, count in rows], counts),
            "sha1": digests([digest for digest, _ in rows]),
        }
    )
    for source in (table, iter([table]), table.to_batches(max_chunksize=999)):
        breachdex.build_segment(
            source, tmp_path / "a.bdx", source="rows", corpus_date="2026-11-27", replace=True
        )
        assert (tmp_path / "a.bdx").read_bytes() == whole.read_bytes()


def test_rows_in_any_order_and_without_counts(rows: list[tuple[bytes, int]], tmp_path: Path) -> None:
    shuffled = random.Random(8).sample(rows, len(rows))
    report = breachdex.build_segment(reader(shuffled), tmp_path / "a.bdx")
    breachdex.build_segment(reader(rows), tmp_path / "b.bdx")
    assert report.went_unsorted == "the rows"
    assert (tmp_path / "a.bdx").read_bytes() == (tmp_path / "b.bdx").read_bytes()
    digests = pa.array([digest for digest, _ in rows], pa.binary(20))
    breachdex.build_segment(digests, tmp_path / "c.bdx")
    with breachdex.Index.open(tmp_path / "c.bdx") as index:
        assert index.count_hash(rows[5][0]) == 1 and index.metadata.entries == ROWS
    doubled = pa.chunked_array([digests, digests])
    breachdex.build_segment(doubled, tmp_path / "d.bdx", merge="sum")
    with breachdex.Index.open(tmp_path / "d.bdx") as index:
        assert index.count_hash(rows[5][0]) == 2


def test_passwords_are_hashed_and_summed(tmp_path: Path) -> None:
    words = ["password", "dragon", "password", "日本語", ""] * 3
    (tmp_path / "words.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    for kind in ("sha1", "ntlm"):
        breachdex.build(
            tmp_path / "words.txt", tmp_path / "a.bdx", kind=kind, format="passwords", replace=True
        )
        breachdex.build_segment(
            pa.array(words), tmp_path / "b.bdx", kind=kind, format="passwords", replace=True
        )
        assert (tmp_path / "a.bdx").read_bytes() == (tmp_path / "b.bdx").read_bytes()
    report = breachdex.build_segment(
        pa.array(words),
        tmp_path / "c.bdx",
        first="5BAA6",
        last="5BAA6",
        format="passwords",
        skip_outside=True,
    )
    assert report.entries == 1
    with breachdex.Index.open(tmp_path / "c.bdx") as index:
        assert index.count("password") == 6


def test_an_empty_segment_is_a_segment(rows: list[tuple[bytes, int]], whole: Path, tmp_path: Path) -> None:
    half = len(rows) // 2
    last = rows[half - 1][0].hex()[:5].upper()
    rest = f"{int(last, 16) + 1:05X}"
    told: dict[str, Any] = {"source": "rows", "corpus_date": "2026-11-27"}
    breachdex.build_segment(reader(rows), tmp_path / "a.bdx", last="FFFFE", skip_outside=True, **told)
    report = breachdex.build_segment(iter([]), tmp_path / "b.bdx", first="FFFFF", **told)
    assert report.entries == 0
    assert rows[-1][0].hex() < "fffff" and rest > last
    breachdex.join([tmp_path / "a.bdx", tmp_path / "b.bdx"], tmp_path / "c.bdx")
    assert (tmp_path / "c.bdx").read_bytes() == whole.read_bytes()


DIGEST = b"\x12\x34\x56" + bytes(17)


def one(digest: object = DIGEST, count: object = 1) -> pa.RecordBatch:
    return pa.record_batch(
        {"digest": pa.array([digest], pa.binary()), "count": pa.array([count], pa.int64())}
    )


@pytest.mark.parametrize(
    ("rows", "options", "kind", "message"),
    [
        (one(), {"first": "5"}, breachdex.BuildError, "first and last are five hexadecimal digits each"),
        (
            one(),
            {"first": "2", "last": "1"},
            breachdex.BuildError,
            "first and last are five hexadecimal digits",
        ),
        (one(), {"format": "hibp"}, breachdex.BuildError, "format must be 'digests' or 'passwords'"),
        (one(), {"directory_bits": 17}, breachdex.BuildError, "an index has 0 to 16 directory bits, not 17"),
        (
            one(),
            {"first": "12346"},
            breachdex.BuildError,
            (
                "row 0: its digest is under prefix 12345, the segment covers 12346 to FFFFF; partition the rows by "
                "prefix, or pass skip_outside=True"
            ),
        ),
        (one(count=0), {}, breachdex.BuildError, "row 0: its count is not 1 or more"),
        (one(count=-3), {}, breachdex.BuildError, "row 0: its count is not 1 or more"),
        (one(count=None), {}, breachdex.BuildError, "row 0: its count is null"),
        (one(digest=None), {}, breachdex.BuildError, "row 0: it is null; leave such rows out"),
        (one(digest=b"12"), {}, breachdex.InvalidDigestError, "row 0: a SHA-1 digest has 20 bytes, found 2"),
        (
            pa.record_batch({"digest": ["zz" * 20]}),
            {},
            breachdex.InvalidDigestError,
            "row 0: not a hexadecimal",
        ),
        (pa.record_batch({"a": [1], "b": [2]}), {}, TypeError, "the columns are: a, b"),
        (pa.record_batch({"a": ["x"], "b": ["y"], "c": [1]}), {}, TypeError, "the columns are: a, b, c"),
        (pa.array([1.5]), {}, TypeError, "a column of text or binary is taken, not Float64"),
        ("rows", {}, TypeError, "rows must be Arrow data, or an iterable of record batches, not str"),
        ([DIGEST], {}, TypeError, "rows must yield record batches or other Arrow data, not bytes"),
        (7, {}, TypeError, "rows must be Arrow data, or an iterable of record batches, not int"),
        ([one(), one()], {}, breachdex.BuildError, "the rows: the digest occurs more than once; pass merge"),
        (
            [one(), one(digest=bytes(20))],
            {"is_sorted": True},
            breachdex.BuildError,
            "the rows: the digests are not in ascending order; sort them, or do not say that they are sorted",
        ),
    ],
)
def test_rows_and_options_that_cannot_be(
    tmp_path: Path, rows: Any, options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        breachdex.build_segment(rows, tmp_path / "a.bdx", **options)
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_exception_of_the_producer_comes_out_again(rows: list[tuple[bytes, int]], tmp_path: Path) -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield from batches(rows)
        raise RuntimeError("the executor is gone")

    with pytest.raises(RuntimeError, match="the executor is gone"):
        breachdex.build_segment(failing(), tmp_path / "a.bdx")

    def told(progress: breachdex.Progress) -> None:
        raise KeyError(progress.phase)

    with pytest.raises(KeyError):
        breachdex.build_segment(batches(rows), tmp_path / "a.bdx", progress=told)
    assert list(tmp_path.iterdir()) == []


def test_segments_that_do_not_fit_are_named(rows: list[tuple[bytes, int]], tmp_path: Path) -> None:
    segments = build_all(rows, tmp_path)
    target = tmp_path / "joined.bdx"

    def refused(paths: Any, kind: type[Exception] = breachdex.SegmentError, **options: Any) -> str:
        with pytest.raises(kind) as caught:
            breachdex.join(paths, target, **options)
        assert not target.exists()
        return str(caught.value).replace(f"{tmp_path}/", "")

    assert refused(segments[1:]) == (
        "none of the inputs covers prefix 00000; join the segment that covers it too, or pass complete=False"
    )
    assert "named twice" in refused([*segments, segments[0]])
    other = tmp_path / "other.bdx"
    breachdex.build_segment(
        reader(under(rows, "8ABCF", "FFFFF")), other, first="8ABCF", source="rows", bits=64
    )
    assert refused([*segments[:3], other]).startswith("other.bdx cannot be joined: it keeps 64 bits")
    assert "which" in refused([*segments, other]) or "keeps 64 bits" in refused([*segments, other])
    assert issubclass(breachdex.SegmentError, breachdex.BuildError)
    damaged = bytearray(segments[1].read_bytes())
    damaged[len(damaged) // 2] ^= 4
    other.write_bytes(damaged)
    assert "other.bdx is damaged" in refused([segments[0], other, *segments[2:]], breachdex.IndexDamagedError)
    assert "missing" in refused([tmp_path / "missing", *segments], breachdex.IndexNotFoundError)
    assert refused("a path", TypeError) == "segments must be a list of paths"
    assert refused([], breachdex.BuildError) == "name at least one segment"
    report = breachdex.join(segments[1:], target, complete=False, directory_bits=16)
    # All but the groups that two segments share.
    assert report.groups - report.groups_copied <= 2
    with pytest.raises(breachdex.TargetExistsError):
        breachdex.join(segments, target)
    told: list[breachdex.Progress] = []
    breachdex.join(segments, target, replace=True, progress=told.append)
    assert {progress.phase for progress in told} >= {"syncing"}


def test_a_joined_index_is_signed(rows: list[tuple[bytes, int]], whole: Path, tmp_path: Path) -> None:
    secret, public = new_key(tmp_path, "ours")
    segments = build_all(rows, tmp_path)
    target = tmp_path / "joined.bdx"
    with pytest.raises(breachdex.IndexNotSignedError):
        breachdex.join(segments, target, trusted_keys=[public])
    with pytest.raises(breachdex.BuildError, match="cannot sign with"):
        breachdex.join(segments, target, sign_key=public)
    assert not target.exists()
    for segment in segments:
        sign(segment, secret)
    breachdex.join(segments, target, sign_key=secret, trusted_keys=[public])
    with breachdex.Index.open(target, trusted_keys=[public]) as index:
        assert index.metadata.entries == ROWS
    assert target.read_bytes() == whole.read_bytes()


def test_the_command_copies_segments_and_says_so(
    rows: list[tuple[bytes, int]], whole: Path, tmp_path: Path
) -> None:
    segments = build_all(rows, tmp_path, directory_bits=2)
    command = [sys.executable, "-m", "breachdex", "build", "-o", str(tmp_path / "joined.bdx"), "--complete"]
    facts = ["--source", "rows", "--date", "2026-11-27", "--format", "index"]
    done = subprocess.run([*command, *facts, *map(str, segments)], capture_output=True, text=True, check=True)
    # The third group has prefixes of three segments.
    assert re.fullmatch(
        r"breachdex: note: 3 of 4 groups copied without decoding \(\d+ bytes\)\n", done.stderr
    )
    assert (tmp_path / "joined.bdx").read_bytes() == whole.read_bytes()
