"""The growth of a result as an SVG that can be read on light and dark ground."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .run import Values
from .table import growth_rows, nanoseconds, three

WIDTH, HEIGHT = 720, 640
LEFT, PLOT_WIDTH, PLOT_HEIGHT = 70, 620, 140
STYLE = """
svg{font:12px system-ui,sans-serif;color:#24292f}
@media(prefers-color-scheme:dark){svg{color:#e6edf3}}
text{fill:currentColor}.axis{stroke:currentColor;stroke-opacity:.35}
.a{stroke:#4c7fe0;fill:#4c7fe0}.b{stroke:#d9822b;fill:#d9822b}
polyline{fill:none!important;stroke-width:2}.a circle,.b circle,circle{stroke:none}
"""

Series = tuple[str, str, list[float]]


def growth_plot(result: Values) -> str:
    rows = growth_rows(result)
    sizes = [float(row["entries"]) for row in rows]

    def values(name: str, scale: float = 1.0) -> list[float]:
        return [row[name] * scale for row in rows]

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>Growth from small to whole</title>",
        f"<style>{STYLE}</style>",
    ]
    if rows:
        upper: list[Series] = [("bytes an entry", "a", values("bytes_per_entry"))]
        upper.append(("build, million entries a second", "b", values("build_per_second", 1e-6)))
        parts += panel(30, sizes, upper, three, is_log=False)
        warm: list[Series] = [
            ("hit, warm", "a", values("hits_warm_ns")),
            ("miss, warm", "b", values("misses_warm_ns")),
        ]
        parts += panel(230, sizes, warm, nanoseconds, is_log=True)
        cold: list[Series] = [
            ("hit, cold", "a", values("hits_cold_ns")),
            ("miss, cold", "b", values("misses_cold_ns")),
        ]
        parts += panel(430, sizes, cold, nanoseconds, is_log=True)
    else:
        parts.append('<text x="20" y="40">Growth was not measured.</text>')
    return "\n".join([*parts, "</svg>", ""])


def panel(
    top: int, sizes: Sequence[float], series: Sequence[Series], label: object, is_log: bool
) -> list[str]:
    """One plot: sizes by their logarithm, values from 0 or by their logarithm."""
    form = nanoseconds if label is nanoseconds else three
    every = [value for _, _, found in series for value in found]
    low, high = (min(every) / 1.5, max(every) * 1.5) if is_log else (0.0, max(every) * 1.1)

    def x(size: float) -> float:
        first, last = math.log(sizes[0]), math.log(sizes[-1])
        return LEFT + PLOT_WIDTH * (math.log(size) - first) / max(last - first, 1e-9)

    def y(value: float) -> float:
        share = math.log(value / low) / math.log(high / low) if is_log else value / high
        return top + PLOT_HEIGHT * (1 - share)

    bottom = top + PLOT_HEIGHT
    parts = [f'<path class="axis" fill="none" d="M{LEFT} {top}V{bottom}H{LEFT + PLOT_WIDTH}"/>']
    for share in (0.0, 0.5, 1.0):
        value = low * (high / low) ** share if is_log else high * share
        parts.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{form(value)}</text>')
    for size in sizes:
        parts.append(f'<text x="{x(size):.1f}" y="{bottom + 16}" text-anchor="middle">{short(size)}</text>')
    for place, (name, colour, found) in enumerate(series):
        points = [(x(size), y(value)) for size, value in zip(sizes, found, strict=True)]
        line = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
        dots = "".join(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3"/>' for across, down in points)
        parts.append(f'<g class="{colour}"><polyline points="{line}"/>{dots}</g>')
        at = LEFT + 10 + place * 240
        parts.append(f'<g class="{colour}"><circle cx="{at}" cy="{top - 10}" r="4"/></g>')
        parts.append(f'<text x="{at + 10}" y="{top - 6}">{name}</text>')
    return parts


def short(size: float) -> str:
    for unit, one in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if size >= one:
            return f"{size / one:.3g} {unit}"
    return f"{size:.0f}"
