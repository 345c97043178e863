"""What all trials share: the setting, a client as a child process, and what is wrong with an answer."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from command import Server
from corpus import Corpus

CLIENTS = Path(__file__).resolve().parents[1]
# For one run of one client.
TIMEOUT = 60.0


class Wrong(Exception):
    """A client was told, or did, something else than it must."""


@dataclass(frozen=True)
class Setting:
    """What a trial is given: a server, what it serves, and a folder to write to."""

    server: Server
    corpora: dict[str, Corpus]
    scratch: Path

    def padded(self) -> int:
        """How many requests were answered with padding so far; 0 of a server of files, which has none."""
        if not self.server.is_ours:
            return 0
        return sum(self.server.answered(kind, "padded") for kind in self.corpora)


@dataclass(frozen=True)
class Client:
    """A client that is set up: how it is started, and where."""

    command: list[str]
    folder: Path

    def run(self, *arguments: str, questions: str = "") -> str:
        """Runs it and all that it starts, with no proxy and no settings of whoever runs this; what it printed."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        process = subprocess.Popen(
            [*self.command, *arguments],
            cwd=self.folder,
            env=kept | {"LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        try:
            answers, errors = process.communicate(questions, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            raise Wrong(f"no answer within {TIMEOUT:.0f} s") from None
        finally:
            _end_session(process)
        if process.returncode != 0:
            raise Wrong(f"it ended with {process.returncode}: {errors.strip()[-1000:]}")
        return answers


@dataclass(frozen=True)
class Trial:
    """A client, how it is set up, and what must come of it."""

    name: str
    set_up: Callable[[], Client]
    judge: Callable[[Client, Setting], None]


def must_be_same(what: str, found: object, right: object) -> None:
    """Refuses anything but the right value."""
    if found != right:
        raise Wrong(f"{what}: {_short(found)} instead of {_short(right)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}... ({len(text)} characters)"


def _end_session(process: subprocess.Popen[str]) -> None:
    """Ends what a client has left behind in its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
