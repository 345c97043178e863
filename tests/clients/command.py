"""The command under test: builds the indexes, and serves them until the block that asked for it ends."""

from __future__ import annotations

import ctypes
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from corpus import DATE, Corpus

# Far beyond what any of this takes, so that nothing hangs for ever.
TIMEOUT = 60.0
PR_SET_PDEATHSIG = 1  # Linux's number


class CommandFailed(Exception):
    """The command did not do what it was started for."""


def build_index(command: Path, corpus: Corpus, folder: Path) -> Path:
    """Builds `folder/KIND.bdx` of a corpus."""
    lines, index = folder / f"{corpus.kind}.txt", folder / f"{corpus.kind}.bdx"
    with lines.open("w") as file:
        file.writelines(corpus.lines())
    options = ["--kind", corpus.kind, "--date", DATE, "-o", str(index)]
    for prefix in sorted(corpus.ranges):
        options += ["--prefixes", f"{prefix}-{prefix}"]
    build = [str(command), "build", *options, str(lines)]
    built = subprocess.run(build, check=False, capture_output=True, text=True, timeout=TIMEOUT)
    if built.returncode != 0:
        raise CommandFailed(f"build ended with {built.returncode}: {built.stderr.strip()}")
    return index


@dataclass(frozen=True)
class Server:
    """A range server that runs."""

    url: str
    is_ours: bool = True
    """Whether it pads answers, counts them, and knows the corpus date: a server of files does nothing of that."""
    unavailable: str = "Service Unavailable"
    """How it words a 503."""

    def answered(self, kind: str, outcome: str) -> int:
        """How many requests for ranges of a kind ended in such a way so far."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"{self.url}/metrics", timeout=TIMEOUT) as response:
            metrics = response.read().decode()
        labels = f'kind="{kind}",outcome="{outcome}"'
        found = re.search(rf"^breachdex_range_requests_total{{{labels}}} (\d+)$", metrics, re.MULTILINE)
        if found is None:
            raise CommandFailed(f"/metrics does not count {labels}")
        return int(found[1])


@contextmanager
def serve(command: Path, indexes: list[Path], log: Path) -> Iterator[Server]:
    """Serves partial indexes on a free port until the block ends, however it ends."""
    options = ["--partial", "--listen", "127.0.0.1:0"]
    for index in indexes:
        options += ["--index", str(index)]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [str(command), "serve", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # No thread has been started yet that could hold a lock.
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )
    try:
        yield Server(_address(process, log))
        process.send_signal(signal.SIGTERM)
        if (code := process.wait(TIMEOUT)) != 0:
            raise CommandFailed(f"serve ended with {code}: {log.read_text().strip()}")
    finally:
        process.kill()
        process.communicate()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """The address that a server prints when it listens."""
    assert process.stdout is not None
    watchdog = threading.Timer(TIMEOUT, process.kill)
    watchdog.start()
    try:
        line = process.stdout.readline()
    finally:
        watchdog.cancel()
    listening = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)
    if listening is None:
        raise CommandFailed(f"serve printed {line!r} and logged: {log.read_text().strip()}")
    return listening[1]


def _end_with_parent() -> None:
    """Has the system end this process when the one that started it is gone, even by kill -9."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
