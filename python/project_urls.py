"""Writes the Project-URLs of a release into ``pyproject.toml``: ``python python/project_urls.py HOME TAG``.

The sources name no address, because they do not know where they will be published: a release has the address of the
repository that it is built in.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

PYPROJECT: Final = Path(__file__).resolve().with_name("pyproject.toml")


def urls(home: str, tag: str) -> dict[str, str]:
    """What the page of the package links to, by label.

    :param home: the address of the repository, such as ``https://code.example/breachdex``.
    :raises ValueError: for what is no address of a repository.
    """
    parts = urlsplit(home)
    if parts.scheme != "https" or not parts.netloc or not parts.path.strip("/") or set(home) & set('"\\ \n'):
        raise ValueError(f"{home!r} is no https address of a repository")
    return {
        "Homepage": home,
        "Documentation": f"{home}/tree/{tag}/docs/site",
        "Source": f"{home}/tree/{tag}",
        "Issues": f"{home}/issues",
        "Changelog": f"{home}/blob/{tag}/CHANGELOG.md",
        "Security": f"{home}/blob/{tag}/SECURITY.md",
    }


def with_urls(text: str, home: str, tag: str) -> str:
    """The text of ``pyproject.toml`` with these addresses.

    :raises ValueError: as :func:`urls`, and where it has some.
    """
    if "[project.urls]" in text:
        raise ValueError("pyproject.toml has [project.urls] already")
    lines = [f'{label} = "{url}"' for label, url in urls(home, tag).items()]
    return text.rstrip() + "\n\n[project.urls]\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    _, home, tag = sys.argv
    PYPROJECT.write_text(with_urls(PYPROJECT.read_text(encoding="utf-8"), home, tag), encoding="utf-8")
