"""The driver's part of a build: sample, distribute, write segments, join them."""

from __future__ import annotations

import math
import os
import shutil
import socket
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path as LocalPath
from typing import TYPE_CHECKING, Any, Final, Literal

import breachdex
from breachdex import BuildError, BuildReport, InputNotFoundError, TargetExistsError
from breachdex._breachdex import warn_of_list
from breachdex.spark import _inputs
from breachdex.spark._borders import GROUPS, cut
from breachdex.spark._executors import parallelism, require_executors, translated
from breachdex.spark._segments import WRITTEN, SegmentOptions, WriteSegment
from breachdex.spark._shuffle import GATHERED, PIECES, Distribute, Gather
from breachdex.spark._slots import slots_of
from breachdex.spark._staging import Run, Staging
from breachdex.spark._tasks import SAMPLED, Columns, Job, Sample, add_up, added_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame, SparkSession

    from breachdex.spark._inputs import Format
    from breachdex.types import Kind, Path

_ROWS_OF_PART: Final = 4_000_000
"""Rows that a part is made for: some 100 MB in a task's memory."""

_LEAST_OF_PART: Final = 100_000
"""Rows below which another task costs more than it saves."""

_MOST_PARTS: Final = 16_384

_SHARE: Final = 128 << 20
"""Bytes of files that a task reads."""

_MEMORY: Final = 512 << 20

_PLACES: Final = 1024
"""Places of files that are sampled at least."""

_MOST_SAMPLES: Final = 128
"""Samples that the driver adds up itself."""

_SUMS: Final = 16

_BATCH: Final = "spark.sql.execution.arrow.maxRecordsPerBatch"
_ROWS_OF_BATCH: Final = 1024


@dataclass(frozen=True)
class ClusterBuildReport:
    """What a build wrote, and how."""

    index: BuildReport
    """The index, as ``breachdex.build`` reports one."""
    rows: int
    """Rows of the input."""
    parts: int
    """Tasks that sorted and wrote."""
    largest_part: int
    """Rows of the largest part."""
    left_out: int
    """Rows outside the prefixes of their parts. What ``min_count`` leaves out is not counted."""
    passwords_like_digests: tuple[tuple[str, Kind], ...] = ()
    """Files that were read as passwords, and whose first lines look like digests, with the kind of these."""
    passwords_in_notation: tuple[str, ...] = ()
    """Inputs with passwords that are written as hashcat does, ``$HEX[...]``, and that were hashed as they stand."""
    passwords_with_users: tuple[str, ...] = ()
    """Files that were read as passwords, and whose first lines all are an e-mail address, a colon and a password."""
    passwords_not_utf8: tuple[str, ...] = ()
    """Inputs with passwords that are not UTF-8, and whose bytes were hashed."""


