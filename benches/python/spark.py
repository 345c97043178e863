"""Measures a build and an audit on a Spark cluster of separate executors beside one core of the same machine.

    python benches/python/spark.py ROWS FOLDER > benches/results/DATE-spark.txt

Other work on the machine changes times, so each rate is given by the clock and by processor seconds: those of the build alone on
one thread, and those of the driver, the executors and their Python processes together. Build the module with optimisation.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import breachdex
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyspark
from breachdex import spark as cluster
from breachdex._breachdex import Partitions, build_packed

if TYPE_CHECKING:
    from breachdex.types import Kind
    from pyspark.sql import SparkSession

CORES = 2
PIECE = 1_000_000
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """What something took."""

    seconds: float = 0.0
    processor: float = 0.0


def write_hashes(path: Path, rows: int) -> None:
    """``HEX:COUNT`` lines in no order; one count of four is 1, the others have one to three digits."""
    digits = np.frombuffer(b"0123456789ABCDEF", np.uint8)
    chance = np.random.default_rng(2026)
    with path.open("wb") as text:
        for first in range(0, rows, PIECE):
            count = min(PIECE, rows - first)
            digest = chance.integers(0, 256, (count, 20), np.uint8)
            line = np.empty((count, 43), np.uint8)
            line[:, 0:40:2], line[:, 1:40:2] = digits[digest >> 4], digits[digest & 15]
            line[:, 40], line[:, 41], line[:, 42] = ord(":"), digits[chance.integers(1, 10, count)], ord("\n")
            text.write(line.tobytes())


def write_table(path: Path, rows: int) -> None:
    """A table of digests."""
    chance = np.random.default_rng(7)
    schema = pa.schema([("id", pa.int64()), ("sha1", pa.binary())])
    with pq.ParquetWriter(path, schema, compression="none") as table:
        for first in range(0, rows, PIECE):
            count = min(PIECE, rows - first)
            digests = pa.Array.from_buffers(
                pa.binary(20), count, [None, pa.py_buffer(chance.bytes(20 * count))]
            )
            table.write_table(
                pa.table([pa.array(range(first, first + count)), digests.cast(pa.binary())], schema)
            )


def process_times() -> dict[int, float]:
    """Processor seconds of each process that this one started, and those started."""
    parents, times = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            times[int(entry.name)] = sum(map(int, fields[11:13])) / TICKS
    ours, found = {os.getpid()}, True
    while found:
        found = {child for child, parent in parents.items() if parent in ours} - ours
        ours |= found
    ours.remove(os.getpid())
    return {process: times[process] for process in ours if process in times}


@contextmanager
def measured() -> Iterator[Measured]:
    """How long a block takes, by the clock and by processors. Processes that end meanwhile are looked at each second."""
    taken, done = Measured(), threading.Event()
    before, latest = process_times(), {}

    def watch() -> None:
        while not done.wait(1):
            latest.update(process_times())

    watcher = threading.Thread(target=watch)
    began, here = time.perf_counter(), time.process_time()
    watcher.start()
    yield taken
    taken.seconds, taken.processor = time.perf_counter() - began, time.process_time() - here
    done.set()
    watcher.join()
    latest.update(process_times())
    taken.processor += sum(until - before.get(process, 0) for process, until in latest.items())


def start(folder: Path) -> SparkSession:
    from pyspark.sql import SparkSession

    os.environ["SPARK_HOME"] = str(Path(pyspark.__file__).parent)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    session = (
        SparkSession.builder.master(f"local-cluster[{CORES},1,2048]")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.executor.memory", "2g")
        .config("spark.executorEnv.PYTHONPATH", os.environ["PYTHONPATH"])
        .config("spark.local.dir", str(folder / "local"))
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    return session


def stages(session: SparkSession) -> list[dict[str, Any]]:
    """What Spark says of all stages."""
    context = session.sparkContext
    address = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}/stages"
    port = address.split(":")[2].split("/")[0]
    # Of no other machine.
    local = address.replace(address.split("/")[2], f"127.0.0.1:{port}")
    with urllib.request.urlopen(local) as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found


def line(name: str, rows: int, taken: Measured) -> None:
    print(
        f"| {name} | {taken.seconds:.1f} s | {rows / taken.seconds / 1e6:.2f} | {taken.processor:.1f} s "
        f"| {rows / taken.processor / 1e6:.2f} |"
    )


def compare(source: Path, rows: int, folder: Path, session: SparkSession, shuffle: Any) -> None:
    """Builds on one core and on the cluster, twice."""
    print("| build | time | M rows/s | processor time | M rows per processor second |")
    print("|---|---:|---:|---:|---:|")
    alone, spread = [], []
    for turn in range(2):
        with measured() as one:
            breachdex.build(source, folder / "one.bdx", threads=1, memory=512 << 20, replace=True)
        line("one core, unsorted text", rows, one)
        alone.append(one)
        before = {stage["stageId"] for stage in stages(session)}
        with measured() as both:
            report = cluster.build(source, folder / "spark.bdx", spark=session, replace=True, shuffle=shuffle)
        line(f"Spark, {CORES} executors of one core, {'again' if turn else 'just started'}", rows, both)
        spread.append(both)
    ours = [stage for stage in stages(session) if stage["stageId"] not in before]
    same = (folder / "one.bdx").read_bytes() == (folder / "spark.bdx").read_bytes()
    shuffled = sum(stage["shuffleWriteBytes"] for stage in ours)
    spilled = sum(stage["diskBytesSpilled"] for stage in ours)
    print()
    print(f"- the same bytes: {same}; parts: {report.parts}, the largest {report.largest_part:,} rows")
    for one, both in zip(alone, spread, strict=True):
        clock, processor = one.seconds / both.seconds / CORES, one.processor / both.processor
        print(
            f"- of {CORES} × one core: {clock:.2f} by the clock, {processor:.2f} by processor seconds (0.6 wanted)"
        )
    print(f"- shuffled: {shuffled / rows:.1f} bytes a row; spilled by Spark: {spilled / rows:.1f}")
    print(f"- index and segments: {report.index.file_size / rows:.1f} bytes a row each")
    for stage in ours:
        if stage["shuffleWriteBytes"] > rows or stage["shuffleReadBytes"] > rows:
            print(
                f"- stage {stage['stageId']}: {stage['numTasks']} tasks, {stage['executorRunTime'] / 1000:.1f} s of tasks, "
                f"JVM {stage['executorCpuTime'] / 1e9:.1f} s of processor, "
                f"written {stage['shuffleWriteBytes'] / rows:.1f}, read {stage['shuffleReadBytes'] / rows:.1f} bytes a row"
            )


def steps(source: Path, rows: int, folder: Path) -> None:
    """Processor time of the steps of a task, one after another in this process."""
    kind: Kind = "sha1"
    with source.open("rb") as text:
        lines = text.read(43 * rows)
    taken: dict[str, float] = {}

    @contextmanager
    def step(name: str) -> Iterator[None]:
        began = time.process_time()
        yield
        taken[name] = taken.get(name, 0.0) + time.process_time() - began

    # As many parts as a build has whose tasks keep two million rows.
    partitions, pieces = Partitions(range(0, 1 << 16, 1 << 12), kind=kind, piece=1 << 20), []
    for first in range(0, len(lines), 43 << 17):
        text = lines[first : first + (43 << 17)]
        with step("parse, and part by prefix"):
            partitions.add_text(text, passwords=False, bare=False, name="", first_line=2)
        if partitions.rows() >= 1 << 21 or first + len(text) == len(lines):
            with step("take pieces"):
                pieces += partitions.take()
    for part in range(16):
        with step("sort, encode and write segments"):
            build_packed(
                [piece for number, piece in pieces if number == part],
                folder / "step.bdx",
                first=f"{part:X}0000",
                last=f"{part:X}FFFF",
                kind=kind,
                bits=None,
                counts=True,
                min_count=1,
                merge="error",
                memory=512 << 20,
                temp_dir=folder,
                source="",
                corpus_date=None,
            )
        (folder / "step.bdx").unlink()
    (folder / "step.txt").write_bytes(lines)
    with step("for comparison: a build of the same lines on one core"):
        breachdex.build(folder / "step.txt", folder / "one.bdx", threads=1, memory=512 << 20, replace=True)
    print(f"\n| step, {rows:,} rows in one process | ns of a processor for each row |\n|---|---:|")
    for name, seconds in taken.items():
        print(f"| {name} | {seconds / rows * 1e9:.0f} |")


def audit(folder: Path, rows: int, session: SparkSession) -> None:
    """Counts a table of digests of which hardly one is held."""
    write_table(folder / "users.parquet", rows)
    table = session.read.parquet(str(folder / "users.parquet")).repartition(8).cache()
    table.count()
    print()
    print("| audit | time | M rows/s | processor time | M rows per processor second |")
    print("|---|---:|---:|---:|---:|")
    for _ in range(2):
        with measured() as taken:
            counted = cluster.audit(table, index=folder / "spark.bdx", digest="sha1")
            counted.write.format("noop").mode("overwrite").save()
        line(f"Spark, {CORES} executors of one core", rows, taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    rows, folder = arguments.rows, arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    write_hashes(folder / "hashes.txt", rows)
    write_hashes(folder / "few.txt", 100_000)
    session = start(folder)
    # Starts executors and their Python.
    cluster.build(folder / "few.txt", folder / "few.bdx", spark=session, parts=4, replace=True)
    print(f"# Spark, {rows:,} rows of unsorted text\n")
    print(
        f"- {time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} processors, PySpark {pyspark.__version__}"
    )
    print(f"- other work on the machine: load {os.getloadavg()[0]:.1f}\n")
    for shuffle in ("staging", "spark"):
        print(f"\n## shuffle={shuffle}\n")
        compare(folder / "hashes.txt", rows, folder, session, shuffle)
    steps(folder / "hashes.txt", min(rows, 4_000_000), folder)
    audit(folder, rows // 2, session)
    session.stop()


if __name__ == "__main__":
    main()
