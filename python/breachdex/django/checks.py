"""The system checks, and what is an error at start-up too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.conf import settings as django_settings  # type: ignore[import-untyped]
from django.core import checks  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]
from django.utils.module_loading import import_string  # type: ignore[import-untyped]

from breachdex._breachdex import Index, IndexSet
from breachdex.django import gates
from breachdex.django.backends import ExposedPasswordMixin
from breachdex.django.conf import settings
from breachdex.django.gates import Fault, Source


def register_all() -> None:
    """Registers the checks; calling it again changes nothing."""
    for check in (check_indexes, check_log_in):
        checks.register(check, checks.Tags.security)


def check_indexes(**_: Any) -> list[Any]:
    """E001 missing, E002 damaged, E003 incompatible, W001 starter index, W002 old, W004 part of the corpus."""
    found: list[Any] = []
    for source in gates.configured():
        tried = gates.tried(source)
        if isinstance(tried, Fault):
            found.append(_as_message(checks.Error, tried))
        else:
            found += [_as_message(checks.Warning, fault) for fault in _doubts(source, tried)]
    return found


def check_log_in(**_: Any) -> list[Any]:
    """E004 where a user could loop, W003 where no address is known to be verified."""
    if not _acts_at_log_in():
        return []
    found = [_as_message(checks.Error, fault) for fault in _loops()]
    if settings().log_in == "force_reset" and settings().verified_email is None:
        fault = Fault(
            "breachdex.W003",
            'LOG_IN is "force_reset", and nothing says which addresses are verified, so users are only warned.',
            'Set BREACHDEX["VERIFIED_EMAIL"] to True if every address in the user model is verified, or to a '
            "function that takes a user and returns the verified address or None.",
        )
        found.append(_as_message(checks.Warning, fault))
    return found


def demand_refusal_at_reset() -> None:
    """Raises ``ImproperlyConfigured`` where what log-in refuses would be accepted at reset: the user would loop."""
    if _acts_at_log_in():
        for fault in _loops():
            raise ImproperlyConfigured(str(fault))


def _doubts(source: Source, index: Index | IndexSet) -> Iterator[Fault]:
    facts = index.metadata
    most = settings().max_age_days
    if facts.is_starter:
        yield Fault(
            "breachdex.W001",
            f"The starter index answers, which holds {facts.entries} common passwords only.",
            'Fetch the whole corpus with "breachdex download -o pwned.bdx" and name its path in BREACHDEX["INDEX"].',
        )
    elif most is not None and facts.corpus_date is not None and _age(facts.corpus_date) > most:
        yield Fault(
            "breachdex.W002",
            f"The corpus of the index {source} is {_age(facts.corpus_date)} days old "
            f"({facts.corpus_date}), more than MAX_AGE_DAYS ({most}).",
            'Bring it up to date with "breachdex update".',
        )
    if not facts.covers_all:
        yield Fault(
            "breachdex.W004",
            f"The index {source} covers a part of the corpus only: other passwords cannot be checked with it.",
            "Use an index of the whole corpus.",
        )


def _age(day: date) -> int:
    return (date.today() - day).days


def _acts_at_log_in() -> bool:
    return any(
        isinstance(kind := import_string(path), type) and issubclass(kind, ExposedPasswordMixin)
        for path in django_settings.AUTHENTICATION_BACKENDS
    )


def _loops() -> Iterator[Fault]:
    chosen = settings()
    if chosen.log_in not in ("force_reset", "reject"):
        return
    thresholds = [validator.source().min_count for validator in gates.validators()]
    if not thresholds:
        yield Fault(
            "breachdex.E004",
            f'LOG_IN is "{chosen.log_in}", and nothing refuses an exposed password at reset, so that users could '
            "set it again and be refused again.",
            'Add {"NAME": "breachdex.django.validators.ExposedPasswordValidator"} to AUTH_PASSWORD_VALIDATORS.',
        )
    elif min(thresholds) > chosen.min_count:
        yield Fault(
            "breachdex.E004",
            f'LOG_IN is "{chosen.log_in}" from {chosen.min_count} sightings on, and the validator refuses from '
            f"{min(thresholds)} on, so that users could set a password again that log-in refuses again.",
            "Let min_count of ExposedPasswordValidator be at most MIN_COUNT.",
        )


def _as_message(kind: Any, fault: Fault) -> Any:
    return kind(fault.message, hint=fault.hint, id=fault.id)
