"""The same ranges as files behind nginx and Caddy, with the settings that the documentation has."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path

from command import TIMEOUT, CommandFailed, Server

DOCS = Path(__file__).resolve().parents[2] / "docs"


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
    """Serves them with nginx on a free port until the block ends; nothing where nginx is missing."""
    program = shutil.which("nginx")
    if program is None:
        yield None
        return
    folder.mkdir()
    port = _free_port()
    server = _settings("ranges.nginx.conf", port, ranges)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\nuser root;\npid {folder}/pid;\nerror_log {folder}/log;\nworker_processes 1;\nevents {{ }}\n"
        f"http {{\naccess_log off;\n{temporary}{server}}}\n"
    )
    with _running([program, "-p", str(folder), "-c", str(folder / "nginx.conf")], port, folder) as url:
        yield Server(url, is_ours=False, unavailable="Service Temporarily Unavailable")


@contextmanager
def caddy(ranges: Path, folder: Path) -> Iterator[Server | None]:
    """Serves them with Caddy on a free port until the block ends; nothing where Caddy is missing."""
    program = shutil.which("caddy")
    if program is None:
        yield None
        return
    folder.mkdir()
    port = _free_port()
    # No second port, no certificates.
    options = "{\n\tadmin off\n\tauto_https off\n}\n"
    (folder / "Caddyfile").write_text(options + _settings("ranges.Caddyfile", port, ranges))
    run = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with _running(run, port, folder) as url:
        yield Server(url, is_ours=False)


SERVERS = (nginx, caddy)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _settings(name: str, port: int, ranges: Path) -> str:
    """The documentation's settings, with another port and folder."""
    text = (DOCS / name).read_text()
    return text.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("/srv/pwned", str(ranges))


@contextmanager
def _running(run: list[str], port: int, folder: Path) -> Iterator[str]:
    """The address of a web server that answers, until the block ends."""
    log = folder / "log"
    environment = {
        **os.environ,
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    with log.open("ab") as errors:
        process = subprocess.Popen(run, stdout=errors, stderr=errors, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, log)
        check_headers(url)
        yield url
    finally:
        process.terminate()
        process.wait(TIMEOUT)


def check_headers(url: str) -> None:
    """What browsers and caches need of every answer, whichever prefix is there."""
    preflight = _ask(f"{url}/range/00000", method="OPTIONS")
    if "add-padding" not in preflight.headers.get("Access-Control-Allow-Headers", "").lower():
        raise CommandFailed(f"{url} does not let pages send Add-Padding: {preflight.status}")
    for path, status in (("ABCDG", 400), ("ABC", 400)):
        answer = _ask(f"{url}/range/{path}")
        if answer.status != status or answer.headers.get("Access-Control-Allow-Origin") != "*":
            raise CommandFailed(f"{url}/range/{path}: {answer.status} {answer.headers}")


def _ask(url: str, method: str = "GET") -> HTTPResponse | urllib.error.HTTPError:
    """An answer, whatever its status."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(urllib.request.Request(url, method=method), timeout=TIMEOUT) as answer:
            found: HTTPResponse = answer
            return found
    except urllib.error.HTTPError as refusal:
        return refusal


def _wait(url: str, log: Path) -> None:
    """Waits until it answers."""
    for _ in range(400):
        try:
            _ask(f"{url}/")
        except urllib.error.URLError:
            time.sleep(0.05)
        else:
            return
    raise CommandFailed(f"{url} does not answer: {log.read_text() if log.exists() else 'no log'}")
