"""The incidents as Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable

import breachdex

from .play import Incident


def markdown(incidents: Iterable[Incident]) -> str:
    """A table for each."""
    return "\n".join(_section(incident) for incident in incidents)


def _section(incident: Incident) -> str:
    lines = [f"## {incident.title}", "", _row(incident.columns), _row(("---",) * len(incident.columns))]
    lines += [_row(row) for row in incident.rows]
    lines += [""] + [f"- {note}" for note in incident.notes]
    lines += [f"- Not played: {reason}." for reason in incident.skipped]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def as_json(incidents: Iterable[Incident], *, short: bool) -> str:
    """All of it, for programs."""
    told = {
        "schema": "breachdex-incidents/1",
        "breachdex": breachdex.__version__,
        "short": short,
        "incidents": [
            {
                "incident": incident.name,
                "title": incident.title,
                "columns": incident.columns,
                "rows": incident.rows,
                "notes": incident.notes,
                "skipped": incident.skipped,
                "facts": incident.facts,
            }
            for incident in incidents
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"
