"""Superset with a database of its own: it reads its settings while it is imported."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from support import EXPOSED, write_index

HERE = Path(__file__).resolve().parent
HOME = Path(tempfile.mkdtemp(prefix="breachdex-superset-"))
os.environ |= {
    "EXPOSED_INDEX": str(write_index(HOME / "exposed.bdx", EXPOSED)),
    "FLASK_APP": "superset",
    "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
    "SUPERSET_CONFIG_PATH": str(HERE / "superset_config.py"),
    "SUPERSET_HOME": str(HOME),
}
sys.path.insert(0, str(HERE))


def pytest_sessionstart() -> None:
    """The tables and roles, and a user whom nobody checked."""
    superset = Path(sys.executable).with_name("superset")
    user = "--username chief --firstname A --lastname B --email chief@x.example --password x"
    for command in ("db upgrade", "init", f"fab create-admin {user}"):
        subprocess.run(
            [str(superset), *command.split()],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
