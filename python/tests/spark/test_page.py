"""The code of the page runs on a cluster, and says what the page says."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from docs.test_snippets import blocks, run
from inputs import write_hashes, write_passwords
from support import write_index

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")


def test_what_the_page_shows_is_so(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_hashes(tmp_path / "hashes.txt", 5000)
    write_passwords(tmp_path / "words.txt", 3000)
    digests = [hashlib.sha1(bytes([n % 256, n // 256]), usedforsecurity=False).digest() for n in range(400)]
    table = pa.table({"sha1": pa.array(digests, pa.binary()), "seen": pa.array(range(1, 401), pa.int64())})
    pq.write_table(table, tmp_path / "rows.parquet")
    write_index(tmp_path / "seen.bdx", {"hunter2": 17})
    # Executors have working folders of their own; the page leaves out where the files are.
    names: dict[str, object] = {"spark": spark}
    assert sum(run(block, names, "spark.md") for block in blocks("docs/site/spark.md")) >= 6
