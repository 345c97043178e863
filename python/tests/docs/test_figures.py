"""The pictures of the home page are those that the script draws of the measurements."""

from __future__ import annotations

import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(PROJECT / "docs"))

import figures


@pytest.mark.parametrize("name", figures.drawn())
def test_a_picture_is_up_to_date(name: str) -> None:
    content = figures.drawn()[name]
    assert (figures.OUT / name).read_text(encoding="utf-8") == content, "run python docs/figures.py"
    assert xml.etree.ElementTree.fromstring(content).tag.endswith("svg")


def test_the_plot_has_the_measured_sizes() -> None:
    # 4,297,513,934 bytes for 250,000,000 entries.
    assert ">17.2</text>" in figures.drawn()["sizes-en-light.svg"]
    assert ">0.829</text>" in figures.drawn()["sizes-ja-dark.svg"]
