"""The tasks that write segments."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import breachdex
from breachdex._breachdex import build_packed
from breachdex.spark._borders import spans
from breachdex.spark._shuffle import pieces_of
from breachdex.spark._tasks import Job, numbers, partition_number

if TYPE_CHECKING:
    import pyarrow as pa

    from breachdex.spark._tasks import Batches

WRITTEN: Final = "part int, entries long, left_out long, rows long"
"""What a task says of the segment it wrote."""


@dataclass(frozen=True)
class SegmentOptions:
    """How segments are built. Travels to executors."""

    bits: int | None
    counts: bool
    min_count: int
    merge: Literal["sum", "max", "error"]
    memory: int
    temp_dir: str | None
    source: str
    corpus_date: str | None


@dataclass(frozen=True)
class WriteSegment:
    """Writes the segment of one part: of the rows that Spark gives, or of files, where it gives a part's number."""

    job: Job
    borders: tuple[int, ...]
    options: SegmentOptions
    files: tuple[str, ...] | None = None

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        return self.job.guarded(len(self.job.shares) + partition_number(), self._run(iter(batches)))

    def _run(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if self.files is not None:
            for batch in batches:
                for part in batch.column(0).to_pylist():
                    yield self._said(part, pieces_of(self.job, self.files, part, len(self.borders)))
            return
        first = next((batch for batch in batches if batch.num_rows), None)
        if first is not None:
            yield self._said(first.column(1)[0].as_py(), _shuffled(itertools.chain([first], batches)))

    def _said(self, part: int, pieces: Iterable[bytes]) -> pa.RecordBatch:
        import pyarrow as pa

        report, rows = self.write(part, pieces)
        columns = [part, report.entries, report.left_out, rows]
        arrays = [numbers([value], 64 if place else 32) for place, value in enumerate(columns)]
        return pa.RecordBatch.from_arrays(arrays, ["part", "entries", "left_out", "rows"])

    def write(self, part: int, pieces: Iterable[bytes]) -> tuple[breachdex.BuildReport, int]:
        """Writes a segment under a name of this attempt's own, and gives it its name when it is complete. Rows of another part are
        an error, for another Spark may distribute rows by another hash.
        """
        attempt = self.job.run.attempt(part)
        first, last = spans(self.borders)[part]
        options: dict[str, Any] = {
            name: value for name, value in vars(self.options).items() if name != "temp_dir"
        }
        try:
            written = build_packed(
                pieces,
                attempt,
                first=first,
                last=last,
                kind=self.job.kind,
                temp_dir=self.options.temp_dir or _local_folder(),
                **options,
            )
            # The same bytes may be there already, of an attempt that was quicker.
            attempt.replace(self.job.run.segment(part))
        finally:
            with suppress(OSError):
                attempt.unlink()
        return written


def _shuffled(batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    for batch in batches:
        rows = batch.column(2)
        for row in range(batch.num_rows):
            yield rows[row].as_py()


def _local_folder() -> str:
    """Where this executor may spill."""
    given = os.environ.get("LOCAL_DIRS") or os.environ.get("SPARK_LOCAL_DIRS") or ""
    first = given.split(",")[0]
    return first if first and os.path.isdir(first) else tempfile.gettempdir()
