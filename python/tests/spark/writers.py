"""Tasks that something happens to while they write a segment. Executors import this module."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import breachdex
from breachdex._breachdex import Partitions
from breachdex.spark._segments import WriteSegment
from breachdex.spark._shuffle import Gather

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

    def write(self, part: int, pieces: Iterable[Any]) -> tuple[breachdex.BuildReport, int]:
        if is_first(self, part):
            self.job.run.attempt(part).write_bytes(b"half of a segment")
            raise OSError("the disk is full")
        return super().write(part, pieces)


class Killing(WriteSegment):
    """Kills its executor in the middle of a segment."""

    def write(self, part: int, pieces: Iterable[Any]) -> tuple[breachdex.BuildReport, int]:
        if is_first(self, part):
            self.job.run.attempt(part).write_bytes(b"half of a segment")
            os.kill(executor(), signal.SIGKILL)
            time.sleep(60)
        return super().write(part, pieces)


class Slow(WriteSegment):
    """Is so slow that Spark starts a duplicate, and goes on writing when that is done."""

    def write(self, part: int, pieces: Iterable[Any]) -> tuple[breachdex.BuildReport, int]:
        if is_first(self, part):
            time.sleep(8)
        written = super().write(part, pieces)
        if part == PART:
            (Path(self.job.run.folder).parent / f"written-{os.getpid()}").touch()
        return written


class Waiting(WriteSegment):
    """Waits for its driver to be killed."""

    def write(self, part: int, pieces: Iterable[Any]) -> tuple[breachdex.BuildReport, int]:
        written = super().write(part, pieces)
        if is_first(self, part):
            time.sleep(600)
        return written


class FailingGather(Gather):
    """Fails behind its first file, before Spark has that name."""

    def write(self, partitions: Partitions) -> str:
        name = super().write(partitions)
        if is_first_gather(self):
            raise OSError("the network is gone")
        return name


class KillingGather(Gather):
    """Kills its executor behind its first file."""

    def write(self, partitions: Partitions) -> str:
        name = super().write(partitions)
        if is_first_gather(self):
            os.kill(executor(), signal.SIGKILL)
            time.sleep(60)
        return name


class Flipping(Gather):
    """Writes what a disk then changes."""

    def write(self, partitions: Partitions) -> str:
        name = super().write(partitions)
        with Path(self.job.run.rows(), name).open("r+b") as file:
            file.seek(1000)
            file.write(b"another")
        return name


class Cutting(Gather):
    """Writes what a disk then cuts off."""

    def write(self, partitions: Partitions) -> str:
        name = super().write(partitions)
        os.truncate(Path(self.job.run.rows(), name), 1000)
        return name


def is_first_gather(gather: Gather) -> bool:
    """Whether this is the first file of a build. Leaves a mark beside the folder of the build."""
    try:
        (Path(gather.job.run.folder).parent / "met").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def executor() -> int:
    """The executor that runs this: the process above Python's daemon and its workers."""
    process = os.getpid()
    while "CoarseGrainedExecutorBackend" not in Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8"):
        process = int(Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1])
        # Of no test may anything above the cluster be killed.
        if process <= 1:
            raise RuntimeError("no executor is above this process")
    return process
