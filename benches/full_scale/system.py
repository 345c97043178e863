"""What the machine has and does: memory, disk, page cache, readahead."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def field(path: str, name: str) -> str | None:
    """The value of a `name: value` line of a file of /proc; None where there is none."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None


def kibibytes(path: str, name: str) -> int | None:
    """A `name: N kB` line in bytes."""
    value = field(path, name)
    return int(value.split()[0]) * 1024 if value else None


def describe() -> dict[str, str]:
    memory = kibibytes("/proc/meminfo", "MemTotal")
    return {
        "processor": f"{field('/proc/cpuinfo', 'model name') or 'unknown'}, {os.cpu_count()} cores",
        "memory": f"{memory / 2**30:.1f} GiB" if memory else "unknown",
        "system": f"{platform.system().lower()} {platform.release()} {platform.machine()}",
    }


def free_bytes(folder: Path) -> int:
    """What may still be written into a folder."""
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize


def drop(path: Path) -> None:
    """Removes a file's pages from the page cache; those that a process maps stay."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fdatasync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def fill(path: Path) -> None:
    """Reads a file once, so that it is in the page cache as far as that is large enough."""
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 24):
            pass


class Device:
    """The block device under a folder."""

    def __init__(self, folder: Path) -> None:
        number = folder.stat().st_dev
        link = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
        self.folder = link.resolve() if link.exists() else None
        # A partition has its disk's queue.
        self.queue: Path | None = None
        if self.folder is not None:
            places = [self.folder / "queue", self.folder.parent / "queue"]
            self.queue = next((place for place in places if place.exists()), None)

    def read_bytes(self) -> int | None:
        """What was read from it since the system started, by everything."""
        if self.folder is None:
            return None
        return int((self.folder / "stat").read_text().split()[2]) * 512

    def readahead(self) -> int | None:
        """In KiB."""
        return int((self.queue / "read_ahead_kb").read_text()) if self.queue else None

    @contextmanager
    def with_readahead(self, kibibytes: int) -> Iterator[None]:
        """Another readahead for a while; OSError where that is not permitted."""
        if self.queue is None:
            raise OSError("the block device has no readahead to set")
        place = self.queue / "read_ahead_kb"
        before = place.read_text()
        place.write_text(str(kibibytes))
        try:
            yield
        finally:
            place.write_text(before)
