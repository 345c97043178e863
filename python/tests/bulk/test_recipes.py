"""Every recipe of the page about columns, row by row against a dictionary, and one open index a process."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import breachdex
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from columns import MOST, Rows
from docs.test_snippets import blocks, run

Load = Callable[[str], ModuleType]


def same(counted: list[int | None], asked: Rows) -> None:
    """Compares every row; says which one differs, for a list of a million is no message."""
    assert len(counted) == len(asked.counts)
    wrong = [
        row for row, (ours, theirs) in enumerate(zip(counted, asked.counts, strict=True)) if ours != theirs
    ]
    assert wrong == []


def test_the_rows_are_what_they_should_be(many: Rows) -> None:
    """So that the comparisons below mean something."""
    held = {count for count in many.counts if count}
    assert {1, 2, 3, 17, 31, 2**31 + 5, MOST - 1, MOST} <= held
    assert many.counts.count(None) > 1000
    assert many.counts.count(0) > 10_000
    assert many.passwords.count("") > 40
    assert any(word and not word.isascii() for word in many.passwords)
    assert len(set(many.passwords)) < len(many.passwords) / 10


def test_the_page_says_what_is_so(recipe: Load, folder: Path) -> None:
    names: dict[str, object] = {}
    shown = [block for block in blocks("docs/site/bulk.md") if "\n# exposed/" not in block]
    assert sum(run(block, names, "bulk.md") for block in shown) >= 5


class TestPandas:
    @pytest.mark.parametrize("kind", ["str", "object", "string[pyarrow]", "string[python]"])
    def test_series(self, recipe: Load, many: Rows, kind: str) -> None:
        counted = recipe("with_pandas").counts(pd.Series(many.passwords, dtype=kind))
        same([None if count is pd.NA else count for count in counted.tolist()], many)

    def test_the_index_of_a_series_comes_along(self, recipe: Load, few: Rows) -> None:
        frame = pd.DataFrame({"password": few.passwords, "expected": pd.array(few.counts, dtype="UInt32")})
        shuffled = frame.sample(frac=0.5, random_state=1)
        frame["count"] = recipe("with_pandas").counts(shuffled["password"])
        kept = frame.loc[shuffled.index]
        assert kept["count"].tolist() == kept["expected"].tolist()
        assert frame["count"].isna().sum() > len(frame) / 2

    def test_a_frame_of_one_column(self, recipe: Load, many: Rows) -> None:
        counted = recipe("one").index().counts(pd.DataFrame({"password": many.passwords}))
        same(counted.to_pylist(), many)

    def test_a_frame_of_several_is_refused_with_their_names(self, recipe: Load, few: Rows) -> None:
        with pytest.raises(TypeError, match="user.*password"):
            recipe("one").index().counts(pd.DataFrame({"user": few.counts, "password": few.passwords}))

    def test_a_numpy_array_is_refused(self, recipe: Load, few: Rows) -> None:
        with pytest.raises(TypeError, match="not ndarray; pass pyarrow.array"):
            recipe("one").index().counts(pd.Series(few.passwords, dtype=object).to_numpy())


class TestPolars:
    def test_eager(self, recipe: Load, many: Rows) -> None:
        frame = pl.DataFrame({"password": many.passwords})
        counted = frame.with_columns(count=recipe("with_polars").counts(pl.col("password")))
        assert counted.schema["count"] == pl.UInt32
        same(counted["count"].to_list(), many)

    def test_streaming_from_a_file(self, recipe: Load, many: Rows, tmp_path: Path) -> None:
        pl.DataFrame({"row": range(len(many.counts)), "password": many.passwords}).write_parquet(
            tmp_path / "p", row_group_size=10_000
        )
        lazy = pl.scan_parquet(tmp_path / "p").with_columns(
            count=recipe("with_polars").counts(pl.col("password"))
        )
        same(lazy.collect(engine="streaming").sort("row")["count"].to_list(), many)

    def test_sliced_and_in_chunks(self, recipe: Load, few: Rows) -> None:
        whole = pl.Series("password", few.passwords)
        cut = pl.concat([whole[7:300], whole[300:]], rechunk=False)
        assert cut.n_chunks() == 2
        counted = cut.to_frame().select(recipe("with_polars").counts(pl.col("password")))["password"]
        same(counted.to_list(), Rows(few.passwords[7:], few.counts[7:]))

    def test_categories(self, recipe: Load, few: Rows) -> None:
        column = pl.Series(few.passwords, dtype=pl.Categorical)
        same(recipe("one").index().counts(column).to_pylist(), few)


class TestDuckDB:
    @pytest.fixture
    def connection(self, recipe: Load) -> Iterator[Any]:
        with duckdb.connect() as made:
            recipe("with_duckdb").register(made)
            yield made

    @pytest.mark.parametrize("threads", [1, 2])
    def test_function(self, connection: Any, many: Rows, threads: int) -> None:
        table = pa.table({"row": range(len(many.counts)), "password": many.passwords})
        connection.execute(f"SET threads = {threads}")
        connection.register("users", table)
        counted = connection.sql("SELECT exposed_count(password) AS count FROM users ORDER BY row")
        same(counted.to_arrow_table()["count"].to_pylist(), many)

    def test_function_over_a_table_and_a_filter(self, connection: Any, few: Rows) -> None:
        connection.register("frame", pa.table({"password": few.passwords}))
        connection.sql("CREATE TABLE users AS SELECT * FROM frame")
        ((counted,),) = connection.sql(
            "SELECT count(*) FROM users WHERE exposed_count(password) >= 17"
        ).fetchall()
        assert counted == sum(count is not None and count >= 17 for count in few.counts)

    def test_relation(self, connection: Any, recipe: Load, many: Rows) -> None:
        connection.register("users", pa.table({"row": range(len(many.counts)), "password": many.passwords}))
        relation = connection.sql("SELECT password FROM users ORDER BY row")
        same(recipe("one").index().counts(relation).to_pylist(), many)


class TestPyarrow:
    def test_file_to_file(self, recipe: Load, many: Rows, tmp_path: Path) -> None:
        table = pa.table({"user": range(len(many.counts)), "password": many.passwords})
        pq.write_table(table, tmp_path / "in", row_group_size=30_000)
        recipe("with_pyarrow").count_parquet(tmp_path / "in", tmp_path / "out")
        counted = pq.read_table(tmp_path / "out")
        assert counted.drop_columns("count").equals(table)
        same(counted["count"].to_pylist(), many)

    @pytest.mark.parametrize(
        "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.binary_view()]
    )
    def test_every_way_of_holding_text(self, recipe: Load, many: Rows, kind: pa.DataType) -> None:
        words = [
            word.encode() if word is not None and "binary" in str(kind) else word for word in many.passwords
        ]
        same(recipe("one").index().counts(pa.array(words, kind)).to_pylist(), many)

    def test_dictionaries(self, recipe: Load, many: Rows) -> None:
        same(recipe("one").index().counts(pa.array(many.passwords).dictionary_encode()).to_pylist(), many)

    def test_chunks_stay_as_they_are(self, recipe: Load, many: Rows) -> None:
        cuts = [0, 0, 1, 39, 40, 5000, 5000, 77_777, len(many.counts)]
        pieces = [many.passwords[a:b] for a, b in pairwise(cuts)]
        counted = pa.chunked_array(recipe("one").index().counts(pa.chunked_array(pieces, pa.string())))
        assert [len(chunk) for chunk in counted.chunks] == [len(piece) for piece in pieces]
        same(counted.to_pylist(), many)

    @pytest.mark.parametrize("threads", [None, 1, 2])
    def test_slices(self, recipe: Load, many: Rows, threads: int | None) -> None:
        array = pa.array(many.passwords)
        for start, length in [(0, 99_000), (1, 70_000), (37, 50), (63, 0), (90_001, 9_999)]:
            counted = recipe("one").index().counts(array.slice(start, length), threads=threads).to_pylist()
            assert counted == many.counts[start : start + length]

    def test_lists(self, recipe: Load, many: Rows) -> None:
        same(recipe("one").index().counts(many.passwords), many)

    def test_digests(self, recipe: Load, many: Rows) -> None:
        digests = [None if word is None else breachdex.digest(word) for word in many.passwords]
        same(recipe("one").index().counts_hash(pa.array(digests, pa.binary(20))).to_pylist(), many)
        shown = [None if digest is None else digest.hex() for digest in digests]
        same(recipe("one").index().counts_hash(pa.array(shown)).to_pylist(), many)


def count_in_worker(passwords: list[str | None]) -> tuple[int, int, list[int | None]]:
    """Run by another process: its number, how often it opened the index, and its answers."""
    from exposed.one import index  # type: ignore[import-not-found]

    counted = index().counts(pa.array(passwords)).to_pylist()
    return os.getpid(), index.cache_info().misses, counted


class TestProcesses:
    @pytest.mark.parametrize("method", ["spawn", "forkserver"])
    def test_each_opens_the_index_once(self, recipe: Load, few: Rows, method: str) -> None:
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            done = list(pool.map(count_in_worker, [few.passwords] * 12))
        assert {opened for _, opened, _ in done} == {1}
        assert len({number for number, _, _ in done}) <= 2
        for _, _, counted in done:
            same(counted, few)

    def test_a_handle_may_be_sent_instead(self, recipe: Load, few: Rows) -> None:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            same(pool.submit(recipe("one").index().counts, few.passwords).result(), few)
