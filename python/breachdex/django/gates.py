"""Which indexes a project configured, and the process's gates to them. Knows no form and no view."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from django.conf import settings as django_settings  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]
from django.core.signals import setting_changed  # type: ignore[import-untyped]
from django.utils.module_loading import import_string  # type: ignore[import-untyped]
from django.views.decorators.debug import sensitive_variables  # type: ignore[import-untyped]

from breachdex._breachdex import Index, IndexSet, Pairs
from breachdex._configuration import current
from breachdex._errors import (
    BreachdexError,
    IndexFileError,
    IndexKindError,
    IndexNotFoundError,
    IndexNotSignedError,
    IndexStaleError,
    IndexVersionError,
    PairKeyError,
)
from breachdex._gate import Finding, Gate, Trust
from breachdex._policy import opened as open_named
from breachdex.django.conf import Event, OnError, settings
from breachdex.django.setting_errors import sentence

if TYPE_CHECKING:
    from breachdex.django.criteria import Criteria
    from breachdex.types import Path

MISSING_HINT: Final = (
    'Fetch one with "breachdex download -o pwned.bdx" and name its path in BREACHDEX["INDEX"].'
)


@dataclass(frozen=True)
class Source:
    """An index and its overlays, and from how many sightings on a password counts as exposed."""

    index: str | Index | IndexSet | None
    overlays: tuple[str | Index, ...]
    min_count: int
    trust: Trust = (None, None, False)
    test_password: bool = False

    def __str__(self) -> str:
        name = "the default index" if self.index is None else str(self.index)
        return f"{name} with {', '.join(map(str, self.overlays))}" if self.overlays else name


@dataclass(frozen=True)
class Fault:
    """Why an index cannot be used: the number of the system check, what happened and what to do."""

    id: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.id}: {self.message} {self.hint}"


def at_log_in() -> Source:
    """What ``BREACHDEX`` names, which is asked at log-in and by whatever names nothing else."""
    chosen = settings()
    return Source(chosen.index, chosen.overlays, chosen.min_count, chosen.trust, chosen.test_password)


def named(
    who: str, index: Path | Index | IndexSet | None, overlays: Sequence[Path]
) -> tuple[str | Index | IndexSet | None, tuple[str, ...]]:
    """The options of a validator that name indexes, checked. ``who`` begins what is said about them."""
    if isinstance(overlays, (str, os.PathLike)):
        raise ImproperlyConfigured(f"{who}: overlays must be a list of paths, not {overlays!r}.")
    if overlays and isinstance(index, (Index, IndexSet)):
        raise ImproperlyConfigured(f"{who}: overlays go into an IndexSet when the index is an open one.")
    if isinstance(index, (str, os.PathLike)):
        index = os.fspath(index)
    return index, tuple(os.fspath(overlay) for overlay in overlays)


def source_of(
    index: str | Index | IndexSet | None, overlays: tuple[str | Index, ...], min_count: int | None
) -> Source:
    """What is asked: as a validator's options say, or else the settings."""
    chosen = settings()
    says = index is not None or bool(overlays)
    return Source(
        chosen.index if index is None else index,
        overlays if says else chosen.overlays,
        chosen.min_count if min_count is None else min_count,
        chosen.trust,
        chosen.test_password,
    )


def event_of(user: Any) -> Event:
    """What Django's validators can tell about when a password is chosen: a reset looks like a change.

    At a reset Djoser brings the user of the request, who is nobody yet.
    """
    state = getattr(user, "_state", None)
    return "sign_up" if user is None or (state is not None and state.adding) else "change"


@runtime_checkable
class AsksAnIndex(Protocol):
    """What a validator of this package is, as start-up and the system checks see it."""

    def source(self) -> Source:
        """What it asks."""
        ...

    def at_reset(self) -> Criteria:
        """What decides at reset whether a password can be set."""
        ...


def validators() -> Iterator[AsksAnIndex]:
    """Every validator of this package in ``AUTH_PASSWORD_VALIDATORS``."""
    for entry in django_settings.AUTH_PASSWORD_VALIDATORS:
        kind = _imported(entry)
        if isinstance(kind, type) and issubclass(kind, AsksAnIndex):
            try:
                yield kind(**entry.get("OPTIONS", {}))
            except TypeError as error:
                said = sentence(f"AUTH_PASSWORD_VALIDATORS: {entry['NAME']}: {error}")
                raise ImproperlyConfigured(said) from None


def _imported(entry: Mapping[str, Any]) -> object:
    try:
        return import_string(entry["NAME"])
    except (ImportError, KeyError):
        # Django itself says so, with the setting's name, as soon as the validators are used.
        return None


def configured() -> list[Source]:
    """Every index that a project named, each once."""
    named = [validator.source() for validator in validators()]
    return list(dict.fromkeys([at_log_in(), *named]))


def opened(source: Source) -> Index | IndexSet:
    """The process's handle on an index.

    :raises ImproperlyConfigured: with the fault that the system check of that number names.
    """
    found = tried(source)
    if isinstance(found, Fault):
        raise ImproperlyConfigured(str(found))
    return found


