"""A release links to the repository that it is built in; the sources name none."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(PROJECT / "python"))

from project_urls import PYPROJECT, with_urls

HOME = "https://code.example/people/breachdex"


def test_every_link_is_of_that_repository_and_release() -> None:
    text = PYPROJECT.read_text(encoding="utf-8")
    found = tomllib.loads(with_urls(text, HOME, "v1.2.3"))
    urls = found["project"].pop("urls")
    assert found == tomllib.loads(text), "nothing else changes"
    assert list(urls) == ["Homepage", "Documentation", "Source", "Issues", "Changelog", "Security"]
    for label, url in urls.items():
        assert url.startswith(HOME), label
        where, _, path = url.removeprefix(HOME).partition("/v1.2.3")
        assert where in ("", "/issues", "/tree", "/blob"), label
        assert (PROJECT / path.strip("/")).exists(), label


@pytest.mark.parametrize(
    "home", ["", "code.example/x", "http://code.example/x", "https://code.example", HOME + '"']
)
def test_what_is_no_address(home: str) -> None:
    with pytest.raises(ValueError, match="is no https address of a repository"):
        with_urls("[project]\n", home, "v1.2.3")


def test_addresses_are_written_once() -> None:
    once = with_urls("[project]\n", HOME, "v1.2.3")
    with pytest.raises(ValueError, match="already"):
        with_urls(once, HOME, "v1.2.3")


def test_every_distribution_of_a_release_has_them() -> None:
    workflow = (PROJECT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert workflow.count("uses: PyO3/maturin-action@") == workflow.count("python/project_urls.py") == 2
