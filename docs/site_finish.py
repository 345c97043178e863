"""Finishes the HTML that Zensical made: the switch between languages, what is copied of commands, and the search indexes."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import site_pages

BLOCK: Final = re.compile(
    r'<div class="highlight">(?P<before>(?:(?!</pre>).)*?<code>)(?P<code>.*?)</code></pre>', re.DOTALL
)
PROMPT: Final = re.compile(r'<span class="gp">.*?</span>')
TAG: Final = re.compile(r"<[^>]*>")


def cross_link(site: Path, page: str, languages: Sequence[str]) -> None:
    """Lets the language switch of a page lead to the same page, where that is translated, and else to the home page."""
    addresses = dict(site_pages.counterparts(page))
    for address in addresses.values():
        file = site / address / "index.html"
        up = "../" * address.count("/")
        text = file.read_text(encoding="utf-8")
        for code in languages:
            target = addresses.get(code, f"{code}/")
            text, count = re.subn(
                rf'href="[^"]*"( hreflang="{code}")', rf'href="{up + target or "./"}"\1', text
            )
            assert count, f"{address or page}: the switch to {code} is missing"
        file.write_text(text, encoding="utf-8")


def commands(code: str) -> str | None:
    """The commands of a block with prompts, as they are to be copied; ``None`` for a block without prompts."""
    if not PROMPT.search(code):
        return None
    found, continues = [], False
    for line in code.splitlines():
        prompt = PROMPT.search(line)
        if prompt or continues:
            words = html.unescape(TAG.sub("", PROMPT.sub("", line, count=1))).rstrip()
            found.append(words)
            continues = words.endswith("\\")
    return "\n".join(found)


def copy_commands_only(path: Path) -> None:
    """Lets the button of every block with prompts copy the commands, without prompts and output."""

    def block(found: re.Match[str]) -> str:
        copied = commands(found["code"])
        if copied is None:
            return found[0]
        attribute = html.escape(copied).replace("\n", "&#10;")
        return f'<div class="highlight" data-copy="{attribute}">{found["before"]}{found["code"]}</code></pre>'

    text = path.read_text(encoding="utf-8")
    path.write_text(BLOCK.sub(block, text), encoding="utf-8")


def share_search(site: Path, languages: Sequence[str]) -> None:
    """Lets the search in each language find pages of the others too: English pages where there is no translation."""
    english = read(site)
    for language in languages:
        other = read(site / language)
        translated = {site_pages.address(page) for page in site_pages.translated_pages(language)}
        untranslated = [item for item in english["items"] if item["location"].split("#")[0] not in translated]
        merged = other["items"] + [item | {"location": f"../{item['location']}"} for item in untranslated]
        write(site / language, other | {"items": merged})
        # Words of any language are told apart by the first one that needs it.
        english["config"]["lang"].append(language)
        english["items"] = english["items"] + [
            item | {"location": f"{language}/{item['location']}"} for item in other["items"]
        ]
    write(site, english)


def read(folder: Path) -> dict[str, Any]:
    """A search index."""
    found: dict[str, Any] = json.loads((folder / "search.json").read_text(encoding="utf-8"))
    return found


def write(folder: Path, index: dict[str, Any]) -> None:
    """Writes a search index."""
    (folder / "search.json").write_text(json.dumps(index, ensure_ascii=False), encoding="utf-8")
