"""Draws the pictures of the home page: ``python docs/figures.py`` writes them, ``--check`` compares them with what is there.

Sizes and speeds come from a file of ``benches/results``. Each picture exists for both languages, and for light and dark.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).resolve().parent.parent
OUT: Final = PROJECT / "docs" / "site" / "images"
PEERS: Final = PROJECT / "benches" / "results" / "2026-11-27-peers-250000000.json"
WIDTH: Final = 480
"""Narrow, for a phone shows the whole picture."""

Colours = dict[str, str]
THEMES: Final[dict[str, Colours]] = {
    "light": {
        "text": "#1f2430",
        "soft": "#5b6372",
        "line": "#9aa3b5",
        "box": "#f2f4fa",
        "own": "#3949ab",
        "inverse": "#ffffff",
    },
    "dark": {
        "text": "#e6e8ef",
        "soft": "#a4abbb",
        "line": "#6b7385",
        "box": "#20242e",
        "own": "#8fa2ff",
        "inverse": "#10131a",
    },
}
FONT: Final = (
    "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK JP', 'Hiragino Sans', sans-serif"
)

SHOWN: Final = {
    "breachdex-exact": {"en": "breachdex, exact", "ja": "breachdex（完全）"},
    "breachdex-64": {"en": "breachdex, 64 bits", "ja": "breachdex（64ビット）"},
    "sorted-binary": {"en": "sorted file, binary search", "ja": "ソート済みファイル（二分探索）"},
    "sorted-interpolation": {
        "en": "sorted file, interpolation search",
        "ja": "ソート済みファイル（補間探索）",
    },
    "sqlite": {"en": "SQLite", "ja": "SQLite"},
    "lmdb": {"en": "LMDB", "ja": "LMDB"},
}
"""The structures that keep counts, by the names that the measurement gives them."""

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "site": "your site",
        "user": "user",
        "forms": "sign-up · change · reset · log-in",
        "framework": "Django · Flask · FastAPI · …",
        "library": "breachdex, in the same process",
        "index": "pwned.bdx, one file on your disk",
        "others": "other languages",
        "server": "breachdex serve",
        "update": "breachdex update, once a day",
        "corpus": "Pwned Passwords",
        "outside": "outside your network",
        "no_query": "no password, no hash, no query leaves",
        "size": "Bytes an entry",
        "speed": "One lookup of an entry, in microseconds",
        "source": "{entries} SHA-1 entries with counts, page cache, one thread; {date}, {processor}",
    },
    "ja": {
        "site": "自社サイト",
        "user": "利用者",
        "forms": "登録・変更・再設定・ログイン",
        "framework": "Django・Flask・FastAPIなど",
        "library": "同じプロセス内のbreachdex",
        "index": "pwned.bdx（手元の1ファイル）",
        "others": "ほかの言語",
        "server": "breachdex serve",
        "update": "breachdex update（1日1回）",
        "corpus": "Pwned Passwords",
        "outside": "社外",
        "no_query": "パスワードもハッシュも照会も外へ出ません",
        "size": "1件あたりのバイト数",
        "speed": "登録済みの1件を調べる時間（マイクロ秒）",
        "source": "SHA-1 {entries}件（件数付き）、ページキャッシュ上、1スレッド; {date}、{processor}",
    },
}


def text(
    x: float, y: float, words: str, colour: str, size: float = 15, anchor: str = "start", weight: int = 400
) -> str:
    """A line of text."""
    return (
        f'<text x="{x:g}" y="{y:g}" fill="{colour}" font-size="{size:g}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )


def box(x: float, y: float, width: float, height: float, fill: str, stroke: str, dashes: str = "") -> str:
    """A box with round corners."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8" fill="{fill}" stroke="{stroke}"{dashed}/>'


def arrow(x: float, start: float, end: float, colour: str) -> str:
    """A vertical arrow."""
    tip = 6 if end > start else -6
    return (
        f'<path d="M{x:g} {start:g}V{end:g}M{x - 5:g} {end - tip:g}L{x:g} {end:g}L{x + 5:g} {end - tip:g}" fill="none" '
        f'stroke="{colour}" stroke-width="1.6"/>'
    )


