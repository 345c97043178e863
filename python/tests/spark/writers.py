"""Tasks that something happens to while they write a segment. Executors import this module."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import breachdex
from breachdex.spark._tasks import WriteSegment

PART = 1
"""The part that it happens to."""


def is_first(writer: WriteSegment, part: int) -> bool:
    """Whether this is the first attempt at a part. Leaves a mark beside the folder of the build."""
    if part != PART:
        return False
    try:
        (Path(writer.job.run.folder).parent / "met").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


class Failing(WriteSegment):
    """Fails behind its segment, before that has its name."""

    def write(self, part: int, pieces: Iterable[Any]) -> breachdex.BuildReport:
        if is_first(self, part):
            self.job.run.attempt(part).write_bytes(b"half of a segment")
            raise OSError("the disk is full")
        return super().write(part, pieces)


class Killing(WriteSegment):
    """Kills its executor in the middle of a segment."""

    def write(self, part: int, pieces: Iterable[Any]) -> breachdex.BuildReport:
        if is_first(self, part):
            self.job.run.attempt(part).write_bytes(b"half of a segment")
            os.kill(executor(), signal.SIGKILL)
            time.sleep(60)
        return super().write(part, pieces)


class Slow(WriteSegment):
    """Is so slow that Spark starts a duplicate, and goes on writing when that is done."""

    def write(self, part: int, pieces: Iterable[Any]) -> breachdex.BuildReport:
        if is_first(self, part):
            time.sleep(8)
        report = super().write(part, pieces)
        if part == PART:
            (Path(self.job.run.folder).parent / f"written-{os.getpid()}").touch()
        return report


class Waiting(WriteSegment):
    """Waits for its driver to be killed."""

    def write(self, part: int, pieces: Iterable[Any]) -> breachdex.BuildReport:
        report = super().write(part, pieces)
        if is_first(self, part):
            time.sleep(600)
        return report


def executor() -> int:
    """The executor that runs this: the process above Python's daemon and its workers."""
    process = os.getpid()
    while "CoarseGrainedExecutorBackend" not in Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8"):
        process = int(Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1])
        # Of no test may anything above the cluster be killed.
        if process <= 1:
            raise RuntimeError("no executor is above this process")
    return process
