"""The default run, once for all of these tests."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from replay_command import run


@pytest.fixture(scope="session")
def default_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the command prints without arguments but where its files go, and where they went."""
    if find_spec("matplotlib") is None:
        pytest.skip("matplotlib is not installed: THE PLOT OF THE REPLAY WAS NOT DRAWN")
    output = tmp_path_factory.mktemp("replay")
    done = run("--output", output)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout, output
