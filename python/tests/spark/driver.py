"""A driver that is killed: ``driver.py FOLDER INPUT OUTPUT``. Its second part never becomes ready."""

from __future__ import annotations

import sys
from pathlib import Path

import breachdex.spark
from breachdex.spark import _build
from cluster import start
from writers import Waiting


def main() -> None:
    folder, source, target = map(Path, sys.argv[1:])
    session = start(folder)
    setattr(_build, "WriteSegment", Waiting)  # noqa: B010
    breachdex.spark.build(source, target, spark=session, parts=4)


if __name__ == "__main__":
    main()
