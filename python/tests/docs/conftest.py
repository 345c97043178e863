"""An index as the documentation assumes one, until the tests at large have it."""

from __future__ import annotations

from pathlib import Path

import breachdex
import pytest


@pytest.fixture(scope="session")
def exposed_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of five passwords, each with its own count."""
    folder = tmp_path_factory.mktemp("exposed")
    counts = {"password": 52256179, "hunter2": 17, "パスワード": 300, "seen-once-7531": 1}
    counts["correct horse battery staple"] = 4
    rows = sorted(f"{breachdex.digest(word).hex().upper()}:{count}" for word, count in counts.items())
    (folder / "rows.txt").write_text("\n".join(rows) + "\n")
    breachdex.build(folder / "rows.txt", folder / "exposed.bdx")
    return folder / "exposed.bdx"
