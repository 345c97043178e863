"""What `breachdex.join` costs beside a copy of the same files: segments of synthetic digests are built where they are not
there yet, then copied and joined in turn.

    python benches/python/join.py FOLDER [--rows 160000000] [--segments 16] [--rounds 3] [--threads N]
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import breachdex
import numpy as np
import pyarrow as pa

BATCH = 1 << 18
PREFIXES = 1 << 20


def batches(first: int, last: int, rows: int, seed: int) -> Iterator[pa.RecordBatch]:
    """Rows that ascend, evenly spread over prefixes of 20 bits from `first` to `last`; most counts are small."""
    numbers = np.random.default_rng(seed)
    start, step = first << 44, ((last - first + 1) << 44) // rows
    for at in range(0, rows, BATCH):
        size = min(BATCH, rows - at)
        digests = numbers.integers(0, 256, (size, 20), dtype=np.uint8)
        leading = np.uint64(start) + np.arange(at, at + size, dtype=np.uint64) * np.uint64(step)
        leading += numbers.integers(0, step, size, dtype=np.uint64)
        digests[:, :8] = leading.astype(">u8").view(np.uint8).reshape(size, 8)
        column = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(20), size, [None, pa.py_buffer(digests.tobytes())]
        )
        counts = pa.array(numbers.zipf(2, size).clip(1, 1 << 40).astype(np.uint64))
        yield pa.record_batch({"digest": column, "count": counts})


def build(folder: Path, rows: int, segments: int) -> list[Path]:
    paths = []
    for place in range(segments):
        first, last = place * PREFIXES // segments, (place + 1) * PREFIXES // segments - 1
        path = folder / f"{first:05X}-{last:05X}.bdx"
        if not path.exists():
            started, size = time.perf_counter(), rows // segments
            breachdex.build_segment(
                batches(first, last, size, place),
                path,
                first=f"{first:05X}",
                last=f"{last:05X}",
                is_sorted=True,
            )
            print(f"{path.name}: {size} rows built in {time.perf_counter() - started:.1f} s", flush=True)
        paths.append(path)
    return paths


def copy(paths: list[Path], target: Path) -> float:
    """Seconds for the files one behind the other, as cp copies them, and a sync."""
    started = time.perf_counter()
    with target.open("wb") as out:
        for path in paths:
            with path.open("rb") as file:
                length, offset = path.stat().st_size, 0
                while offset < length:
                    offset += os.copy_file_range(file.fileno(), out.fileno(), length - offset)
        os.fsync(out.fileno())
    seconds = time.perf_counter() - started
    target.unlink()
    return seconds


def processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def anonymous_mib() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=160_000_000)
    parser.add_argument("--segments", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    print("command:", " ".join(["join.py", *sys.argv[1:]]))
    print(
        f"python {platform.python_version()}, breachdex {breachdex.__version__}, {os.cpu_count()} processors"
    )
    paths = build(arguments.folder, arguments.rows, arguments.segments)
    total = sum(path.stat().st_size for path in paths)
    print(f"{len(paths)} segments, {total} bytes")
    target, peaks = arguments.folder / "joined.bdx", list[float]()
    for number in range(1, arguments.rounds + 1):
        load = os.getloadavg()[0]
        before = processor_seconds()
        seconds = copy(paths, arguments.folder / "copy.bdx")
        used = processor_seconds() - before
        print(
            f"round {number}: copy {seconds:.2f} s, {total / seconds / 1e6:.0f} MB/s, processor {used:.2f} s"
        )
        before, started = processor_seconds(), time.perf_counter()
        peaks.clear()
        report = breachdex.join(
            paths,
            target,
            threads=arguments.threads,
            replace=True,
            progress=lambda _: peaks.append(anonymous_mib()),
        )
        seconds, used = time.perf_counter() - started, processor_seconds() - before
        print(
            f"round {number}: join {seconds:.2f} s, {total / seconds / 1e6:.0f} MB/s, processor {used:.2f} s "
            f"({total / used / 1e6:.0f} MB a processor second), {report.groups_copied} of {report.groups} groups copied, "
            f"anonymous memory {max(peaks, default=0):.0f} MiB at most, load {load:.0f}",
            flush=True,
        )
    started = time.perf_counter()
    with breachdex.Index.open(target) as index:
        index.verify()
    print(
        f"verified in {time.perf_counter() - started:.1f} s: {report.entries} entries, {report.file_size} bytes"
    )
    target.unlink()


if __name__ == "__main__":
    main()
