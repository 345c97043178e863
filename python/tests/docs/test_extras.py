"""The page on installing names every extra of the package, with the versions that it asks for."""

from __future__ import annotations

import importlib.metadata
import re
import sys
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


DISTRIBUTIONS = {"fastapi-users-db-sqlalchemy": "fastapi-users[sqlalchemy]"}
"""What is installed by an extra of another package."""
NEEDED_AT_RUN_TIME = {"flask-security": ["argon2-cffi"], "fastapi-users": ["aiosqlite"]}
"""What no import of a page shows."""


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_an_extra_installs_what_the_whole_app_of_its_page_imports(extra: str) -> None:
    page = PROJECT / "docs" / "site" / f"{extra}.md"
    if not page.exists() or "\n```python\nimport" not in (text := page.read_text(encoding="utf-8")).replace(
        "\nfrom", "\nimport"
    ):
        pytest.skip("no page of its own with an app")
    app = re.findall(r"^```python[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[0]
    imported = set(re.findall(r"^(?:from|import) (\w+)", app, re.MULTILINE)) - sys.stdlib_module_names
    installed = importlib.metadata.packages_distributions()
    asked = {re.split(r"[<>=]", requirement)[0].lower() for requirement in EXTRAS[extra]}
    given = asked | {name.partition("[")[0] for name in asked}
    given |= {name for name, extra_of_another in DISTRIBUTIONS.items() if extra_of_another in asked}
    for name in {*given}:
        given |= requirements_of(name)
    for module in sorted(imported - {"breachdex"}):
        names = {name.lower() for name in installed[module]}
        assert names & given, f"{module} comes with {names}"
    for name in NEEDED_AT_RUN_TIME.get(extra, ()):
        assert name in asked


def requirements_of(distribution: str) -> set[str]:
    """What a package always installs besides itself; nothing of one that is not here."""
    try:
        required = importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return set()
    return {re.split(r"[<>=~!;\[ (]", one)[0].lower() for one in required if "extra ==" not in one}


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
