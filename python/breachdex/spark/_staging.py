"""The folder beside the target in which tasks leave their segments, and what tells a live build from a dead one.

A build has a folder of its own, with a random name: whatever an executor of an earlier build still writes goes where no one
looks. The driver holds a lock on a file in it and touches that file from time to time. A folder whose lock is free and whose
file has not been touched for a while is of a driver that was killed; the next build for the same target removes it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

from breachdex import BuildError, InputNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breachdex.types import Kind

_BEAT: Final = 20.0
"""Seconds between two touches."""

_SILENCE: Final = 300.0
"""Seconds without a touch after which a driver on another machine is dead, where its lock is free."""

_REMOVAL: Final = 60.0
"""Seconds for which a folder is removed again and again: killed tasks end in their own time."""


_GONE: Final = ".removed"
"""How the name of a folder ends that is being removed."""


Note: TypeAlias = "tuple[str, Kind | None, bool, bool, bool]"
"""What is to be said of a list of passwords, as ``Partitions.notes`` has it."""


@dataclass(frozen=True)
class Run:
    """What tasks know of a build's folder. Travels to executors."""

    folder: str
    name: str

    def state(self) -> Path:
        """The file that the driver holds."""
        return Path(self.folder, "driver.json")

    def segment(self, part: int) -> Path:
        """Where the segment of a part belongs."""
        return Path(self.folder, "segments", f"{part:06d}.bdx")

    def attempt(self, part: int) -> Path:
        """Where one attempt at a part writes: retries and speculative duplicates have others."""
        return Path(self.folder, "attempts", f"{part:06d}-{secrets.token_hex(8)}.bdx")

    def rows(self) -> str:
        """Where tasks leave rows for others."""
        return os.path.join(self.folder, "rows")

    def is_here(self) -> bool:
        """Whether this process sees the very folder that the driver made."""
        try:
            return bool(json.loads(self.state().read_text(encoding="utf-8"))["run"] == self.name)
        except (OSError, ValueError, KeyError):
            return False

    def report(self, order: int, error: BaseException) -> None:
        """Leaves a task's error for the driver, for Spark hands on no more than text of it."""
        found = {"order": order, "error": type(error).__name__, "message": str(error)}
        name = Path(self.folder, "faults", secrets.token_hex(8))
        # Without it the driver has what Spark says.
        with suppress(OSError):
            name.with_suffix(".part").write_text(json.dumps(found), encoding="utf-8")
            name.with_suffix(".part").rename(name.with_suffix(".json"))

    def note(self, task: int, notes: Sequence[Note]) -> None:
        """Leaves for the driver what is to be said of the lists that a task read. Another attempt at the task says the same."""
        if not notes:
            return
        name = Path(self.folder, "notes", f"{task:06d}-{secrets.token_hex(8)}")
        # Without it the driver has an index all the same.
        with suppress(OSError):
            name.with_suffix(".part").write_text(json.dumps(notes), encoding="utf-8")
            name.with_suffix(".part").rename(name.with_suffix(".json"))

    def notes(self) -> list[Note]:
        """What all tasks left, once a list, by its name."""
        found: dict[str, Note] = {}
        for path in Path(self.folder, "notes").glob("*.json"):
            with suppress(OSError, ValueError):
                for name, digests, *flags in json.loads(path.read_text(encoding="utf-8")):
                    _, known, *before = found.get(name, (name, None, False, False, False))
                    users, notation, other = (a or b for a, b in zip(before, flags, strict=True))
                    found[name] = name, known or digests, users, notation, other
        return [found[name] for name in sorted(found)]

    def first_fault(self) -> tuple[str, str] | None:
        """The class and the message of the error that comes first in the input."""
        found = []
        for path in Path(self.folder, "faults").glob("*.json"):
            with suppress(OSError, ValueError):
                fault = json.loads(path.read_text(encoding="utf-8"))
                found.append((fault["order"], fault["message"], fault["error"]))
        if not found:
            return None
        _, message, error = min(found)
        return error, message


