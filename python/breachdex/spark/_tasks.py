"""What runs on executors. Everything here travels by name, so that a task needs breachdex there and nothing of the driver."""

from __future__ import annotations

import itertools
import os
import socket
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import breachdex
from breachdex import BreachdexError, BuildError
from breachdex._breachdex import Partitions
from breachdex.spark import _inputs
from breachdex.spark._borders import GROUPS, spans
from breachdex.spark._errors import ExecutorError

if TYPE_CHECKING:
    import pyarrow as pa

    from breachdex.types import Kind

    Batches = Iterable[pa.RecordBatch]

_TOGETHER: Final = 1 << 21
"""Rows that a task keeps before it hands them on, part by part."""

Piece: TypeAlias = tuple[bytes, bytes]
"""Digests of one part, one after another, and their counts as numbers of 64 bits."""

_PIECE: Final = 1 << 16
"""Bytes of digests in one row of the shuffle. So large that Spark's work for each row is nothing, and so small that a batch
of them is nothing for an executor's memory."""

PIECES: Final = "slot int, part int, digests binary, counts binary"
"""The rows that are shuffled."""

WRITTEN: Final = "part int, entries long, collisions long, left_out long, bytes long, rows long"
"""What a task says of the segment it wrote."""

SAMPLED: Final = "part int, rows long, bytes long"
"""Sampled rows of a group of digests."""


@dataclass(frozen=True)
class Columns:
    """Where rows are in a table. Travels to executors."""

    value: str
    count: str | None
    is_password: bool
    skip_nulls: bool

    def names(self) -> list[str]:
        """The columns that are read."""
        return [self.value] if self.count is None else [self.value, self.count]


@dataclass(frozen=True)
class Job:
    """What every task of a build knows. Travels to executors."""

    run: Any
    version: str
    kind: Kind
    bare: bool
    columns: Columns
    shares: tuple[_inputs.Share, ...] = field(default=(), repr=False)

    def guarded(self, order: int, work: Iterator[Any]) -> Iterator[Any]:
        """Runs a task's work, unless this executor cannot do it, and leaves its error where the driver finds it."""
        try:
            require(self.version, self.run)
            yield from work
        except BreachdexError as error:
            self.run.report(order, error)
            raise


def require(version: str, run: Any = None) -> None:
    """Refuses to work for a driver of another version, or for one whose folder is not here.

    :raises ExecutorError: in these cases.
    """
    if breachdex.__version__ != version:
        raise ExecutorError(
            f"executor on {socket.gethostname()} has breachdex {breachdex.__version__}, the driver {version}; "
            "install the same version everywhere"
        )
    if run is not None and not run.is_here():
        raise ExecutorError(
            f"executor on {socket.gethostname()} cannot reach the folder {run.folder}; "
            "pass a staging folder that every executor has under the same path"
        )


def partition_number() -> int:
    """Which partition this task has."""
    from pyspark import TaskContext

    context = TaskContext.get()
    return context.partitionId() if context else 0


@dataclass(frozen=True)
class Distribute:
    """Reads rows, hashes what is not hashed, and hands them on, part by part."""

    job: Job
    borders: tuple[int, ...]
    slots: tuple[int, ...]

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        return self.job.guarded(partition_number(), self._run(batches))

    def _run(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        partitions = Partitions(list(self.borders), kind=self.job.kind)
        for _ in _rows(self.job, batches, partitions):
            if partitions.rows() >= _TOGETHER:
                yield from self._taken(partitions)
        yield from self._taken(partitions)
        notes = partitions.notes()
        if not self.job.shares:
            # A table is one list, whatever its partitions.
            notes = [("the table", *facts[1:]) for facts in notes]
        self.job.run.note(partition_number(), notes)

    def _taken(self, partitions: Partitions) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        pieces = partitions.take(_PIECE // _width(self.job.kind))
        for first in range(0, len(pieces), 256):
            parts, digests, counts = zip(*pieces[first : first + 256], strict=True)
            columns = [
                _numbers([self.slots[part] for part in parts], 32),
                _numbers(parts, 32),
                _texts(digests),
                _texts(counts),
            ]
            yield pa.RecordBatch.from_arrays(columns, ["slot", "part", "digests", "counts"])


def _numbers(values: Iterable[int], bits: Literal[32, 64]) -> pa.Array:
    """A column of whole numbers. The first `pa.array` of a list imports pandas, which takes longer than a small build."""
    import pyarrow as pa

    held = array("i" if bits == 32 else "q", values)
    return pa.Array.from_buffers(
        pa.int32() if bits == 32 else pa.int64(), len(held), [None, pa.py_buffer(held)]
    )


def _texts(values: Sequence[bytes]) -> pa.Array:
    """A column of bytes, all in one buffer."""
    import pyarrow as pa

    ends = array("i", itertools.accumulate(map(len, values), initial=0))
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(values))]
    return pa.Array.from_buffers(pa.binary(), len(values), buffers)


