"""Builds on a cluster are byte for byte those of one machine, and refuse what those refuse."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import breachdex
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from breachdex import spark as cluster
from breachdex.spark._slots import slots_of, spark_hash
from inputs import digests, write_hashes, write_passwords, write_skewed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")

Left = Callable[[], list[str]]

SHUFFLES = ["spark", "staging"]


def same(built: Path, inputs: Any, tmp_path: Path, **options: Any) -> None:
    """Compares an index with that of one machine."""
    alone = tmp_path / "alone.bdx"
    breachdex.build(inputs, alone, replace=True, **options)
    assert built.read_bytes() == alone.read_bytes()


class TestBytes:
    @pytest.mark.parametrize("shuffle", SHUFFLES)
    def test_hashes_of_a_large_index(
        self, spark: SparkSession, tmp_path: Path, folder: Left, shuffle: Any
    ) -> None:
        """More than 2**22 entries: segments are joined without decoding."""
        source = write_hashes(tmp_path / "hashes.txt", 4_400_000)
        report = cluster.build(
            source,
            tmp_path / "out.bdx",
            spark=spark,
            parts=7,
            source="made up",
            corpus_date="2026-11-27",
            shuffle=shuffle,
        )
        assert report.rows == report.index.entries == 4_400_000
        assert 5 <= report.parts <= 14
        assert report.largest_part < 2 * 4_400_000 / 7
        assert folder() == ["hashes.txt", "out.bdx"]
        same(tmp_path / "out.bdx", source, tmp_path, source="made up", corpus_date="2026-11-27")

    @pytest.mark.parametrize("shuffle", SHUFFLES)
    def test_parts_that_do_not_fit_into_memory(
        self, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shuffle: Any
    ) -> None:
        # Many shares, so that some pieces are left when the memory is full.
        monkeypatch.setattr("breachdex.spark._build._SHARE", 1 << 20)
        source = write_hashes(tmp_path / "hashes.txt", 600_000)
        options: Any = {"spark": spark, "parts": 1, "memory": 16 << 20, "shuffle": shuffle}
        report = cluster.build(source, tmp_path / "out.bdx", **options)
        assert report.rows == 600_000
        same(tmp_path / "out.bdx", source, tmp_path)

    def test_64_bits_of_a_large_index(self, spark: SparkSession, tmp_path: Path) -> None:
        source = write_hashes(tmp_path / "hashes.txt", 4_300_000, seed=2)
        cluster.build(source, tmp_path / "out.bdx", spark=spark, parts=3, bits=64)
        same(tmp_path / "out.bdx", source, tmp_path, bits=64)

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"shuffle": "spark"},
            {"bits": 64},
            {"bits": 48, "counts": False},
            {"min_count": 9},
            {"min_count": 9, "shuffle": "spark"},
        ],
    )
    def test_hashes(self, spark: SparkSession, tmp_path: Path, folder: Left, options: dict[str, Any]) -> None:
        (tmp_path / "in").mkdir()
        sources = [write_hashes(tmp_path / "in" / f"{seed}.txt", 60_000, seed=seed) for seed in (1, 2, 3)]
        with sources[0].open("rb") as plain, gzip.open(tmp_path / "in" / "4.txt.gz", "wb") as packed:
            packed.writelines(line for number, line in enumerate(plain) if number % 3 == 0)
        merged = {"merge": "sum", **options}
        cluster.build(tmp_path / "in", tmp_path / "out.bdx", spark=spark, parts=5, **merged)
        assert folder() == ["in", "out.bdx"]
        merged.pop("shuffle", None)
        same(tmp_path / "out.bdx", sorted((tmp_path / "in").iterdir()), tmp_path, **merged)

    def test_hashes_of_ntlm(self, spark: SparkSession, tmp_path: Path) -> None:
        source = write_hashes(tmp_path / "hashes.txt", 100_000, width=32)
        cluster.build(source, tmp_path / "out.bdx", spark=spark, parts=4, kind="ntlm")
        same(tmp_path / "out.bdx", source, tmp_path, kind="ntlm")

    @pytest.mark.parametrize("kind", ["sha1", "ntlm"])
    def test_passwords(
        self, spark: SparkSession, tmp_path: Path, kind: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Many shares of a small file, so that lines lie across their borders.
        monkeypatch.setattr("breachdex.spark._build._SHARE", 99_999)
        source = write_passwords(tmp_path / "words.txt", 100_000)
        report = cluster.build(
            source, tmp_path / "out.bdx", spark=spark, parts=4, format="passwords", kind=kind
        )
        assert report.rows == 100_000
        same(tmp_path / "out.bdx", source, tmp_path, format="passwords", kind=kind)

    def test_columns(self, spark: SparkSession, tmp_path: Path) -> None:
        table = pa.table(
            {
                "digest": pa.array(digests(50_000), pa.binary(20)),
                "seen": pa.array([1 + number % 77 for number in range(50_000)], pa.uint64()),
            }
        )
        pq.write_table(table, tmp_path / "rows.parquet", row_group_size=7_000)
        lines = [f"{digest.hex()}:{1 + number % 77}\n" for number, digest in enumerate(digests(50_000))]
        (tmp_path / "rows.txt").write_text("".join(lines), encoding="ascii")
        options: Any = {"spark": spark, "digest": "digest", "count": "seen", "parts": 3, "replace": True}
        target = tmp_path / "out.bdx"
        cluster.build(tmp_path / "rows.parquet", target, **options)
        same(target, tmp_path / "rows.txt", tmp_path)
        read = spark.read.parquet(str(tmp_path / "rows.parquet"))
        cluster.build(read, target, **options)
        same(target, tmp_path / "rows.txt", tmp_path)
        hexadecimal = read.selectExpr("lower(hex(digest)) AS digest", "seen")
        cluster.build(hexadecimal, target, **options)
        same(target, tmp_path / "rows.txt", tmp_path)

    def test_a_column_of_passwords(self, spark: SparkSession, tmp_path: Path) -> None:
        words = [f"word {number % 700}" for number in range(3000)]
        table = spark.createDataFrame([(word,) for word in words], "password string")
        cluster.build(table, tmp_path / "out.bdx", password="password")
        (tmp_path / "words.txt").write_text("\n".join(words), encoding="utf-8")
        same(tmp_path / "out.bdx", tmp_path / "words.txt", tmp_path, format="passwords")


class TestSkew:
    @pytest.mark.parametrize("shuffle", SHUFFLES)
    def test_a_million_digests_under_one_prefix(
        self, spark: SparkSession, tmp_path: Path, shuffle: Any
    ) -> None:
        source = write_skewed(tmp_path / "hashes.txt", 1_000_000)
        report = cluster.build(source, tmp_path / "out.bdx", spark=spark, parts=10, shuffle=shuffle)
        # The prefix is a part by itself, with no more than a share of the others.
        assert 1_000_000 <= report.largest_part < 1_020_000
        assert report.parts >= 6
        same(tmp_path / "out.bdx", source, tmp_path)

    def test_rows_in_order_are_spread(self, spark: SparkSession, tmp_path: Path) -> None:
        source = write_hashes(tmp_path / "hashes.txt", 300_000)
        source.write_text("".join(sorted(source.read_text("ascii").splitlines(True))), encoding="ascii")
        report = cluster.build(source, tmp_path / "out.bdx", spark=spark, parts=6)
        assert report.largest_part < 80_000
        same(tmp_path / "out.bdx", source, tmp_path)

    def test_parts_without_rows(self, spark: SparkSession, tmp_path: Path) -> None:
        rows = [f"{prefix}{number:036X}:1\n" for prefix in ("0000", "FFFF") for number in range(2000)]
        (tmp_path / "hashes.txt").write_text("".join(rows), encoding="ascii")
        for shuffle in SHUFFLES:
            options: Any = {"spark": spark, "parts": 20, "replace": True, "shuffle": shuffle}
            with pytest.warns(breachdex.BuildWarning, match="no digest begins with 40000 to BFFFF"):
                cluster.build(tmp_path / "hashes.txt", tmp_path / "out.bdx", **options)
            with pytest.warns(breachdex.BuildWarning, match="no digest begins with 40000 to BFFFF"):
                same(tmp_path / "out.bdx", tmp_path / "hashes.txt", tmp_path)


ROW = "00112233445566778899AABBCCDDEEFF00112233"


class TestBadInput:
    @pytest.mark.parametrize(
        ("line", "said"),
        [
            (f"{ROW}:0", "the count is 0; a digest that was never seen does not belong here"),
            (f"{ROW}:-5", "the count is negative"),
            (f"{ROW}:18446744073709551616", "the count is larger than 18446744073709551615"),
            (f"{ROW}:many", "the count is not a whole number"),
            (ROW, "the count is missing; pass counts=False if the list is meant to have none"),
            ("", "the line is empty; expected 40 hex digits, a colon and a count"),
            (f"{ROW[:-1]}x:1", "column 40 is not a hex digit; expected 40 of them, a colon and a count"),
            (f"{ROW[:-2]}:1", "expected 40 hex digits for SHA-1, found 38"),
        ],
    )
    def test_a_malformed_line(
        self,
        spark: SparkSession,
        tmp_path: Path,
        folder: Left,
        monkeypatch: pytest.MonkeyPatch,
        line: str,
        said: str,
    ) -> None:
        monkeypatch.setattr("breachdex.spark._build._SHARE", 20_000)
        rows = write_hashes(tmp_path / "hashes.txt", 3000).read_text("ascii").splitlines()
        rows[2345] = line
        (tmp_path / "hashes.txt").write_text("\n".join(rows), encoding="ascii")
        with pytest.raises(breachdex.BuildError) as alone:
            breachdex.build(tmp_path / "hashes.txt", tmp_path / "out.bdx")
        with pytest.raises(breachdex.BuildError) as raised:
            cluster.build(tmp_path / "hashes.txt", tmp_path / "out.bdx", spark=spark)
        assert str(raised.value) == str(alone.value)
        assert said in str(raised.value)
        assert "hashes.txt" in str(raised.value)
        assert "2346" in str(raised.value)
        assert folder() == ["hashes.txt"]

    def test_a_duplicate(self, spark: SparkSession, tmp_path: Path, folder: Left) -> None:
        (tmp_path / "hashes.txt").write_text(f"{ROW}:1\n{ROW}:2\n", encoding="ascii")
        with pytest.raises(breachdex.BuildError, match="the digest occurs more than once.*merge="):
            cluster.build(tmp_path / "hashes.txt", tmp_path / "out.bdx", spark=spark)
        assert folder() == ["hashes.txt"]

    def test_counts_that_do_not_add_up(self, spark: SparkSession, tmp_path: Path) -> None:
        (tmp_path / "hashes.txt").write_text(f"{ROW}:1\n{ROW}:18446744073709551615\n", encoding="ascii")
        with pytest.raises(breachdex.BuildError, match="add up to more than"):
            cluster.build(tmp_path / "hashes.txt", tmp_path / "out.bdx", spark=spark, merge="sum")

    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            ([(b"\0" * 20, 1), (None, 1)], "the value is null; pass skip_nulls=True to leave such rows out"),
            ([(b"\0" * 20, None)], "the count is null"),
            ([(b"\0" * 20, 0)], "the count is 0"),
            ([(b"\0" * 20, -1)], "the count is negative"),
            ([(b"\0" * 19, 1)], "19"),
        ],
    )
    def test_a_malformed_row(self, spark: SparkSession, tmp_path: Path, rows: Any, said: str) -> None:
        table = spark.createDataFrame(rows, "digest binary, seen long").coalesce(1)
        row = len(rows) - 1
        with pytest.raises(breachdex.BuildError, match=f"partition 0 of the table, row {row}: .*{said}"):
            cluster.build(table, tmp_path / "out.bdx", digest="digest", count="seen")

    def test_a_count_beyond_range(self, spark: SparkSession, tmp_path: Path) -> None:
        table = spark.sql(
            "SELECT unhex(repeat('00', 20)) AS digest, CAST('18446744073709551616' AS DECIMAL(20, 0)) AS n"
        )
        with pytest.raises(breachdex.BuildError, match="the count is larger than"):
            cluster.build(table, tmp_path / "out.bdx", digest="digest", count="n")

    def test_nulls_may_be_left_out(self, spark: SparkSession, tmp_path: Path) -> None:
        rows = [(b"\1" * 20, 1), (None, 1), (b"\2" * 20, None)]
        table = spark.createDataFrame(rows, "digest binary, seen long")
        report = cluster.build(table, tmp_path / "out.bdx", digest="digest", count="seen", skip_nulls=True)
        assert report.index.entries == 1

    def test_no_rows(self, spark: SparkSession, tmp_path: Path, folder: Left) -> None:
        (tmp_path / "hashes.txt").touch()
        for inputs in (tmp_path / "hashes.txt", spark.createDataFrame([], "digest binary")):
            column = None if isinstance(inputs, Path) else "digest"
            with pytest.raises(breachdex.BuildError, match="the inputs hold no rows at all"):
                cluster.build(inputs, tmp_path / "out.bdx", spark=spark, digest=column)
        assert folder() == ["hashes.txt"]

    def test_a_password_is_in_no_message(self, spark: SparkSession, tmp_path: Path) -> None:
        (tmp_path / "words.txt").write_bytes(b"fine\nZimtschnecke\0Quarz\n")
        with pytest.raises(breachdex.BuildError, match="words.txt.*2.*NUL") as raised:
            cluster.build(tmp_path / "words.txt", tmp_path / "out.bdx", spark=spark, format="passwords")
        told = str(raised.value) + str(raised.value.__cause__) + str(raised.value.__context__)
        assert "Zimt" not in told

    def test_refusals_before_any_work(self, spark: SparkSession, tmp_path: Path) -> None:
        (tmp_path / "hashes.txt").write_text(f"{ROW}:1\n", encoding="ascii")
        here, target = tmp_path / "hashes.txt", tmp_path / "out.bdx"
        with pytest.raises(breachdex.InputNotFoundError, match="there is no input .*/gone"):
            cluster.build(tmp_path / "gone", target, spark=spark)
        with pytest.raises(breachdex.InputNotFoundError, match="there is no folder .*/gone"):
            cluster.build(here, tmp_path / "gone" / "out.bdx", spark=spark)
        with pytest.raises(breachdex.BuildError, match="columns are of tables and Parquet files"):
            cluster.build(here, target, spark=spark, digest="digest")
        with pytest.raises(breachdex.BuildError, match="the table has no column sha1; it has id"):
            cluster.build(spark.range(1), target, digest="sha1")
        (tmp_path / "hashes.zip").touch()
        with pytest.raises(breachdex.BuildError, match="hashes.zip is an archive"):
            cluster.build(tmp_path / "hashes.zip", target, spark=spark)
        target.touch()
        with pytest.raises(breachdex.TargetExistsError, match="replace=True"):
            cluster.build(here, target, spark=spark)
        cluster.build(here, target, spark=spark, replace=True)
        assert breachdex.Index.open(target).count_hash(ROW) == 1

    def test_settings_of_the_session_stay(self, spark: SparkSession, tmp_path: Path) -> None:
        name = "spark.sql.execution.arrow.maxRecordsPerBatch"
        before = spark.conf.get(name)
        (tmp_path / "hashes.txt").write_text(f"{ROW}:1\n", encoding="ascii")
        cluster.build(tmp_path / "hashes.txt", tmp_path / "out.bdx", spark=spark)
        assert spark.conf.get(name) == before

    def test_parts_have_partitions_of_their_own(self, spark: SparkSession) -> None:
        from pyspark.sql import functions as F

        numbers = [0, 1, -1, 7, 65_537, 2**31 - 1, -(2**31)]
        table = spark.createDataFrame([(number,) for number in numbers], "number int")
        asked = table.select("number", F.hash("number").alias("hash")).collect()
        assert {row["number"]: row["hash"] for row in asked} == {
            number: spark_hash(number) for number in numbers
        }
        for parts in (1, 2, 7, 100):
            table = spark.createDataFrame(list(enumerate(slots_of(parts))), "part int, slot int")
            placed = table.repartition(parts, "slot").select("part", F.spark_partition_id().alias("at"))
            assert all(row["part"] == row["at"] for row in placed.collect())
        assert len(set(slots_of(16_384))) == 16_384


class TestNotes:
    """What a build on one machine warns of, one on a cluster does, whichever task met it."""

    def test_lists_that_are_probably_something_else(
        self, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("breachdex.spark._build._SHARE", 999)
        lines = {
            "digests.txt": b"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8\n" * 100,
            "combo.txt": b"kim@corp.example:a\n" * 100,
            "hashcat.txt": b"a\n" * 1000 + b"$HEX[613a62]\n",
            "latin.txt": b"a\n" * 1000 + b"p\xe4ssword\n",
            "plain.txt": b"password\n" * 100,
        }
        for name, content in lines.items():
            (tmp_path / name).write_bytes(content)
        paths = {name: str(tmp_path / name) for name in lines}
        with pytest.warns(breachdex.BuildWarning) as warned:
            report = cluster.build(
                list(paths.values()), tmp_path / "out.bdx", spark=spark, format="passwords", parts=2
            )
        assert report.passwords_like_digests == ((paths["digests.txt"], "sha1"),)
        assert report.passwords_with_users == (paths["combo.txt"],)
        assert report.passwords_in_notation == (paths["hashcat.txt"],)
        assert report.passwords_not_utf8 == (paths["latin.txt"],)
        said = {str(warning.message) for warning in warned if warning.category is breachdex.BuildWarning}
        assert len(said) == 4
        assert (
            f"{paths['digests.txt']} was read as passwords, but its lines look like SHA-1 digests; pass format='hibp' if they "
            "are"
        ) in said

    def test_a_table_is_one_list(self, spark: SparkSession, tmp_path: Path) -> None:
        table = spark.createDataFrame([("a",), ("$HEX[61]",), ("$HEX[62]",)], "password string").repartition(
            3
        )
        with pytest.warns(breachdex.BuildWarning, match="^the table: some lines are written as "):
            report = cluster.build(table, tmp_path / "out.bdx", spark=spark, password="password", parts=2)
        assert report.passwords_in_notation == ("the table",)
