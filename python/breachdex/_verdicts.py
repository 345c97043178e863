"""What the frameworks make of a policy and of its verdicts: which one a setting means, and what is said."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeGuard, get_args

from breachdex import types
from breachdex._breachdex import Index, IndexSet, PolicyRules, Reason, Verdict, language_code
from breachdex._policy import Policy, asked
from breachdex._remote import RangeClient

if TYPE_CHECKING:
    from breachdex.types import Action, Code, Event, Path

    Named = Policy | str | os.PathLike[str] | Mapping[str, Any]
    """A policy, the name of a profile, the path of a TOML file, or what such a file says as a mapping."""

CODES: Final[tuple[Code, ...]] = tuple(code for code in get_args(types.Code) if code != "index_unavailable")
"""What is found about a password."""

EVENTS: Final[tuple[Event, ...]] = get_args(types.Event)
CHOOSING: Final = ("sign_up", "change", "reset")
"""When a password is chosen."""

REFUSING: Final[tuple[Action, ...]] = ("force_reset", "reject")
"""What keeps a password from being used."""


def policy_of(
    named: Named,
    index: Path | Index | IndexSet | None = None,
    overlays: Sequence[Path] = (),
    defaults: Mapping[str, Any] | None = None,
) -> Policy:
    """The policy that a setting means.

    :param index: of a policy that names none itself.
    :param overlays: the same.
    :param defaults: what a profile or a mapping is completed with; a file says everything.
    :raises PolicyError: for one that makes no sense.
    :raises ValueError: for an index beside a policy that is open already.
    """
    if isinstance(named, Policy):
        if index is not None or overlays:
            raise ValueError("a Policy has its index: name it there, not beside it")
        return named
    rules = rules_of(named, defaults)
    # The file's overlays lie over the file's index.
    theirs = rules.overlays if index is None else ()
    return Policy(rules, asked(rules.index if index is None else index, overlays or theirs), ())


def rules_of(named: Named | PolicyRules, defaults: Mapping[str, Any] | None = None) -> PolicyRules:
    """The rules that a setting means.

    :param defaults: what a profile or a mapping is completed with; a file says everything.
    :raises PolicyError: for rules that make no sense.
    """
    if isinstance(named, PolicyRules):
        return named
    if isinstance(named, Policy):
        return named._rules
    if isinstance(named, os.PathLike) or (isinstance(named, str) and named.endswith(".toml")):
        return PolicyRules.from_toml(named)
    if not isinstance(named, (str, Mapping)):
        kind = type(named).__name__
        raise TypeError(f"a policy is a Policy, a profile, the path of a TOML file or a mapping, not {kind}")
    said = {"profile": named} if isinstance(named, str) else named
    return PolicyRules.from_settings({**(defaults or {}), **said})


def demand_local(asked: Policy | Index | IndexSet | RangeClient, where: str) -> None:
    """Raises ``TypeError`` for a policy, or an index, that would speak to the network where nothing waits for it."""
    index = asked.index if isinstance(asked, Policy) else asked
    if has_server(index):
        whose = "the policy" if isinstance(asked, Policy) else "it"
        raise TypeError(f"{where} cannot wait for a RangeClient: give {whose} an index")


def has_server(index: object) -> TypeGuard[RangeClient | IndexSet]:
    """Whether questions go over the network."""
    bases = index.bases if isinstance(index, IndexSet) else (index,)
    return any(isinstance(base, RangeClient) for base in bases)


def identity(about: object) -> tuple[str | None, str | None]:
    """The name and the address of a user, or among the fields of a form: what they call ``username`` and ``email``."""
    fields = ("username", "email")
    held = about if isinstance(about, Mapping) else {name: getattr(about, name, None) for name in fields}
    name, email = (as_word(held.get(field)) for field in fields)
    return name, email


def as_word(typed: object) -> str | None:
    """A name or an address as a policy takes it; ``None`` where there is none. Half of a surrogate pair, which JSON can
    bring, makes it no text, and so nothing that a password could be made of."""
    text = str(typed) if typed else ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text or None


def acts_at_log_in(policy: Policy, action: Action) -> bool:
    """Whether a policy may do that at log-in."""
    return any(policy.action("log_in", code) == action for code in CODES)


def refusing(verdict: Verdict, language: str | None) -> Iterator[tuple[Reason, str]]:
    """The reasons that refuse a password, each with its words.

    :param language: English where breachdex does not speak it; ``None`` is the request's, else the policy's.
    """
    for reason, text in zip(verdict.reasons, verdict.messages(spoken(language)), strict=True):
        if reason.action in REFUSING:
            yield reason, text


def spoken(language: str | None) -> str | None:
    """A language that breachdex speaks."""
    return None if language is None else language_code(language)


def is_exposed(verdict: Verdict) -> bool:
    """Whether what is done is done because the password is exposed."""
    return any(
        (reason.code == "exposed" or reason.match == "pair") and reason.action == verdict.action
        for reason in verdict.reasons
    )


def is_unavailable(verdict: Verdict) -> bool:
    """Whether a log-in is refused because nothing could be asked: nobody's password is to blame."""
    return verdict.action == "reject" and verdict.reasons[0].code == "index_unavailable"


def facts(reason: Reason) -> dict[str, Any]:
    """What a rule says besides its code."""
    return {name: value for name, value in reason.to_dict().items() if name not in ("code", "action")}


def lengths(policy: Policy | PolicyRules) -> dict[str, int]:
    """``min_length`` and ``max_length`` in code points."""
    return {"min_length": policy.min_length, "max_length": policy.max_length}
