"""HAProxy with the configuration of the documentation, in which only addresses differ."""

from __future__ import annotations

import csv
import io
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from replicas import TIMEOUT, Replica, Wrong, end_with_parent

DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "fleet.haproxy.cfg"
ONLY_ROOT = ("    user haproxy\n", "    group haproxy\n", "    chroot /var/lib/haproxy\n")
"""Lines with which HAProxy gives up root's rights, and which nobody else can follow."""
NAMES = "abc"


class NotHere(Exception):
    """HAProxy is not on this machine."""


@dataclass
class Balancer:
    """HAProxy that runs."""

    port: int
    admin: Path

    def states(self) -> dict[str, dict[str, str]]:
        """What it knows of each server."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(TIMEOUT)
            asking.connect(str(self.admin))
            asking.sendall(b"show stat\n")
            with asking.makefile("rb") as answer:
                text = answer.read().decode()
        rows = csv.DictReader(io.StringIO(text.removeprefix("# ")))
        return {row["svname"]: row for row in rows if row["pxname"] == "servers"}

    def wait_until(self, server: str, state: str) -> None:
        """Waits until a server is UP or DOWN."""
        deadline = time.monotonic() + TIMEOUT
        while not self.states()[server]["status"].startswith(state):
            if time.monotonic() > deadline:
                raise Wrong(f"{server} is not {state} for HAProxy")
            time.sleep(0.05)

    def retried(self) -> int:
        """Requests that it had to ask again so far."""
        total = self.states()["BACKEND"]
        return int(total["wretr"]) + int(total["wredis"])


def configuration(replicas: Sequence[Replica], port: int, admin: Path) -> str:
    """The documented configuration with other addresses."""
    text = DOCUMENTED.read_text()
    changes = [
        ("bind 127.0.0.1:8080", f"bind 127.0.0.1:{port}"),
        ("/run/haproxy/admin.sock mode", f"{admin} mode"),
        *((line, line if os.geteuid() == 0 else "") for line in ONLY_ROOT),
    ]
    for number, replica in enumerate(replicas):
        changes.append((f"127.0.0.1:{18081 + number}", f"127.0.0.1:{replica.port}"))
    for documented, here in changes:
        if text.count(documented) != 1:
            raise Wrong(f"{DOCUMENTED.name} should say {documented!r} once")
        text = text.replace(documented, here)
    return text


@contextmanager
def balancing(replicas: Sequence[Replica], folder: Path) -> Iterator[Balancer]:
    """Runs HAProxy in front of three replicas until the block ends."""
    program = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        raise NotHere("haproxy is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file, balancer = folder / "haproxy.cfg", Balancer(port, folder / "admin.sock")
    file.write_text(configuration(replicas, port, balancer.admin))
    checked = subprocess.run([program, "-c", "-f", str(file)], check=False, capture_output=True, text=True)
    if checked.returncode != 0 or "[WARNING]" in checked.stderr:
        raise Wrong(f"HAProxy does not like its configuration: {checked.stderr.strip()}")
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-db", "-f", str(file)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=end_with_parent,  # noqa: PLW1509
        )
    try:
        deadline = time.monotonic() + TIMEOUT
        while not balancer.admin.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise Wrong(f"HAProxy does not run: {(folder / 'haproxy.log').read_text()}")
            time.sleep(0.05)
        for name in NAMES:
            balancer.wait_until(name, "UP")
        if os.geteuid() == 0 and Path(f"/proc/{process.pid}").stat().st_uid == 0:
            raise Wrong("HAProxy runs as root")
        yield balancer
    finally:
        process.kill()
        process.wait()