def tried(source: Source) -> Index | IndexSet | Fault:
    """The process's handle on an index, or why there is none."""
    try:
        index = _handle(source)
    except (BreachdexError, OSError) as error:
        return fault_of(error)
    # Only where it matters. What cannot say it is damaged, and what a fault means is decided when it is asked.
    try:
        facts = index.metadata if source.min_count > 1 else None
    except BreachdexError:
        return index
    if facts is not None and facts.is_starter:
        # It counts every password once, so that nothing at all would be found.
        said = f"The starter index does not know how often a password was seen, and MIN_COUNT is {source.min_count}."
        return Fault("breachdex.E003", said, f"{MISSING_HINT.rstrip('.')}, or set MIN_COUNT to 1.")
    if facts is not None and not facts.has_counts:
        said = f"The index {source} has no counts, and MIN_COUNT is {source.min_count}."
        return Fault("breachdex.E003", said, "Build it with counts, or set MIN_COUNT to 1.")
    return index


def shows_count(source: Source) -> bool:
    """Whether a refusal says how often. The starter index counts every password once, which is not so; beside overlays
    it would tell a leak that is known to all from one of the site's own."""
    return settings().show_count and gate(source, "raise").tells_counts


def _handle(source: Source) -> Index | IndexSet:
    index = open_named(source.index, source.overlays, source.trust)
    assert isinstance(index, (Index, IndexSet)), "no setting of Django's names a server"
    return index


def fault_of(error: Exception) -> Fault:
    """The system check that an error at opening belongs to. The error itself says which file it is."""
    said = f"{str(error).rstrip('.')}."
    if isinstance(error, IndexNotFoundError):
        return Fault("breachdex.E001", f"An index is missing: {said}", MISSING_HINT)
    if isinstance(error, IndexFileError):
        hint = "Let the user that the server runs as read the file."
        return Fault("breachdex.E001", f"An index cannot be opened: {said}", hint)
    if isinstance(error, IndexNotSignedError):
        hint = (
            'The keys that are trusted are those of BREACHDEX["TRUSTED_KEYS"] or, without any there, of '
            "breachdex.configure() or $BREACHDEX_TRUSTED_KEYS."
        )
        return Fault("breachdex.E005", f"An index is not signed: {said}", hint)
    if isinstance(error, IndexStaleError):
        hint = 'Bring it up to date with "breachdex update", or raise BREACHDEX["MAX_AGE"].'
        return Fault("breachdex.E006", f"An index is too old: {said}", hint)
    if isinstance(error, PairKeyError):
        hint = 'Name the key file of BREACHDEX["PAIRS"] in BREACHDEX["PAIR_KEY"].'
        return Fault("breachdex.E008", f"Exposed pairs cannot be asked: {said}", hint)
    if isinstance(error, (IndexVersionError, IndexKindError)):
        hint = "Upgrade breachdex, or build that index anew."
        return Fault("breachdex.E003", f"An index is incompatible: {said}", hint)
    return Fault("breachdex.E002", f"An index is damaged: {said}", "Fetch the index anew, or build it again.")


def gate(source: Source, on_error: OnError) -> Gate:
    """The process's gate to an index and the exposed pairs: one each, so that faults are logged once a minute and not once a
    caller.

    :raises ImproperlyConfigured: where the index or the pairs cannot be used.
    """
    return _gate(source, on_error, opened_pairs())


@functools.lru_cache(maxsize=64)
def _gate(source: Source, on_error: OnError, pairs: tuple[Pairs, ...]) -> Gate:
    return Gate(
        opened(source),
        min_count=source.min_count,
        on_error=on_error,
        test_password=source.test_password,
        pairs=pairs,
    )


def opened_pairs() -> tuple[Pairs, ...]:
    """The configured lists of exposed pairs.

    :raises ImproperlyConfigured: with the fault that the system check of that number names.
    """
    found = tried_pairs()
    if isinstance(found, Fault):
        raise ImproperlyConfigured(str(found))
    return found


def tried_pairs() -> tuple[Pairs, ...] | Fault:
    """The configured lists of exposed pairs, or why they cannot be asked."""
    try:
        return current().pairs
    except (BreachdexError, OSError) as error:
        return fault_of(error)


@sensitive_variables()  # type: ignore[untyped-decorator]
def ask(source: Source, on_error: OnError, password: str, users: Sequence[str | None] = ()) -> Finding:
    """How a password is exposed; ``None`` where it is not.

    :param users: what the account is known by, for which exposed pairs are asked.
    :raises ImproperlyConfigured: where the index cannot be used.
    """
    asked = gate(source, on_error)
    try:
        return asked.examine(password, users=users)
    except Exception as error:  # noqa: BLE001
        # The frames below hold the password, and no decorator of Django's hides them from a report.
        raise error.with_traceback(None) from None


def _forget(*, setting: str, **_: object) -> None:
    if setting == "BREACHDEX":
        _gate.cache_clear()


setting_changed.connect(_forget, dispatch_uid="breachdex.django.gates")
