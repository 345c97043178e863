"""Starts sessions: of the tests, and of the drivers that they kill."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def start(folder: Path, master: str = "local-cluster[2,1,1024]", **settings: str) -> SparkSession:
    """A session that speaks to nobody but this machine."""
    import pyspark
    from pyspark.sql import SparkSession

    # There is one in a process; with another that goes on, this would be the same.
    if (active := SparkSession.getActiveSession()) is not None:
        active.stop()
    # Executors of their own are started by the scripts of a whole distribution, which the package is.
    os.environ["SPARK_HOME"] = str(Path(pyspark.__file__).parent)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = (
        SparkSession.builder.master(master)
        .appName("breachdex")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.executorEnv.PYTHONPATH", os.environ.get("PYTHONPATH", ""))
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.local.dir", str(folder / "local"))
        .config("spark.worker.cleanup.enabled", "true")
    )
    (folder / "local").mkdir(exist_ok=True)
    for name, value in settings.items():
        builder = builder.config(name.replace("_", "."), value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session
