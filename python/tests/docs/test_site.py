"""The site builds without a warning and asks nobody else for anything."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

PROJECT: Final = Path(__file__).resolve().parents[3]

FETCHED: Final = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}
"""Elements that a browser fetches something for, and where they name it."""

FETCHING_LINKS: Final = {
    "stylesheet",
    "icon",
    "preload",
    "prefetch",
    "preconnect",
    "modulepreload",
    "dns-prefetch",
}


class Addresses(HTMLParser):
    """Collects what a browser fetches by itself to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called for every element."""
        given = dict(attrs)
        if tag in FETCHED:
            self.found.append(given.get(FETCHED[tag]) or "")
        elif tag == "link" and FETCHING_LINKS.intersection((given.get("rel") or "").split()):
            self.found.append(given.get("href") or "")


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 15
    seen = 0
    for page in pages:
        addresses = Addresses()
        addresses.feed(page.read_text(encoding="utf-8"))
        for address in addresses.found:
            seen += 1
            assert not urlsplit(address).netloc, f"{page.relative_to(site)} fetches {address}"
    assert seen > len(pages)


def test_no_style_fetches_anything_from_elsewhere(site: Path) -> None:
    styles = list(site.rglob("*.css"))
    assert styles
    for style in styles:
        text = style.read_text(encoding="utf-8")
        fetched = re.findall(r"(?:url\(\s*|@import\s*)[\"']?((?:https?:)?//[^\"')\s]+)", text)
        assert not fetched, f"{style.name} fetches {fetched}"


def test_every_method_of_the_core_is_described(site: Path) -> None:
    page = (site / "api" / "index.html").read_text(encoding="utf-8")
    for name in (
        "Index.counts",
        "Index.counts_hash",
        "IndexSet.counts",
        "RangeClient.acount",
        "build",
        "digest",
    ):
        assert f'id="breachdex.{name}"' in page, name
    assert not re.search(r":(?:meth|class|attr):", page), "a reference that is no link"


def test_what_others_link_to_is_there(site: Path) -> None:
    assert (site / "breachdex-update.timer").read_bytes() == (
        PROJECT / "docs" / "breachdex-update.timer"
    ).read_bytes()
    # A link of SECURITY.md into the folder docs/, which is none in the site.
    assert 'href="../format/"' in (site / "security" / "index.html").read_text(encoding="utf-8")
