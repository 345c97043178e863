"""What all tests of the package share: small indexes, and a warning of the starter index that is expected."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import breachdex
import pytest

EXPOSED = {
    "password": 52256179,
    "hunter2": 17,
    "パスワード": 300,
    "seen-once-7531": 1,
    "correct horse battery staple": 4,
}
"""What the index of the tests holds."""

VECTORS = Path(__file__).parents[2] / "tests" / "vectors" / "passwords.json"


@pytest.fixture(autouse=True)
def _no_index_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BREACHDEX_INDEX", raising=False)


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


@pytest.fixture(scope="session")
def make_index() -> Callable[..., Path]:
    """Builds indexes: ``make_index(path, {password: count}, **options of build)``."""
    return write_index


@pytest.fixture(scope="session")
def exposed_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that holds ``EXPOSED``."""
    return write_index(tmp_path_factory.mktemp("index") / "exposed.bdx", EXPOSED)


@pytest.fixture(scope="session")
def vectors() -> list[dict[str, Any]]:
    """Passwords with their digests and forms; the Rust tests read the same file."""
    loaded: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="ascii"))
    return loaded


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
