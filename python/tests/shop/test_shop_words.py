"""The shop's own words: complete in both languages, compiled as they are written, and not breachdex's."""

from __future__ import annotations

import gettext
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from breachdex._breachdex import messages
from shop_server import EXAMPLE

CATALOGUE = EXAMPLE / "locale" / "ja" / "LC_MESSAGES" / "django.po"
SKIPPED = {".venv", "var"}


def texts() -> dict[str, str]:
    """The catalogue as it was compiled."""
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    catalogue: dict[str, str] = vars(compiled)["_catalog"]
    return {english: japanese for english, japanese in catalogue.items() if english}


def sources() -> list[Path]:
    """Every file that may hold words for visitors."""
    found = [*EXAMPLE.rglob("*.py"), *EXAMPLE.rglob("*.html"), *EXAMPLE.rglob("*.txt")]
    return [file for file in found if not SKIPPED.intersection(file.relative_to(EXAMPLE).parts)]


def marked() -> set[str]:
    """Every text that the shop asks to have translated."""
    found: set[str] = set()
    for file in sources():
        text = file.read_text(encoding="utf-8")
        found.update(re.findall(r"""\b_\(\s*"([^"]+)"\s*\)""", text))
        found.update(re.findall(r"""{% translate (?:"([^"]+)"|'[^']+')""", text))
        found.update(re.findall(r"""{% translate '([^']+)'""", text))
        for block in re.findall(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", text, re.DOTALL):
            found.add(re.sub(r"{{ (\w+) }}", r"%(\1)s", block))
    return found - {""}


def test_every_text_has_its_japanese_and_nothing_else_does() -> None:
    assert set(texts()) == marked()
    untranslated = [
        english for english, japanese in texts().items() if not re.search(r"[ぁ-んァ-ヶ一-龠]", japanese)
    ]
    assert untranslated == []


def test_places_for_values_are_kept() -> None:
    for english, japanese in texts().items():
        values = re.findall(r"%\(\w+\)s", english)
        assert sorted(set(re.findall(r"%\(\w+\)s", japanese))) == sorted(set(values)), english


def test_the_compiled_catalogue_is_the_written_one(tmp_path: Path) -> None:
    msgfmt = shutil.which("msgfmt")
    if msgfmt is None:
        pytest.skip("no msgfmt on the PATH: THE COMPILED CATALOGUE WAS NOT COMPARED")
    fresh = tmp_path / "fresh.mo"
    subprocess.run([msgfmt, "-o", fresh, CATALOGUE], check=True)
    with fresh.open("rb") as file:
        compiled = vars(gettext.GNUTranslations(file))["_catalog"]
    assert {english: japanese for english, japanese in compiled.items() if english} == texts()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_breachdex_says_is_written_nowhere_in_the_shop(language: str) -> None:
    for code, words in messages(language).items():
        for file in [*sources(), CATALOGUE]:
            assert words not in file.read_text(encoding="utf-8"), f"{code} in {file.name}"
