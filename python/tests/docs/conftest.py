"""The built site and a browser, once for all tests of it."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# Imported where it is used: without Playwright, the tests say that they are skipped.
if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

PROJECT = Path(__file__).resolve().parents[3]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; building it checks all links in it. ``BUILT_SITE`` names one that was built just now."""
    if built_before := os.environ.get("BUILT_SITE"):
        return Path(built_before)
    folder = tmp_path_factory.mktemp("built") / "site"
    command = [sys.executable, str(PROJECT / "docs" / "build_site.py"), "--out", str(folder)]
    built = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr + built.stdout
    return folder


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served; scripts of a page may read no files without a server."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def phone(address: str) -> Iterator[BrowserContext]:
    """The machine's Chromium with the width of a phone, and a clipboard.

    For one file of tests: its event loop runs until it is closed, and the code of pages runs loops of its own.
    """
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="no Playwright: THE SITE WAS NOT TRIED IN A BROWSER"
    )
    path = next(filter(None, map(shutil.which, (os.environ.get("CHROMIUM", ""), *BROWSERS))), None)
    if path is None:
        pytest.skip(f"no Chromium ({', '.join(BROWSERS)}, or what CHROMIUM names): THE SITE WAS NOT TRIED")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=arguments)
        context = running.new_context(viewport={"width": 390, "height": 800}, base_url=address)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield context
        context.close()
        running.close()
