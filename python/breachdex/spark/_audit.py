"""Counts for a table: a mapping of the index in each process of an executor, Arrow batches in and out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import breachdex
from breachdex import (
    BreachdexError,
    CountsUnavailableError,
    IndexDamagedError,
    InvalidDigestError,
    InvalidPasswordError,
    NotCoveredError,
)
from breachdex.spark._executors import require_executors, translated
from breachdex.spark._tasks import opened, partition_number, require

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame

    from breachdex.spark._tasks import Batches
    from breachdex.types import Path, TrustedKeys

_UNKNOWN = "_unknown"
"""What the name of the column about rows without an answer ends with."""


@dataclass(frozen=True)
class AuditSummary:
    """What an audited table says as a whole."""

    rows: int
    """All rows."""
    empty: int
    """Rows without a digest or password."""
    exposed: int
    """Rows whose password is exposed."""
    not_exposed: int
    """Rows whose password is in no list that the index knows."""
    unknown: int
    """Rows that the index could not answer; 0 where such a row is an error."""
    largest_count: int
    """How often the most frequent of their passwords was seen; 0 where none is exposed."""


def audit(
    table: DataFrame,
    *,
    index: Path,
    digest: str | None = None,
    password: str | None = None,
    into: str = "breach_count",
    on_unknown: Literal["raise", "mark"] = "raise",
    ship: bool = False,
    trusted_keys: TrustedKeys | Literal[False] | None = None,
) -> DataFrame:
    """Adds a column of how often each row's password was seen: 0 where it is not exposed, null for null.

    Nothing runs before the table that is returned is used. Each Python process of an executor maps the index once. Digests
    are looked up as they are; passwords are hashed as they are given, nothing is normalised. Counts stop at 2**32 - 1.

    :param table: the table, with all of its columns.
    :param index: the index, which driver and executors have under the same path, and byte for byte the same.
    :param digest: the column of digests, as binary or as hexadecimal text.
    :param password: the column of passwords instead. A table should not have one.
    :param into: the name of the added column.
    :param on_unknown: what becomes of a row that the index cannot answer, because it does not cover that part of the corpus
        or is damaged there: ``raise`` fails the job, as ``breachdex.Index.counts_hash`` does; ``mark`` leaves the count
        null, and adds a column, named as ``into`` with ``_unknown`` behind it, that is true there. Never is it a count of 0.
    :param ship: has Spark copy the index to the executors; for indexes of some hundred megabytes at most.
    :param trusted_keys: keys that must have signed the index, as ``breachdex.Index.open`` takes them. Executors check
        the signature, too, unless the index is shipped; then its content id is compared, as always.
    :raises ExecutorError: when executors have another breachdex. When the table is used, and they have no index or another
        one, Spark raises its own exception with the text of that error.
    :raises BreachdexError: when the driver cannot open the index.
    :raises ValueError: for a column that is missing or there already.
    """
    if (digest is None) == (password is None):
        raise ValueError("name the column of digests or that of passwords: digest=... or password=...")
    column = digest or password or ""
    _check_columns(table, column, into, on_unknown)
    path = os.path.abspath(os.fspath(index))
    with breachdex.Index.open(path, trusted_keys=trusted_keys) as found:
        metadata = found.metadata
        is_signed = found.signed_by is not None
    if not metadata.has_counts:
        raise CountsUnavailableError(f"{path} has no counts; build an index with counts")
    session = table.sparkSession
    require_executors(session)
    if ship:
        session.sparkContext.addFile(path)
    keys = _keys(trusted_keys) if is_signed and not ship else None
    look_up = LookUp(
        index=os.path.basename(path) if ship else path,
        is_shipped=ship,
        content_id=metadata.content_id,
        version=breachdex.__version__,
        column=column,
        is_password=password is not None,
        added=tuple(_added(into, on_unknown)),
        trusted_keys=keys,
    )
    return table.mapInArrow(look_up, _schema(table, into, on_unknown))


def summarize(
    table: DataFrame, *, digest: str | None = None, password: str | None = None, into: str = "breach_count"
) -> AuditSummary:
    """Sums an audited table up. Runs the audit: cache the table, or save it and summarise what was saved.

    :param table: what ``audit`` returned.
    :param digest: the column that was audited, or ``password``.
    :param into: the column that was added.
    :raises BreachdexError: when a row could not be answered, or executors cannot do the work.
    """
    from pyspark.sql import functions as F

    asked = F.col(digest or password or into)
    count = F.col(into)
    unknown = F.col(into + _UNKNOWN) if into + _UNKNOWN in table.columns else F.lit(False)

    def number(condition: Column) -> Column:
        return F.coalesce(F.sum(condition.cast("long")), F.lit(0))

    try:
        row: Any = table.agg(
            F.count(F.lit(1)),
            number(asked.isNull() & ~unknown),
            number(count > 0),
            number(count == 0),
            number(unknown),
            F.coalesce(F.max(count), F.lit(0)),
        ).collect()[0]
    except Exception as error:
        found = _error_of(error)
        if found is None:
            raise
        raise found from None
    return AuditSummary(*row)


def _check_columns(table: DataFrame, column: str, into: str, on_unknown: str) -> None:
    if on_unknown not in ("raise", "mark"):
        raise ValueError(f"on_unknown is 'raise' or 'mark', not {on_unknown!r}")
    if column not in table.columns:
        raise ValueError(f"the table has no column {column}; it has {', '.join(table.columns)}")
    for added in _added(into, on_unknown):
        if added in table.columns:
            raise ValueError(f"the table has a column {added} already; name another with into=...")


def _added(into: str, on_unknown: str) -> list[str]:
    """The names of the columns that are added."""
    return [into] if on_unknown == "raise" else [into, into + _UNKNOWN]


def _keys(trusted_keys: Any) -> tuple[str, ...]:
    """Keys as they travel: files stay where they are, so their content goes."""
    from breachdex._breachdex import public_keys

    return public_keys(os.environ["BREACHDEX_TRUSTED_KEYS"] if trusted_keys is None else trusted_keys)


def _schema(table: DataFrame, into: str, on_unknown: str) -> Any:
    from pyspark.sql.types import BooleanType, LongType, StructField, StructType

    # Spark has no unsigned numbers.
    fields = [*table.schema.fields, StructField(into, LongType())]
    if on_unknown == "mark":
        fields.append(StructField(into + _UNKNOWN, BooleanType(), nullable=False))
    return StructType(fields)


@dataclass(frozen=True)
class LookUp:
    """Adds counts to batches. Travels to executors."""

    index: str
    is_shipped: bool
    content_id: str
    version: str
    column: str
    is_password: bool
    added: tuple[str, ...]
    """The names of the count's column and, where unknown rows are marked, of theirs."""
    trusted_keys: tuple[str, ...] | None

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        require(self.version)
        index = opened(self._path(), self.content_id, self.trusted_keys)
        first = 0
        for batch in batches:
            values = batch.column(self.column)
            counts, unknown = self._counts(index, values, first)
            added = [counts] if unknown is None else [counts, unknown]
            yield pa.RecordBatch.from_arrays([*batch.columns, *added], [*batch.schema.names, *self.added])
            first += batch.num_rows

    def _path(self) -> str:
        if not self.is_shipped:
            return self.index
        from pyspark import SparkFiles

        return SparkFiles.get(self.index)

    def _counts(self, index: breachdex.Index, values: Any, first: int) -> tuple[Any, Any]:
        import pyarrow as pa

        ask = index.counts if self.is_password else index.counts_hash
        unknown, marks = None, len(self.added) > 1
        try:
            found = pa.array(ask(values, threads=1))
            if marks:
                unknown = pa.repeat(pa.scalar(False), len(values))
        except (NotCoveredError, IndexDamagedError):
            if not marks:
                raise
            found, unknown = self._each(index, values, first)
        except (InvalidDigestError, InvalidPasswordError) as error:
            raise self._placed(error, first) from None
        return found.cast(pa.int64()), unknown

    def _each(self, index: breachdex.Index, values: Any, first: int) -> tuple[Any, Any]:
        """Row by row, so that those have their answer that have one."""
        import pyarrow as pa

        ask = index.counts if self.is_password else index.counts_hash
        counts: list[int | None] = []
        unknown: list[bool] = []
        for row in range(len(values)):
            try:
                counts.append(pa.array(ask(values.slice(row, 1), threads=1))[0].as_py())
                unknown.append(False)
            except (NotCoveredError, IndexDamagedError):
                counts.append(None)
                unknown.append(True)
            except (InvalidDigestError, InvalidPasswordError) as error:
                raise self._placed(error, first + row) from None
        return pa.array(counts, pa.int64()), pa.array(unknown, pa.bool_())

    def _placed(self, error: BreachdexError, first: int) -> BreachdexError:
        """The error with the row's number in the partition, not in its batch. It never had the value."""
        number = re.sub(r"^row (\d+)", lambda row: f"row {first + int(row[1])}", str(error))
        return type(error)(f"partition {partition_number()} of the table, {number}")


def _error_of(error: Exception) -> BreachdexError | None:
    """The error of breachdex that a task raised, of the text that Spark has of it."""
    from breachdex.spark._errors import error_named

    found = translated(error)
    if isinstance(found, BreachdexError):
        return found
    raised = re.findall(r"^breachdex(?:\.\w+)+\.(\w+Error): (.*)$", str(error), re.MULTILINE)
    return error_named(*raised[0]) if raised else None
