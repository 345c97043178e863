"""`RangeClient` against the project's own server, and what it does when there is none."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import breachdex
import pytest


def test_the_same_answers_as_the_index(served: str, exposed_index: Path) -> None:
    client, index = breachdex.RangeClient(served), breachdex.Index.open(exposed_index)
    for password in ("password", "hunter2", "パスワード", "absent", ""):
        digest = breachdex.digest(password)
        assert client.count(password) == client.count_hash(digest) == client.count_hash(digest.hex())
        assert client.count(password) == index.count(password)
        assert client.contains(password, 10) == index.contains(password, 10)
        assert client.range(digest.hex()[:5]) == index.range(digest.hex()[:5])
    assert repr(client) == f"<breachdex.RangeClient {served}>"


def test_the_async_twins(served: str) -> None:
    client = breachdex.RangeClient(served)

    async def ask() -> tuple[int, bool, int, str]:
        counts = await asyncio.gather(
            client.acount("hunter2"), client.acount_hash(breachdex.digest("password"))
        )
        return counts[0], await client.acontains("hunter2", 18), counts[1], await client.arange("00000")

    assert asyncio.run(ask()) == (17, False, 52256179, "")


def test_what_a_fault_means(nobody: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(breachdex.RemoteError) as caught:
        breachdex.RangeClient(nobody, timeout=2).count("s3cret")
    assert str(caught.value).startswith(f"{nobody} gave no answer: ") and isinstance(caught.value, OSError)
    assert "s3cret" not in repr(caught.value)
    with caplog.at_level(logging.ERROR, logger="breachdex"):
        accepting = breachdex.RangeClient(nobody, timeout=2, on_error="accept")
        assert [accepting.count("a"), accepting.contains("a"), accepting.count_hash("0" * 40)] == [
            0,
            False,
            0,
        ]
    assert len(caplog.records) == 1, "once a minute"
    rejecting = breachdex.RangeClient(nobody, timeout=2, on_error="reject")
    assert rejecting.contains("a", 10**9) and rejecting.count("a") == 2**32 - 1
    with pytest.raises(breachdex.RemoteError):
        rejecting.range("00000")


def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        client = breachdex.RangeClient(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3)
        with pytest.raises(breachdex.RemoteError, match="gave no answer: .*"):
            client.count("a")


def test_an_answer_that_may_have_been_cut_is_no_answer() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                # Rows, and an end that may be one of the network's.
                connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"0" * 34 + b"1:1")

        thread = threading.Thread(target=answer)
        thread.start()
        client = breachdex.RangeClient(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(breachdex.RemoteError, match="the server does not say where its answer ends$"):
            client.count("a")
        thread.join()


def test_a_proxy_that_is_none_is_an_error_whatever_faults_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:s3cret@:1")
    with pytest.raises(ValueError, match="^HTTPS_PROXY: not the address of a proxy: ") as caught:
        breachdex.RangeClient(on_error="accept")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: breachdex.RangeClient("http://example.org"),
            "http://example.org is not encrypted: use https, or insecure_http=True if the network is yours alone",
        ),
        (
            lambda: breachdex.RangeClient(on_error="ignore"),  # type: ignore[arg-type]
            "on_error must be one of 'accept', 'reject' and 'raise', not 'ignore'",
        ),
        (lambda: breachdex.RangeClient(timeout=0), "timeout is a number of seconds above 0"),
        (lambda: breachdex.RangeClient(kind="md5"), "kind must be 'sha1' or 'ntlm'"),  # type: ignore[arg-type]
    ],
)
def test_misconfiguration_is_always_an_error(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == message


def test_bad_questions_are_errors_whatever_faults_mean(nobody: str) -> None:
    client = breachdex.RangeClient(nobody, on_error="accept")
    with pytest.raises(TypeError):
        client.count(None)  # type: ignore[arg-type]
    with pytest.raises(breachdex.InvalidDigestError):
        client.count_hash(b"short")
    with pytest.raises(ValueError, match="^min_count must be 1 or more, not 0$"):
        client.contains("a", 0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_connects_anew(served: str) -> None:
    client = breachdex.RangeClient(served)
    assert client.count("hunter2") == 17
    pid = os.fork()
    if pid == 0:
        os._exit(0 if client.count("hunter2") == 17 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert client.count("hunter2") == 17


def test_many_threads_share_a_client(served: str) -> None:
    client = breachdex.RangeClient(served)
    seen: list[int] = []
    threads = [threading.Thread(target=lambda: seen.append(client.count("hunter2"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [17] * 16


def test_ctrl_c_is_heard_while_a_server_says_nothing() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        script = f"import breachdex; print('asking', flush=True); breachdex.RangeClient({url!r}, timeout=60).count('a')"
        asking = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert asking.stdout is not None and asking.stdout.readline() == "asking\n"
        connection, _ = silent.accept()
        with connection:
            asking.send_signal(signal.SIGINT)
            _, said = asking.communicate(timeout=20)
        assert said.rstrip().endswith("KeyboardInterrupt")


@contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[str]:
    """A server that answers every range alike; its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body", "headers", "cause", "is_transient"),
    [
        (503, b"", {}, "status", True),
        (429, b"", {}, "status", True),
        (404, b"", {}, "status", False),
        (302, b"", {"Location": "http://127.0.0.1:9"}, "redirected", False),
        (200, b"<html>log in to this network</html>", {}, "malformed", False),
    ],
)
def test_what_happened_is_said(
    status: int, body: bytes, headers: dict[str, str], cause: str, is_transient: bool
) -> None:
    """The client by itself, and as a source of a set, whose ranges come another way."""
    with answering(status, body, **headers) as address:
        client = breachdex.RangeClient(address, timeout=5)
        both = breachdex.IndexSet(client)
        for ask in (
            lambda: client.count("s3cret"),
            lambda: client.range("00000"),
            lambda: both.count("s3cret"),
            lambda: both.range("00000"),
            lambda: both.examine("s3cret"),
        ):
            with pytest.raises(breachdex.RemoteError) as raised:
                ask()
            said = raised.value.cause, raised.value.status, raised.value.is_transient
            assert said == (cause, None if cause == "malformed" else status, is_transient)
            assert str(raised.value).startswith(f"{address} gave no answer: ")
        # It is a fault at run time all the same, about which on_error decides.
        assert breachdex.RangeClient(address, timeout=5, on_error="accept").count("s3cret") == 0


def test_a_wrong_question_is_no_fault_of_the_server() -> None:
    both = breachdex.IndexSet(breachdex.RangeClient("http://127.0.0.1:9", timeout=2))
    with pytest.raises(breachdex.InvalidPrefixError):
        both.range("xyz")
    with pytest.raises(breachdex.InvalidDigestError):
        both.count_hash("00")
