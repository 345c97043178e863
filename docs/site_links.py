"""Checks the built site: every address in it leads to a file and an anchor of it, whatever generator made it."""

from __future__ import annotations

import posixpath
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

ADDRESSES: Final = {
    "a": "href",
    "link": "href",
    "img": "src",
    "script": "src",
    "source": "src",
    "object": "data",
}


class Page(HTMLParser):
    """The addresses on a page, and its anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called for every element."""
        given = dict(attrs)
        self.anchors.update(value for name in ("id", "name") if (value := given.get(name)))
        address = given.get(ADDRESSES.get(tag, ""))
        if address is not None:
            self.addresses.append(address)


@cache
def read(path: Path) -> Page:
    """A page of the site, read once."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def problems(site: Path) -> list[str]:
    """Every address within the site that leads nowhere, as a line for a person."""
    read.cache_clear()
    found = []
    for path in sorted(site.rglob("*.html")):
        for address in read(path).addresses:
            # The page for unknown addresses is shown at any of them.
            if path.name != "404.html" and (reason := problem(site, path, address)):
                found.append(f"{path.relative_to(site)}: {address}: {reason}")
    return found


def problem(site: Path, path: Path, address: str) -> str | None:
    """Why an address on a page leads nowhere; ``None`` if it does not, or leaves the site."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    if parts.path.startswith("/"):
        return "the address begins at the root of the host, where the site need not be"
    target = path
    if parts.path:
        place = posixpath.normpath(
            posixpath.join(path.relative_to(site).parent.as_posix(), unquote(parts.path))
        )
        target = site / place
        if place.startswith(".."):
            return "outside the site"
        if target.is_dir():
            target /= "index.html"
    if not target.is_file():
        return "there is no such file"
    anchor = unquote(parts.fragment)
    # `__…` are states of the theme's switches.
    if (
        anchor
        and target.suffix == ".html"
        and not anchor.startswith("__")
        and anchor not in read(target).anchors
    ):
        return "there is no such anchor"
    return None
