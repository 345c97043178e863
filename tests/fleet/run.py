"""Tries several `breachdex serve` behind HAProxy, as docs/site/fleet.md configures it.

    python3 tests/fleet/run.py COMMAND

COMMAND is the program under test. Says `ok`, `FAILED` or `skipped` for each part, and ends with 1 where one failed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from balancer import NotHere
from equal import judge_equal, judge_mixed
from replicas import Command, Wrong
from rolling import judge_in_place, judge_killed, judge_rolling

PARTS: dict[str, Callable[[Command], str]] = {
    "equal answers of all replicas": judge_equal,
    "two weeks at once": judge_mixed,
    "rolling update under load": judge_rolling,
    "update in place under load": judge_in_place,
    "a server that is killed": judge_killed,
}


def say(line: str) -> None:
    """Prints a line at once."""
    print(line, flush=True)


def try_one(name: str, judge: Callable[[Command], str], command: Path) -> str:
    """What became of one part."""
    with tempfile.TemporaryDirectory(prefix="breachdex-fleet-") as folder:
        try:
            result = judge(Command(command, Path(folder)))
        except NotHere as why:
            say(f"skipped {name}: {why}")
            return "skipped"
        except (Wrong, OSError) as why:
            say(f"FAILED {name}: {why}")
            return "failed"
    say(f"ok {name}: {result}")
    return "ok"


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    outcomes = [try_one(name, judge, Path(arguments[0]).resolve()) for name, judge in PARTS.items()]
    say(", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in ("ok", "failed", "skipped")))
    return 1 if "failed" in outcomes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
