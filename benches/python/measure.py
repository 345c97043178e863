"""Microseconds of the Python module's calls, beside those of pwnedpasswords-offline on the same entries.

usage: measure.py INDEX TEXT
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import breachdex
import pyarrow as pa
from known import KNOWN, known
from pwnedpasswords_offline import PwnedPasswordsOfflineChecker

ROUNDS = 5


def per_item(work: Callable[[], object], items: int) -> float:
    """The best of some rounds, in microseconds an item."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) / items * 1e6


def each(ask: Callable[[str], object], passwords: list[str]) -> Callable[[], object]:
    """Asks one at a time, as fast as an interpreter can."""

    def run() -> None:
        for password in passwords:
            ask(password)

    return run


def say(label: str, value: float, unit: str) -> None:
    print(f"{label:<64} {value:>10.3f} {unit}")


def scalar(index: breachdex.Index, peer: PwnedPasswordsOfflineChecker) -> None:
    hits = [known(number * 7 % KNOWN) for number in range(100_000)]
    misses = [f"absent-{number}" for number in range(100_000)]
    for label, passwords, found in (("hit", hits, True), ("miss", misses, False)):
        few = passwords[:2_000]
        assert all((index.count(password) > 0) == found for password in passwords)
        assert all(peer.lookup_raw_password(password) == found for password in few)
        loop = per_item(each(len, passwords), len(passwords))
        ours = per_item(each(index.count, passwords), len(passwords))
        theirs = per_item(each(peer.lookup_raw_password, few), len(few))
        say(f"Index.count, {label}, loop included", ours, "us")
        say("  the loop alone, calling len()", loop, "us")
        say(f"  pwnedpasswords-offline, {label}", theirs, "us")
        say("  ratio", theirs / ours, "x")


def arrow(index: breachdex.Index) -> None:
    rows = 3_000_000
    passwords = pa.array(
        itertools.chain.from_iterable((known(i % KNOWN), f"absent-{i}") for i in range(rows // 2))
    )
    digests = pa.array(
        [breachdex.digest(password.as_py()) for password in passwords[:1_000_000]], pa.binary(20)
    )
    for threads in (1, 2):
        took = per_item(partial(index.counts, passwords, threads=threads), rows)
        say(f"counts of {rows} Arrow strings, half of them hits, {threads} threads", 1 / took, "M rows/s")
    took = per_item(lambda: index.counts_hash(digests, threads=1), len(digests))
    say(f"counts_hash of {len(digests)} Arrow digests, 1 thread", 1 / took, "M rows/s")
    some = passwords[:300_000].to_pylist()
    say("counts of a list of 300000", 1 / per_item(lambda: index.counts(some), len(some)), "M rows/s")


def process(arguments: Iterable[str]) -> float:
    """Milliseconds of a whole process, the best of some."""
    command = [sys.executable, *arguments]
    return per_item(lambda: subprocess.run(command, check=True), 1) / 1e3


def starting(index: Path) -> None:
    nothing = process(["-c", "pass"])
    say("a Python that does nothing", nothing, "ms")
    say("  import breachdex, beyond that", process(["-c", "import breachdex"]) - nothing, "ms")
    asking = f"import breachdex; breachdex.Index.open({str(index)!r}).count('password')"
    say("  import, open and count one, beyond that", process(["-c", asking]) - nothing, "ms")
    say("Index.open", per_item(lambda: breachdex.Index.open(index), 1) / 1e3, "ms")


def main() -> None:
    index_path, text = (Path(argument) for argument in sys.argv[1:])
    index = breachdex.Index.open(index_path)
    print(f"{index.metadata!r}, Python {sys.version.split()[0]}, best of {ROUNDS}")
    with PwnedPasswordsOfflineChecker(text, bloom_file=None) as peer:
        scalar(index, peer)
    arrow(index)
    starting(index_path)


if __name__ == "__main__":
    main()
