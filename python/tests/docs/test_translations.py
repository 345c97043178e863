"""Translated pages follow the English ones, and one that does not is noticed."""

from __future__ import annotations

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(PROJECT / "docs"))

import site_pages
import translations

ENGLISH = """# Log-in

Text.

## Mails

```python
send(mail)  # once
```

# no heading, but a comment below a fence is none either
"""
JAPANESE = """# ログイン

本文

## メール { #mails }

```python
send(mail)  # 一度だけ
```

# 見出し { #no-heading-but-a-comment-below-a-fence-is-none-either }
"""


def test_every_translation_follows_its_page() -> None:
    assert translations.all_problems() == []


def test_what_is_promised_in_japanese_is_there() -> None:
    assert {"index.md", "five-minutes.md", "django.md", "policy.md", "operations.md"} <= set(
        site_pages.translated_pages("ja")
    )


def test_a_translated_page_is_in_japanese() -> None:
    for page in site_pages.translated_pages("ja"):
        for section in translations.sections((site_pages.SITE / "ja" / page).read_text(encoding="utf-8")):
            words = section.text.split("-->", 1)[1] if "-->" in section.text else section.text
            prose = "\n".join(
                line
                for line in words.split("```")[0].splitlines()
                if line.strip() and not line.startswith(("|", "<!--"))
            )
            if len(prose) > 60:
                assert any("ぁ" <= letter <= "ん" for letter in prose), f"{page}: {section.title}"
                assert "漏洩" not in section.text, f"{page}: {section.title}"


def test_a_change_of_english_is_noticed() -> None:
    noted = translations.noted(ENGLISH, JAPANESE)
    assert noted.count("<!-- en: ") == 3
    assert translations.problems("page", ENGLISH, noted) == []
    assert translations.noted(ENGLISH, noted) == noted
    assert translations.problems("page", ENGLISH, JAPANESE)
    changed = ENGLISH.replace("Text.", "Another text.")
    assert translations.problems("page", changed, noted) == [
        "page: in English there is now “Log-in”, where the translation has “ログイン” (line 1)"
    ]
    added = ENGLISH.replace("## Mails", "## New\n\nText.\n\n## Mails")
    assert translations.problems("page", added, noted) == [
        "page: in English there is now “New”, where the translation has nothing"
    ]


def test_other_code_and_other_anchors_are_noticed() -> None:
    noted = translations.noted(ENGLISH, JAPANESE)
    (code,) = translations.problems("page", ENGLISH, noted.replace("send(mail)", "send(letter)"))
    assert "code differs" in code
    (anchor,) = translations.problems("page", ENGLISH, noted.replace("#mails", "#letters"))
    assert anchor.endswith("the heading needs the anchor { #mails }")


def test_marks_are_not_in_the_site() -> None:
    text = site_pages.translation("## A\n<!-- en: 0123456789 -->\n\nB\n", "ja", PROJECT, {})
    assert text == "## A\n\nB\n"