def _width(kind: Kind) -> int:
    return 20 if kind == "sha1" else 16


def _rows(job: Job, batches: Batches, partitions: Partitions) -> Iterator[None]:
    """Adds rows to ``partitions``, and stops now and then for the caller to look."""
    if not job.shares:
        name, row = f"partition {partition_number()} of the table", 0
        for batch in batches:
            _add_batch(job, batch, partitions, name, row)
            row += batch.num_rows
            yield
        return
    for batch in batches:
        for number in batch.column(0).to_pylist():
            share = job.shares[number]
            if share.format == "parquet":
                row = share.before
                for columns in _inputs.batches(share, job.columns.names()):
                    _add_batch(job, columns, partitions, share.path, row)
                    row += columns.num_rows
                    yield
            else:
                for _ in _add_text(job, share, partitions):
                    yield


def _add_batch(job: Job, batch: pa.RecordBatch, partitions: Partitions, name: str, row: int) -> None:
    counts = None if job.columns.count is None else batch.column(job.columns.count)
    try:
        partitions.add_columns(
            batch.column(job.columns.value),
            counts,
            passwords=job.columns.is_password,
            skip_nulls=job.columns.skip_nulls,
            name=name,
            first_row=row,
        )
    except TypeError as error:
        raise BuildError(f"{name}: {error}") from None


def _add_text(job: Job, share: _inputs.Share, partitions: Partitions) -> Iterator[None]:
    # How many lines are before a share is known when somebody has to be told alone; a file begins with its line 1.
    before = 0 if share.start == 0 else 1
    passwords, lines = share.format == "passwords", 0
    for piece in _inputs.pieces(share):
        try:
            first = before + lines + 1
            lines += partitions.add_text(
                piece, passwords=passwords, bare=job.bare, name=share.path, first_line=first
            )
        except BuildError:
            if share.start == 0:
                raise
            first = _inputs.lines_before(share) + lines + 1
            Partitions([0], kind=job.kind).add_text(
                piece, passwords=passwords, bare=job.bare, name=share.path, first_line=first
            )
            raise
        yield


