"""How rows get from the tasks that read them to those that write segments: packed in pieces of one part each, through Spark's
shuffle or through files in the staging folder."""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from breachdex import BuildError
from breachdex._breachdex import Partitions
from breachdex.spark._tasks import Job, add_rows, binary, numbers, partition_number

if TYPE_CHECKING:
    import pyarrow as pa

    from breachdex.spark._tasks import Batches

_TOGETHER: Final = 1 << 21
"""Rows that a task keeps before it hands them on, part by part."""

_PIECE: Final = 1 << 20
"""Bytes of packed rows in one row of Spark's shuffle: so large that Spark's work for each row is nothing, and so small that
some of them are nothing for an executor's memory."""

_BATCH: Final = 8 << 20
"""Bytes of pieces that Spark is given at once."""

PIECES: Final = "slot int, part int, rows binary"
"""The rows that are shuffled."""

GATHERED: Final = "file string"
"""The files that a task wrote."""

_END: Final = 8
"""Bytes of the place where a part ends in a file: a number, little-endian."""


@dataclass(frozen=True)
class Distribute:
    """Reads rows, hashes what is not hashed, and hands them on, part by part."""

    job: Job
    borders: tuple[int, ...]
    slots: tuple[int, ...]

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        return self.job.guarded(partition_number(), self._run(batches))

    def _run(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        partitions = Partitions(self.borders, kind=self.job.kind, piece=_PIECE)
        for _ in _until_full(self.job, batches, partitions):
            yield from self._batches(partitions.take())

    def _batches(self, pieces: list[tuple[int, bytes]]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for some in _together(pieces):
            parts, rows = zip(*some, strict=True)
            columns = [
                numbers([self.slots[part] for part in parts], 32),
                numbers(parts, 32),
                binary(rows),
            ]
            yield pa.RecordBatch.from_arrays(columns, ["slot", "part", "rows"])


@dataclass(frozen=True)
class Gather:
    """Reads rows, hashes what is not hashed, and writes them into files of the staging folder, part by part.

    A file has the pieces of all parts in the parts' order, then where each part ends, from 0 on. An attempt's files have names that
    no other attempt has, and are read when Spark has taken the attempt's result, which names them.
    """

    job: Job
    borders: tuple[int, ...]

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        return self.job.guarded(partition_number(), self._run(batches))

    def _run(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        partitions = Partitions(self.borders, kind=self.job.kind)
        for _ in _until_full(self.job, batches, partitions):
            name = self.write(partitions).encode()
            yield pa.RecordBatch.from_arrays([binary([name], is_text=True)], ["file"])

    def write(self, partitions: Partitions) -> str:
        """Writes a file, and returns its name."""
        name = secrets.token_hex(16)
        partitions.write(Path(self.job.run.rows(), name))
        return name


def pieces_of(job: Job, files: Sequence[str], part: int, parts: int) -> Iterator[bytes]:
    """The pieces of one part in all files.

    :raises BuildError: when a file is not what a task wrote.
    """
    for name in files:
        path = Path(job.run.rows(), name)
        with path.open("rb", buffering=0) as file:
            behind = os.fstat(file.fileno()).st_size - _END * (parts + 1)
            begin, end = struct.unpack("<2Q", _read(file, behind + _END * part, 2 * _END, path))
            if not begin <= end <= behind:
                raise _damaged(path)
            if begin < end:
                yield _read(file, begin, end - begin, path)


def _read(file: Any, at: int, length: int, path: Path) -> bytes:
    if at < 0:
        raise _damaged(path)
    file.seek(at)
    read: bytes = file.read(length)
    while 0 < len(read) < length:
        more = file.read(length - len(read))
        if not more:
            break
        read += more
    if len(read) != length:
        raise _damaged(path)
    return read


def _damaged(path: Path) -> BuildError:
    return BuildError(f"{path} is not what a task wrote; check the disks of the staging folder")


def _until_full(job: Job, batches: Batches, partitions: Partitions) -> Iterator[None]:
    """Reads a task's share, and stops for the caller to hand on what there is."""
    for _ in add_rows(job, batches, partitions):
        if partitions.rows() >= _TOGETHER:
            yield
    if partitions.rows():
        yield
    notes = partitions.notes()
    if not job.shares:
        # A table is one list, whatever its partitions.
        notes = [("the table", *facts[1:]) for facts in notes]
    job.run.note(partition_number(), notes)


def _together(pieces: list[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """Pieces for one batch each."""
    some: list[tuple[int, bytes]] = []
    size = 0
    for piece in pieces:
        some.append(piece)
        size += len(piece[1])
        if size >= _BATCH:
            yield some
            some, size = [], 0
    if some:
        yield some
