"""Build an index, and count a table's passwords, on a Spark cluster.

>>> from breachdex import spark
>>> spark.build("/shared/hashes", "/shared/pwned.bdx", format="hibp")
>>> users = spark.audit(table, index="/shared/pwned.bdx", digest="sha1")

Spark runs the work; nothing else has to be installed but breachdex, in the same version, wherever Python runs. The index is
byte for byte the one that :func:`breachdex.build` makes of the same rows.
"""

from __future__ import annotations

from breachdex.spark._audit import AuditSummary, audit, summarize
from breachdex.spark._build import ClusterBuildReport, build
from breachdex.spark._errors import ExecutorError

__all__ = ["AuditSummary", "ClusterBuildReport", "ExecutorError", "audit", "build", "summarize"]
