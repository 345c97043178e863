"""Plays the incidents and writes a table, JSON and pictures; ``--help`` says with what."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from . import look_alike, look_alike_pairs, pictures, report, stuffing, swapped_index, wrong_address
from .play import Incident
from .shops import PlayError

PLAYS: Final[dict[str, Callable[[bool], Incident]]] = {
    "stuffing": stuffing.play,
    "wrong_address": lambda _short: wrong_address.play(),
    "swapped_index": lambda _short: swapped_index.play(),
    "look_alike": look_alike.play,
    "look_alike_pairs": lambda _short: look_alike_pairs.play(),
}


def main(arguments: list[str]) -> int:
    """Plays what was asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="run", description=__doc__)
    parser.add_argument("incidents", nargs="*", metavar="INCIDENT", help=f"{', '.join(PLAYS)} [default: all]")
    parser.add_argument("--short", action="store_true", help="fewer people, some seconds")
    parser.add_argument("--output", type=Path, default=Path("incidents-output"), help="folder for the report")
    given = parser.parse_args(arguments)
    if unknown := set(given.incidents) - set(PLAYS):
        parser.error(f"there is no incident {', '.join(sorted(unknown))}; there are {', '.join(PLAYS)}")
    played: list[Incident] = []
    for name in given.incidents or PLAYS:
        begun = time.monotonic()
        try:
            incident = PLAYS[name](given.short)
        except PlayError as why:
            print(f"FAILED {name}: {why}", file=sys.stderr)
            return 1
        for reason in incident.skipped:
            print(f"skipped of {name}: {reason}", file=sys.stderr)
        print(f"played {name} in {time.monotonic() - begun:.0f} seconds", file=sys.stderr, flush=True)
        played.append(incident)
    given.output.mkdir(parents=True, exist_ok=True)
    text = report.markdown(played)
    (given.output / "incidents.md").write_text(text, encoding="utf-8")
    (given.output / "incidents.json").write_text(report.as_json(played, short=given.short), encoding="utf-8")
    for file, drawing in pictures.of(played).items():
        (given.output / file).write_text(drawing, encoding="utf-8")
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
