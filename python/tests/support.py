"""What tests of the package need to make indexes, and to spoil them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import breachdex

EXPOSED = {
    "password": 52256179,
    "hunter2": 17,
    "パスワード": 300,
    "seen-once-7531": 1,
    "correct horse battery staple": 4,
}
"""What the index of the tests holds."""

VECTORS = Path(__file__).parents[2] / "tests" / "vectors" / "passwords.json"
"""Passwords with their digests and forms; the Rust tests read the same file."""


def today() -> date:
    """Today by UTC, as the package counts days, for a test that says how many days ago something was.

    In the last minute of a day it waits for the next one: the test would end on another day than it began.
    """
    now = datetime.now(timezone.utc)  # noqa: UP017 - the core tests run on 3.10, too
    to_midnight = 86_400 - (now.hour * 3600 + now.minute * 60 + now.second)
    if to_midnight <= 60:
        time.sleep(to_midnight)
        now = datetime.now(timezone.utc)  # noqa: UP017
    return now.date()


def write_index(path: Path, seen: dict[str, int], **options: Any) -> Path:
    """Builds an index of passwords and how often they were seen."""
    kind = options.get("kind", "sha1")
    rows = sorted(
        f"{breachdex.digest(password, kind).hex().upper()}:{count}" for password, count in seen.items()
    )
    text = path.with_suffix(".txt")
    text.write_text("\n".join(rows) + "\n", encoding="ascii")
    breachdex.build([text], path, replace=True, format="hibp", **options)
    text.unlink()
    return path


def replace(path: Path, with_bytes: bytes) -> None:
    """Replaces a file as it should be: by rename."""
    fresh = path.with_name(f"{path.name}.fresh")
    fresh.write_bytes(with_bytes)
    os.replace(fresh, path)


def damaged(index: Path, target: Path) -> Path:
    """A copy of an index with a bit of its entries flipped, which shows when they are read."""
    data = bytearray(index.read_bytes())
    # The first group follows the header of 256 bytes; its first bucket's content is what is damaged.
    data[300] ^= 1
    target.write_bytes(data)
    return target


def new_key(folder: Path, name: str = "key") -> tuple[Path, Path]:
    """A secret key and its public key, made by the command."""
    secret, public = folder / f"{name}.key", folder / f"{name}.pub"
    _command("keygen", "--no-password", "--secret-key", str(secret), "--public-key", str(public))
    return secret, public


def sign(index: Path, secret: Path) -> None:
    """Signs an index by the command."""
    _command("sign", str(index), "--secret-key", str(secret))


def _command(*arguments: str) -> None:
    command = [sys.executable, "-m", "breachdex", *arguments]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("BREACHDEX_")}
    subprocess.run(command, check=True, capture_output=True, timeout=60, env=environment)
