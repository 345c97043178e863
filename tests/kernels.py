"""Prints the kernels between the portable ones and the best that this processor can run, one a line.

    python3 tests/kernels.py

Every test runs on the best ones, and `make portable-test` on the portable ones and on each of these. A name that the
library does not know, or has no use for here, fails the test `a_kernel_that_is_named_is_the_one_that_runs`.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

# From the slowest to the fastest, with what the processor must say.
KERNELS = {
    "bmi2": {"bmi1", "bmi2", "popcnt", "abm"},
    "avx2": {"bmi1", "bmi2", "popcnt", "abm", "avx2"},
    "avx512": {
        *("bmi1", "bmi2", "popcnt", "abm", "avx2"),
        *("avx512f", "avx512bw", "avx512vl", "avx512vbmi", "avx512_vbmi2"),
    },
}


def flags(description: str) -> set[str]:
    """What the first processor of a `/proc/cpuinfo` can do."""
    for line in description.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return set(value.split())
    return set()


def between(known: set[str]) -> list[str]:
    """The kernels that need no more than these flags, without the best."""
    return [name for name, needed in KERNELS.items() if needed <= known][:-1]


def main() -> int:
    description = Path("/proc/cpuinfo")
    if platform.machine() in {"x86_64", "AMD64"} and description.exists():
        print("\n".join(between(flags(description.read_text()))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