def build(
    inputs: DataFrame | Path | Sequence[Path],
    output: Path,
    *,
    spark: SparkSession | None = None,
    format: Format | None = None,
    digest: str | None = None,
    password: str | None = None,
    count: str | None = None,
    skip_nulls: bool = False,
    kind: Kind = "sha1",
    bits: int | None = None,
    counts: bool = True,
    min_count: int = 1,
    merge: Literal["sum", "max", "error"] | None = None,
    source: str = "",
    corpus_date: date | str | None = None,
    replace: bool = False,
    staging: Path | None = None,
    shuffle: Literal["spark", "staging"] | None = None,
    parts: int | None = None,
    sample: float = 0.002,
    memory: int | None = None,
    temp_dir: Path | None = None,
) -> ClusterBuildReport:
    """Builds an index on a cluster: byte for byte the one that ``breachdex.build`` makes of the same rows and options.

    Files are read by the executors, and need the same path or address there. Passwords are hashed where they are read;
    digests alone are shuffled. Each task writes a segment into a folder beside ``output``, from which the driver joins them;
    the folder is removed whether the build succeeds or fails.

    :param inputs: a table; or files and folders, each a path that every executor has, or an address that Arrow reads, such
        as ``s3://``. Text may be compressed as ``.gz``, ``.bz2``, ``.xz`` or ``.zst``, and is then one task a file.
    :param output: the index to write, on a disk of the driver.
    :param spark: the session; by itself the table's, or the active one.
    :param format: of files: ``hibp`` is ``HEX:COUNT`` lines, ``passwords`` one a line, ``parquet`` columns. By itself Parquet
        for files that are named so, else ``hibp``.
    :param digest: the column of digests, as binary or as hexadecimal text.
    :param password: the column of passwords instead.
    :param count: the column of counts; each row counts 1 without it.
    :param skip_nulls: leaves rows without a digest, password or count out; by itself one is an error.
    :param kind: which digest.
    :param bits: leading bits kept of each digest; ``None`` keeps all.
    :param counts: whether to keep how often each was seen.
    :param min_count: leaves out what was seen less often.
    :param merge: what becomes of counts of equal digests; by itself passwords are summed and others an error.
    :param source: where the data comes from, kept in the index.
    :param corpus_date: the day it is of, kept in the index.
    :param replace: whether ``output`` may exist.
    :param staging: a folder in which segments wait, which driver and executors have under the same path; ``None`` is the
        folder of ``output``.
    :param shuffle: what carries rows from the tasks that read them to those that sort them: Spark's shuffle, or files in the
        staging folder, which takes some 22 bytes a row more then and spares the executors much work. ``None`` is ``staging``
        where all executors are on the driver's machine, else ``spark``.
    :param parts: how many segments to write, about; by itself one for every four million rows.
    :param sample: the share of a table's rows that is sampled for the borders of parts. Of files, fixed places are.
    :param memory: bytes that a task sorts in; ``None`` is 512 MiB. What does not fit is spilled to ``temp_dir``.
    :param temp_dir: a folder of the executors for that; ``None`` is Spark's local folder.
    A list of passwords that is probably something else is warned of with :class:`BuildWarning`, as
    ``breachdex.build`` does, and named in the report.

    :raises TargetExistsError: when ``output`` exists and ``replace`` is false.
    :raises InputNotFoundError: when an input or a folder is not there.
    :raises ExecutorError: when executors have another breachdex, or do not reach the staging folder.
    :raises BuildError: for a row that is none, with file and line, or with the table's partition and row, both from 0; for
        options that make no sense; when another driver builds the same ``output``.
    """
    target = LocalPath(output)
    if shuffle not in (None, "spark", "staging"):
        raise BuildError(f"shuffle must be 'spark' or 'staging', not {shuffle!r}")
    if os.path.lexists(target) and not replace:
        raise TargetExistsError(f"{target} exists; pass replace=True to replace it")
    if not target.absolute().parent.is_dir():
        raise InputNotFoundError(f"there is no folder {target.absolute().parent}")
    columns = _columns(digest, password, count, skip_nulls)
    table, shares, is_password = _read(inputs, format, columns)
    session = spark or (table.sparkSession if table is not None else _active())
    options = SegmentOptions(
        bits=bits,
        counts=counts,
        min_count=min_count,
        merge=merge or ("sum" if is_password else "error"),
        memory=memory or _MEMORY,
        temp_dir=None if temp_dir is None else os.fspath(temp_dir),
        source=source,
        corpus_date=None if corpus_date is None else str(corpus_date),
    )
    with Staging(target, None if staging is None else LocalPath(staging)) as run:
        job = Job(run, breachdex.__version__, kind, not counts, columns, tuple(shares))
        cluster = _Cluster(session, job, table, options, run)
        with _small_batches(session), _faults(run):
            hosts = require_executors(session, run)
            borders = cluster.borders(parts, sample)
            if (shuffle or _shuffle_of(hosts)) == "staging":
                written = cluster.write_staged(borders)
            else:
                written = cluster.write(borders)
        rows, notes = [segment.rows for segment in written], run.notes()
        if sum(rows) == 0:
            raise BuildError("the inputs hold no rows at all; there is nothing to build an index of")
        _fill(cluster, borders, {segment.part for segment in written})
        segments = [run.segment(part) for part in range(len(borders))]
        entries = sum(segment.entries for segment in written)
        _check_rate(kind, bits, entries)
        # Nobody signs a segment, whatever the environment asks of an index.
        report = breachdex.join(segments, target, replace=replace, trusted_keys=False)
        for note in notes:
            warn_of_list(note[0], kind, *note[1:])
        return ClusterBuildReport(
            index=report,
            rows=sum(rows),
            parts=len(borders),
            largest_part=max(rows),
            left_out=sum(segment.left_out for segment in written),
            passwords_like_digests=tuple((name, digests) for name, digests, *_ in notes if digests),
            passwords_in_notation=tuple(name for name, _, _, is_so, _ in notes if is_so),
            passwords_with_users=tuple(name for name, _, is_so, _, _ in notes if is_so),
            passwords_not_utf8=tuple(name for name, *_, is_so in notes if is_so),
        )


