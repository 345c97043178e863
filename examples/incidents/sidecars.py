"""``breachdex sidecar``, a process of its own."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import breachdex

from .shops import COMMAND, PlayError, command, kept_environment


def can_start() -> str | None:
    """Why there can be no sidecar here; None if there can."""
    if not hasattr(breachdex, "SidecarRadar"):
        return "this breachdex has no SidecarRadar"
    return None if command("sidecar", "--help").returncode == 0 else "this breachdex has no sidecar"


class Sidecar:
    """A sidecar that runs while the block lasts."""

    def __init__(self, folder: Path, index: Path, *flags: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "sidecar.log"
        self._flags = ["--index", str(index), "--listen", "127.0.0.1:0", *flags]
        self.address = ""

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*COMMAND, "sidecar", *self._flags],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=kept_environment(),
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found is None:
            self.__exit__()
            raise PlayError(f"the sidecar did not start: {self._log.read_text(encoding='utf-8').strip()}")
        self.address = found[0]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def process(self) -> int:
        """The number of its process."""
        return self._process.pid

    def ask(self, path: str, question: dict[str, str] | None = None) -> dict[str, Any]:
        """What it answers."""
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            if question is None:
                connection.request("GET", path)
            else:
                connection.request("POST", path, json.dumps(question), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            told = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise PlayError(f"the sidecar answers {path} with {answer.status}")
        if not isinstance(told, dict):
            raise PlayError(f"the sidecar answers {path} with no object")
        return told

    def radar(self) -> dict[str, Any]:
        """The state of its radar."""
        return self.ask("/v1/radar")
