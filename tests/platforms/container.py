#!/usr/bin/env python3
"""Runs a static ``breachdex`` where there is nothing else: in a folder with one file as its root, without rights.

    container.py PROGRAM [ROOT]

Makes a root with the program alone, or uses ROOT, which an image was unpacked to, and runs the program there as user 65532,
who owns nothing but the folder ``/data``. Needs root and ``chroot``; ``openssl`` for the part with TLS. Nothing leaves the
machine. Prints what passed, in the words that test runners use.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

USER: Final = 65532
TIMEOUT: Final = 120
PASSWORDS: Final = "".join(
    f"{word}\n" for word in ("password", "letmein", *(f"word {n}" for n in range(5000)))
)


class Container:
    """The folder that is the program's root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"
        self.data.mkdir(exist_ok=True)
        os.chown(self.data, USER, USER)

    def command(self, *arguments: str) -> list[str]:
        """The program with these arguments, in its root and without rights."""
        chroot = shutil.which("chroot") or "chroot"
        return [chroot, f"--userspec={USER}:{USER}", "--groups=", str(self.root), "/breachdex", *arguments]

    def run(self, *arguments: str, typed: str = "", expected: int = 0, **environment: str) -> str:
        """What the program prints.

        :raises AssertionError: for another exit code.
        """
        done = subprocess.run(
            self.command(*arguments),
            check=False,
            input=typed,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            env=environment,
        )
        assert done.returncode == expected, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    @contextmanager
    def server(self, *arguments: str) -> Iterator[int]:
        """A range server; its port."""
        command = self.command("serve", "--listen", "127.0.0.1:0", "--log-level", "error", *arguments)
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={}
        ) as running:
            try:
                assert running.stdout
                lines: list[str] = []
                for line in running.stdout:
                    lines.append(line)
                    if found := re.search(r"listening on https?://127\.0\.0\.1:(\d+)", line):
                        yield int(found[1])
                        break
                else:
                    raise AssertionError("".join(lines))
            finally:
                running.terminate()
                code = running.wait(TIMEOUT)
        assert code == 0, f"the server ended with {code}"


def lookups(container: Container) -> None:
    """Builds, verifies, describes and asks indexes."""
    container.run("build", "--format", "passwords", "-o", "/data/own.bdx", "-", typed=PASSWORDS)
    assert "exact" in container.run("info", "/data/own.bdx")
    container.run("verify", "/data/own.bdx")
    container.run("check", "--index", "/data/own.bdx", typed="letmein\n", expected=1)
    container.run("check", "--index", "/data/own.bdx", typed="not in it\n", expected=0)
    # The starter index is part of the program.
    container.run("check", typed="password\n", expected=1)


def is_read_only(container: Container) -> None:
    """Nothing can be written but what was handed over."""
    said = container.run("build", "--format", "passwords", "-o", "/x.bdx", "-", typed="x\n", expected=2)
    assert "/x.bdx" in said, said


def serves(container: Container) -> None:
    """Answers ranges and health checks."""
    with container.server("--index", "/data/own.bdx", "--partial") as port:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/range/5BAA6", timeout=TIMEOUT) as answer:
            assert b"1E4C9B93F3F0682250B6CF8331B7EE68FD8:1" in answer.read()
        container.run("serve", "--health", f"http://127.0.0.1:{port}")
    container.run("serve", "--health", f"http://127.0.0.1:{port}", expected=2)


def downloads(container: Container) -> None:
    """Downloads over TLS, trusting the authority that it is told to, by address and by name."""
    certificate = ["-keyout", str(container.data / "key.pem"), "-out", str(container.data / "server.pem")]
    subprocess.run(
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
        + [*certificate, "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
        check=True,
        capture_output=True,
    )
    os.chown(container.data / "key.pem", USER, USER)
    tls = ("--tls-cert", "/data/server.pem", "--tls-key", "/data/key.pem")
    with container.server("--index", "/data/own.bdx", "--partial", *tls) as port:
        download = (
            "download",
            "--prefixes",
            "5BA00-5BAFF",
            "--retries",
            "0",
            "--progress",
            "none",
            "--force",
        )
        address = ("--base-url", f"https://127.0.0.1:{port}")
        container.run(*download, "-o", "/data/a.bdx", "--ca-file", "/data/server.pem", *address)
        container.run(*download, "-o", "/data/b.bdx", *address, SSL_CERT_FILE="/data/server.pem")
        refused = container.run(*download, "-o", "/data/c.bdx", *address, expected=2)
        assert "certificate" in refused.lower(), refused
        # A name needs what every container runtime puts into a container: /etc/hosts, or a name server in /etc/resolv.conf.
        hosts = container.root / "etc" / "hosts"
        hosts.parent.mkdir(exist_ok=True)
        hosts.write_text("127.0.0.1 localhost\n", encoding="ascii")
        name = ("--base-url", f"https://localhost:{port}")
        container.run(*download, "-o", "/data/d.bdx", "--ca-file", "/data/server.pem", *name)
    container.run("check", "--index", "/data/d.bdx", typed="password\n", expected=1)
    contents = {container.run("export", f"/data/{index}.bdx") for index in "abd"}
    assert len(contents) == 1 and "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8" in contents.pop()


def main(arguments: list[str]) -> int:
    """Runs all; 1 if one failed."""
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    if os.geteuid() != 0 or shutil.which("chroot") is None:
        print("skipped: only root can use chroot")
        return 0
    parts: list[Callable[[Container], None]] = [lookups, is_read_only, serves]
    if shutil.which("openssl"):
        parts.append(downloads)
    else:
        print("skipped: no openssl, so nothing is downloaded over TLS")
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        root = Path(arguments[1]) if len(arguments) == 2 else Path(name)
        root.chmod(0o755)
        if len(arguments) == 1:
            shutil.copy(arguments[0], root / "breachdex")
            assert [entry.name for entry in root.iterdir()] == ["breachdex"]
        container = Container(root)
        for part in parts:
            try:
                part(container)
                print(f"{part.__name__}: passed")
            except (AssertionError, OSError, urllib.error.URLError, subprocess.SubprocessError) as error:
                failed += 1
                print(f"{part.__name__}: FAILED: {error}")
    print(f"{len(parts) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