def _columns(digest: str | None, password: str | None, count: str | None, skip_nulls: bool) -> Columns:
    if digest is not None and password is not None:
        raise BuildError("give the column of digests or that of passwords, not both")
    return Columns(digest or password or "", count, password is not None, skip_nulls)


def _read(
    inputs: DataFrame | Path | Sequence[Path], format: Format | None, columns: Columns
) -> tuple[DataFrame | None, list[_inputs.Share], bool]:
    """The table, or the shares of files; and whether rows are passwords."""
    if hasattr(inputs, "mapInArrow"):
        if format is not None:
            raise BuildError("format is of files; a table has columns")
        if not columns.value:
            raise BuildError("name the table's column: digest=... or password=...")
        table: Any = inputs
        for name in columns.names():
            if name not in table.columns:
                raise BuildError(f"the table has no column {name}; it has {', '.join(table.columns)}")
        return table.select(*columns.names()), [], columns.is_password
    paths: list[Any] = [inputs] if isinstance(inputs, str | os.PathLike) else list(inputs)
    if not paths:
        raise BuildError("no inputs were given")
    of = format or ("parquet" if all(_is_parquet(path) for path in paths) else "hibp")
    if (of == "parquet") != bool(columns.value):
        raise BuildError(
            "columns are of tables and Parquet files: name digest=... or password=... there, and nowhere else"
        )
    return None, _inputs.shares(paths, of, _SHARE), columns.is_password or of == "passwords"


def _shuffle_of(hosts: set[str]) -> str:
    """Files, where they are in the page cache of the one machine that reads them."""
    return "staging" if hosts == {socket.gethostname()} else "spark"


def _is_parquet(path: Path) -> bool:
    return os.fspath(path).lower().endswith(".parquet")


def _active() -> SparkSession:
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    if session is None:
        raise BuildError("there is no active Spark session; pass spark=...")
    return session


@dataclass(frozen=True)
class _Written:
    """What a task said of its segment."""

    part: int
    entries: int
    left_out: int
    rows: int


