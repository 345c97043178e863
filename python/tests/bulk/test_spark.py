"""The recipe for PySpark on a local session, row by row against a dictionary."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import breachdex
import pyarrow as pa
import pytest
from columns import Rows

if shutil.which("java") is None:
    pytest.skip("PySpark needs Java, and there is none", allow_module_level=True)

from pyspark.sql import SparkSession

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")


@pytest.fixture(scope="module")
def spark(folder: Path) -> Iterator[SparkSession]:
    """A session of two workers in this machine, which speaks to nobody else."""
    session = (
        SparkSession.builder.master("local[2]")
        .appName("breachdex")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        # For so short a life: what optimises for a long one, and collects on every processor, takes longer than it saves.
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "3000")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def users(spark: SparkSession, rows: Rows, folder: Path) -> Any:
    """The rows as a table of eight parts."""
    import pyarrow.parquet as pq

    path = folder / f"users-{len(rows.counts)}.parquet"
    pq.write_table(pa.table({"row": range(len(rows.counts)), "password": rows.passwords}), path)
    return spark.read.parquet(str(path)).repartition(8)


def test_counts(spark: SparkSession, recipe: Callable[[str], ModuleType], many: Rows, tmp_path: Path) -> None:
    counted = recipe("with_spark").counts(users(spark, many, tmp_path), "password")
    assert counted.columns == ["row", "password", "count"]
    found = {row["row"]: (row["password"], row["count"]) for row in counted.collect()}
    assert len(found) == len(many.counts)
    wrong = [
        row
        for row, expected in enumerate(zip(many.passwords, many.counts, strict=True))
        if found[row] != expected
    ]
    assert wrong == []


def test_a_worker_opens_the_index_once(spark: SparkSession, few: Rows, tmp_path: Path) -> None:
    def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from exposed.one import index  # type: ignore[import-not-found]

        for batch in batches:
            index().counts(batch.column("password"), threads=1)
        yield pa.RecordBatch.from_pylist([{"worker": os.getpid(), "opened": index.cache_info().misses}])

    table = users(spark, few, tmp_path)
    done = [table.mapInArrow(count, "worker long, opened long").collect() for _ in range(3)]
    workers = [row for rows in done for row in rows]
    assert len(workers) == 24
    assert {row["opened"] for row in workers} == {1}
    assert os.getpid() not in {row["worker"] for row in workers}
    assert len({row["worker"] for row in workers}) < 24


def test_a_handle_may_be_captured(
    spark: SparkSession, recipe: Callable[[str], ModuleType], few: Rows, tmp_path: Path
) -> None:
    handle = recipe("one").index()

    def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            found = pa.array(handle.counts(batch.column("password"), threads=1)).cast(pa.int64())
            yield pa.RecordBatch.from_arrays([batch.column("row"), found], ["row", "count"])

    counted = users(spark, few, tmp_path).mapInArrow(count, "row long, count long").collect()
    assert [row["count"] for row in sorted(counted, key=lambda row: row["row"])] == few.counts


def test_a_fault_names_the_row_and_not_the_value(spark: SparkSession, recipe: Any, tmp_path: Path) -> None:
    from pyspark.errors import PythonException

    recipe("one")

    def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from exposed.one import index

        for batch in batches:
            index().counts_hash(batch.column("password"))
            yield batch

    rows = Rows(["Zimtschnecke-Quarz-8831"], [0])
    with pytest.raises(PythonException) as raised:
        users(spark, rows, tmp_path).mapInArrow(count, "row long, password string").collect()
    assert "InvalidDigestError" in str(raised.value)
    assert "Zimtschnecke" not in str(raised.value)


def test_a_build_and_an_audit_of_the_package(spark: SparkSession, few: Rows, tmp_path: Path) -> None:
    """The long tier has the rest, with executors of their own."""
    from breachdex import spark as cluster

    source = tmp_path / "words.txt"
    source.write_text("\n".join(f"word {number % 900}" for number in range(2000)), encoding="utf-8")
    report = cluster.build(source, tmp_path / "cluster.bdx", spark=spark, format="passwords", parts=2)
    breachdex.build(source, tmp_path / "alone.bdx", format="passwords")
    assert report.rows == 2000
    assert (tmp_path / "cluster.bdx").read_bytes() == (tmp_path / "alone.bdx").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alone.bdx", "cluster.bdx", "words.txt"]
    table = users(spark, few, tmp_path)
    counted = cluster.audit(table, index="pwned.bdx", password="password")
    rows = sorted((row["row"], row["breach_count"]) for row in counted.collect())
    assert [count for _, count in rows] == few.counts
