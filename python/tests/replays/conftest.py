"""The default run, once for all of these tests, by the example's own one command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import breachdex
import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
EXAMPLE = REPOSITORY / "examples" / "replay"
# Where the tests themselves have breachdex from: an installed wheel, or the checkout.
PACKAGE = Path(breachdex.__file__).parents[1]

Run: TypeAlias = "Callable[..., subprocess.CompletedProcess[str]]"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """``examples/replay/run`` to its end, with this interpreter."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
    return subprocess.run(
        [EXAMPLE / "run", *arguments],
        env={
            **kept,
            "LANG": "C.UTF-8",
            "REPLAY_PYTHON": sys.executable,
            "PYTHONPATH": str(PACKAGE),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="session", name="run")
def _run() -> Run:
    """Runs the command: ``run("--seed", "2")``."""
    return run


@pytest.fixture(scope="session")
def default_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the command prints without arguments but where its files go, and where they went."""
    if not _has_matplotlib():
        pytest.skip("matplotlib is not installed: THE PLOT OF THE REPLAY WAS NOT DRAWN")
    output = tmp_path_factory.mktemp("replay")
    done = run("--output", output)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout, output


def _has_matplotlib() -> bool:
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None
