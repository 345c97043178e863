#!/usr/bin/env python3
"""Prints what the changelog says of a version, for the release's page: ``notes.py VERSION [--dry-run]``.

A release must have a section ``## VERSION``; with ``--dry-run``, ``## Unreleased`` will do.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

CHANGELOG: Final = Path(__file__).resolve().parent.parent / "CHANGELOG.md"


def notes(text: str, version: str, or_unreleased: bool) -> str:
    """The section of a version.

    :raises ValueError: where there is none, or nothing in it.
    """
    wanted = [re.escape(version)] + (["Unreleased"] if or_unreleased else [])
    for heading in wanted:
        found = re.search(rf"^## \[?{heading}\b[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        if found and found[1].strip():
            return found[1].strip() + "\n"
    raise ValueError(f"CHANGELOG.md has no section ## {version}")


def main(arguments: list[str]) -> int:
    """Prints them; 1 where there are none."""
    dry_run = "--dry-run" in arguments
    rest = [argument for argument in arguments if argument != "--dry-run"]
    if len(rest) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(notes(CHANGELOG.read_text(encoding="utf-8"), rest[0].removeprefix("v"), dry_run), end="")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
