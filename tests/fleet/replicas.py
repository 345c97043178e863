"""Builds the indexes, and runs `breachdex serve` on them."""

from __future__ import annotations

import ctypes
import http.client
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import corpus

# Far beyond what any of this takes, so that nothing hangs for ever.
TIMEOUT = 120.0
PR_SET_PDEATHSIG = 1  # Linux's number


class Wrong(Exception):
    """Something is not as it must be."""


def end_with_parent() -> None:
    """Has the system end this process when the one that started it is gone, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Command:
    """The command under test, in a folder for its files."""

    program: Path
    folder: Path

    def run(self, *arguments: str) -> None:
        """Runs it to its end, which must be a success."""
        done = subprocess.run(
            [str(self.program), *arguments], check=False, capture_output=True, text=True, timeout=TIMEOUT
        )
        if done.returncode != 0:
            raise Wrong(f"{arguments[0]} ended with {done.returncode}: {done.stderr.strip()}")

    def build(self, name: str, week: int, *, shuffled: bool = False) -> Path:
        """Builds the index of a week."""
        lines = list(corpus.lines(week))
        if shuffled:
            random.Random(1).shuffle(lines)
        text, index = self.folder / f"{name}.txt", self.folder / f"{name}.bdx"
        text.write_text("".join(lines))
        options = ["--date", corpus.DATES[week], "--prefixes", f"{corpus.PREFIXES[0]}-{corpus.PREFIXES[-1]}"]
        self.run("build", *options, "-o", str(index), str(text))
        return index

    def updated(self, name: str, before: Path, after: Path) -> Path:
        """An index that was downloaded from a server of `before` and updated from one of `after`."""
        index = self.folder / f"{name}.bdx"
        with serving(Replica(self, before)) as server:
            prefixes = f"{corpus.PREFIXES[0]}-{corpus.PREFIXES[-1]}"
            self.run("download", "--base-url", server.url, "--prefixes", prefixes, "-o", str(index))
        with serving(Replica(self, after)) as server:
            self.run("update", "--base-url", server.url, str(index))
        return index


@dataclass
class Replica:
    """A range server."""

    command: Command
    index: Path
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        log = (self.command.folder / f"serve-{self.index.stem}.log").open("ab")
        arguments = [
            "--partial",
            "--listen",
            f"127.0.0.1:{self.port}",
            "--index",
            str(self.index),
            *self.options,
        ]
        self.process = subprocess.Popen(
            [str(self.command.program), "serve", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **self.environment},
            preexec_fn=end_with_parent,  # noqa: PLW1509
        )
        log.close()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith("listening on http://127.0.0.1:"):
            raise Wrong(f"serve printed {line!r}; its log is {log.name}")
        self.port = int(line.rsplit(":", 1)[1])

    def terminate(self) -> None:
        """Asks it to end."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> None:
        """Waits for its end, which must be a success."""
        assert self.process is not None
        code = self.process.wait(TIMEOUT)
        if code != 0:
            raise Wrong(f"serve ended with {code}")

    def kill(self) -> None:
        """Ends it without a word."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()

    def ask(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request(method, path, headers=dict(headers or {}))
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())
        finally:
            connection.close()


@dataclass(frozen=True)
class Answer:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


@contextmanager
def serving(*replicas: Replica) -> Iterator[Replica]:
    """Runs replicas until the block ends, and gives the first."""
    try:
        for replica in replicas:
            replica.start()
        yield replicas[0]
        for replica in replicas:
            replica.terminate()
        for replica in replicas:
            replica.wait()
    finally:
        for replica in replicas:
            replica.kill()
