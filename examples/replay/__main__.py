"""The command: ``run`` or ``python -m replay``. Runs the replays, prints the table, and writes CSV and plot."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .curve import Setting, curve
from .members import ImpossibleNumbersError
from .plot import DASHES, PlotUnavailableError, require_matplotlib, write_plot
from .report import table, write_csv

DEFAULT = Setting()


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 when nothing could be made of the arguments."""
    given = parser().parse_args(arguments)
    setting = Setting(
        given.members,
        given.tries,
        given.successes,
        given.seed,
        given.shares,
        given.old_accounts,
        given.resets,
    )
    output: Path = given.output
    try:
        if given.plot:
            require_matplotlib()
        output.mkdir(parents=True, exist_ok=True)
        points = list(curve(setting))
        files = [output / "replay.csv"]
        write_csv(points, files[0])
        if given.plot:
            pictures = [output / "replay.svg", output / "replay.png"]
            write_plot(setting, points, pictures)
            files += pictures
        print(table(setting, points), end="\n\n")
    except (ImpossibleNumbersError, PlotUnavailableError, OSError) as error:
        print(f"replay: {error}", file=sys.stderr)
        return 2
    print("written:", *files)
    return 0


def parser() -> argparse.ArgumentParser:
    """What may be asked for."""
    made = argparse.ArgumentParser(
        prog="replay",
        description="How many accounts fall to a list that leaked at another site, over the share of the list that "
        "an index covers. Members, list and passwords are synthetic; the index is a real one.",
    )
    whole = _number(0, 1_000_000)
    add = made.add_argument
    add("--members", type=whole, default=DEFAULT.members, help="accounts of the site (default %(default)s)")
    add("--tries", type=whole, default=DEFAULT.tries, help="lines of the attack list (default %(default)s)")
    add(
        "--successes",
        type=whole,
        default=DEFAULT.successes,
        help="lines that are right without a gate (default %(default)s)",
    )
    add("--seed", type=int, default=DEFAULT.seed, help="another one gives other people (default %(default)s)")
    add(
        "--shares",
        type=_percents,
        default=DEFAULT.shares,
        metavar="A,B,…",
        help="percent of the list that the index covers (default 0,5,…,100)",
    )
    add(
        "--old-accounts",
        type=_older,
        default=DEFAULT.old_accounts,
        metavar="A,B,…",
        help="percent of the accounts that are older than the gate, a curve each, five at most (default 0,50,100)",
    )
    add(
        "--resets",
        type=_number(0, 100),
        default=DEFAULT.resets,
        metavar="PERCENT",
        help="percent of those whose owner has reset the password since (default %(default)s)",
    )
    add(
        "--output",
        type=Path,
        default=Path("replay-output"),
        metavar="DIR",
        help="where replay.csv, replay.svg and replay.png go (default %(default)s)",
    )
    add("--no-plot", dest="plot", action="store_false", help="no pictures, for which matplotlib is needed")
    return made


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        # Digits only: int() would take spaces and underscores, too.
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}, not {text!r}")
        return int(text)

    return read


def _percents(text: str) -> tuple[int, ...]:
    read = _number(0, 100)
    return tuple(sorted({read(part) for part in text.split(",")}))


def _older(text: str) -> tuple[int, ...]:
    shares = _percents(text)
    if len(shares) > len(DASHES):
        raise argparse.ArgumentTypeError(f"at most {len(DASHES)} can be told apart, not {len(shares)}")
    return shares


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        # `run | head` ends quietly.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
