"""What is left when tasks fail, executors are lost and drivers are killed: nothing, and the same bytes in the end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import breachdex
import pytest
from breachdex import spark as cluster
from cluster import start
from inputs import write_hashes
from writers import Cutting, Failing, FailingGather, Flipping, Killing, KillingGather, Slow

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")

Left = Callable[[], list[str]]
Replaced = Callable[[Any], None]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """An input, and beside it what one machine makes of it."""
    path = write_hashes(tmp_path / "hashes.txt", 200_000)
    breachdex.build(path, tmp_path / "alone.bdx")
    return path


def compare(tmp_path: Path) -> None:
    assert (tmp_path / "out.bdx").read_bytes() == (tmp_path / "alone.bdx").read_bytes()


@pytest.mark.parametrize("shuffle", ["spark", "staging"])
@pytest.mark.parametrize("writer", [Failing, Killing])
def test_a_task_that_is_tried_again(
    spark: SparkSession,
    source: Path,
    tmp_path: Path,
    folder: Left,
    replaced: Replaced,
    writer: Any,
    shuffle: Any,
) -> None:
    """Its first attempt fails, or takes its executor along."""
    replaced(writer)
    cluster.build(source, tmp_path / "out.bdx", spark=spark, parts=4, shuffle=shuffle)
    assert folder() == ["alone.bdx", "hashes.txt", "met", "out.bdx"]
    compare(tmp_path)


@pytest.mark.parametrize("gatherer", [FailingGather, KillingGather])
def test_a_task_that_leaves_rows_in_a_file(
    spark: SparkSession,
    source: Path,
    tmp_path: Path,
    folder: Left,
    monkeypatch: pytest.MonkeyPatch,
    gatherer: Any,
) -> None:
    """Its first attempt has written a file, and fails before Spark has its name, or takes its executor along."""
    monkeypatch.setattr("breachdex.spark._build.Gather", gatherer)
    monkeypatch.setattr("breachdex.spark._build._SHARE", 1 << 20)
    cluster.build(source, tmp_path / "out.bdx", spark=spark, parts=4, shuffle="staging")
    assert folder() == ["alone.bdx", "hashes.txt", "met", "out.bdx"]
    compare(tmp_path)


@pytest.mark.parametrize("gatherer", [Flipping, Cutting])
def test_a_file_of_rows_that_is_damaged(
    spark: SparkSession,
    source: Path,
    tmp_path: Path,
    folder: Left,
    monkeypatch: pytest.MonkeyPatch,
    gatherer: Any,
) -> None:
    monkeypatch.setattr("breachdex.spark._build.Gather", gatherer)
    with pytest.raises(breachdex.BuildError, match="arrived damaged|not what a task wrote"):
        cluster.build(source, tmp_path / "out.bdx", spark=spark, parts=4, shuffle="staging")
    assert folder() == ["alone.bdx", "hashes.txt"]


def test_another_hash_of_spark(
    spark: SparkSession, source: Path, tmp_path: Path, folder: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of several parts would come to one task."""
    monkeypatch.setattr("breachdex.spark._build.slots_of", lambda parts: tuple([1] * parts))
    with pytest.raises(breachdex.BuildError, match="rows of another part were handed to a task"):
        cluster.build(source, tmp_path / "out.bdx", spark=spark, parts=4, shuffle="spark")
    assert folder() == ["alone.bdx", "hashes.txt"]


def test_a_task_that_fails_always(
    spark: SparkSession, source: Path, tmp_path: Path, folder: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(breachdex.BuildError, match="bits"):
        cluster.build(source, tmp_path / "out.bdx", spark=spark, parts=4, bits=7)
    assert folder() == ["alone.bdx", "hashes.txt"]


@pytest.fixture
def speculating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session that starts duplicates of slow tasks."""
    session = start(
        tmp_path_factory.mktemp("speculating"),
        spark_speculation="true",
        spark_speculation_interval="100ms",
        spark_speculation_multiplier="1.1",
        spark_speculation_quantile="0.4",
        spark_speculation_minTaskRuntime="500ms",
    )
    yield session
    session.stop()


def test_a_slow_task_and_its_duplicate(
    speculating: SparkSession, source: Path, tmp_path: Path, folder: Left, replaced: Replaced
) -> None:
    replaced(Slow)
    cluster.build(source, tmp_path / "out.bdx", spark=speculating, parts=4)
    left = folder()
    assert [name for name in left if not name.startswith("written-")] == [
        "alone.bdx",
        "hashes.txt",
        "met",
        "out.bdx",
    ]
    compare(tmp_path)
    # The slow one may write on for a while: nothing of it may appear.
    time.sleep(10)
    assert [name for name in folder() if name.startswith(".")] == []


def test_a_driver_that_is_killed(
    source: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, folder: Left
) -> None:
    work = tmp_path_factory.mktemp("killed")
    target = tmp_path / "out.bdx"
    driver = subprocess.Popen([sys.executable, Path(__file__).with_name("driver.py"), work, source, target])
    try:
        until = time.monotonic() + 600
        while not (tmp_path / "met").exists():
            assert driver.poll() is None, "the driver ended by itself"
            assert time.monotonic() < until
            time.sleep(0.1)
        session = start(tmp_path_factory.mktemp("next"), "local[2]")
        try:
            with pytest.raises(
                breachdex.BuildError, match=f"out.bdx is being built by process {driver.pid} of "
            ):
                cluster.build(source, target, spark=session, parts=4)
            driver.send_signal(signal.SIGKILL)
            driver.wait()
            assert not target.exists()
            assert [name for name in folder() if name.startswith(".out.bdx.spark-")] != []
            cluster.build(source, target, spark=session, parts=4)
        finally:
            session.stop()
    finally:
        driver.kill()
        driver.wait()
    assert folder() == ["alone.bdx", "hashes.txt", "met", "out.bdx"]
    compare(tmp_path)


class TestExecutors:
    def fake(self, folder: Path, code: str) -> str:
        """A folder in which executors find another breachdex."""
        (folder / "breachdex").mkdir()
        (folder / "breachdex" / "__init__.py").write_text(code, encoding="utf-8")
        return str(folder)

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ('__version__ = "0.0.9"', "has breachdex 0.0.9, the driver "),
            ('raise ImportError("No module named breachdex")', "cannot import breachdex "),
        ],
    )
    def test_of_another_version(
        self,
        source: Path,
        tmp_path: Path,
        tmp_path_factory: pytest.TempPathFactory,
        monkeypatch: pytest.MonkeyPatch,
        folder: Left,
        code: str,
        said: str,
    ) -> None:
        work = tmp_path_factory.mktemp("other")
        monkeypatch.setenv("PYTHONPATH", self.fake(work, code))
        session = start(work)
        try:
            with pytest.raises(cluster.ExecutorError, match=f"executor on \\S+ {said}"):
                cluster.build(source, tmp_path / "out.bdx", spark=session)
        finally:
            session.stop()
        assert folder() == ["alone.bdx", "hashes.txt"]
