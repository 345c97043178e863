"""What tests of the core share: a range server, and an address without one."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is.
settings.register_profile("breachdex", deadline=None)
settings.load_profile("breachdex")


@pytest.fixture(scope="module")
def served(exposed_index: Path) -> Iterator[str]:
    command = [
        sys.executable,
        "-m",
        "breachdex",
        "serve",
        "--index",
        str(exposed_index),
        "--listen",
        "127.0.0.1:0",
    ]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert server.stdout is not None and server.stderr is not None
    try:
        found = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
        assert found is not None
        yield found.group()
    finally:
        server.terminate()
        server.communicate(timeout=20)


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{probe.getsockname()[1]}"
