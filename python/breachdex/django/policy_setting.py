"""``BREACHDEX["POLICY"]``: what it says, and how it goes with the keys beside it that say the same."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]

from breachdex._breachdex import PolicyRules
from breachdex._errors import BreachdexError
from breachdex._verdicts import EVENTS
from breachdex.django.setting_errors import sentence, wrong
from breachdex.types import Profile

DEFAULT_PROFILE: Final = "nist"


@dataclass(frozen=True)
class PolicySetting:
    """The policy of a site. Either ``file`` or ``settings`` is what was written; neither where it is inherited."""

    rules: PolicyRules
    file: str | None
    settings: Mapping[str, Any] | None


def read(written: object, beside: Mapping[str, Any]) -> PolicySetting:
    """The policy, in agreement with the parsed keys that were written beside it.

    :param beside: of ``INDEX``, ``OVERLAYS``, ``MIN_COUNT``, ``ON_ERROR`` and ``LOG_IN`` those that were written.
    :raises ImproperlyConfigured: for a policy that makes no sense, and for one that contradicts them.
    """
    if isinstance(written, str) and written in get_args(Profile):
        written = {"profile": written}
    if isinstance(written, Mapping):
        settings = _completed(written, beside)
        found = PolicySetting(rules_of(settings, 'BREACHDEX["POLICY"]'), None, settings)
    elif isinstance(written, (str, os.PathLike)) and os.fspath(written):
        file = str(os.fspath(written))
        found = PolicySetting(rules_in(file, 'BREACHDEX["POLICY"]'), file, None)
    else:
        wrong("POLICY", f"must be a dict, a profile, or the path of a TOML file, not {written!r}")
    _compare(found, beside)
    return found


def changed(rules: PolicyRules, beside: Mapping[str, Any]) -> PolicySetting:
    """An inherited policy with what the keys of the site say."""
    changes: dict[str, Any] = {}
    if "MIN_COUNT" in beside:
        changes["min_count"] = beside["MIN_COUNT"]
    if "ON_ERROR" in beside:
        changes["on_error"] = dict(beside["ON_ERROR"])
    if "LOG_IN" in beside:
        changes["actions"] = {"log_in": {"exposed": beside["LOG_IN"]}}
    return PolicySetting(changed_rules(rules, changes, "BREACHDEX"), None, None)


def changed_rules(rules: PolicyRules, changes: Mapping[str, Any], where: str) -> PolicyRules:
    """Rules with changes; ``ImproperlyConfigured`` that begins with ``where`` if they make no sense."""
    try:
        return rules.changed(changes)
    except (BreachdexError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(sentence(f"{where}: {error}")) from None


def rules_of(settings: Mapping[str, Any], where: str) -> PolicyRules:
    """The rules that a mapping asks for; ``ImproperlyConfigured`` that begins with ``where`` if it makes no sense."""
    try:
        return PolicyRules.from_settings({"profile": DEFAULT_PROFILE, **settings})
    except (BreachdexError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(sentence(f"{where}: {error}")) from None


def rules_in(file: str, where: str) -> PolicyRules:
    """The rules of a file; ``ImproperlyConfigured`` that begins with ``where`` if they make no sense."""
    try:
        return PolicyRules.from_toml(file)
    except (BreachdexError, OSError, ValueError) as error:
        raise ImproperlyConfigured(sentence(f"{where}: {error}")) from None


def _completed(written: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    """With what the keys beside it say of which it says nothing itself."""
    settings = dict(written)
    if "MIN_COUNT" in beside:
        settings.setdefault("min_count", beside["MIN_COUNT"])
    if "ON_ERROR" in beside:
        settings.setdefault("on_error", dict(beside["ON_ERROR"]))
    return settings


def _compare(policy: PolicySetting, beside: Mapping[str, Any]) -> None:
    rules, file = policy.rules, policy.file
    says: dict[str, Any] = {
        "MIN_COUNT": rules.min_count,
        "LOG_IN": rules.action("log_in", "exposed"),
        "ON_ERROR": tuple((event, rules.on_error(event)) for event in EVENTS),
    }
    if rules.index is not None:
        says["INDEX"] = os.path.abspath(rules.index)
    if rules.overlays:
        says["OVERLAYS"] = tuple(map(os.path.abspath, rules.overlays))
    if rules.pairs:
        says["PAIRS"] = tuple(map(os.path.abspath, rules.pairs))
    for key, theirs in says.items():
        if key in beside and (ours := _comparable(key, beside[key])) != theirs:
            name = 'BREACHDEX["POLICY"]' if file is None else f'{file} in BREACHDEX["POLICY"]'
            shown = (dict(ours), dict(theirs)) if key == "ON_ERROR" else (ours, theirs)
            wrong(key, f"is {shown[0]!r} and {name} says {shown[1]!r}: say it in one of them only")


def _comparable(key: str, value: Any) -> Any:
    if key == "INDEX":
        return None if value is None else os.path.abspath(value)
    if key in ("OVERLAYS", "PAIRS"):
        return tuple(map(os.path.abspath, value))
    return value
