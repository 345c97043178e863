"""Tries range clients that others wrote against `breachdex serve`, and against the same ranges as files behind nginx and Caddy.

    python3 tests/clients/run.py COMMAND

COMMAND is the program under test. Builds small indexes of made-up digests with it, serves them on a free port,
and runs each client in an environment of its own. Says `ok`, `FAILED` or `skipped` for each, and ends with 1
where one failed. Needs Python 3.11; the clients come from PyPI and npm the first time.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from command import CommandFailed, build_index, serve
from corpus import made_up
from environments import NotSetUp
from static_ranges import SERVERS, export_ranges
from trials import TRIALS
from trials.trial import Setting, Trial, Wrong


def say(line: str) -> None:
    """Prints a line at once, for set-ups take their time."""
    print(line, flush=True)


def try_one(trial: Trial, setting: Setting) -> str:
    """Runs one trial; what became of it."""
    try:
        client = trial.set_up()
    except NotSetUp as why:
        say(f"skipped {trial.name}: {why}")
        return "skipped"
    try:
        trial.judge(client, setting)
    except (Wrong, CommandFailed) as why:
        say(f"FAILED {trial.name}: {why}")
        return "failed"
    say(f"ok {trial.name}")
    return "ok"


def try_all(command: Path, folder: Path) -> int:
    """Runs all trials against one server; the exit code."""
    corpora = made_up()
    indexes = [build_index(command, corpus, folder) for corpus in corpora.values()]
    log = folder / "serve.log"
    with serve(command, indexes, log) as server:
        setting = Setting(server, corpora, folder)
        outcomes = [try_one(trial, setting) for trial in TRIALS]
    ranges = folder / "ranges"
    export_ranges(command, indexes, ranges)
    for server_of_files in SERVERS:
        name = server_of_files.__name__
        with server_of_files(ranges, folder / name) as files:
            if files is None:
                say(f"skipped ranges as files behind {name}: it is missing")
                continue
            say(f"the same as files behind {name}:")
            work = folder / f"{name}-clients"
            work.mkdir()
            setting = Setting(files, corpora, work)
            outcomes += [try_one(trial, setting) for trial in TRIALS]
    if "failed" in outcomes:
        say(f"the server's log:\n{log.read_text()}")
    say(", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in ("ok", "failed", "skipped")))
    return 1 if "failed" in outcomes else 0


def end(number: int, _: FrameType | None) -> None:
    """Ends as an exception does, so that the server is stopped and the folder removed."""
    sys.exit(128 + number)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, end)
    with tempfile.TemporaryDirectory(prefix="breachdex-clients-") as folder:
        try:
            return try_all(Path(arguments[0]).resolve(), Path(folder))
        except (CommandFailed, OSError) as why:
            say(f"FAILED: {why}")
            return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
