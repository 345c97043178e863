"""One shop and one browser for all of these tests; a visitor of their own for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("django", reason="Django is not installed: THE SHOP WAS NOT TRIED")
pytest.importorskip("playwright", reason="Playwright is not installed: THE SHOP WAS NOT TRIED")

from playwright.sync_api import Browser, sync_playwright
from shop_server import Shop
from visitor import LANGUAGES, Language, Visit, Visitor

LOCALES = {"en": "en-GB", "ja": "ja-JP"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, without a window."""
    path = next(filter(None, map(shutil.which, (os.environ.get("CHROMIUM", ""), *BROWSERS))), None)
    if path is None:
        pytest.skip(
            f"no Chromium ({', '.join(BROWSERS)}, or what CHROMIUM names) on the PATH: THE SHOP WAS NOT TRIED"
        )
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=arguments)
        yield running
        running.close()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, exposed_index: Path) -> Iterator[Shop]:
    """A shop whose index holds the passwords of ``exposed_index``."""
    running = Shop(tmp_path_factory.mktemp("shop"), exposed_index, settings="quick_settings")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_shop(tmp_path: Path, exposed_index: Path) -> Iterator[Shop]:
    """A shop with a copy of the index, for tests that change or spoil it. Everything in it is as it comes."""
    index = tmp_path / "own.bdx"
    shutil.copyfile(exposed_index, index)
    running = Shop(tmp_path, index)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def visits(browser: Browser) -> Iterator[list[Visitor]]:
    """Every visitor of a test. In the end, no page may have failed or loaded anything from elsewhere."""
    visitors: list[Visitor] = []
    yield visitors
    for visitor in visitors:
        visitor.context.close()
        assert visitor.strangers == []
        assert visitor.complaints == []


def visitor_of(browser: Browser, shop: Shop, visits: list[Visitor]) -> Visit:
    """Lets visitors into a shop."""

    def visit(language: Language) -> Visitor:
        context = browser.new_context(locale=LOCALES[language], viewport={"width": 720, "height": 640})
        context.set_default_timeout(30_000)
        visits.append(Visitor(context, shop, language))
        return visits[-1]

    return visit


@pytest.fixture
def visit(browser: Browser, shop: Shop, visits: list[Visitor]) -> Visit:
    """A new visitor of the shop: ``visit("ja")``."""
    return visitor_of(browser, shop, visits)


@pytest.fixture(params=LANGUAGES)
def visitor(request: pytest.FixtureRequest, visit: Visit) -> Visitor:
    """A visitor of the shop, once in each language."""
    return visit(request.param)
