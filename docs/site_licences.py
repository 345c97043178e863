"""Writes the page that names what the site bundles of others: the theme's scripts, styles and icons, as they are installed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = "site-licences.md"
TEXTS: Final = {
    "MIT": None,
    "Apache-2.0": PROJECT / "LICENSE-APACHE",
    "W3C": PROJECT / "docs" / "licences" / "w3c.txt",
}
"""Texts of the licences that scripts in the theme have; that of MIT is the theme's own. focus-visible says W3C and means the
Software and Document License of 2015 (SPDX W3C-20150513, with whose text ours was compared word by word)."""
ICONS: Final = "lucide"
"""The only set of icons that pages show."""
PACKAGE: Final = re.compile(
    r"^Package: (?P<name>\S+)\nLicense: (?P<licence>\S+)\nCopyright: (?P<holders>.*?)\n(?:\n|\Z)",
    re.MULTILINE | re.DOTALL,
)


def theme() -> Path:
    """The folder of the theme."""
    found = importlib.util.find_spec("zensical")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "templates"


def scripts() -> list[tuple[str, str, str]]:
    """The packages in the theme's scripts: name with version, licence, holders of the copyright."""
    text = (theme() / "assets" / "javascripts" / "LICENSE").read_text(encoding="utf-8")
    packages = [
        (found["name"], found["licence"], " ".join(found["holders"].split()))
        for found in PACKAGE.finditer(text)
    ]
    assert len(packages) == text.count("Package:"), "the theme's list has a form that is not known"
    return packages


def page() -> str:
    """The page, in Markdown."""
    generator = importlib.metadata.distribution("zensical")
    own = next(
        path for path in generator.files or () if path.name.startswith("LICENSE") and "licenses" in path.parts
    )
    rows = [(f"zensical {generator.version}", "MIT", "Zensical and contributors"), *scripts()]
    rows.append(("Lucide icons", "ISC, in part MIT", "Lucide Icons and Contributors, Cole Bemis"))
    texts = {
        "Zensical, and the packages under MIT": own.read_text(),
        "Lucide": (theme() / ".icons" / ICONS / "LICENSE").read_text(encoding="utf-8"),
    }
    for licence in sorted({licence for _, licence, _ in rows[1:-1]}):
        if path := TEXTS[licence]:
            texts[licence] = path.read_text(encoding="utf-8")
    lines = [
        "# Licences of this site",
        "",
        "The text and the pictures are part of breachdex, under MIT or Apache-2.0. Every copy of the site also contains these",
        "scripts, styles and icons. Licences of the software itself come with each release.",
        "",
        "| in this site | licence | copyright |",
        "| --- | --- | --- |",
        *(f"| {name} | {licence} | {holders} |" for name, licence, holders in rows),
    ]
    for title, text in texts.items():
        lines += ["", f"## {title}", "", "```text", text.strip(), "```"]
    return "\n".join(lines) + "\n"
