"""Tables and plot of a result, written into marked places; nothing in them is typed by hand."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .plot import growth_plot
from .run import PROJECT, Values
from .table import growth_table, table

BEGIN, END = "<!-- full-scale:begin", "<!-- full-scale:end -->"
#: Where the table goes: the page, how it names the project's folder, and the plot as the page names it.
PAGES = {"README.md": "", "docs/site/full-scale.md": "https://github.com/breachdex/breachdex/blob/main/"}
PLOT = "docs/site/images/full-scale-growth.svg"


def main(arguments: list[str]) -> int:
    words = argparse.ArgumentParser(
        prog="full-scale render",
        description="Write tables and plot of a result into README.md and docs/site.",
    )
    words.add_argument("result", nargs="?", help="JSON file [default: the one that README.md names]")
    words.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page differs")
    words.add_argument(
        "--print", action="store_true", dest="only_print", help="print the table and write nothing"
    )
    given = words.parse_args(arguments)
    path = Path(given.result).resolve() if given.result else named_result()
    result: Values = json.loads(path.read_text())
    if given.only_print:
        print(table(result) + "\n\n" + growth_table(result))
        return 0
    pages = rendered(result, path)
    stale = [name for name, text in pages.items() if read(name) != text]
    if given.check:
        for name in stale:
            print(f"full-scale: {name} differs; run benches/full-scale render {path}", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        place = PROJECT / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(pages[name])
        print(f"wrote {name}")
    return 0


def read(name: str) -> str:
    place = PROJECT / name
    return place.read_text() if place.exists() else ""


def named_result() -> Path:
    """The result that README.md was made from: its marker says so."""
    text = read("README.md")
    if BEGIN not in text:
        raise SystemExit(f"full-scale: README.md has no `{BEGIN} … -->`")
    return PROJECT / text.split(BEGIN, 1)[1].split("-->", 1)[0].strip()


def rendered(result: Values, path: Path) -> dict[str, str]:
    """Every page as it must be."""
    relative = path.relative_to(PROJECT).as_posix()
    pages = {}
    for name in PAGES:
        parts = [table(result)]
        if name != "README.md":
            parts += [
                f"![Size, build rate and lookups from small to whole]({Path(PLOT).parent.name}/{Path(PLOT).name})"
            ]
            parts += [growth_table(result)]
        pages[name] = replaced(read(name), "\n\n".join(parts), relative, name)
    pages[PLOT] = growth_plot(result)
    return pages


def replaced(page: str, block: str, relative: str, name: str) -> str:
    """The page with another block between its markers."""
    before, marker, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not marker or not end:
        raise SystemExit(f"full-scale: {name} has no `{BEGIN} … -->` with an `{END}` behind it")
    return f"{before}{BEGIN} {relative} -->\n{block}\n{END}{after}"
