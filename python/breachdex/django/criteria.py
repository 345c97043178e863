"""What decides whether a password is refused, and how what is asked at reset falls short of what log-in asks."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from breachdex._breachdex import Index, PolicyRules
from breachdex._verdicts import CODES, REFUSING
from breachdex.django import gates
from breachdex.django.gates import Fault

if TYPE_CHECKING:
    from breachdex.django.gates import Source
    from breachdex.types import Code, Event, OnError

GATE_FORMS: Final = frozenset({"nfc", "nfkc", "trimmed", "visible"})
"""What is looked up besides the password as it came where there is no policy."""


@dataclass(frozen=True)
class Criteria:
    """What is asked about a password at one event."""

    source: Source
    refused: frozenset[Code]
    on_error: OnError
    forms: frozenset[str] = GATE_FORMS
    scope: str = "all"
    min_length: int | None = None
    max_length: int | None = None
    service_name: str | None = None
    context: frozenset[str] = frozenset()


def of_gate(source: Source, *, refuses: bool, on_error: OnError) -> Criteria:
    """Without a policy."""
    return Criteria(source, frozenset(("exposed", "exposed_pair") if refuses else ()), on_error)


def of_rules(rules: PolicyRules, source: Source, event: Event) -> Criteria:
    """With one."""
    said = _said(rules)
    return Criteria(
        source=source,
        refused=frozenset(code for code in CODES if rules.action(event, code) in REFUSING),
        on_error=rules.on_error(event),
        forms=frozenset(said["forms"]),
        scope=said["scope"],
        min_length=rules.min_length,
        max_length=rules.max_length,
        service_name=said.get("service_name"),
        context=frozenset(said.get("context", ())),
    )


def shortfalls(log_in: Criteria, reset: Criteria, code: Code) -> Iterator[tuple[str, str]]:
    """Why a password that log-in refuses for that code could be set at reset all the same: each setting that differs
    and what to do. Nothing where none could.

    :param reset: of a validator that refuses that code.
    """
    if code in ("exposed", "similar_exposed"):
        yield from _asked_less(log_in, reset)
    if code == "exposed":
        yield from _found_less(log_in, reset)
    elif code == "context_word":
        yield from _words_less(log_in, reset)
    elif code == "too_short" and _number(log_in.min_length) > _number(reset.min_length):
        yield (
            f"its min_length is {reset.min_length} and log-in's {log_in.min_length}",
            f"let its min_length be {log_in.min_length} or more",
        )
    elif code == "too_long" and _number(log_in.max_length) < _number(reset.max_length):
        yield (
            f"its max_length is {reset.max_length} and log-in's {log_in.max_length}",
            f"let its max_length be {log_in.max_length} or less",
        )


def unasked(log_in: Criteria, reset: Criteria) -> Iterator[tuple[str, str]]:
    """Why a password that log-in refuses as it cannot be checked could be set at reset all the same."""
    if not {"exposed", "similar_exposed"} & reset.refused:
        yield "it asks no index", "let it refuse exposed passwords"
    if reset.on_error == "accept":
        yield 'its on_error is "accept"', 'let its on_error be "reject" or "raise"'
    yield from _members_less(log_in.source, reset.source)


def _asked_less(log_in: Criteria, reset: Criteria) -> Iterator[tuple[str, str]]:
    yield from _members_less(log_in.source, reset.source)
    least, theirs = log_in.source.min_count, reset.source.min_count
    if theirs > least:
        yield f"its min_count is {theirs} and log-in's {least}", f"let its min_count be at most {least}"


def _members_less(log_in: Source, reset: Source) -> Iterator[tuple[str, str]]:
    base, overlays = _members(log_in)
    their_base, their_overlays = _members(reset)
    if base != their_base and base not in their_overlays:
        yield f"its index is {reset} and log-in's {log_in}", "leave its index out, or name the same"
    dropped = [name for name in overlays if name not in their_overlays]
    if dropped:
        yield (
            f"it does not ask the overlays {', '.join(dropped)}, and log-in does",
            "name them in its overlays, or leave its index and overlays out",
        )


def _found_less(log_in: Criteria, reset: Criteria) -> Iterator[tuple[str, str]]:
    if reset.scope == "common" and log_in.scope == "all":
        yield 'its scope is "common" and log-in\'s "all"', 'give it a profile whose scope is "all"'
    missing = sorted(log_in.forms - reset.forms)
    if missing:
        yield f"its forms lack {', '.join(missing)}, which log-in looks up", "add them to its forms"


def _words_less(log_in: Criteria, reset: Criteria) -> Iterator[tuple[str, str]]:
    if log_in.service_name is not None and reset.service_name != log_in.service_name:
        yield (
            f"its service_name is {reset.service_name!r} and log-in's {log_in.service_name!r}",
            "give it the same service_name",
        )
    missing = sorted(log_in.context - reset.context)
    if missing:
        words = ", ".join(map(repr, missing))
        yield f"its context lacks {words}, which log-in knows", "add that to its context"


def _number(limit: int | None) -> int:
    assert limit is not None, "what has no policy refuses nothing for its length"
    return limit


def _members(source: Source) -> tuple[str, frozenset[str]]:
    """Which files, or open indexes without one, are asked. Links are followed: another name is no other index."""
    index = gates.tried(source)
    if isinstance(index, Fault):  # A check of its own says so; here the names must do.
        return os.path.realpath(str(source.index)), frozenset(
            os.path.realpath(str(overlay)) for overlay in source.overlays
        )
    if isinstance(index, Index):
        return _name(index), frozenset()
    return ", ".join(sorted(map(_name, index.bases))), frozenset(map(_name, index.overlays))


def _name(index: object) -> str:
    if not isinstance(index, Index):
        return repr(index)
    if index.path is not None:
        return os.path.realpath(index.path)
    return "the starter index" if index.metadata.is_starter else f"an open index ({id(index):#x})"


def _said(rules: PolicyRules) -> dict[str, Any]:
    """The keys of a policy that it has before its tables, one a line, each a number, a string or a list of strings.
    Its TOML is JSON but for the escapes of control characters; Python 3.10 reads no TOML."""
    head = rules.to_toml().partition("\n[")[0]
    lines = [line.partition(" = ") for line in head.splitlines() if line]
    return {key: json.loads(re.sub(r"\\(\\|U0000)", _escape, value)) for key, _, value in lines}


def _escape(found: re.Match[str]) -> str:
    return "\\u" if found[1] != "\\" else found[0]
