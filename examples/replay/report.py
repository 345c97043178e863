"""The outcome as a table for people and as a CSV file. Neither has a name or a password in it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from .curve import Point, Setting
from .gate import Arrangement


def table(setting: Setting, points: Sequence[Point]) -> str:
    """A row for each share. Of the columns that say how many accounts fall, those with the gate where passwords are
    chosen come once for each share of older accounts."""
    found = {(point.share, point.old_accounts, point.arrangement): point for point in points}
    olds = setting.old_accounts
    head = [
        ["covered", "", "no gate", *("choosing" for _ in olds), "log-in too", *("told" for _ in olds)],
        ["", "lines", "", *(f"{old} % old" for old in olds), "", *(f"{old} % old" for old in olds)],
    ]
    rows = []
    for share in setting.shares:
        gates = {
            arrangement: [found[share, old, arrangement.value] for old in olds] for arrangement in Arrangement
        }
        rows.append(
            [
                f"{share} %",
                f"{gates[Arrangement.OFF][0].covered:,}",
                _one(gates[Arrangement.OFF]),
                *(f"{point.fallen:,}" for point in gates[Arrangement.CHOOSING]),
                _one(gates[Arrangement.LOG_IN]),
                *(f"{point.told:,}" for point in gates[Arrangement.LOG_IN]),
            ]
        )
    widths = [max(map(len, column)) for column in zip(*head, *rows, strict=True)]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (*head, *rows)
    ]
    return "\n".join([*_explained(setting), "", *lines])


def write_csv(points: Sequence[Point], file: Path) -> None:
    """Every replay, a row each."""
    with file.open("w", encoding="ascii", newline="") as out:
        rows = csv.DictWriter(out, [field.name for field in fields(Point)], lineterminator="\n")
        rows.writeheader()
        rows.writerows(map(asdict, points))


def _explained(setting: Setting) -> list[str]:
    numbers = f"{setting.tries:,} tries, {setting.successes:,} of them right, at {setting.members:,} members"
    return [
        f"{numbers}; seed {setting.seed}",
        "",
        "covered      share of the tries whose password the index holds, and how many these are",
        "no gate      accounts that fall when nobody looks at passwords",
        "choosing     accounts that fall when they are looked up at sign-up and reset",
        "log-in too   accounts that fall when they are looked up at log-in as well",
        "told         right passwords that log-in gave away without letting the attacker in; one mail each",
        f"old          accounts from before the gate; {setting.resets} % of them have reset their password since",
    ]


def _one(points: Sequence[Point]) -> str:
    """Accounts that fall whatever the share of older accounts; from the fewest to the most where that matters."""
    fewest, most = min(point.fallen for point in points), max(point.fallen for point in points)
    return f"{most:,}" if fewest == most else f"{fewest:,}–{most:,}"
