"""Airflow with a database of its own: it reads its settings while it is imported."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from support import EXPOSED, write_index

HERE = Path(__file__).resolve().parent
HOME = Path(tempfile.mkdtemp(prefix="breachdex-airflow-"))
SECRET = "of the tests, and long enough for a signature of HS512: it has some sixty-four characters"
os.environ |= {
    "AIRFLOW_HOME": str(HOME),
    "AIRFLOW__API__SECRET_KEY": SECRET,
    "AIRFLOW__API_AUTH__JWT_SECRET": SECRET,
    "AIRFLOW__CORE__AUTH_MANAGER": "breachdex_auth.AuthManager",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__FAB__CACHE_TTL": "0",
    "AIRFLOW__FAB__CONFIG_FILE": str(HERE / "webserver_config.py"),
    "EXPOSED_INDEX": str(write_index(HOME / "exposed.bdx", EXPOSED)),
    "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
}
sys.path.insert(0, str(HERE))


def pytest_sessionstart() -> None:
    """The tables, and a user whom nobody checked."""
    airflow = Path(sys.executable).with_name("airflow")
    for command in (
        "db migrate",
        "users create --role Admin --username chief -f A -l B -e chief@x.example -p x",
    ):
        subprocess.run([str(airflow), *command.split()], check=True, stdout=subprocess.DEVNULL)
