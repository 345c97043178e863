"""389 Directory Server: its request for a range, over https, to `serve`.

The server asks by libcurl, for `passwordBreachDbUrl` and five digits: only https, with the certificate and the name checked,
without padding, and takes nothing but 200. Here curl asks the same. The server itself is not run: Debian's has no
`passwordBreachCheck`, which begins with 389-ds-base 3.2, built with `--enable-hibp`.
"""

from __future__ import annotations

import hashlib
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stage import EXPOSED, FINE, TIMEOUT, Stage, Wrong, expect, must, need, run

SCHEMA = Path("/usr/share/dirsrv/schema/02common.ldif")


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that is its own authority, and its key."""
    certificate, key = folder / "tls.crt", folder / "tls.key"
    must(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        + ["-keyout", str(key), "-out", str(certificate)]
    )
    return certificate, key


@contextmanager
def serving(stage: Stage, certificate: Path, key: Path) -> Iterator[str]:
    """Serves the index over https; the address that 389-ds is configured with."""
    arguments = [str(stage.command), "serve", "--listen", "127.0.0.1:0", "--index", str(stage.index)]
    arguments += ["--tls-cert", str(certificate), "--tls-key", str(key)]
    log = stage.folder / "serve.log"
    with log.open("wb") as errors:
        server = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        listening = re.fullmatch(r"listening on https://127\.0\.0\.1:(\d+)\n", line)
        if listening is None:
            raise Wrong(f"serve printed {line!r} and logged: {log.read_text()}")
        yield f"https://localhost:{listening[1]}/range/"
        server.send_signal(signal.SIGTERM)
        expect("the exit code of serve", 0, server.wait(TIMEOUT))
    finally:
        server.kill()
        server.communicate()


def count(url: str, password: str, *trust: str) -> int | None:
    """What the server's client makes of an answer: a count, 0, or None where it only writes a warning to its log."""
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    asked = run(
        [
            "curl",
            "--silent",
            "--show-error",
            "--proto",
            "=https",
            "--max-time",
            "10",
            "--noproxy",
            "*",
            *trust,
        ]
        + ["--user-agent", "389-ds-hibp-client/1.0", "--write-out", "\n%{http_code}", url + digest[:5]]
    )
    body, _, status = asked.stdout.rpartition("\n")
    if asked.returncode != 0 or status != "200":
        return None
    rows = (line.rstrip("\r").partition(":") for line in body.split("\n"))
    return next((int(number) for suffix, _, number in rows if suffix == digest[5:]), 0)


def judge(stage: Stage) -> str:
    """All of it."""
    need("openssl", "curl")
    authority, key = certificate(stage.folder)
    with serving(stage, authority, key) as url:
        trust = ("--cacert", str(authority))
        expect("an exposed password", 1, count(url, EXPOSED, *trust))
        expect("another one", 0, count(url, FINE, *trust))
        expect("a server whose certificate is not trusted", None, count(url, EXPOSED))
        expect("an address without https", None, count(url.replace("https", "http"), EXPOSED, *trust))
        wrong = url.replace("/range/", "/ranges/")
        expect("an address of something else", None, count(wrong, EXPOSED, *trust))
    expect("a server that is gone", None, count(url, EXPOSED, *trust))
    knows = SCHEMA.is_file() and "passwordBreachCheck" in SCHEMA.read_text()
    here = (
        "is here and was not run"
        if knows
        else "is not here (389-ds-base 3.2 and later, built with --enable-hibp)"
    )
    return f"its request is answered over https; a server that can send it {here}"
