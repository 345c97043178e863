"""Microseconds of a policy's verdict from Python.

usage: policy.py INDEX
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from breachdex import Policy

ROUNDS = 5
VERDICTS = 100_000


def best(judge: Callable[[str], object], passwords: list[str]) -> float:
    """The best of some rounds, in microseconds a verdict, the loop included."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for password in passwords:
            judge(password)
        times.append(time.perf_counter() - start)
    return min(times) / len(passwords) * 1e6


def main() -> None:
    index = sys.argv[1]
    passwords = [f"Kettle-{number * 7919}-walk-{number % 10_000:04}" for number in range(VERDICTS)]
    plain = Policy.profile("nist", index=index)
    similar = Policy.profile("nist", index=index, rules={"similar_exposed": True})
    rows: list[tuple[str, Callable[[str], object]]] = [
        ("default rules, password alone", plain.check),
        (
            "default rules, user name and address",
            lambda password: plain.check(password, "hanako.yamada", "hanako.yamada@example.jp"),
        ),
        ("with similar passwords, password alone", similar.check),
    ]
    print(f"Policy.check from Python {sys.version.split()[0]}, {VERDICTS} verdicts a row, best of {ROUNDS}")
    for label, judge in rows:
        print(f"{label:<44} {best(judge, passwords):>7.2f} us")


if __name__ == "__main__":
    main()
