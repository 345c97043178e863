"""Many processes and one radar: what is sent to the sidecar, and that a log-in never waits for it or fails with it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import pickle
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import LogInWatch, Observation, SidecarRadar

QUIET: dict[str, Any] = {
    "state": "quiet",
    "advice": "allow",
    "reasons": [],
    "since": None,
    "source": "quiet",
    "is_suspect": False,
    "is_suspect_log_in": False,
}


class Fake:
    """A sidecar that answers as it is told, over a Unix socket or on loopback."""

    def __init__(self, path: Path | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.heads: list[str] = []
        self.connections = 0
        self.radar: dict[str, Any] = dict(QUIET)
        self.status = "200 OK"
        self.body: bytes | None = None
        self.drips = False
        self.hangs = False
        self.closes_after_answer = False
        if path is None:
            self._listener = socket.create_server(("127.0.0.1", 0))
            scheme = "http" if tls is None else "https"
            self.address = f"{scheme}://localhost:{self._listener.getsockname()[1]}"
        else:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(path))
            self._listener.listen()
            self.address = f"unix:{path}"
        self._tls = tls
        self._open: list[socket.socket] = []
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        if self._tls is not None:
            try:
                connection = self._tls.wrap_socket(connection, server_side=True)
            except OSError:
                connection.close()
                return
        with connection, connection.makefile("rb") as file:
            try:
                while head := self._head(file):
                    length = int(head.lower().split("content-length:")[1].split("\r\n")[0])
                    self.asked.append(json.loads(file.read(length)))
                    self.heads.append(head)
                    if self.hangs:
                        self._ends.wait()
                        return
                    self._answer(connection)
                    if self.closes_after_answer:
                        return
            except OSError:
                return

    @staticmethod
    def _head(file: Any) -> str:
        lines = []
        while (line := file.readline().decode()) not in ("\r\n", ""):
            lines.append(line)
        return "".join(lines)

    def _answer(self, connection: socket.socket) -> None:
        body = self.body
        if body is None:
            body = json.dumps({"verdict": None, "radar": self.radar}).encode()
        answer = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        if not self.drips:
            connection.sendall(answer)
            return
        for byte in answer:
            if self._ends.wait(0.02):
                return
            connection.sendall(bytes([byte]))

    def stop(self) -> None:
        self._ends.set()
        # shutdown() wakes accept(), which close() does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join()


@pytest.fixture(params=["unix", "tcp"])
def sidecar(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fake]:
    """A sidecar, once over a Unix socket and once over TCP."""
    fake = Fake(tmp_path / "s" if request.param == "unix" else None)
    yield fake
    fake.stop()


@pytest.fixture
def unix(tmp_path: Path) -> Iterator[Fake]:
    """A sidecar over a Unix socket."""
    fake = Fake(tmp_path / "s")
    yield fake
    fake.stop()


@pytest.fixture
def radar(sidecar: Fake) -> Iterator[SidecarRadar]:
    """A client with so long a timeout that a busy machine fails no test."""
    client = SidecarRadar(sidecar.address, timeout=30)
    yield client
    client.close()


def test_attempts_are_sent_over_one_connection_and_without_passwords(
    sidecar: Fake, radar: SidecarRadar
) -> None:
    why = [{"reason": "sources", "count": 1}]
    sidecar.radar = {
        **QUIET,
        "state": "attack",
        "advice": "challenge",
        "reasons": why,
        "since": 1790000000,
        "source": "suspected",
    }
    observed = radar.observe("192.0.2.7", "kim@例え.jp", succeeded=False, exposed=True, known=False)
    assert observed == Observation("challenge", "attack", "suspected")
    assert (radar.state, radar.since, radar.reasons) == ("attack", 1790000000, why)
    sidecar.radar["is_suspect_log_in"] = True
    assert radar.observe("192.0.2.7", "kim", succeeded=True).is_suspect_log_in
    assert sidecar.asked == [
        {
            "source": "192.0.2.7",
            "account": "kim@例え.jp",
            "outcome": "failed",
            "account_status": "unknown",
            "exposure": "exposed",
        },
        {"source": "192.0.2.7", "account": "kim", "outcome": "succeeded", "exposure": "unknown"},
    ]
    assert sidecar.heads[0].startswith("POST /v1/attempt HTTP/1.1\r\n")
    assert sidecar.connections == 1
    assert radar.faults == 0


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(sidecar: Fake, radar: SidecarRadar) -> None:
    sidecar.closes_after_answer = True
    for _ in range(3):
        radar.observe("192.0.2.7", "kim", succeeded=False)
    assert (len(sidecar.asked), sidecar.connections, radar.faults) == (3, 3, 0)


def test_without_blocking(sidecar: Fake, radar: SidecarRadar) -> None:
    sidecar.radar = {**QUIET, "state": "suspected", "advice": "delay"}

    async def visit() -> list[Observation]:
        return await asyncio.gather(*(radar.aobserve("192.0.2.7", "kim", succeeded=False) for _ in range(5)))

    assert {observed.advice for observed in asyncio.run(visit())} == {"delay"}
    assert (len(sidecar.asked), radar.faults) == (5, 0)


def test_a_sidecar_that_hangs_costs_one_timeout(unix: Fake, caplog: pytest.LogCaptureFixture) -> None:
    unix.hangs = True
    radar = SidecarRadar(unix.address, timeout=0.2, retry_after=3600)
    for _ in range(50):
        assert radar.observe("192.0.2.7", "kim", succeeded=False) == Observation()
    assert (len(unix.asked), radar.faults) == (1, 50)
    assert [record.getMessage() for record in caplog.records] == [
        f"the radar at {unix.address} could not be asked (it did not answer in time); log-ins go on without it"
    ]
    assert caplog.records[0].levelno == logging.ERROR


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_answer_that_drips_ends_with_the_timeout(unix: Fake, asynchronous: bool) -> None:
    unix.drips = True
    radar = SidecarRadar(unix.address, timeout=0.3)
    before = time.monotonic()
    if asynchronous:
        asyncio.run(radar.aobserve("192.0.2.7", "kim", succeeded=False))
    else:
        radar.observe("192.0.2.7", "kim", succeeded=False)
    # The whole answer would take two seconds, and each byte comes long before any timeout of one read.
    assert radar.faults == 1
    assert time.monotonic() - before < 30


def test_it_is_asked_again_after_a_while(unix: Fake) -> None:
    unix.status = "503 Service Unavailable"
    radar = SidecarRadar(unix.address, timeout=30, retry_after=0)
    radar.observe("192.0.2.7", "kim", succeeded=False)
    unix.status = "200 OK"
    radar.observe("192.0.2.7", "kim", succeeded=False)
    assert (len(unix.asked), radar.faults) == (2, 1)
    radar.close()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        ("401 Unauthorized", b"{}", "it answered 401"),
        ("503 Service Unavailable", b"{}", "it answered 503"),
        ("200 OK", b"no json", "JSONDecodeError"),
        ("200 OK", b"[]", "TypeError"),
        ("200 OK", b'{"radar": {"advice": "allow", "state": "quiet"}}', "KeyError"),
        ("200 OK", json.dumps({"radar": {**QUIET, "advice": "open"}}).encode(), "ValueError"),
        ("200 OK", b" " * 70_000, "its answer is too long"),
    ],
)
def test_another_answer_is_a_fault_and_no_log_in_fails(
    status: str, body: bytes, said: str, unix: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    unix.status, unix.body = status, body
    radar = SidecarRadar(unix.address, timeout=30)
    assert radar.observe("192.0.2.7", "kim", succeeded=False) == Observation()
    assert f"({said})" in caplog.text
    radar.close()


@pytest.mark.parametrize("asynchronous", [False, True])
def test_advice_is_asked_for_before_an_attempt(asynchronous: bool, unix: Fake) -> None:
    radar = SidecarRadar(unix.address, timeout=30, retry_after=0.001)

    def advise() -> str:
        return asyncio.run(radar.aadvise("192.0.2.7")) if asynchronous else radar.advise("192.0.2.7")

    unix.body = b'{"advice": "challenge", "state": "attack"}'
    assert advise() == "challenge"
    assert unix.asked == [{"source": "192.0.2.7"}]
    assert unix.heads[0].startswith("POST /v1/advice ")
    # What is not understood, or not answered, lets everybody log in; an attempt that was not told is something else.
    for unix.status, unix.body in [
        ("200 OK", b'{"advice": "ask the captain"}'),
        ("200 OK", b"[]"),
        ("503 Service Unavailable", b"{}"),
    ]:
        time.sleep(0.01)
        assert advise() == "allow"
    assert len(unix.asked) == 4
    assert (radar.state, radar.faults) == ("quiet", 0)
    radar.close()


def test_a_question_that_is_refused_does_not_blind_the_radar(unix: Fake) -> None:
    """An attacker who makes the sidecar refuse one attempt gets no second without it."""
    unix.status = "400 Bad Request"
    radar = SidecarRadar(unix.address, timeout=30, retry_after=3600)
    radar.observe("192.0.2.7", "kim", succeeded=False)
    unix.status = "200 OK"
    radar.observe("192.0.2.7", "kim", succeeded=False)
    assert (len(unix.asked), radar.faults) == (2, 1)
    radar.close()


def test_what_was_typed_is_bounded_and_valid(unix: Fake) -> None:
    radar = SidecarRadar(unix.address, timeout=30)
    radar.observe("192.0.2.7", "\udc80" + "長" * 1_000_000, succeeded=False)
    assert unix.asked[0]["account"] == "?" + "長" * 341
    assert radar.faults == 0
    radar.close()


def test_the_last_known_state_stays_while_the_sidecar_is_away(unix: Fake) -> None:
    told: list[str] = []
    radar = SidecarRadar(unix.address, timeout=30)
    watch = LogInWatch(
        radar,
        on_attack_began=lambda attack: told.append(f"began {attack.since}"),
        on_attack_ended=lambda attack: told.append(f"ended {attack.since}"),
    )
    unix.radar = {**QUIET, "state": "attack", "advice": "challenge", "since": 17}
    watch.observe("192.0.2.7", "kim", "hunter2", succeeded=False)
    unix.status = "503 Service Unavailable"
    assert watch.observe("192.0.2.7", "kim", "hunter2", succeeded=False) == Observation("allow", "attack")
    assert told == ["began 17"]
    radar.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_opens_its_own_connection(unix: Fake) -> None:
    radar = SidecarRadar(unix.address, timeout=30)
    radar.observe("192.0.2.7", "parent", succeeded=False)
    child = os.fork()
    if child == 0:
        radar.observe("192.0.2.7", "child", succeeded=False)
        radar.close()
        os._exit(0 if radar.faults == 0 else 1)
    assert os.waitpid(child, 0)[1] == 0
    radar.observe("192.0.2.7", "parent", succeeded=False)
    assert [asked["account"] for asked in unix.asked] == ["parent", "child", "parent"]
    assert (unix.connections, radar.faults) == (2, 0)
    radar.close()


def test_a_token_is_sent_and_shown_nowhere(unix: Fake, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\nSENTINEL-token\nthe next one\n")
    radar = SidecarRadar(unix.address, timeout=30, token_file=tmp_path / "token")
    radar.observe("192.0.2.7", "kim", succeeded=False)
    assert "Authorization: Bearer SENTINEL-token\r\n" in unix.heads[0]
    assert repr(radar) == f"<breachdex.SidecarRadar {unix.address}>"
    with pytest.raises(TypeError, match="cannot be pickled") as raised:
        pickle.dumps(radar)
    assert "SENTINEL" not in f"{raised.value}"
    radar.close()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("radar", "the address of a sidecar is unix:/path"),
        ("http://127.0.0.1", "the address of a sidecar is unix:/path"),
        ("http://kim:SENTINEL@127.0.0.1:80", "the address of a sidecar is unix:/path"),
        ("http://127.0.0.1:80/v1", "the address of a sidecar is unix:/path"),
        ("http://127.0.0.1:99999", "the address of a sidecar is unix:/path"),
        ("http://10.0.0.1:80", "http://10.0.0.1:80 is not this machine"),
        ("unix:radar.sock", "unix: and an absolute path"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused(address: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        SidecarRadar(address)
    assert "SENTINEL" not in str(raised.value)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost with its key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not there to make a certificate")
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    name = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(made)]
    subprocess.run([openssl, "req", *options, *name], check=True, capture_output=True)
    made.write_text(made.read_text() + key.read_text())
    return made


def test_from_another_host_over_tls(certificate: Path, caplog: pytest.LogCaptureFixture) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    fake = Fake(tls=serving)
    try:
        trusting = ssl.create_default_context(cafile=str(certificate))
        radar = SidecarRadar(fake.address, timeout=30, ssl_context=trusting)
        radar.observe("192.0.2.7", "kim", succeeded=False)
        radar.observe("192.0.2.7", "kim", succeeded=False)
        assert (len(fake.asked), fake.connections, radar.faults) == (2, 1, 0)
        radar.close()
        # Without its authority nothing is sent.
        SidecarRadar(fake.address, timeout=30).observe("192.0.2.7", "kim", succeeded=False)
        assert len(fake.asked) == 2
        assert "certificate verify failed" in caplog.text
    finally:
        fake.stop()


def test_a_handshake_that_hangs_ends_with_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"https://localhost:{listener.getsockname()[1]}"
        radar = SidecarRadar(address, timeout=0.2)
        assert radar.observe("192.0.2.7", "kim", succeeded=False) == Observation()
        assert radar.faults == 1


def test_arguments_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="timeout must be seconds from above 0 to 60, not 0"):
        SidecarRadar("unix:/s", timeout=0)
    with pytest.raises(FileNotFoundError):
        SidecarRadar("unix:/s", token_file=tmp_path / "none")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ValueError, match="empty has no token"):
        SidecarRadar("unix:/s", token_file=tmp_path / "empty")


def test_one_radar_sees_what_every_process_tells(unix: Fake) -> None:
    radars = [SidecarRadar(unix.address, timeout=30) for _ in range(3)]
    threads = [
        threading.Thread(
            target=lambda radar=radar: [radar.observe("192.0.2.7", "kim", succeeded=False) for _ in range(20)]
        )
        for radar in radars
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(unix.asked) == 60
    assert [radar.faults for radar in radars] == [0, 0, 0]
    for radar in radars:
        radar.close()


def test_importing_breachdex_brings_no_http_client_along() -> None:
    # What an interpreter imports when it starts, for a package that is installed beside ours, is not ours.
    code = (
        "import sys; before = set(sys.modules); import breachdex; "
        "print(sorted({'http.client', 'ipaddress'} & (set(sys.modules) - before)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
    assert breachdex.SidecarRadar is SidecarRadar
    with pytest.raises(AttributeError, match="has no attribute 'Radars'"):
        breachdex.Radars  # noqa: B018
