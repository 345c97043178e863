"""Whether executors can do the work, asked before any of it begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import breachdex
from breachdex.spark._errors import ExecutorError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from breachdex.spark._staging import Run

_SCHEMA: Final = "host string, problem string"

_EACH: Final = 2
"""Looks for each slot of an executor, so that an executor that is slow to take its share is asked, too."""

_ASKED: Final = 2048
"""The most looks. Executors that are met by none of them look themselves when they get a task."""


def _look(version: str, folder: str | None) -> Callable[[Any], Iterator[Any]]:
    """What executors run. Travels as code: a function of a module would need the module that is looked for."""

    def look(batches: Any) -> Iterator[Any]:
        import json
        import os
        import socket
        from array import array

        import pyarrow

        problem = None
        try:
            import breachdex

            if breachdex.__version__ != version:
                problem = f"has breachdex {breachdex.__version__}, the driver {version}"
        except ImportError as error:
            problem = f"cannot import breachdex ({error})"
        if problem is None and folder is not None:
            try:
                with open(os.path.join(folder, "driver.json"), encoding="utf-8") as file:
                    json.load(file)
            except (OSError, ValueError):
                problem = f"cannot reach the folder {folder}"
        schema = pyarrow.schema([("host", pyarrow.string()), ("problem", pyarrow.string())])
        for batch in batches:
            # Of buffers, not of lists: those would import pandas.
            columns = []
            for text in (socket.gethostname(), problem):
                said, rows = (text or "").encode(), batch.num_rows
                ends = array("i", [len(said) * row for row in range(rows + 1)])
                nulls = pyarrow.py_buffer(bytes(rows // 8 + 1)) if text is None else None
                buffers = [nulls, pyarrow.py_buffer(ends), pyarrow.py_buffer(said * rows)]
                columns.append(pyarrow.Array.from_buffers(pyarrow.string(), rows, buffers))
            yield pyarrow.RecordBatch.from_arrays(columns, schema=schema)

    return look


def require_executors(session: SparkSession, run: Run | None = None) -> set[str]:
    """Asks executors for their breachdex, and whether they reach the folder of a build; returns the names of their machines.

    :raises ExecutorError: names each executor's machine that cannot do the work, and why.
    """
    looks = min(_EACH * parallelism(session), _ASKED)
    rows = session.range(0, looks, 1, looks)
    found = rows.mapInArrow(_look(breachdex.__version__, run.folder if run else None), _SCHEMA).collect()
    problems = sorted({(row["host"], row["problem"]) for row in found if row["problem"]})
    if problems:
        said = "; ".join(f"executor on {host} {problem}" for host, problem in problems)
        raise ExecutorError(
            f"{said}; install breachdex {breachdex.__version__} wherever Python runs, and give "
            "folders that every executor reaches under the same path"
        )
    return {row["host"] for row in found}


def parallelism(session: SparkSession) -> int:
    """How many tasks run at once, as far as Spark says."""
    try:
        return max(1, session.sparkContext.defaultParallelism)
    except Exception:  # noqa: BLE001
        # Of a session that is connected to a server, each version says otherwise that it has no context.
        return 200


def translated(error: Exception, run: Run | None = None) -> Exception:
    """What a failed job is to its caller: the error that a task left, or what Spark says."""
    from breachdex.spark._errors import error_named

    fault = run.first_fault() if run else None
    if fault is not None:
        return error_named(*fault)
    if "No module named 'breachdex" in str(error):
        return ExecutorError(
            "an executor cannot import breachdex or its module breachdex.spark; "
            f"install breachdex {breachdex.__version__} wherever Python runs"
        )
    return error
