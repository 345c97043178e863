"""What a person reads about a finding, in their language, for the frameworks that want plain strings.

The words themselves come with the compiled module; this file only chooses and fills them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from breachdex._breachdex import Exposure, Index, IndexSet, messages, sentence_separator
from breachdex._gate import Gate, Unavailable

DEFAULT_LANGUAGE: Final = "en"


@lru_cache(maxsize=16)
def _catalogue(language: str) -> dict[str, str]:
    return messages(language)


def word(code: str, language: str = DEFAULT_LANGUAGE, **values: int) -> str:
    """The message of a code; English where the language is not known.

    :param values: what it is filled with. 1 takes the singular where the message has one.
    """
    catalogue = _catalogue(language)
    text = catalogue[code]
    if 1 in values.values():
        text = catalogue.get(f"{code}.one", text)
    return text % values if values else text


def refusal(gate: Gate, finding: Exposure | Unavailable, language: str = DEFAULT_LANGUAGE) -> list[str]:
    """The sentences that refuse a password that this gate found something about."""
    sentences = [word(refusal_code(finding), language)]
    # The starter index knows which passwords are common, not how often they were seen.
    # Beside overlays nothing is said either: it would tell a leak that is known to all from one of the site's own.
    has_own = isinstance(gate.index, IndexSet) and bool(gate.index.overlays)
    if isinstance(finding, Exposure) and finding.count and not has_own and not _has_starter(gate.index):
        sentences.append(word("exposed_count", language, count=finding.count))
    return sentences


def _has_starter(asked: object) -> bool:
    """Whether the starter index is among the bases."""
    bases = asked.bases if isinstance(asked, IndexSet) else (asked,)
    return any(isinstance(base, Index) and base.metadata.is_starter for base in bases)


def refusal_code(finding: Exposure | Unavailable) -> str:
    """The message code of a finding."""
    if isinstance(finding, Unavailable):
        return "index_unavailable"
    return "exposed_form" if finding.form in ("nfkc", "casefold") else "exposed"


def joined(sentences: list[str], language: str = DEFAULT_LANGUAGE) -> str:
    """One string of several sentences: Japanese puts no space between them."""
    return sentence_separator(language).join(sentences)
