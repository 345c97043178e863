"""Counts of a table on a cluster, row by row against a dictionary, and what becomes of rows without an answer."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import breachdex
import pytest
from breachdex import spark as cluster
from support import EXPOSED, damaged, new_key, sign, write_index

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")

ROWS = 20_000
WORDS = [*EXPOSED, *(f"nobody has {number}" for number in range(40))]


def sha1(word: str) -> bytes:
    return hashlib.sha1(word.encode(), usedforsecurity=False).digest()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_index(tmp_path_factory.mktemp("index") / "pwned.bdx", EXPOSED)


@pytest.fixture
def users(spark: SparkSession) -> Any:
    words = [None if number % 50 == 49 else WORDS[number % len(WORDS)] for number in range(ROWS)]
    rows = [(number, word, sha1(word) if word else None) for number, word in enumerate(words)]
    return spark.createDataFrame(rows, "id long, password string, sha1 binary").repartition(7)


def expected(word: str | None) -> int | None:
    return None if word is None else EXPOSED.get(word, 0)


@pytest.mark.parametrize("ship", [False, True])
@pytest.mark.parametrize("column", ["sha1", "password"])
def test_every_row(users: Any, index: Path, column: str, ship: bool) -> None:
    named: Any = {"digest": "sha1"} if column == "sha1" else {"password": "password"}
    counted = cluster.audit(users, index=index, ship=ship, **named)
    assert counted.columns == ["id", "password", "sha1", "breach_count"]
    rows = counted.collect()
    assert len(rows) == ROWS
    assert [row["id"] for row in rows if row["breach_count"] != expected(row["password"])] == []


def test_the_summary(users: Any, index: Path) -> None:
    counted = cluster.audit(users.drop("password"), index=index, digest="sha1", into="seen").cache()
    summary = cluster.summarize(counted, digest="sha1", into="seen")
    words = [None if number % 50 == 49 else WORDS[number % len(WORDS)] for number in range(ROWS)]
    exposed = sum(word in EXPOSED for word in words)
    assert summary == cluster.AuditSummary(
        rows=ROWS,
        empty=ROWS // 50,
        exposed=exposed,
        not_exposed=ROWS - ROWS // 50 - exposed,
        unknown=0,
        largest_count=max(EXPOSED.values()),
    )


def test_a_process_maps_the_index_once(spark: SparkSession, tmp_path: Path) -> None:
    def look(batches: Any) -> Any:
        import pyarrow

        for _ in batches:
            pass
        mapped = sum("once.bdx" in line for line in Path("/proc/self/maps").read_text().splitlines())
        row = {"process": os.getpid(), "mapped": mapped}
        yield pyarrow.RecordBatch.from_pylist([row])

    table = spark.range(0, 1000, 1, 12).selectExpr("sha1(cast(id as string)) AS sha1")
    index = write_index(tmp_path / "once.bdx", EXPOSED)
    for _ in range(3):
        cluster.audit(table, index=index, digest="sha1").collect()
    found = spark.range(0, 24, 1, 24).mapInArrow(look, "process long, mapped long").collect()
    assert max(row["mapped"] for row in found) == 1
    assert len({row["process"] for row in found}) <= 4


class TestUnknown:
    """Never is a row that the index does not know about one that is not exposed."""

    @pytest.fixture
    def partial(self, tmp_path: Path) -> Path:
        rows = sorted(f"{sha1(word).hex().upper()}:{count}" for word, count in EXPOSED.items())
        covered = [row for row in rows if row < "8"]
        (tmp_path / "half.txt").write_text("\n".join(covered) + "\n", encoding="ascii")
        breachdex.build(tmp_path / "half.txt", tmp_path / "half.bdx", prefixes=["00000-7FFFF"])
        return tmp_path / "half.bdx"

    def test_what_is_not_covered_fails_the_job(self, users: Any, partial: Path) -> None:
        counted = cluster.audit(users, index=partial, digest="sha1")
        with pytest.raises(breachdex.NotCoveredError):
            cluster.summarize(counted, digest="sha1")

    def test_what_is_not_covered_is_marked(self, users: Any, partial: Path) -> None:
        counted = cluster.audit(users, index=partial, digest="sha1", on_unknown="mark")
        for row in counted.collect():
            word = row["password"]
            known = word is None or sha1(word)[0] < 0x80
            assert row["breach_count_unknown"] is not known
            assert row["breach_count"] == (expected(word) if known else None)
        summary = cluster.summarize(counted, digest="sha1")
        assert summary.unknown > ROWS / 4
        assert summary.empty == ROWS // 50
        assert summary.rows == summary.empty + summary.exposed + summary.not_exposed + summary.unknown

    def test_what_is_damaged(self, users: Any, index: Path, tmp_path: Path) -> None:
        bad = damaged(index, tmp_path / "bad.bdx")
        with pytest.raises(breachdex.IndexDamagedError):
            cluster.summarize(cluster.audit(users, index=bad, digest="sha1"), digest="sha1")
        marked = cluster.audit(users, index=bad, digest="sha1", on_unknown="mark")
        summary = cluster.summarize(marked, digest="sha1")
        assert summary.unknown == ROWS - ROWS // 50
        assert summary.not_exposed == 0


class TestRefusals:
    def test_columns(self, users: Any, index: Path) -> None:
        with pytest.raises(ValueError, match="digest=... or password=..."):
            cluster.audit(users, index=index)
        with pytest.raises(ValueError, match="has no column md5"):
            cluster.audit(users, index=index, digest="md5")
        with pytest.raises(ValueError, match="has a column id already"):
            cluster.audit(users, index=index, digest="sha1", into="id")

    def test_an_index_without_counts(self, users: Any, tmp_path: Path) -> None:
        write_index(tmp_path / "bare.bdx", EXPOSED, counts=False)
        with pytest.raises(breachdex.CountsUnavailableError, match="has no counts"):
            cluster.audit(users, index=tmp_path / "bare.bdx", digest="sha1")

    def test_another_index_on_the_executors(self, users: Any, tmp_path: Path) -> None:
        """The file was replaced after the driver looked at it."""
        path = write_index(tmp_path / "pwned.bdx", EXPOSED)
        counted = cluster.audit(users, index=path, digest="sha1")
        write_index(path, {"another": 1})
        with pytest.raises(
            cluster.ExecutorError, match="has another index under .*pwned.bdx than the driver"
        ):
            cluster.summarize(counted, digest="sha1")
        path.unlink()
        counted = cluster.audit(users, index=write_index(tmp_path / "2.bdx", EXPOSED), digest="sha1")
        (tmp_path / "2.bdx").unlink()
        with pytest.raises(
            cluster.ExecutorError, match="has no index .*2.bdx; put it there, or pass ship=True"
        ):
            cluster.summarize(counted, digest="sha1")

    def test_a_digest_that_is_none(self, spark: SparkSession, index: Path) -> None:
        table = spark.sql(
            "SELECT IF(id = 1234, 'Zimtschnecke', sha1(string(id))) AS sha1 FROM range(0, 3000, 1, 1)"
        )
        with pytest.raises(
            breachdex.InvalidDigestError, match="partition 0 of the table, row 1234: "
        ) as raised:
            cluster.summarize(cluster.audit(table, index=index, digest="sha1"), digest="sha1")
        assert "Zimt" not in str(raised.value)

    def test_a_signed_index(self, users: Any, index: Path, tmp_path: Path) -> None:
        path = write_index(tmp_path / "signed.bdx", EXPOSED)
        secret, public = new_key(tmp_path)
        with pytest.raises(breachdex.IndexNotSignedError):
            cluster.audit(users, index=path, digest="sha1", trusted_keys=public)
        sign(path, secret)
        for ship in (False, True):
            counted = cluster.audit(users, index=path, digest="sha1", trusted_keys=public, ship=ship)
            assert cluster.summarize(counted, digest="sha1").exposed > 0
