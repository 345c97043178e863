"""The same ranges as files behind nginx, with the settings that the documentation has."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from command import TIMEOUT, CommandFailed, Server

SETTINGS = Path(__file__).resolve().parents[2] / "docs" / "ranges.nginx.conf"


def export_ranges(command: Path, indexes: list[Path], folder: Path) -> None:
    """Writes `folder/KIND/PREFIX` for each index `KIND.bdx`."""
    for index in indexes:
        target = folder / index.stem
        export = [
            str(command),
            "export",
            str(index),
            "--ranges",
            str(target),
            "--gzip",
            "--lower-case",
            "--partial",
        ]
        exported = subprocess.run(export, check=False, capture_output=True, text=True, timeout=TIMEOUT)
        if exported.returncode != 0:
            raise CommandFailed(f"export ended with {exported.returncode}: {exported.stderr.strip()}")


@contextmanager
def nginx(ranges: Path, folder: Path) -> Iterator[Server | None]:
    """Serves them on a free port until the block ends; nothing where nginx is missing."""
    program = shutil.which("nginx")
    if program is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir()
    server = (
        SETTINGS.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("/srv/pwned", str(ranges))
    )
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\nuser root;\npid {folder}/pid;\nerror_log {folder}/log;\nworker_processes 1;\nevents {{ }}\n"
        f"http {{\naccess_log off;\n{temporary}{server}}}\n"
    )
    process = subprocess.Popen(
        [program, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, folder / "log")
        yield Server(url, is_ours=False)
    finally:
        process.terminate()
        process.wait(TIMEOUT)


def _wait(url: str, log: Path) -> None:
    """Waits until it answers."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(200):
        try:
            direct.open(f"{url}/", timeout=TIMEOUT).close()
        except urllib.error.HTTPError:
            return
        except urllib.error.URLError:
            time.sleep(0.05)
        else:
            return
    raise CommandFailed(f"nginx does not answer: {log.read_text() if log.exists() else 'no log'}")