@dataclass(frozen=True)
class _Cluster:
    """The jobs of a build."""

    session: SparkSession
    job: Job
    table: DataFrame | None
    options: SegmentOptions
    run: Run

    def _input(self) -> DataFrame:
        """The table, or a row for each share, which is a task's."""
        if self.table is not None:
            return self.table
        shares = max(len(self.job.shares), 1)
        return self.session.range(0, len(self.job.shares), 1, shares)

    def borders(self, parts: int | None, fraction: float) -> list[int]:
        """Where parts begin, of a sample."""
        if not 0 < fraction <= 1:
            raise BuildError("sample is a share of the rows: above 0, at most 1")
        if parts is not None and not 1 <= parts <= GROUPS:
            raise BuildError(f"parts is a number from 1 to {GROUPS}")
        rows = self._input()
        places = 0
        if self.table is not None:
            rows = rows.sample(withReplacement=False, fraction=fraction, seed=2026)
        else:
            places = max(1, -(-max(_PLACES, 4 * (parts or 0)) // max(len(self.job.shares), 1)))
        samples = rows.mapInArrow(Sample(self.job, places), SAMPLED)
        if self.table is not None or len(self.job.shares) > _MOST_SAMPLES:
            # The driver shall not add up those of a thousand tasks.
            samples = samples.repartition(_SUMS).mapInArrow(add_up, SAMPLED)
        sizes, read = added_up(samples.collect())
        total = self._estimate(sum(sizes), read, fraction)
        # A sample of what cannot be sought in is of its beginning.
        even = 0.5 if any(share.is_packed for share in self.job.shares) else 1 / 16
        return cut(sizes, parts or self._parts(total), even_share=even)

    def _estimate(self, sampled: int, read: int, fraction: float) -> float:
        """About how many rows there are."""
        if self.table is not None:
            return sampled / fraction
        if any(share.format == "parquet" for share in self.job.shares):
            return sum(share.rows for share in self.job.shares)
        size = sum((share.end - share.start) * (3 if share.is_packed else 1) for share in self.job.shares)
        return size * sampled / read if read else 0.0

    def _parts(self, rows: float) -> int:
        at_once = parallelism(self.session)
        if rows <= at_once * _ROWS_OF_PART:
            return max(1, min(round(rows / _LEAST_OF_PART), at_once))
        # As many rounds of tasks as there must be, none of which leaves executors without work.
        rounds = math.ceil(rows / _ROWS_OF_PART / at_once)
        return min(rounds * at_once, _MOST_PARTS)

    def write(self, borders: list[int]) -> list[_Written]:
        """Distributes all rows, and has each part written."""
        slots = slots_of(len(borders))
        pieces = self._input().mapInArrow(Distribute(self.job, tuple(borders), slots), PIECES)
        together = pieces.repartition(len(borders), "slot")
        return self._written(together, WriteSegment(self.job, tuple(borders), self.options))

    def write_staged(self, borders: list[int]) -> list[_Written]:
        """As ``write`` does, through files in the staging folder."""
        found = self._input().mapInArrow(Gather(self.job, tuple(borders)), GATHERED).collect()
        if not found:
            return []
        writer = WriteSegment(self.job, tuple(borders), self.options, tuple(row["file"] for row in found))
        written = self._written(self.session.range(0, len(borders), 1, len(borders)), writer)
        # The index takes as much room.
        shutil.rmtree(self.run.rows(), ignore_errors=True)
        return written

    def _written(self, rows: DataFrame, writer: WriteSegment) -> list[_Written]:
        found = rows.mapInArrow(writer, WRITTEN).collect()
        return [_Written(row["part"], row["entries"], row["left_out"], row["rows"]) for row in found]


def _fill(cluster: _Cluster, borders: list[int], written: set[int]) -> None:
    """Writes the segments of parts into which no row fell."""
    writer = WriteSegment(cluster.job, tuple(borders), cluster.options)
    for part in range(len(borders)):
        if part not in written:
            writer.write(part, [])


def _check_rate(kind: Kind, bits: int | None, entries: int) -> None:
    """Refuses what a build on one machine refuses: so few bits that strangers' passwords would be reported."""
    whole = 160 if kind == "sha1" else 128
    if bits is not None and bits < whole and entries > 1 << (bits - 7):
        raise BuildError(
            f"with {bits} bits more than one password in 128 would be reported as exposed by chance; keep more bits"
        )


@contextmanager
def _small_batches(session: SparkSession) -> Iterator[None]:
    """Has Spark hand rows on in batches that are right for those that are shuffled."""
    before = session.conf.get(_BATCH, None)
    session.conf.set(_BATCH, str(_ROWS_OF_BATCH))
    try:
        yield
    finally:
        if before is None:
            session.conf.unset(_BATCH)
        else:
            session.conf.set(_BATCH, before)


@contextmanager
def _faults(run: Run) -> Iterator[None]:
    """Raises what a task raised, in place of what Spark says about it."""
    try:
        yield
    except breachdex.BreachdexError:
        raise
    except Exception as error:
        found = translated(error, run)
        if found is error:
            raise
        raise found from None
