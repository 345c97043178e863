"""What runs on executors. Everything here travels by name, so that a task needs breachdex there and nothing of the driver."""

from __future__ import annotations

import itertools
import socket
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

import breachdex
from breachdex import BreachdexError, BuildError
from breachdex._breachdex import Partitions
from breachdex.spark import _inputs
from breachdex.spark._borders import GROUPS
from breachdex.spark._errors import ExecutorError

if TYPE_CHECKING:
    import pyarrow as pa

    from breachdex.types import Kind

    Batches = Iterable[pa.RecordBatch]

SAMPLED: Final = "groups binary, rows binary, bytes long"
"""What a task sampled: groups of digests, as numbers of 32 bits, their rows, as numbers of 64, and bytes that were read."""


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


def numbers(values: Iterable[int], bits: Literal[32, 64]) -> pa.Array:
    """A column of whole numbers. The first `pa.array` of a list imports pandas, which takes longer than a small build."""
    import pyarrow as pa

    held = array("i" if bits == 32 else "q", values)
    return pa.Array.from_buffers(
        pa.int32() if bits == 32 else pa.int64(), len(held), [None, pa.py_buffer(held)]
    )


def binary(values: Sequence[bytes], *, is_text: bool = False) -> pa.Array:
    """A column of bytes or text, all in one buffer."""
    import pyarrow as pa

    ends = array("i", itertools.accumulate(map(len, values), initial=0))
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(values))]
    return pa.Array.from_buffers(pa.string() if is_text else pa.binary(), len(values), buffers)


def add_rows(job: Job, batches: Batches, partitions: Partitions) -> Iterator[None]:
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


def added_up(samples: Iterable[tuple[bytes, bytes, int]]) -> tuple[list[int], int]:
    """The rows of each group in all samples, and bytes that were read for them."""
    sizes, read = [0] * GROUPS, 0
    for groups, rows, bytes_ in samples:
        for group, found in zip(array("i", groups), array("q", rows), strict=True):
            sizes[group] += found
        read += bytes_
    return sizes, read


def add_up(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Makes one sample of many."""
    yield _sampled(*added_up(tuple(row.values()) for batch in batches for row in batch.to_pylist()))


def _sampled(sizes: list[int], read: int) -> pa.RecordBatch:
    import pyarrow as pa

    groups = array("i", (group for group, rows in enumerate(sizes) if rows))
    rows = array("q", (rows for rows in sizes if rows))
    columns = [binary([groups.tobytes()]), binary([rows.tobytes()]), numbers([read], 64)]
    return pa.RecordBatch.from_arrays(columns, ["groups", "rows", "bytes"])


@dataclass(frozen=True)
class Sample:
    """Counts sampled rows of each group of digests."""

    job: Job
    places: int
    """Places that are looked at in each share of files."""

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        return self.job.guarded(partition_number(), self._run(batches))

    def _run(self, batches: Batches) -> Iterator[pa.RecordBatch]:
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
        yield _sampled(partitions.sizes(), read)

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