def picture(height: float, title: str, parts: list[str]) -> str:
    """A whole picture."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img" font-family="{FONT}">\n'
        f"<title>{escape(title)}</title>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def place(language: str, colours: Colours) -> str:
    """Where breachdex is: in the process of the site, beside one file; only the update goes out."""
    words = WORDS[language]
    ink, soft, line, own = colours["text"], colours["soft"], colours["line"], colours["own"]
    middle = WIDTH / 2
    parts = [
        box(150, 2, 180, 36, colours["box"], line),
        text(middle, 26, words["user"], ink, anchor="middle"),
        arrow(middle, 38, 64, line),
        box(8, 66, WIDTH - 16, 282, "none", line, "5 5"),
        text(24, 90, words["site"], soft, 14),
        box(32, 104, 270, 58, colours["box"], line),
        text(167, 128, words["framework"], ink, anchor="middle"),
        text(167, 150, words["forms"], soft, 13, "middle"),
        arrow(167, 162, 184, line),
        box(32, 186, 270, 40, own, own),
        text(167, 211, words["library"], colours["inverse"], 14, "middle", 600),
        arrow(167, 226, 254, line),
        box(318, 104, 138, 58, colours["box"], line),
        text(387, 138, words["others"], ink, 14, "middle"),
        arrow(387, 162, 184, line),
        box(318, 186, 138, 40, own, own),
        text(387, 211, words["server"], colours["inverse"], 14, "middle", 600),
        arrow(387, 226, 254, line),
        box(32, 256, 424, 42, colours["box"], own),
        text(244, 282, words["index"], ink, anchor="middle", weight=600),
        text(24, 330, words["no_query"], soft, 13),
        arrow(387, 398, 300, line),
        text(374, 380, words["update"], soft, 13, "end"),
        text(24, 424, words["outside"], soft, 14),
        box(318, 400, 138, 36, colours["box"], line),
        text(387, 424, words["corpus"], ink, 14, "middle"),
    ]
    return picture(440, words["library"], parts)


def number(value: float) -> str:
    """A value with three digits."""
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def bars(top: float, title: str, rows: list[tuple[str, float, bool]], colours: Colours) -> list[str]:
    """A list of names with a bar and a value each."""
    most = max(value for _, value, _ in rows)
    parts = [text(0, top + 14, title, colours["text"], 15, weight=600)]
    for line, (name, value, own) in enumerate(rows):
        y = top + 30 + 40 * line
        length = 400 * value / most
        parts += [
            text(
                0, y + 12, name, colours["text"] if own else colours["soft"], 13, weight=600 if own else 400
            ),
            f'<rect x="0" y="{y + 17:g}" width="{length:.1f}" height="12" rx="2" fill="{colours["own" if own else "line"]}"/>',
            text(length + 8, y + 28, number(value), colours["text"], 14, weight=600 if own else 400),
        ]
    return parts


def sizes(language: str, colours: Colours) -> str:
    """Bytes an entry and time of a lookup, from the measurement of peers."""
    words = WORDS[language]
    measured = json.loads(PEERS.read_text(encoding="utf-8"))
    machine = dict(measured["machine"])
    peers: dict[str, dict[str, Any]] = {peer["name"]: peer for peer in measured["peers"]}
    size, speed = [], []
    for name, titles in SHOWN.items():
        peer = peers[name]
        own = name.startswith("breachdex")
        assert peer["asking"]["counts"], f"{name} has no counts"
        size.append((titles[language], peer["building"]["bytes"] / peer["entries"], own))
        speed.append((titles[language], peer["asking"]["hit"]["dependent"] / 1000, own))
    below = 48 + 40 * len(size)
    source = words["source"].format(
        entries=f"{measured['entries']:,}",
        date=machine["date"],
        processor=machine["processor"].split(" (")[0],
    )
    parts = bars(0, words["size"], size, colours) + bars(below, words["speed"], speed, colours)
    parts += [
        text(0, 2 * below + 8 + 17 * line, part, colours["soft"], 12)
        for line, part in enumerate(source.split("; "))
    ]
    return picture(2 * below + 34, words["size"], parts)


PICTURES: Final[dict[str, Callable[[str, Colours], str]]] = {"place": place, "sizes": sizes}


def drawn() -> dict[str, str]:
    """All pictures, by the names of their files."""
    return {
        f"{name}-{language}-{theme}.svg": draw(language, colours)
        for name, draw in PICTURES.items()
        for language in WORDS
        for theme, colours in THEMES.items()
    }


def main() -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(description="Draw the pictures of the home page.")
    parser.add_argument("--check", action="store_true", help="Compare with the files that are there")
    check = parser.parse_args().check
    old = []
    for name, content in drawn().items():
        path = OUT / name
        if not check:
            path.write_text(content, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != content:
            old.append(name)
    if old:
        print(f"out of date: {', '.join(old)}; run python docs/figures.py", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    raise SystemExit(main())
