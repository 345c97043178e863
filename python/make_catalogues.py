"""Makes Django's catalogues, and the table of English texts, from the messages in the compiled module.

Run ``python -P python/make_catalogues.py`` after a change of ``crates/breachdex-messages``. Needs Babel, and the package
installed from the same sources. The same messages give the same bytes, which a test relies on.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import write_po
from breachdex._breachdex import languages, messages, sentence_separator

HERE: Final = Path(__file__).resolve().parent
TARGET: Final = HERE / "breachdex" / "django"
NOTE: Final = "Made by python/make_catalogues.py from crates/breachdex-messages. Do not edit."
PLURALS: Final = {True: "nplurals=2; plural=(n != 1);", False: "nplurals=1; plural=0;"}
"""By whether the language has a form for one thing."""
COUNTED: Final = ("exposed", "exposed_form", "exposed_invisible")
"""What may be followed by how often; together they are one message, so that a language joins them its own way."""
NUMBERED: Final = ("too_short", "too_long", "help_length", "grace_days", "grace_log_ins")
"""Whole messages that depend on a number."""


class Catalogue(Catalog):
    """A catalogue whose header says nothing that changes from run to run."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The header, as name and value."""
        return [
            ("Project-Id-Version", "breachdex"),
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", PLURALS[has_singular(str(self.locale))]),
        ]


def has_singular(language: str) -> bool:
    """Whether the language says one thing in another way than several."""
    return any(code.endswith(".one") for code in messages(language))


def singular_and_plural(texts: Mapping[str, str], first: str, separator: str) -> tuple[str, ...]:
    """A sentence followed by how often, once a grammatical number that the language has."""
    numbers = ("exposed_count.one", "exposed_count")
    return tuple(separator.join((texts[first], texts[number])) for number in numbers if number in texts)


def counted(language: str) -> dict[str, tuple[str, ...]]:
    """What depends on a number, by its code, once a grammatical number that the language has."""
    texts, separator = messages(language), sentence_separator(language)
    found = {first: singular_and_plural(texts, first, separator) for first in COUNTED}
    for code in NUMBERED:
        found[code] = tuple(texts[number] for number in (f"{code}.one", code) if number in texts)
    return found


def catalogue(language: str) -> Catalogue:
    """The catalogue of a language."""
    english, texts = messages("en"), messages(language)
    made = Catalogue(locale=language, header_comment=f"# {NOTE}", fuzzy=False)
    for code, text in english.items():
        if not code.startswith(("exposed_count", *NUMBERED)):
            made.add(text, texts[code], flags=["python-format"] if "%(" in text else ())
    theirs = counted(language)
    for code, ours in counted("en").items():
        made.add(ours, theirs[code], flags=["python-format"])
    return made


def table() -> str:
    """The module that holds the English texts, which are the catalogues' keys."""
    english = messages("en")
    lines = [f'"""{NOTE}"""', "", "from __future__ import annotations", "", "from typing import Final", ""]
    lines += ["ENGLISH: Final = {"]
    lines += [
        f'    "{code}": "{text}",'
        for code, text in english.items()
        if not code.startswith(NUMBERED) and "." not in code
    ]
    lines += ["}", "", "COUNTED: Final = {"]
    for code, texts in counted("en").items():
        lines += [f'    "{code}": (']
        lines += [f'        "{text}",' for text in texts]
        lines += ["    ),"]
    return "\n".join([*lines, "}", ""])


def files() -> dict[str, bytes]:
    """Everything that is made, by its path below the app."""
    made = {"texts.py": table().encode()}
    for language in languages():
        folder = f"locale/{language}/LC_MESSAGES"
        for name, write in (("django.po", write_po), ("django.mo", write_mo)):
            buffer = io.BytesIO()
            write(buffer, catalogue(language))
            made[f"{folder}/{name}"] = buffer.getvalue()
    return made


def main() -> None:
    """Writes the files."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for name, content in files().items():
        path = TARGET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
