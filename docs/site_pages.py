"""Pages of the site that live elsewhere in the project: shown from there, so that no text exists twice."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

PROJECT: Final = Path(__file__).resolve().parent.parent

PAGES: Final = {
    "changelog.md": "CHANGELOG.md",
    "download.md": "docs/download.md",
    "format.md": "docs/format.md",
    "security.md": "SECURITY.md",
    "serve.md": "docs/serve.md",
}
"""A page's name in the site, and its file in the project."""

ATTACHMENTS: Final = (
    "breachdex.service",
    "breachdex.socket",
    "breachdex-update.service",
    "breachdex-update.timer",
)
"""Files beside these pages that they link to."""


LINK: Final = re.compile(r"\]\((?P<path>[\w./-]+)")


def linked(text: str, source: str) -> str:
    """A page's text with its links as the site needs them, where all these pages lie side by side."""
    names = {file: name for name, file in PAGES.items()} | {f"docs/{name}": name for name in ATTACHMENTS}

    def link(found: re.Match[str]) -> str:
        path = os.path.normpath(Path(source).parent / found["path"])
        return f"]({names.get(path, path.removeprefix('docs/site/'))}"

    return LINK.sub(link, text)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages and what they link to."""
    for name, source in PAGES.items():
        text = (PROJECT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=linked(text, source)))
    for name in ATTACHMENTS:
        files.append(File.generated(config, name, abs_src_path=str(PROJECT / "docs" / name)))
    return files
