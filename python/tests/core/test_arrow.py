"""Columns of other libraries: rows never shift, nulls stay null, chunks stay chunks, whatever their type."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import breachdex
import duckdb
import numpy
import pandas
import polars
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import fs
from support import EXPOSED

COUNTS = {password: min(count, 2**32 - 1) for password, count in EXPOSED.items()}
ROWS: list[str | None] = [
    "password", None, "", "absent", "パスワード", "a long one that is no view inline", "hunter2", None, "hunter2",
]  # fmt: skip
EXPECTED = [None if row is None else COUNTS.get(row, 0) for row in ROWS]


@pytest.fixture(scope="module")
def index(exposed_index: Path) -> breachdex.Index:
    return breachdex.Index.open(exposed_index)


class PythonFiles(fs.FileSystemHandler):  # type: ignore[misc]
    """A file system whose files are read by Python, on whichever thread the reader has."""

    def __init__(self, below: Any) -> None:
        self.below = below
        self.opened: list[IO[bytes]] = []

    def close(self) -> None:
        """Closes what a reader has opened, for pyarrow leaves that to whenever Python collects it."""
        for file in self.opened:
            file.close()

    def get_type_name(self) -> str:
        return "python"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: Any) -> Any:
        return self.below.get_file_info(paths)

    def get_file_info_selector(self, selector: Any) -> Any:
        return self.below.get_file_info(selector)

    def open_input_file(self, path: str) -> Any:
        self.opened.append(Path(path).open("rb"))  # noqa: SIM115 (closed by `close`)
        return pa.PythonFile(self.opened[-1], mode="r")

    open_input_stream = open_input_file

    def _refuse(self, *_: object) -> None:
        raise NotImplementedError

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = delete_file = _refuse
    move = copy_file = open_output_stream = open_append_stream = _refuse


def arrays() -> dict[str, Any]:
    """The same rows in every type that holds text or bytes."""
    binary = [None if row is None else row.encode() for row in ROWS]
    plain = pa.array(ROWS, pa.string())
    return {
        "string": plain,
        "large_string": pa.array(ROWS, pa.large_string()),
        "string_view": pa.array(ROWS, pa.string_view()),
        "binary": pa.array(binary, pa.binary()),
        "large_binary": pa.array(binary, pa.large_binary()),
        "binary_view": pa.array(binary, pa.binary_view()),
        "dictionary": plain.dictionary_encode(),
        "struct": pa.StructArray.from_arrays([plain], ["password"]),
        "sliced": pa.array(["x", "y", *ROWS, "z"]).slice(2, len(ROWS)),
        "sliced dictionary": pa.array(["x", *ROWS, "z"]).dictionary_encode().slice(1, len(ROWS)),
        "sliced struct": pa.StructArray.from_arrays([pa.array(["x", *ROWS])], ["p"]).slice(1),
        "polars batch": pa.RecordBatch.from_arrays([plain], ["p"]),
    }


@pytest.mark.parametrize("name", arrays())
def test_every_type_gives_the_same_counts(index: breachdex.Index, name: str) -> None:
    array = arrays()[name]
    counts = index.counts(array)
    assert isinstance(counts, breachdex.Counts)
    assert (len(counts), counts.to_pylist()) == (len(ROWS), EXPECTED)
    returned = pa.array(counts)
    assert returned.type == pa.uint32() and returned.to_pylist() == EXPECTED
    returned.validate(full=True)
    again = index.counts(array, threads=1).to_pylist()
    assert again == index.counts(array, threads=3).to_pylist() == EXPECTED


def test_nulls_of_every_kind(index: breachdex.Index) -> None:
    of_value = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0, None]), pa.array([None, "password"]))
    assert index.counts(of_value).to_pylist() == [None, 52256179, None, None]
    assert index.counts(pa.nulls(4)).to_pylist() == [None] * 4
    assert index.counts(pa.nulls(3, pa.string())).to_pylist() == [None] * 3
    mask = pa.array([False, True, False])
    struct = pa.StructArray.from_arrays([pa.array(["password", "password", None])], ["p"], mask=mask)
    assert index.counts(struct).to_pylist() == [52256179, None, None]


def test_streams_keep_their_chunks(index: breachdex.Index) -> None:
    chunks = pa.chunked_array([ROWS[:2], [], ROWS[2:3], ROWS[3:]], pa.string())
    counts = index.counts(chunks)
    assert isinstance(counts, breachdex.ChunkedCounts) and len(counts) == len(ROWS)
    returned = pa.chunked_array(counts)
    assert [len(chunk) for chunk in returned.chunks] == [2, 0, 1, len(ROWS) - 3]
    assert returned.to_pylist() == counts.to_pylist() == EXPECTED
    none = index.counts(pa.chunked_array([], pa.string()))
    assert len(none) == 0 and none.to_pylist() == [] and pa.chunked_array(none).num_chunks == 0


def test_tables_of_one_column(index: breachdex.Index) -> None:
    table = pa.table({"password": ROWS})
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=2))
    for source in (table, reader, polars.DataFrame({"p": ROWS}), pandas.DataFrame({"p": ROWS}, dtype="str")):
        assert index.counts(source).to_pylist() == EXPECTED


def test_columns_of_other_libraries(index: breachdex.Index) -> None:
    series = polars.Series(ROWS)
    assert index.counts(series).to_pylist() == EXPECTED
    assert polars.Series(index.counts(series)).to_list() == EXPECTED
    assert index.counts(series.slice(3)).to_pylist() == EXPECTED[3:]
    assert index.counts(series.cast(polars.Categorical)).to_pylist() == EXPECTED
    assert index.counts(pandas.Series(ROWS, dtype="str")).to_pylist() == EXPECTED
    relation = duckdb.sql("select unnest(['password', null, 'absent']) as p")
    assert relation is not None and index.counts(relation).to_pylist() == [52256179, None, 0]


def test_digests_are_raw_in_binary_and_hexadecimal_in_text(index: breachdex.Index) -> None:
    digests = [None if row is None else hashlib.sha1(row.encode()) for row in ROWS]
    raw = [digest and digest.digest() for digest in digests]
    text = [digest and digest.hexdigest().upper() for digest in digests]
    for array in (
        pa.array(raw, pa.binary(20)),
        pa.array(raw, pa.binary()),
        pa.array(text),
        pa.array(text).dictionary_encode(),
        pa.array(raw, pa.binary_view()),
    ):
        assert index.counts_hash(array).to_pylist() == EXPECTED
    assert index.counts_hash(raw) == index.counts_hash(text) == EXPECTED
    with pytest.raises(
        breachdex.InvalidDigestError, match="^row 5: a SHA-1 digest has 40 hex digits, found 2$"
    ):
        index.counts_hash(pa.chunked_array([text[:3], [*text[3:5], "ab"]]))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pa.array([1, 2]), "an Arrow column of text or binary is taken, not Int64"),
        (pa.chunked_array([], pa.float64()), "an Arrow column of text or binary is taken, not Float64"),
        (
            pa.table({"user": ["a"], "password": ["b"]}),
            "a table of 2 columns was given (user, password); pass one",
        ),
        (pandas.DataFrame({"a": [], "b": []}), "a table of 2 columns was given (a, b); pass one"),
        (
            numpy.array(["a", None], dtype=object),
            "counts() takes a list, a tuple or Arrow data, not ndarray; pass pyarrow.array(values) or values.tolist()",
        ),
    ],
)
def test_what_is_no_column(index: breachdex.Index, values: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        index.counts(values)
    assert str(caught.value) == message


def test_counts_saturate(make_index: Any, tmp_path: Path) -> None:
    with breachdex.Index.open(
        make_index(tmp_path / "many.bdx", {"a": 2**32 - 1, "b": 2**32, "c": 2**40})
    ) as index:
        assert index.counts(["a", "b", "c"]) == [2**32 - 1] * 3
        assert index.counts(pa.array(["a", "b", "c"])).to_pylist() == [2**32 - 1] * 3
        assert index.count("c") == 2**40


TYPES = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
ANY_ROW = st.one_of(
    st.none(), st.sampled_from(sorted(EXPOSED)), st.text(st.characters(exclude_categories=["Cs"]))
)


@settings(max_examples=200)
@given(
    chunks=st.lists(st.lists(ANY_ROW, max_size=20), max_size=4),
    data_type=st.sampled_from(TYPES),
    start=st.integers(0, 10),
)
def test_any_chunks_agree_with_a_dict(
    index: breachdex.Index, chunks: list[list[str | None]], data_type: Any, start: int
) -> None:
    column = pa.chunked_array([pa.array(chunk, pa.string()).cast(data_type) for chunk in chunks], data_type)
    column = column.slice(min(start, len(column)))
    expected = [None if row is None else COUNTS.get(row, 0) for row in column.to_pylist()]
    assert index.counts(column).to_pylist() == expected
    assert index.counts(column.to_pylist()) == expected


def test_many_rows_on_many_threads(index: breachdex.Index) -> None:
    rows = [None if i % 7 == 0 else ("hunter2" if i % 5 == 0 else f"absent {i}") for i in range(300_000)]
    expected = [None if row is None else COUNTS.get(row, 0) for row in rows]
    array = pa.array(rows)
    for threads in (None, 1, 2):
        assert index.counts(array, threads=threads).to_pylist() == expected
    digests = [row and hashlib.sha1(row.encode()).hexdigest() for row in rows]
    digests[200_003] = "xx"
    with pytest.raises(breachdex.InvalidDigestError, match="^row 200003: "):
        index.counts_hash(pa.array(digests))


def test_the_producer_s_own_error_comes_out(index: breachdex.Index) -> None:
    def batches() -> Any:
        yield pa.record_batch({"p": ["password"]})
        raise RuntimeError("the source broke")

    reader = pa.RecordBatchReader.from_batches(pa.schema({"p": pa.string()}), batches())
    with pytest.raises(
        breachdex.InvalidArrowError, match="^the Arrow data cannot be read: .*the source broke"
    ):
        index.counts(reader)


def test_what_cannot_be_imported_is_an_ordinary_error(index: breachdex.Index) -> None:
    """A slice of structs within structs, which the library that reads Arrow trips over: never shifted rows."""
    inner = pa.StructArray.from_arrays([pa.array(["hunter2", "absent"])], ["p"])
    nested = pa.StructArray.from_arrays([inner], ["q"])
    assert index.counts(nested).to_pylist() == [17, 0]
    with pytest.raises(breachdex.InvalidArrowError) as caught:
        index.counts(nested.slice(1))
    assert str(caught.value) == (
        "the Arrow data cannot be read: its lengths or offsets contradict each other; pass a copy of its column"
    )


def test_a_column_of_nothing_but_nulls_of_any_library(index: breachdex.Index) -> None:
    for column in (
        polars.Series([None, None]),
        polars.DataFrame({"p": [None, None]}),
        pandas.Series([None, None], dtype="str"),
        pa.chunked_array([pa.nulls(1), pa.nulls(1)]),
        pa.table({"p": pa.nulls(2)}),
    ):
        assert index.counts(column).to_pylist() == [None, None]


def test_a_dictionary_is_counted_by_its_values(index: breachdex.Index) -> None:
    long = "x" * 4000
    keys = pa.array([0, 1, None] * 200_000, pa.int32())
    column = pa.DictionaryArray.from_arrays(keys, pa.array(["hunter2", long, "never named"]))
    assert index.counts(column).to_pylist() == [17, 0, None] * 200_000
    digests = pa.DictionaryArray.from_arrays(pa.array([0, 0, 2]), pa.array([b"a" * 20, b"unused", b"short"]))
    with pytest.raises(breachdex.InvalidDigestError, match="^row 2: a SHA-1 digest has 20 bytes, found 5$"):
        index.counts_hash(digests)
    assert index.counts_hash(digests[:2]).to_pylist() == [0, 0]


def test_contradicting_data_is_an_ordinary_error(index: breachdex.Index) -> None:
    beyond = pa.DictionaryArray.from_arrays(pa.array([0, 7]), pa.array(["a"]), safe=False)
    with pytest.raises(breachdex.InvalidArrowError) as caught:
        index.counts(beyond)
    assert str(caught.value) == "row 1: the dictionary has no value of that number"


def test_a_source_that_needs_python_on_another_thread(index: breachdex.Index, tmp_path: Path) -> None:
    pq.write_table(pa.table({"p": ["hunter2", None, "absent"] * 1000}), tmp_path / "p.parquet")
    with closing(PythonFiles(fs.LocalFileSystem())) as files:
        dataset = ds.dataset(str(tmp_path / "p.parquet"), filesystem=fs.PyFileSystem(files), format="parquet")
        counts = index.counts(dataset.scanner(batch_size=100).to_reader())
    assert counts.to_pylist() == [17, None, 0] * 1000
