"""What an incident leaves: a table of what was tried, and facts for the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Incident:
    """One incident, played."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    """For the JSON and the pictures."""
    skipped: list[str] = field(default_factory=list)
    """What was not played, and why."""

    def row(self, *cells: object) -> None:
        """Adds a row of the table."""
        if len(cells) != len(self.columns):
            raise ValueError(f"{self.name}: a row has {len(cells)} cells, not {len(self.columns)}")
        self.rows.append(tuple(str(cell) for cell in cells))
