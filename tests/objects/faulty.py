"""A proxy between the command and an object store that fails as networks and stores do, when it is told to."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What a plan may say of a request: see `Handler.answer`.
Plan = Callable[[str, str], str | None]


@dataclass
class Faults:
    """What goes wrong, and what was asked."""

    plan: Plan = lambda method, path: None
    asked: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def first(self, times: int, method: str, what: str, fault: str) -> None:
        """Lets the first requests of a method whose path contains something fail."""
        left = [times]

        def plan(asked: str, path: str) -> str | None:
            with self.lock:
                if asked == method and what in path and left[0] > 0:
                    left[0] -= 1
                    return fault
            return None

        self.plan = plan


class Proxy:
    """Stands in front of a store on this machine until it is closed."""

    def __init__(self, port: int) -> None:
        self.faults = faults = Faults()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                with faults.lock:
                    faults.asked.append((self.command, self.path))
                fault = faults.plan(self.command, self.path)
                self.answer(fault, body)

            do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_any

            def answer(self, fault: str | None, body: bytes) -> None:
                """Forwards a request, but for its fault."""
                if fault is not None and fault[:3].isdigit():
                    number, _, code = fault.partition(" ")
                    text = f"<Error><Code>{code}</Code><Message>for your eyes only</Message></Error>".encode()
                    self.reply(int(number), [], text, len(text))
                    return
                if fault == "drop":
                    self.close_connection = True
                    return
                if fault == "hang":
                    time.sleep(20)
                    self.close_connection = True
                    return
                if fault == "slow":
                    time.sleep(0.3)
                if fault == "cut upload":
                    body = body[: len(body) // 2]
                status, headers, answer = self.forward(body)
                if fault == "lose answer":
                    self.close_connection = True
                    return
                length = len(answer)
                if fault == "break off":
                    answer, self.close_connection = answer[: length // 2], True
                if fault == "cut answer":
                    answer = answer[: length // 2]
                    length = len(answer)
                self.reply(status, headers, answer, length)

            def forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
                left_out = {"connection", "content-length", "transfer-encoding"}
                headers = {
                    name: value for name, value in self.headers.items() if name.lower() not in left_out
                }
                connection.request(self.command, self.path, body=body, headers=headers)
                response = connection.getresponse()
                answer = response.read()
                connection.close()
                kept = [
                    (name, value) for name, value in response.getheaders() if name.lower() not in left_out
                ]
                if self.command == "HEAD":
                    kept.append(("Content-Length", response.headers.get("Content-Length", "0")))
                return response.status, kept, answer

            def reply(self, status: int, headers: list[tuple[str, str]], body: bytes, length: int) -> None:
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                if self.command != "HEAD":
                    self.send_header("Content-Length", str(length))
                elif not any(name == "Content-Length" for name, _ in headers):
                    self.send_header("Content-Length", "0")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A client that was killed or gave up is no fault."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()