@dataclass(frozen=True)
class Sample:
    """Counts sampled rows of each group of digests."""

    job: Job
    places: int
    """Places that are looked at in each share of files."""

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        return self.job.guarded(partition_number(), self._run(batches))

    def _run(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        partitions, read = Partitions(range(GROUPS), kind=self.job.kind), 0
        if not self.job.shares:
            for batch in batches:
                # The task that reads all rows says what is wrong with one, and where.
                with suppress(BuildError):
                    _add_batch(self.job, batch, partitions, "", 0)
        else:
            for batch in batches:
                for number in batch.column(0).to_pylist():
                    read += self._look(self.job.shares[number], partitions)
        found = [(group, rows) for group, rows in enumerate(partitions.sizes()) if rows]
        groups, rows = zip(*found, strict=True) if found else ((), ())
        # What was read of text is said once, with no rows of its own.
        columns = [
            _numbers([*groups, 0], 32),
            _numbers([*rows, 0], 64),
            _numbers([*[0] * len(groups), read], 64),
        ]
        yield pa.RecordBatch.from_arrays(columns, ["part", "rows", "bytes"])

    def _look(self, share: _inputs.Share, partitions: Partitions) -> int:
        """Looks at a share; what is wrong with a row is said by the task that reads all of them."""
        read = 0
        if share.format == "parquet":
            for batch in _inputs.sampled_batches(
                share, self.job.columns.names(), is_one_of_many=self.places == 1
            ):
                with suppress(BuildError):
                    _add_batch(self.job, batch, partitions, share.path, 0)
            return read
        for piece in _inputs.sampled_pieces(share, self.places):
            with suppress(BuildError):
                # No file begins here, as far as messages go.
                partitions.add_text(
                    piece, passwords=share.format == "passwords", bare=self.job.bare, name="", first_line=2
                )
                read += len(piece)
        return read


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
    """Writes the segment of one part."""

    job: Job
    borders: tuple[int, ...]
    options: SegmentOptions

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        return self.job.guarded(len(self.job.shares) + partition_number(), self._run(iter(batches)))

    def _run(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        first = next((batch for batch in batches if batch.num_rows), None)
        if first is None:
            return
        part = first.column(1)[0].as_py()
        pieces = _Pieces(part, first, batches)
        report = self.write(part, pieces)
        columns = [part, report.entries, report.collisions, report.left_out, report.file_size, pieces.rows]
        names = ["part", "entries", "collisions", "left_out", "bytes", "rows"]
        arrays = [_numbers([value], 64 if place else 32) for place, value in enumerate(columns)]
        yield pa.RecordBatch.from_arrays(arrays, names)

    def write(self, part: int, pieces: Iterable[Piece]) -> breachdex.BuildReport:
        """Writes a segment under a name of this attempt's own, and gives it its name when it is complete."""
        attempt = self.job.run.attempt(part)
        first, last = spans(self.borders)[part]
        options = self.options
        try:
            report = breachdex.build_segment(
                (_batch(piece, _width(self.job.kind)) for piece in pieces),
                attempt,
                first=first,
                last=last,
                kind=self.job.kind,
                bits=options.bits,
                counts=options.counts,
                min_count=options.min_count,
                merge=options.merge,
                memory=options.memory,
                threads=1,
                temp_dir=options.temp_dir or _local_folder(),
                source=options.source,
                corpus_date=options.corpus_date,
                directory_bits=16,
            )
            # The same bytes may be there already, of an attempt that was quicker.
            attempt.replace(self.job.run.segment(part))
        finally:
            with suppress(OSError):
                attempt.unlink()
        return report


class _Pieces:
    """The rows of one part as they come out of the shuffle, and how many there were."""

    def __init__(self, part: int, first: pa.RecordBatch, others: Iterator[pa.RecordBatch]) -> None:
        self.rows = 0
        self._part, self._first, self._others = part, first, others

    def __iter__(self) -> Iterator[Piece]:
        for batch in itertools.chain([self._first], self._others):
            parts, digests, counts = batch.column(1), batch.column(2), batch.column(3)
            for row in range(batch.num_rows):
                if parts[row].as_py() != self._part:
                    raise BuildError(
                        "Spark gave rows of two parts to one task: its hash partitioning is not known"
                    )
                piece = digests[row].as_py(), counts[row].as_py()
                self.rows += len(piece[1]) // 8
                yield piece


def _batch(piece: Piece, width: int) -> pa.RecordBatch:
    """A piece as columns."""
    import pyarrow as pa

    digests, counts = map(pa.py_buffer, piece)
    length = counts.size // 8
    columns = [
        pa.Array.from_buffers(pa.binary(width), length, [None, digests]),
        pa.Array.from_buffers(pa.uint64(), length, [None, counts]),
    ]
    return pa.RecordBatch.from_arrays(columns, ["digest", "count"])


def _local_folder() -> str:
    """Where this executor may spill."""
    given = os.environ.get("LOCAL_DIRS") or os.environ.get("SPARK_LOCAL_DIRS") or ""
    first = given.split(",")[0]
    return first if first and os.path.isdir(first) else tempfile.gettempdir()


@cache
def opened(path: str, content_id: str, trusted_keys: tuple[str, ...] | None) -> breachdex.Index:
    """The index of a process: opened once, however many tasks it runs.

    :raises ExecutorError: when another index, or none, is under that path here.
    """
    keys: Any = list(trusted_keys) if trusted_keys is not None else False
    try:
        index = breachdex.Index.open(path, trusted_keys=keys)
    except breachdex.IndexNotFoundError as error:
        raise ExecutorError(
            f"executor on {socket.gethostname()} has no index {path}; put it there, or pass ship=True"
        ) from error
    found = index.metadata.content_id
    if found != content_id:
        index.close()
        raise ExecutorError(
            f"executor on {socket.gethostname()} has another index under {path} than the driver: "
            f"content id {found[:16]}…, not {content_id[:16]}…"
        )
    return index
