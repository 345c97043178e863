"""What an operator does to ``breachdex sidecar``: a file of flags, signals, health checks, a state that is kept."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "breachdex"]
FIRST = "0123456789abcdef0123456789abcdef"
SECOND = "fedcba9876543210fedcba9876543210"


@pytest.fixture(scope="module", autouse=True)
def _sidecar_is_there() -> None:
    if subprocess.run([*COMMAND, "sidecar", "--help"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this build of the module has no command sidecar")


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(self.path))


def ask(
    path: Path, method: str, route: str, body: dict[str, str] | None = None, token: str = FIRST
) -> tuple[int, str]:
    """Status and body of an answer."""
    connection = UnixConnection(path)
    headers = {"Authorization": f"Bearer {token}"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, route, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    said = answer.status, answer.read().decode()
    connection.close()
    return said


@contextmanager
def sidecar(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A sidecar that listens on ``folder/s``. It has to end well."""
    command = [*COMMAND, "sidecar", "--listen", f"unix:{folder}/s", *arguments]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"listening on unix:{folder}/s\n", (folder / "log").read_text()
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, "")
    assert not (folder / "s").exists()


def wait_until(holds: Callable[[], bool]) -> None:
    """Waits for a while."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def write_token(path: Path, token: str) -> None:
    """Puts a token in place of another."""
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(token)
    fresh.rename(path)


def test_flags_come_from_a_file(exposed_index: Path, tmp_path: Path) -> None:
    config = tmp_path / "sidecar.toml"
    config.write_text(
        f'index = ["{exposed_index}"]\nprofile = "nist"\nmfa = true\nlang = "ja"\ntest-password = true\n'
    )
    with sidecar(tmp_path, "--config", str(config)):
        asked = {"event": "sign_up", "password": "Breachdex-Test-Password-4711"}
        status, body = ask(tmp_path / "s", "POST", "/v1/verdict", asked)
        verdict = json.loads(body)
        assert (status, verdict["action"]) == (200, "reject")
        assert "流出" in verdict["messages"][0]
    config.write_text('listne = "x"\n')
    refused = subprocess.run(
        [*COMMAND, "sidecar", "--config", str(config)], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert (
        "line 1: there is no key listne; keys are the names of flags, see breachdex sidecar -h"
        in refused.stderr
    )


def test_tokens_are_read_again_at_sighup_and_a_bad_file_changes_nothing(
    exposed_index: Path, tmp_path: Path
) -> None:
    token, path = tmp_path / "token", tmp_path / "s"
    write_token(token, FIRST)
    with sidecar(tmp_path, "--index", str(exposed_index), "--token-file", str(token)) as process:
        assert ask(path, "GET", "/v1/radar")[0] == 200
        assert ask(path, "GET", "/v1/radar", token=SECOND)[0] == 401
        write_token(token, SECOND)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: ask(path, "GET", "/v1/radar", token=SECOND)[0] == 200)
        assert ask(path, "GET", "/v1/radar")[0] == 401
        write_token(token, "short")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "still using the previous tokens" in (tmp_path / "log").read_text())
        assert ask(path, "GET", "/v1/radar", token=SECOND)[0] == 200
    log = (tmp_path / "log").read_text()
    assert FIRST not in log
    assert SECOND not in log


def test_the_radar_is_saved_when_it_ends_and_goes_on_when_it_starts(
    exposed_index: Path, tmp_path: Path
) -> None:
    state = tmp_path / "radar"
    arguments = ["--index", str(exposed_index), "--radar-state", str(state)]
    with sidecar(tmp_path, *arguments):
        for number in range(60):
            attempt = {
                "source": "203.0.113.7",
                "account": f"a{number}",
                "outcome": "failed",
                "exposure": "exposed",
            }
            assert ask(tmp_path / "s", "POST", "/v1/attempt", attempt)[0] == 200
    assert state.stat().st_mode & 0o777 == 0o600
    with sidecar(tmp_path, *arguments):
        assert json.loads(ask(tmp_path / "s", "GET", "/v1/radar")[1])["state"] == "attack"
    state.write_bytes(b"no state")
    refused = subprocess.run([*COMMAND, "sidecar", *arguments], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "the saved radar state is damaged (it is too short); delete it" in refused.stderr


def test_health_checks_need_no_token(exposed_index: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    write_token(token, FIRST)
    health = [*COMMAND, "sidecar", "--health", f"unix:{tmp_path}/s"]
    with sidecar(tmp_path, "--index", str(exposed_index), "--token-file", str(token)):
        assert subprocess.run(health, capture_output=True, check=False).returncode == 0
    gone = subprocess.run(health, capture_output=True, text=True, check=False)
    assert gone.returncode == 2
    assert "does not answer" in gone.stderr


def readable_memory(pid: int) -> Iterator[bytes]:
    """The memory of a process, mapping by mapping."""
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            place, rights = line.split()[:2]
            first, last = (int(part, 16) for part in place.split("-"))
            if rights.startswith("r") and "[v" not in line:
                # What the system does not show it does not map either.
                with contextlib.suppress(OSError, OverflowError):
                    memory.seek(first)
                    yield memory.read(last - first)


@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="only root reads the memory of the sidecar"
)
def test_what_was_decoded_and_hashed_is_forgotten(exposed_index: Path, tmp_path: Path) -> None:
    # As JSON it is sent with an escape, so that the text itself is nowhere but where it was decoded.
    password = "Vq7#zhx-Lümmerbröt-0481"
    digest = hashlib.sha1(password.encode()).digest()
    secrets = {
        "the password": password.encode(),
        "a part of it": "x-Lümmerb".encode(),
        "UTF-16": password.encode("utf-16-le"),
        "the digest": digest[:8],
        "its digits": digest.hex()[:8].encode(),
        "its digits in capitals": digest.hex()[:8].upper().encode(),
    }
    with sidecar(tmp_path, "--index", str(exposed_index), "--mfa") as process:
        path = tmp_path / "s"
        account = {"user_name": "hanako", "email": "hanako@example.jp"}
        assert (
            ask(path, "POST", "/v1/verdict", {"event": "sign_up", "password": password, **account})[0] == 200
        )
        assert ask(path, "POST", "/v1/check", {"password": password, "user": "hanako"})[0] == 200
        attempt = {"source": "192.0.2.1", "account": "hanako", "outcome": "succeeded", "password": password}
        assert ask(path, "POST", "/v1/attempt", attempt)[0] == 200
        pieces = list(readable_memory(process.pid))
    assert any(b"breachdex" in piece for piece in pieces)
    found = [name for name, secret in secrets.items() if any(secret in piece for piece in pieces)]
    assert found == []
