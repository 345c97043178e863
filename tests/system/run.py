"""Tries PAM, Samba and 389 Directory Server with `breachdex`, as docs/system.md configures them, and the units of docs/ with systemd.

    python3 tests/system/run.py COMMAND

COMMAND is the program under test. Says `ok`, `FAILED` or `skipped` for each, and ends with 1 where one failed. Needs root,
who runs all of it with a copy of /etc that no other process sees; and pamtester, samba with samba-ad-provision, openssl
and curl, as far as they are there.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import directory
import pam
import samba
import units
from stage import INSIDE, NotHere, Stage, Wrong, enter, set_up

DOORS: dict[str, Callable[[Stage], str]] = {
    "PAM": pam.judge,
    "Samba": samba.judge,
    "389 Directory Server": directory.judge,
    "systemd": units.judge,
}


def say(line: str) -> None:
    """Prints a line at once."""
    print(line, flush=True)


def try_one(name: str, judge: Callable[[Stage], str], stage: Stage) -> str:
    """What became of one of them."""
    try:
        result = judge(stage)
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
    folder = Path(os.environ.get(INSIDE) or tempfile.mkdtemp(prefix="breachdex-system-"))
    try:
        try:
            enter(folder)
        except NotHere as why:
            say(f"skipped all: {why}")
            return 0
        stage = set_up(Path(arguments[0]).resolve(), folder)
        outcomes = [try_one(name, judge, stage) for name, judge in DOORS.items()]
    finally:
        # The copy of /etc is where it was mounted from.
        shutil.rmtree(folder, ignore_errors=True)
    say(", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in ("ok", "failed", "skipped")))
    return 1 if "failed" in outcomes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
