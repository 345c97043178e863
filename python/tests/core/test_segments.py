"""Segments of an index built of Arrow data, and joining them."""

import hashlib
import pickle
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import breachdex

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
    with breachdex.Index.open(segments[1]) as segment:
        assert segment.count_hash(under(rows, *SPANS[1])[0][0]) == min(
            under(rows, *SPANS[1])[0][1], 2**32 - 1
        )
        with pytest.raises(breachdex.NotCoveredError):
            segment.count_hash(rows[0][0])
