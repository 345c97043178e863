"""Times the Python module on an index and prints one JSON object. Runs in the environment that has the module.

usage: full_scale.py INDEX
"""

from __future__ import annotations

import json
import sys
import time

QUESTIONS = 20_000
ROWS = 200_000


def main(path: str) -> None:
    started = time.perf_counter()
    import breachdex

    imported = time.perf_counter()
    index = breachdex.Index.open(path)
    opened = time.perf_counter()
    passwords = [f"absent-{number}" for number in range(QUESTIONS)]
    few = passwords[:2_000]
    [index.count(password) for password in few]
    times = []
    for _ in range(5):
        before = time.perf_counter()
        for password in few:
            index.count(password)
        times.append(time.perf_counter() - before)
    values = {
        "import_seconds": imported - started,
        "open_seconds": opened - imported,
        "count_miss_us": min(times) / len(few) * 1e6,
    }
    import pyarrow as pa

    column = pa.array(passwords * (ROWS // QUESTIONS))
    index.counts(column)
    before = time.perf_counter()
    index.counts(column)
    values["counts_rows_per_second"] = ROWS / (time.perf_counter() - before)
    print(json.dumps(values))


if __name__ == "__main__":
    main(sys.argv[1])
