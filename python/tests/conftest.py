"""What all tests of the package share: small indexes, and no index of the machine's own."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import breachdex
import pytest
from support import EXPOSED, VECTORS, write_index


@pytest.fixture(scope="module", autouse=True)
def _no_garbage_of_files() -> Iterator[None]:
    """Collects garbage after the tests of a file.

    A file that they did not close is a warning, and so an error, of one of them, not of the test during which Python
    happens to collect.
    """
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _no_garbage() -> Iterator[None]:
    """Collects after each test where ``BREACHDEX_COLLECT_EACH`` is set, which takes as long as the tests themselves."""
    yield
    if os.environ.get("BREACHDEX_COLLECT_EACH"):
        gc.collect()


@pytest.fixture(autouse=True)
def _no_configuration_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("BREACHDEX_")]:
        if variable != "BREACHDEX_COLLECT_EACH":
            monkeypatch.delenv(variable)
    breachdex.configure()


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
