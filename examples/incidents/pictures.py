"""Pictures of the incidents, as SVG that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from math import log10
from typing import Any, Final

from .play import Incident

WIDTH: Final = 720
LEFT, RIGHT, TOP, LINE = 190, 70, 56, 34
COLOURS: Final = ("#b42318", "#d97706", "#1d4ed8")
STYLE: Final = "text{font:14px system-ui,sans-serif;fill:#1f2937}.title{font-weight:600;font-size:16px}.small{font-size:12px;fill:#4b5563}"


@dataclass
class Drawing:
    """An SVG that grows."""

    title: str
    height: int
    parts: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, *, kind: str = "", anchor: str = "start") -> None:
        """Words."""
        name = f' class="{kind}"' if kind else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{name}>{escape(words)}</text>'
        )

    def bar(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A bar."""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height:.1f}" fill="{colour}"/>'
        )

    def line(self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
        """A line through points."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
        )

    def written(self) -> str:
        """The file's text."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" role="img" '
            f'aria-label="{escape(self.title)}">\n<title>{escape(self.title)}</title>\n<style>{STYLE}</style>\n'
            f'<rect width="{WIDTH}" height="{self.height}" fill="#ffffff"/>\n'
        )
        return head + "\n".join(self.parts) + "\n</svg>\n"


def of(incidents: Iterable[Incident]) -> dict[str, str]:
    """Every picture, by its file name."""
    drawn: dict[str, str] = {}
    for incident in incidents:
        if incident.name == "stuffing":
            courses = incident.facts["courses"]
            drawn["incidents-stuffing.svg"] = _taken(courses, incident.facts["size"]["tries"])
            drawn["incidents-layers.svg"] = _layers(courses)
        if incident.name == "look_alike":
            drawn["incidents-overlay.svg"] = _overlay(incident.facts)
    return drawn


def _taken(courses: list[dict[str, Any]], tries: int) -> str:
    """Accounts taken over time, from the most addresses."""
    most = max(course["addresses"] for course in courses)
    shown = [course for course in courses if course["addresses"] == most]
    drawing = Drawing(f"Accounts taken: {tries:,} tries from {most:,} addresses", 400)
    drawing.text(20, 28, drawing.title, kind="title")
    highest = max(max(course["taken_at"]) for course in shown) or 1
    bottom, top, left, right = 340, TOP, 70, WIDTH - 30

    def at(hour: float, number: float) -> tuple[float, float]:
        return left + (right - left) * hour / 38, bottom - (bottom - top) * number / highest

    step = 10 ** int(log10(highest))
    for number in range(0, highest + 1, step):
        drawing.line([at(0, number), at(38, number)], "#e5e7eb")
        drawing.text(left - 8, at(0, number)[1] + 4, f"{number:,}", kind="small", anchor="end")
    for hour in range(0, 39, 6):
        drawing.text(at(hour, 0)[0], bottom + 18, f"{hour} h", kind="small", anchor="middle")
    for course, colour in zip(shown, COLOURS, strict=False):
        for key, dashed in (("taken_at", False), ("taken_acting_at", True)):
            points = [at(0, 0)] + [at(hour + 1, number) for hour, number in enumerate(course[key])]
            drawing.line(points, colour, dashed=dashed)
    drawing.line([at(16.5, 0), at(16.5, highest)], "#6b7280", dashed=True)
    drawing.text(at(16.5, 0)[0] + 6, top + 4, "noticed in 2019", kind="small")
    for number, (course, colour) in enumerate(zip(shown, COLOURS, strict=False)):
        x = left + number * 215
        drawing.bar(x, 370, 14, 4, colour)
        drawing.text(x + 20, 376, course["layer"], kind="small")
    drawing.text(left, 394, "dashed: the radar's advice is acted on", kind="small")
    return drawing.written()


def _layers(courses: list[dict[str, Any]]) -> str:
    """Accounts taken with each layer, as bars."""
    rows = [
        (
            f"{course['layer']}{', radar' if acts else ''}",
            course["addresses"],
            course[key],
            COLOURS[1 if acts else 0],
        )
        for course in courses
        for key, acts in (("taken", False), ("taken_acting", True))
    ]
    drawing = Drawing("Accounts taken, by layer", TOP + LINE * len(rows) + 20)
    drawing.text(20, 28, drawing.title, kind="title")
    highest = max(number for _, _, number, _ in rows) or 1
    left = LEFT + 110
    for at, (name, addresses, number, colour) in enumerate(rows):
        y = TOP + LINE * at
        drawing.text(left - 10, y + 10, name, anchor="end")
        drawing.text(left - 10, y + 24, f"{addresses:,} addresses", kind="small", anchor="end")
        width = (WIDTH - left - RIGHT) * number / highest
        drawing.bar(left, y, width, 20, colour)
        drawing.text(left + width + 6, y + 15, f"{number:,}")
    return drawing.written()


def _overlay(facts: dict[str, Any]) -> str:
    """How soon an overlay is live at each shop."""
    times: list[float] = facts["live_seconds"]
    drawing = Drawing(
        "Seconds until four shops refuse the passwords of an overlay", TOP + LINE * len(times) + 46
    )
    drawing.text(20, 28, drawing.title, kind="title")
    longest = max(2.0, *times)
    left, width = 100, WIDTH - 100 - RIGHT
    for at, seconds in enumerate(times):
        y = TOP + LINE * at
        drawing.text(left - 10, y + 15, f"shop {at + 1}", anchor="end")
        drawing.bar(left, y, width * seconds / longest, 20, COLOURS[2])
        drawing.text(left + width * seconds / longest + 6, y + 15, f"{seconds:.2f}")
    x = left + width * 2 / longest
    drawing.line([(x, TOP - 6), (x, TOP + LINE * len(times))], "#6b7280", dashed=True)
    drawing.text(x, TOP + LINE * len(times) + 18, "2 seconds", kind="small", anchor="middle")
    return drawing.written()
