"""A cluster of two executors, each a process of its own, in this machine."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if shutil.which("java") is None:
    pytest.skip("Spark needs Java, and there is none", allow_module_level=True)

from cluster import start

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session", autouse=True)
def _path_of_executors() -> Iterator[None]:
    """Executors find breachdex and the modules beside the tests."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    yield
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


@pytest.fixture(scope="module")
def _kept() -> Iterator[list[SparkSession]]:
    """The session of a file's tests, as long as none of them stops it for one of its own."""
    kept: list[SparkSession] = []
    yield kept
    for session in kept:
        session.stop()


@pytest.fixture
def spark(_kept: list[SparkSession], tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    """A session on the cluster."""
    from pyspark.sql import SparkSession

    if not _kept or SparkSession.getActiveSession() is not _kept[0]:
        _kept[:] = [start(tmp_path_factory.mktemp("spark"))]
    return _kept[0]


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[], list[str]]:
    """What a build leaves in its folder, hidden files too."""
    return lambda: sorted(os.listdir(tmp_path))


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Has the next build write segments by a class of the tests."""
    return lambda writer: monkeypatch.setattr("breachdex.spark._build.WriteSegment", writer)
