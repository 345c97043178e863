"""One shop and one browser for all of these tests; a visitor of their own for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# Imported where they are used: without Django or Playwright, the test files say that they are skipped.
if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from shop_server import Shop
    from visitor import Visit, Visitor

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

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
    from shop_server import Shop

    running = Shop(tmp_path_factory.mktemp("shop"), exposed_index, settings="quick_settings")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_shop(tmp_path: Path, exposed_index: Path) -> Iterator[Shop]:
    """A shop with a copy of the index, for tests that change or spoil it. Everything in it is as it comes."""
    from shop_server import Shop

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


@pytest.fixture
def visit(browser: Browser, shop: Shop, visits: list[Visitor]) -> Visit:
    """A new visitor of the shop: ``visit("ja")``."""
    from visitor import visitor_of

    return visitor_of(browser, shop, visits)


@pytest.fixture(params=["en", "ja"])
def visitor(request: pytest.FixtureRequest, visit: Visit) -> Visitor:
    """A visitor of the shop, once in each language."""
    return visit(request.param)
