"""Builds the documentation site: ``python docs/build_site.py [--out DIR]``. Fetches nothing, and fails at every warning.

The sources are collected in a folder for each language, Zensical makes HTML of each, and the result is put together:
English at the top, other languages in folders of it. What depends on Zensical is in :func:`generate`, ``site_finish.py`` and
``site_licences.py``; ``mkdocs.yml`` and the pages are read by other generators, too.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).resolve().parent))

import site_finish
import site_licences
import site_links
import site_pages

PROJECT: Final = site_pages.PROJECT
NAMES: Final = {"en": "English", "ja": "日本語"}
COLOURS: Final = re.compile(r"\x1b\[[\d;]*m")


class BuildError(Exception):
    """The site has a fault; the text says where."""


def build(out: Path) -> None:
    """Builds the whole site into a folder, which is replaced."""
    with tempfile.TemporaryDirectory(prefix="breachdex-site-") as name:
        work = Path(name)
        settings = yaml.safe_load((PROJECT / "mkdocs.yml").read_text(encoding="utf-8"))
        english = work / "en" / "pages"
        site_pages.collect_english(english)
        (english / site_licences.PAGE).write_text(site_licences.page(), encoding="utf-8")
        check_nav(settings["nav"], english)
        generate(work / "en", localized(settings, "en"))
        site = work / "en" / "site"
        objects = documented(site)
        for language in site_pages.TRANSLATED:
            folder = work / language
            site_pages.collect_translation(language, folder / "pages", english, objects)
            settings_of = localized(settings, language)
            check_nav(settings_of["nav"], folder / "pages")
            generate(folder, settings_of)
            shutil.copytree(folder / "site", site / language)
        for page in english.glob("*.md"):
            site_finish.cross_link(site, page.name, list(NAMES))
        for path in site.rglob("*.html"):
            site_finish.copy_commands_only(path)
        site_finish.share_search(site, site_pages.TRANSLATED)
        if problems := site_links.problems(site):
            raise BuildError("\n".join(problems))
        if out.exists():
            shutil.rmtree(out)
        shutil.copytree(site, out)


def documented(site: Path) -> dict[str, str]:
    """The addresses of what the API pages describe, by name."""
    pages = {path.parent.name: site_links.read(path) for path in site.glob("*/index.html")}
    return {
        anchor: f"{name}/#{anchor}"
        for name, page in pages.items()
        for anchor in page.anchors
        if anchor.startswith("breachdex.")
    }


def check_nav(nav: list[Any], pages: Path) -> None:
    """Every page is in the order of pages, and every entry of it is a page."""
    listed = [entry for entry in entries(nav) if entry.endswith(".md")]
    there = {path.name for path in pages.glob("*.md")}
    faults = [f"mkdocs.yml: nav has {name}, which is no page" for name in listed if name not in there]
    faults += [f"mkdocs.yml: nav lacks {name}" for name in sorted(there.difference(listed))]
    if faults:
        raise BuildError("\n".join(faults))


def entries(nav: list[Any]) -> list[str]:
    """The pages of a nav, flat."""
    found: list[str] = []
    for item in nav:
        value = next(iter(item.values())) if isinstance(item, dict) else item
        found += entries(value) if isinstance(value, list) else [value]
    return found


def localized(settings: dict[str, Any], language: str) -> dict[str, Any]:
    """The settings for one language: what ``extra.translations`` says about it takes the place of what is at the top."""
    extra = dict(settings["extra"])
    translations = extra.pop("translations")
    own = {**settings, "extra": extra, "docs_dir": "pages", "site_dir": "site"}
    own["theme"] = {**settings["theme"], "language": language}
    # Relative to the top of each site; `site_finish.cross_link` points them to the page of the same name.
    up = "" if language == "en" else "../"
    extra["alternate"] = [
        {"name": name, "lang": code, "link": f"{up}{'' if code == 'en' else code + '/'}" or "./"}
        for code, name in NAMES.items()
    ]
    if language != "en":
        own |= translations[language]
        own["plugins"] = [plugin for plugin in settings["plugins"] if "mkdocstrings" not in plugin]
    return own


def generate(folder: Path, settings: dict[str, Any]) -> None:
    """Makes HTML of ``folder/pages`` in ``folder/site``; every warning is an error."""
    for plugin in settings["plugins"]:
        if "mkdocstrings" in plugin:
            handler = plugin["mkdocstrings"]["handlers"]["python"]
            handler["paths"] = [str(PROJECT / path) for path in handler["paths"]]
            options = handler["options"]
            options["extensions"] = [str(PROJECT / path) for path in options["extensions"]]
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = COLOURS.sub("", ran.stdout + ran.stderr)
    if ran.returncode or "Warning:" in said:
        raise BuildError(f"{said}\nexit code {ran.returncode}")


def main() -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(description="Build the documentation site.")
    parser.add_argument("--out", type=Path, default=PROJECT / "site", help="Folder to write (default: site)")
    arguments = parser.parse_args()
    try:
        build(arguments.out)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"built {arguments.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
