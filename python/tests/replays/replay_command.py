"""The example, run by its own one command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import breachdex

REPOSITORY = Path(__file__).resolve().parents[3]
EXAMPLE = REPOSITORY / "examples" / "replay"
# Where the tests themselves have breachdex from: an installed wheel, or the checkout.
PACKAGE = Path(breachdex.__file__).parents[1]


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
