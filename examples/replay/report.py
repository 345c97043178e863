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
    return "\n".join([*_heading(setting), "", *lines])


def write_csv(points: Sequence[Point], file: Path) -> None:
    """Every replay, a row each."""
    with file.open("w", encoding="ascii", newline="") as out:
        rows = csv.DictWriter(out, [field.name for field in fields(Point)], lineterminator="\n")
        rows.writeheader()
        rows.writerows(map(asdict, points))


def _heading(setting: Setting) -> list[str]:
    return [
        f"{setting.tries:,} tries of which {setting.successes:,} are right, at {setting.members:,} members; "
        f"seed {setting.seed}.",
        "Accounts that fall: no gate; gate where passwords are chosen (sign-up and reset); gate at log-in too.",
        f"Old: accounts from before the gate, {setting.resets} % of them reset since. Told: right passwords that "
        "log-in",
        "gave away without letting the attacker in, each one mail to the owner.",
    ]


def _one(points: Sequence[Point]) -> str:
    """Accounts that fall whatever the share of older accounts; from the fewest to the most where that matters."""
    fewest, most = min(point.fallen for point in points), max(point.fallen for point in points)
    return f"{most:,}" if fewest == most else f"{fewest:,}–{most:,}"
