"""The site builds without a warning and asks nobody else for anything."""

from __future__ import annotations

import html
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

PROJECT: Final = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(PROJECT / "docs"))

import build_site
import site_finish
import site_links
import site_pages

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


def test_signatures_have_a_line_for_each_parameter(site: Path) -> None:
    page = (site / "api" / "index.html").read_text(encoding="utf-8")
    signature = page.split('id="breachdex.configure"')[1].split("<code>")[1].split("</code>")[0]
    lines = re.sub(r"<[^>]*>", "", signature).splitlines()
    assert lines[0] == "configure("
    assert "    lang: str | None = None," in lines
    assert max(map(len, lines)) <= 60


def test_what_is_bundled_of_others_is_named_with_its_licence(site: Path) -> None:
    page = html.unescape((site / "site-licences" / "index.html").read_text(encoding="utf-8"))
    bundled = (site / "assets" / "javascripts" / "LICENSE").read_text(encoding="utf-8")
    packages = re.findall(r"^Package: (\S+)\nLicense: (\S+)$", bundled, re.MULTILINE)
    assert len(packages) >= 4
    for package, licence in packages:
        assert f"<td>{package}</td>\n<td>{licence}</td>" in page
    for words in (
        "Zensical and contributors",
        "Lucide Icons and Contributors",
        "Apache License",
        "W3C SOFTWARE AND DOCUMENT NOTICE",
    ):
        assert words in page
    # Icons in pages are of the one set that the page names.
    for file in site.rglob("*.html"):
        for icon in re.findall(r"<svg [^>]*>", file.read_text(encoding="utf-8")):
            assert 'class="lucide ' in icon, f"{file.relative_to(site)}: {icon}"


def test_both_languages_name_each_other(site: Path) -> None:
    english = (site / "policy" / "index.html").read_text(encoding="utf-8")
    japanese = (site / "ja" / "policy" / "index.html").read_text(encoding="utf-8")
    assert '<link rel="alternate" href="../ja/policy/" hreflang="ja">' in english
    assert '<link rel="alternate" href="../../policy/" hreflang="en">' in japanese
    assert '<html lang="ja"' in japanese


def test_lines_of_japanese_are_joined_without_spaces() -> None:
    text = "# 題\n\n一行目\n二行目 `code`\nの続き\n\n- 項目\n  続き\n- 次\n\n```text\n漢\n字\n```\n"
    assert site_pages.joined(text) == (
        "# 題\n\n一行目二行目 `code`の続き\n\n- 項目続き\n- 次\n\n```text\n漢\n字\n```\n"
    )


def test_what_is_copied_has_no_prompt() -> None:
    code = '<a></a><span class="gp">$ </span>a <span>&lt;</span> b \\\n<a></a>  c\n<a></a><span class="go">out</span>'
    assert site_finish.commands(code) == "a < b \\\n  c"
    assert site_finish.commands("<span>import breachdex</span>") is None


def test_a_link_that_leads_nowhere_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text('<h2 id="there"></h2><a href="../b/"></a><img src="no.png">')
    (tmp_path / "index.html").write_text(
        '<a href="a/#there"></a><a href="a/#gone"></a><a href="/a/"></a><a href="https://x.example/"></a>'
    )
    assert site_links.problems(tmp_path) == [
        "a/index.html: ../b/: there is no such file",
        "a/index.html: no.png: there is no such file",
        "index.html: a/#gone: there is no such anchor",
        "index.html: /a/: the address begins at the root of the host, where the site need not be",
    ]


def test_the_order_of_pages_is_complete(tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).touch()
    build_site.check_nav([{"A": "a.md"}, {"Section": [{"B": "b.md"}]}], tmp_path)
    with pytest.raises(build_site.BuildError, match="nav lacks b.md"):
        build_site.check_nav([{"A": "a.md"}], tmp_path)
    with pytest.raises(build_site.BuildError, match="nav has c.md, which is no page"):
        build_site.check_nav(["a.md", "b.md", "c.md"], tmp_path)


def test_every_framework_page_says_how_to_install_from_a_checkout(site: Path) -> None:
    shown = 0
    for page in (PROJECT / "docs" / "site").rglob("*.md"):
        place = page.relative_to(PROJECT / "docs" / "site").with_suffix("")
        for extra in re.findall(
            r"^\$ pip install ['\"]?breachdex(\[[\w-]+\])", page.read_text(encoding="utf-8"), re.MULTILINE
        ):
            built = html.unescape((site / place / "index.html").read_text(encoding="utf-8"))
            assert f"<code>pip install './python{extra}'</code>" in built, page.name
            shown += 1
    assert shown >= 7
