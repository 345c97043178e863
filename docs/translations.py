"""Compares translated pages with the English ones: ``python docs/translations.py`` fails where English changed since.

Below each heading of a translated page stands a hash of the English section that it translates::

    ## ログイン { #log-in }
    <!-- en: 3f2a9c1d0b -->

After translating what changed, ``python docs/translations.py --note PAGE`` (a name such as ``django.md``) writes the hashes
of the English text as it is now. Read the changes first: ``git diff`` or ``git log -p`` of the English page.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final, NamedTuple

from markdown.extensions.toc import slugify  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).resolve().parent))

from site_pages import PAGES, PROJECT, SITE, TRANSLATED, translated_pages

HEADING: Final = re.compile(r"^#{1,5} +(?P<title>.*?)(?: +\{ *#(?P<anchor>[\w-]+) *\})?$")
MARK: Final = re.compile(r"^<!-- en: (?P<hash>\w+) -->$")
FENCE: Final = re.compile(r"^ *```")
BLOCK: Final = re.compile(r"^ *```(?P<language>\w+)[^\n]*\n(?P<code>.*?)^ *```$", re.MULTILINE | re.DOTALL)
CODE: Final = {"console", "html", "json", "python", "rust"}
"""Languages whose blocks are the same in every translation, but for comments."""


class Section(NamedTuple):
    """A heading and what is below it, up to the next one."""

    line: int
    title: str
    anchor: str | None
    mark: str | None
    text: str

    @property
    def hash(self) -> str:
        """Changes with every visible change of the section."""
        lines = (line.rstrip() for line in self.text.strip().splitlines())
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:10]


def sections(text: str) -> list[Section]:
    """The sections of a page; what is above the first heading belongs to none."""
    found: list[tuple[int, re.Match[str]]] = []
    lines = text.splitlines()
    fenced = False
    for number, line in enumerate(lines):
        fenced ^= bool(FENCE.match(line))
        if not fenced and (heading := HEADING.match(line)):
            found.append((number, heading))
    ends = [number for number, _ in found[1:]] + [len(lines)]
    result = []
    for (number, heading), end in zip(found, ends, strict=True):
        mark = MARK.match(lines[number + 1]) if number + 1 < len(lines) else None
        result.append(
            Section(
                number + 1,
                heading["title"],
                heading["anchor"],
                mark["hash"] if mark else None,
                "\n".join(lines[number:end]),
            )
        )
    return result


def english(page: str) -> str:
    """The text of an English page, wherever it lives."""
    return (PROJECT / PAGES[page] if page in PAGES else SITE / page).read_text(encoding="utf-8")


def anchor(section: Section) -> str:
    """The anchor that the site makes of an English heading."""
    return section.anchor or slugify(re.sub(r"`", "", section.title), "-")


def code(text: str) -> list[str]:
    """The code of a page without comments, which may be translated."""
    blocks = [block["code"] for block in BLOCK.finditer(text) if block["language"] in CODE]
    return [
        "\n".join(re.sub(r" *#[ !].*$", "", line).strip() for line in block.splitlines()) for block in blocks
    ]


def problems(name: str, english: str, translated: str) -> list[str]:
    """What of a translated page no longer follows the English one, as lines for a person."""
    theirs, ours = sections(english), sections(translated)
    found = []
    matcher = SequenceMatcher(
        a=[part.hash for part in theirs], b=[part.mark for part in ours], autojunk=False
    )
    for kind, start, end, own_start, own_end in matcher.get_opcodes():
        if kind == "equal":
            for part, own in zip(theirs[start:end], ours[own_start:own_end], strict=True):
                # The title of a page needs no anchor.
                if part is not theirs[0] and anchor(own) != anchor(part):
                    found.append(f"{name}:{own.line}: the heading needs the anchor {{ #{anchor(part)} }}")
            continue
        changed = ", ".join(f"“{part.title}”" for part in theirs[start:end]) or "nothing"
        where = (
            ", ".join(f"“{part.title}” (line {part.line})" for part in ours[own_start:own_end]) or "nothing"
        )
        found.append(f"{name}: in English there is now {changed}, where the translation has {where}")
    if not found and code(english) != code(translated):
        pairs = zip(code(english), code(translated), strict=False)
        first = next((their for their, own in pairs if their != own), "the number of blocks")
        found.append(f"{name}: code differs from the English page: {first.splitlines()[:3]}")
    return found


def all_problems() -> list[str]:
    """The same of all pages in all languages."""
    return [
        problem
        for language in TRANSLATED
        for page in translated_pages(language)
        for problem in problems(
            f"docs/site/{language}/{page}",
            english(page),
            (SITE / language / page).read_text(encoding="utf-8"),
        )
    ]


def noted(english: str, translated: str) -> str:
    """A translated page that says it translates English as it is now; both must have the same headings."""
    theirs, ours = sections(english), sections(translated)
    if len(theirs) != len(ours):
        raise ValueError(f"English has {len(theirs)} headings, the translation {len(ours)}")
    lines = translated.splitlines()
    for part, own in reversed(list(zip(theirs, ours, strict=True))):
        lines[own.line : own.line + (own.mark is not None)] = [f"<!-- en: {part.hash} -->"]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(description="Compare translated pages with the English ones.")
    parser.add_argument("--note", nargs="+", metavar="PAGE", help="Note that PAGE was translated again")
    for page in parser.parse_args().note or ():
        for language in TRANSLATED:
            path = SITE / language / page
            path.write_text(noted(english(page), path.read_text(encoding="utf-8")), encoding="utf-8")
    found = all_problems()
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
