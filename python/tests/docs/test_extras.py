"""The page on installing names every extra of the package, with the versions that it asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
PACKAGE = tomllib.loads((PROJECT / "python" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PACKAGE["optional-dependencies"]
PAGES = ("docs/site/five-minutes.md", "docs/site/ja/five-minutes.md")


def rows(page: str) -> dict[str, str]:
    text = (PROJECT / page).read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([\w-]+)` \| (.*?) \| \[", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES)
def test_every_extra_is_on_the_page(page: str) -> None:
    assert rows(page).keys() == EXTRAS.keys()


@pytest.mark.parametrize("page", PAGES)
def test_versions_are_those_of_the_package(page: str) -> None:
    for extra, requirements in EXTRAS.items():
        # A page names the framework; what an extra has besides comes with it.
        versions = {
            version for requirement in requirements for version in re.findall(r">=([\d.]+)", requirement)
        }
        said = set(re.findall(r"(?<![\d.])\d+(?:\.\d+)*", rows(page)[extra]))
        assert said, f"{extra}: no version on the page"
        assert said <= versions, f"{extra}: {said - versions} is not what is asked for"


@pytest.mark.parametrize("page", PAGES)
def test_the_page_says_what_a_build_needs(page: str) -> None:
    toolchain = tomllib.loads((PROJECT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]
    text = (PROJECT / page).read_text(encoding="utf-8")
    assert f"Rust {toolchain['rust-version']}" in text
    assert PACKAGE["requires-python"].removeprefix(">=") in text
    assert "pip install ./python" in text
