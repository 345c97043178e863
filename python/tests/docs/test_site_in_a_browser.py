"""The site as a reader has it on a phone: search in both languages, what is copied, and what fits the screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page


@pytest.fixture
def page(phone: BrowserContext) -> Iterator[Page]:
    opened = phone.new_page()
    yield opened
    opened.close()


LINKS = """() => {
    const seen = [];
    const look = root => {
        for (const element of root.querySelectorAll("*")) {
            if (element.shadowRoot) look(element.shadowRoot);
            if (element.tagName === "A" && element.href.includes("?h=")) seen.push(element.href);
        }
    };
    look(document);
    return seen;
}"""


READY = """() => {
    const active = document.activeElement;
    return Boolean(active.shadowRoot && active.shadowRoot.activeElement);
}"""


def ask(page: Page, place: str, words: str) -> None:
    """Opens the search of a page and types."""
    page.goto(place)
    for _ in range(100):
        page.keyboard.press("Control+k")
        page.wait_for_timeout(100)
        if page.evaluate(READY):
            break
    page.keyboard.insert_text(words)


def search(page: Page, place: str, words: str) -> list[str]:
    """The addresses that the site's search finds, as soon as there are any."""
    ask(page, place, words)
    links: list[str] = []
    for _ in range(150):
        links = [link for link in page.evaluate(LINKS) if parse_qs(urlsplit(link).query)["h"] == [words]]
        if links:
            break
        page.wait_for_timeout(100)
    return links


@pytest.mark.parametrize(
    ("place", "words", "expected"),
    [
        ("/", "DRF", "/rest-framework/"),
        ("/", "Litestar", "/fastapi/"),
        ("/", "パスワード", "/ja/policy/"),
        ("/", "流出", "/ja/"),
        ("/", "credential stuffing", "/threat-model/"),
        ("/ja/", "パスワード", "/ja/policy/"),
        ("/ja/", "流出", "/ja/"),
        ("/ja/", "ログイン", "/ja/django/"),
        ("/ja/", "DRF", "/rest-framework/"),
        ("/ja/", "Litestar", "/fastapi/"),
    ],
)
def test_search_finds(page: Page, place: str, words: str, expected: str) -> None:
    links = search(page, place, words)
    assert any(urlsplit(link).path == expected for link in links), links


def test_search_does_not_find_what_is_nowhere(page: Page) -> None:
    assert search(page, "/", "signature")
    page.keyboard.insert_text("xyzzyplugh")
    # What was found before is there until there is another answer.
    for _ in range(150):
        page.wait_for_timeout(100)
        if not page.evaluate(LINKS):
            break
    assert page.evaluate(LINKS) == []


def copied(page: Page, place: str, text: str) -> str:
    """What the button of the block with a text copies."""
    page.goto(place)
    block = page.locator(".highlight", has_text=text).first
    block.scroll_into_view_if_needed()
    block.hover()
    block.locator("button[data-clipboard-target], button.md-clipboard, .md-code__button").first.click()
    result: str = page.evaluate("navigator.clipboard.readText()")
    return result


def test_prompts_and_output_are_not_copied(page: Page) -> None:
    assert copied(page, "/", "Password (not shown)") == (
        "pip install breachdex\nbreachdex check\nbreachdex download -o pwned.bdx"
    )
    assert copied(page, "/operations/", "runuser") == (
        "runuser -u breachdex -- breachdex download -o /var/lib/breachdex/pwned.bdx"
    )


def test_code_is_copied_whole(page: Page) -> None:
    assert copied(page, "/", "index.count") == (
        'import breachdex\n\nindex = breachdex.Index.open("pwned.bdx")\n\nindex.count("password")  # 52256179\n'
        'index.contains("a lantern nobody has written down")  # False'
    )


def test_every_page_fits_a_phone(page: Page, site: Path) -> None:
    wide = []
    for file in sorted(site.rglob("index.html")):
        place = file.parent.relative_to(site).as_posix()
        page.goto(f"/{place}/".replace("/./", "/"))
        said = page.evaluate(
            """() => [document.documentElement.scrollWidth > innerWidth && "page",
                ...[...document.querySelectorAll("pre > code")]
                    .filter(code => code.scrollWidth > code.clientWidth + 1).map(code => code.innerText.slice(0, 40)),
            ].filter(Boolean)"""
        )
        wide += [(place, part) for part in said]
    assert wide == []


@pytest.mark.parametrize("place", ["/troubleshooting/", "/ja/troubleshooting/"])
def test_messages_leave_room_for_what_to_do(phone: BrowserContext, address: str, place: str) -> None:
    assert phone.browser is not None
    with phone.browser.new_page(viewport={"width": 1280, "height": 900}) as page:
        page.goto(address + place)
        tables, wide = page.evaluate(
            """() => {
                const tables = [...document.querySelectorAll("article .cards table")];
                const edge = document.querySelector("article").getBoundingClientRect().right + 1;
                const wide = tables.filter(table => table.getBoundingClientRect().right > edge);
                return [tables.length, wide.map(table => table.innerText.slice(0, 40))];
            }"""
        )
    assert tables > 3
    assert wide == []


def test_the_switch_leads_to_the_same_page(page: Page, address: str) -> None:
    page.goto("/policy/")
    # The list opens when a pointer is over it.
    link = page.locator('a.md-select__link[hreflang="ja"]')
    assert page.evaluate("link => link.href", link.element_handle()) == f"{address}/ja/policy/"
    page.goto("/ja/policy/")
    assert page.evaluate("document.documentElement.lang") == "ja"
    link = page.locator('a.md-select__link[hreflang="en"]')
    assert page.evaluate("link => link.href", link.element_handle()) == f"{address}/policy/"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_of_two_pictures_is_shown(phone: BrowserContext, address: str, scheme: str) -> None:
    assert phone.browser is not None
    with phone.browser.new_page(color_scheme="dark" if scheme == "dark" else "light") as page:
        page.goto(address)
        shown = page.evaluate(
            """() => [...document.querySelectorAll('img[src*="images/place"], img[src*="images/sizes"]')]
                .filter(image => image.offsetParent).map(image => image.getAttribute("src"))"""
        )
        assert [name.rsplit("-", 1)[1] for name in shown] == [scheme] * 2
