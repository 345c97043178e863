"""Collects the sources of the site in one folder for each language: what any generator of sites reads.

Pages that live elsewhere in the project are copied from there, so that no text exists twice. Pages in Japanese link to
the English ones where there is no translation.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT: Final = Path(__file__).resolve().parent.parent
SITE: Final = PROJECT / "docs" / "site"
TRANSLATED: Final = ("ja",)
"""Languages besides English; each has a folder in ``docs/site``, and its pages have the names of the English ones."""

PAGES: Final = {
    "c.md": "crates/breachdex-c/README.md",
    "changelog.md": "CHANGELOG.md",
    "download.md": "docs/download.md",
    "pull.md": "docs/pull.md",
    "evidence.md": "docs/evidence.md",
    "fleet.md": "docs/fleet.md",
    "format.md": "docs/format.md",
    "pairs.md": "docs/pairs.md",
    "proxy.md": "docs/proxy.md",
    "radar.md": "docs/radar.md",
    "security.md": "SECURITY.md",
    "segments.md": "docs/segments.md",
    "serve.md": "docs/serve.md",
    "sidecar.md": "docs/sidecar.md",
    "static-ranges.md": "docs/static-ranges.md",
    "system.md": "docs/system.md",
}
"""A page's name in the site, and its file in the project."""

ATTACHMENTS: Final = (
    "breachdex.service",
    "breachdex.socket",
    "breachdex-sidecar.service",
    "breachdex-proxy.service",
    "breachdex-update.service",
    "breachdex-update.timer",
    "breachdex-pull.service",
    "breachdex-pull.timer",
    "ranges.Caddyfile",
    "ranges.nginx.conf",
    "fleet.haproxy.cfg",
    "monitoring/breachdex-alerts.yml",
    "monitoring/breachdex-radar.json",
)
"""Files beside these pages that they link to."""

LINK: Final = re.compile(r"\]\((?!\w+:)(?P<path>[\w./-]+)")
REFERENCE: Final = re.compile(r"\[(?P<text>[^\[\]]+)\]\[(?P<name>breachdex\.[\w.]+)\]")
INSTALL: Final = re.compile(
    r"^```console\n(?:(?!```).*\n)*?\$ pip install ['\"]?breachdex(?P<extra>\[[\w-]+\])['\"]?.*\n(?:(?!```).*\n)*```\n",
    re.MULTILINE,
)
"""A block that installs the package with what a framework needs."""
UNPUBLISHED: Final = {
    "en": "Until the package is on PyPI, install from a checkout: `{command}` ([what this needs](five-minutes.md#install)).",
    "ja": "PyPIでの公開までは、ソースコードから`{command}`でインストールします（[必要なもの](five-minutes.md#install)）。",
}
"""What stands below such a block. Leave this away once the package is on PyPI."""
FIXED: Final = re.compile(r" *(?:#|\||<|```|===|---|\{)")
"""Lines that end where they end."""
STARTS: Final = re.compile(r"(?:#|\||<|```|===|---|\{|[-*] |\d+\. )")
"""Lines that begin something."""
FRONT: Final = re.compile(r"---\n.*?\n---\n", re.DOTALL)
SECTION_MARK: Final = re.compile(r"^<!-- en: .* -->\n", re.MULTILINE)
"""Where :mod:`translations` notes what a section translates."""


def collect_english(folder: Path) -> None:
    """Copies the English pages, those from elsewhere, and what they link to."""
    shutil.copytree(SITE, folder, ignore=lambda _, names: [name for name in names if name in TRANSLATED])
    for page in folder.glob("*.md"):
        page.write_text(with_checkout(page.read_text(encoding="utf-8"), "en"), encoding="utf-8")
    for name, source in PAGES.items():
        text = (PROJECT / source).read_text(encoding="utf-8")
        (folder / name).write_text(side_by_side(text, source), encoding="utf-8")
    for name in ATTACHMENTS:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(PROJECT / "docs" / name, folder / name)


def collect_translation(language: str, folder: Path, english: Path, objects: dict[str, str]) -> None:
    """Copies the pages of a language, with links to the English ones in ``english`` and to what is in the API pages.

    ``objects`` has the address of each class and function below the top of the English site.
    """
    shutil.copytree(SITE / "assets", folder / "assets")
    shutil.copytree(SITE / "images", folder / "images")
    for page in translated_pages(language):
        text = (SITE / language / page).read_text(encoding="utf-8")
        (folder / page).write_text(translation(text, language, english, objects), encoding="utf-8")


def translated_pages(language: str) -> list[str]:
    """The names of the pages in a language."""
    return sorted(path.name for path in (SITE / language).glob("*.md"))


def with_checkout(text: str, language: str) -> str:
    """A page's text that says below each installation how it is done from a checkout."""

    def note(found: re.Match[str]) -> str:
        command = f"pip install './python{found['extra']}'"
        return f"{found[0]}\n{UNPUBLISHED[language].format(command=command)}\n"

    return INSTALL.sub(note, text)


def side_by_side(text: str, source: str) -> str:
    """A page's text with its links as the site needs them, where all these pages lie side by side."""
    names = {file: name for name, file in PAGES.items()} | {f"docs/{name}": name for name in ATTACHMENTS}

    def link(found: re.Match[str]) -> str:
        path = os.path.normpath(Path(source).parent / found["path"])
        return f"]({names.get(path, path.removeprefix('docs/site/'))}"

    return LINK.sub(link, text)


def translation(text: str, language: str, english: Path, objects: dict[str, str]) -> str:
    """A translated page with links to English pages where there is no translation, and without its marks."""
    own = set(translated_pages(language))
    # From the folder of a translated page's source to the English pages.
    top = "../"

    def link(found: re.Match[str]) -> str:
        path = found["path"]
        if path in own or path.startswith(("images/", "assets/")) or not (english / path).exists():
            return found[0]
        return f"]({top}{address(path)}"

    text = with_checkout(SECTION_MARK.sub("", text), language)
    text = REFERENCE.sub(lambda found: f"[{found['text']}]({top}{objects[found['name']]})", text)
    return joined(LINK.sub(link, text))


def joined(text: str) -> str:
    """Text of a page without the line ends between Japanese characters, which browsers would show as spaces."""
    front = FRONT.match(text)
    lines: list[str] = [front[0]] if front else []
    fenced = False
    for line in text[front.end() if front else 0 :].splitlines():
        fence = line.lstrip().startswith("```")
        previous = lines[-1].rstrip() if lines else ""
        words = line.lstrip()
        goes_on = previous and words and not (fenced or fence or FIXED.match(previous) or STARTS.match(words))
        if goes_on and (is_wide(previous[-1]) or is_wide(words[0])):
            lines[-1] = previous + words
        else:
            lines.append(line)
        fenced ^= fence
    return "\n".join(lines) + "\n"


def is_wide(letter: str) -> bool:
    """Whether there are no spaces around a letter, as with kana, ideographs and their punctuation."""
    return unicodedata.east_asian_width(letter) in "WF"


def address(page: str) -> str:
    """A page's address below the top of the site; a file that is no page keeps its name."""
    if not page.endswith(".md"):
        return page
    name = page.removesuffix(".md")
    return "" if name == "index" else f"{name}/"


def counterparts(page: str) -> Iterator[tuple[str, str]]:
    """Languages in which there is a page, with the page's address below the top of the English site."""
    yield "en", address(page)
    for language in TRANSLATED:
        if page in translated_pages(language):
            yield language, posixpath.join(language, address(page))