class Staging:
    """The folder of a build, which is there within a ``with`` statement.

    :param target: the index to write.
    :param folder: where the folder is made; every executor reaches it under this path.
    :raises InputNotFoundError: when there is no such folder.
    :raises BuildError: when another driver builds the same target.
    """

    def __init__(self, target: Path, folder: Path | None) -> None:
        self._target = target.absolute()
        self._parent = (folder or target.parent).absolute()
        self._stop = threading.Event()
        self._held: IO[str] | None = None

    def __enter__(self) -> Run:
        if not self._parent.is_dir():
            raise InputNotFoundError(f"there is no folder {self._parent}")
        self._remove_dead()
        name = secrets.token_hex(8)
        run = Run(str(self._parent / f"{self._stem()}{name}"), name)
        folder = Path(run.folder)
        folder.mkdir()
        held = run.state().open("x", encoding="utf-8")
        _lock(held)
        json.dump(_facts(name, self._target), held)
        held.flush()
        for inner in ("segments", "attempts", "faults", "notes", "rows"):
            (folder / inner).mkdir()
        self._held, self._folder = held, folder
        threading.Thread(
            target=self._beat, args=(run.state(),), daemon=True, name="breachdex-staging"
        ).start()
        return run

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        _remove(self._folder)
        if self._held is not None:
            self._held.close()

    def _stem(self) -> str:
        return f".{self._target.name}.spark-"

    def _beat(self, state: Path) -> None:
        while not self._stop.wait(_BEAT):
            with suppress(OSError):
                os.utime(state)

    def _remove_dead(self) -> None:
        """Removes what drivers left that were killed, or refuses to build beside one that lives."""
        for folder in self._parent.glob(f"{self._stem()}*"):
            if folder.is_symlink() or not folder.is_dir():
                continue
            owner = None if folder.suffix == _GONE else _living(folder / "driver.json")
            if owner is not None:
                raise BuildError(
                    f"{self._target} is being built by {owner}; wait for it, or stop it and remove {folder}"
                )
            _remove(folder)


def _facts(name: str, target: Path) -> dict[str, Any]:
    return {
        "run": name,
        "target": str(target),
        "host": socket.gethostname(),
        "process": os.getpid(),
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _living(state: Path) -> str | None:
    """Who holds a build's folder; ``None`` where the driver is dead."""
    try:
        with state.open("r+", encoding="utf-8") as held:
            touched = os.fstat(held.fileno()).st_mtime
            text = held.read()
            is_free = _lock(held)
    except FileNotFoundError:
        # Killed while it made the folder, or in the middle of that.
        with suppress(OSError):
            if time.time() - state.parent.stat().st_mtime < _BEAT:
                return "a driver that has just begun"
        return None
    try:
        facts = json.loads(text)
    except ValueError:
        facts = {}
    host = facts.get("host")
    owner = (
        f"process {facts.get('process', '?')} of {host or 'a driver'} since {facts.get('began', 'just now')}"
    )
    if not is_free:
        return owner
    is_silent = time.time() - touched > _SILENCE
    # Not every shared file system knows locks of other machines.
    return None if host == socket.gethostname() or is_silent else owner


def _lock(held: IO[str]) -> bool:
    """Takes the lock of a file that is open, unless another process has it."""
    try:
        import fcntl
    except ImportError:
        # Touches alone tell the living there.
        return True
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks.
        return True
    return True


def _remove(folder: Path) -> None:
    """Removes a folder in which a task that was killed may still write.

    It is renamed first, so that no task finds it: what opens files there by name fails from then on.
    """
    if folder.suffix != _GONE:
        gone = folder.with_name(f"{folder.name}{_GONE}")
        with suppress(OSError):
            folder.rename(gone)
            folder = gone
    until = time.monotonic() + _REMOVAL
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
        if time.monotonic() > until:
            return
        if folder.exists():
            time.sleep(0.1)
