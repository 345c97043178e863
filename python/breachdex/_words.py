"""What a person reads about a finding, in their language, for the frameworks that want plain strings.

The words themselves come with the compiled module; this file only chooses and fills them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from breachdex._breachdex import Exposure, exposed_count, messages, sentence_separator
from breachdex._errors import InvalidPasswordError, PasswordRejectedError
from breachdex._gate import ExposedPair, Gate, Unavailable
from breachdex._language import chosen

DEFAULT_LANGUAGE: Final = "en"


@lru_cache(maxsize=16)
def _catalogue(language: str) -> dict[str, str]:
    return messages(language)


def word(code: str, language: str = DEFAULT_LANGUAGE, **values: int) -> str:
    """The message of a code; English where the language is not known.

    :param values: what it is filled with. The first decides: 1 takes the singular where the message has one.
    """
    if code == "exposed_count":
        # The only number that may be so large that its digits are read in groups.
        return exposed_count(values["count"], language)
    catalogue = _catalogue(language)
    text = catalogue[code]
    if next(iter(values.values()), None) == 1:
        text = catalogue.get(f"{code}.one", text)
    return text % values if values else text


def not_text(language: str | None = None) -> str:
    """What the person reads whose password is no text.

    :param language: ``None`` is the request's, else the configured one.
    """
    return word("password_not_text", chosen(language))


def reasons(error: Exception) -> tuple[str, list[tuple[str, str]]]:
    """What the handlers of web frameworks answer: the field, and code and message of each reason, in the request's language.

    :param error: ``PasswordRejectedError`` or ``InvalidPasswordError``.
    """
    if isinstance(error, PasswordRejectedError):
        return error.field or "password", list(zip(error.codes, error.messages(), strict=True))
    field = error.field if isinstance(error, InvalidPasswordError) else "password"
    code = not_text_code(field)
    return field, [(code, word(code, chosen(None)))]


def not_text_code(field: str) -> str:
    """The message code of an ``InvalidPasswordError`` about this field: of a user name it is not said that the password is to
    be another."""
    return "password_not_text" if field == "password" else "user_name_not_text"


def refusal(
    gate: Gate,
    finding: Exposure | ExposedPair | Unavailable,
    language: str = DEFAULT_LANGUAGE,
    *,
    show_count: bool,
) -> list[str]:
    """The sentences that refuse a password that this gate found something about.

    :param show_count: whether to say how often it was seen, where that is known and may be told.
    """
    sentences = [word(refusal_code(finding), language)]
    if show_count and isinstance(finding, Exposure) and tells_count(gate, finding):
        assert finding.count is not None
        sentences.append(word("exposed_count", language, count=finding.count))
    return sentences


def tells_count(gate: Gate, exposure: Exposure) -> bool:
    """Whether people may be told how often a password was seen that this gate found. A lower bound is not told, nor
    anything that :attr:`Gate.tells_counts` rules out."""
    return bool(exposure.count) and not exposure.partial and gate.tells_counts


def refusal_code(finding: Exposure | ExposedPair | Unavailable) -> str:
    """The message code of a finding."""
    if isinstance(finding, Unavailable):
        return "index_unavailable"
    if isinstance(finding, ExposedPair):
        return pair_code(finding.match)
    return exposed_code(finding.form)


def pair_code(match: str | None) -> str:
    """The message code of an exposed pair. Of a similar one nothing is said of the name, which somebody else may have typed to
    find out about it."""
    return "exposed_pair" if match == "pair" else "similar_exposed"


def exposed_code(form: str | None) -> str:
    """The message code of an exposed password, by the form that is exposed."""
    if form in ("nfkc", "casefold"):
        return "exposed_form"
    return "exposed_invisible" if form in ("trimmed", "visible") else "exposed"


def joined(sentences: list[str], language: str = DEFAULT_LANGUAGE) -> str:
    """One string of several sentences: Japanese puts no space between them."""
    return sentence_separator(language).join(sentences)
