"""What a Flask app says about breachdex in ``app.config``, read once, when Flask-Security starts."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import flask
from flask import current_app, has_request_context, request

from breachdex._actions import Action, checked_action
from breachdex._breachdex import Index, IndexSet, languages
from breachdex._errors import BreachdexWarning
from breachdex._gate import Gate, shared_index
from breachdex._mailings import DAY, Mailings
from breachdex._policy import Policy
from breachdex._verdicts import CHOOSING, acts_at_log_in, demand_local, policy_of
from breachdex._words import DEFAULT_LANGUAGE

if TYPE_CHECKING:
    from breachdex.types import OnError, Path

EXTENSION: Final = "breachdex"

_FAULTS: Final[dict[object, OnError]] = {
    None: "raise",
    False: "raise",
    "strict": "reject",
    "best-effort": "accept",
}
"""What Flask-Security's own setting about an unreachable service says about a fault of the index."""

_SETTINGS: Final[dict[OnError, object]] = {"raise": None, "reject": "strict", "accept": "best-effort"}
"""The same the other way round."""


@dataclass(frozen=True)
class Settings:
    """The settings of one app, checked."""

    policy: Policy | None
    """Judges passwords; without one they are looked up and no more."""
    gate: Gate
    """Asked where a password is chosen and there is no policy."""
    log_in_gate: Gate
    """Asked at log-in, where a fault must not lock everybody out."""
    log_in: Action
    """What is done without a policy."""
    recoverable: bool
    addresses_verified: bool
    mailings: Mailings
    language: str | None

    @classmethod
    def of(cls, app: flask.Flask) -> Settings:
        """Reads them. Raises whatever opening the index raises, and ``ValueError`` for a setting that is none."""
        config = app.config
        min_count = config.get("SECURITY_PASSWORD_BREACHED_COUNT", 1)
        faults = config.get("SECURITY_PASSWORD_CHECK_BREACHED")
        if faults not in _FAULTS:
            raise ValueError(
                f"SECURITY_PASSWORD_CHECK_BREACHED must be None, 'strict' or 'best-effort', not {faults!r}"
            )
        on_error = _FAULTS[faults]
        at_log_in: OnError = config.get("BREACHDEX_LOG_IN_ON_ERROR", "accept")
        policy = _policy(app, min_count, on_error, at_log_in)
        index = _index(config, policy)
        return cls(
            policy=policy,
            gate=Gate(index, min_count=min_count, on_error=on_error),
            log_in_gate=Gate(index, min_count=min_count, on_error=at_log_in),
            log_in=_log_in(app, policy),
            recoverable=bool(config.get("SECURITY_RECOVERABLE")),
            addresses_verified=_addresses_verified(app),
            mailings=Mailings(_seconds(config.get("BREACHDEX_MAIL_EVERY", DAY))),
            language=config.get("BREACHDEX_LANGUAGE"),
        )


def settings() -> Settings:
    """Those of the current app. Raises ``RuntimeError`` where nothing set them up."""
    found: Settings | None = current_app.extensions.get(EXTENSION)
    if found is None:
        raise RuntimeError(
            "the log-in form needs the same checks at reset, or its users would go round in circles: "
            "pass password_util_cls=ExposedPasswordUtil to Security() too"
        )
    return found


def language() -> str:
    """The language of this request: the setting's, else Flask-Babel's, else the browser's, else English."""
    found: Settings | None = current_app.extensions.get(EXTENSION)
    if found and found.language:
        return found.language
    if "babel" in current_app.extensions:
        from flask_babel import get_locale  # type: ignore[import-untyped, unused-ignore]

        return str(get_locale() or DEFAULT_LANGUAGE)
    if has_request_context():
        return request.accept_languages.best_match(languages()) or DEFAULT_LANGUAGE
    return DEFAULT_LANGUAGE


def _index(config: flask.Config, policy: Policy | None) -> Index | IndexSet:
    if policy is not None:
        assert isinstance(policy.index, (Index, IndexSet))
        return policy.index
    named, overlays = config.get("BREACHDEX_INDEX"), config.get("BREACHDEX_OVERLAYS", ())
    if isinstance(named, (Index, IndexSet)):
        if overlays:
            raise ValueError("BREACHDEX_OVERLAYS goes with a path in BREACHDEX_INDEX, not with an open index")
        return named
    return shared_index(named, overlays)


def _policy(app: flask.Flask, min_count: int, on_error: OnError, at_log_in: OnError) -> Policy | None:
    config = app.config
    if config.get("BREACHDEX_POLICY") is None:
        return None
    choosing = dict.fromkeys(("sign_up", "change", "reset"), on_error)
    policy = policy_of(
        config["BREACHDEX_POLICY"],
        config.get("BREACHDEX_INDEX"),
        config.get("BREACHDEX_OVERLAYS", ()),
        {"min_count": min_count, "on_error": {**choosing, "log_in": at_log_in}},
    )
    demand_local(policy, "Flask-Security")
    _compare(config, policy)
    return policy


def _compare(config: flask.Config, policy: Policy) -> None:
    """Raises ``ValueError`` for a setting that the policy contradicts, and so would be without effect.

    Flask-Security itself puts its defaults into the config, so ``False`` and 1 of its settings say nothing.
    """
    named = config["BREACHDEX_POLICY"]
    is_file = isinstance(named, os.PathLike) or (isinstance(named, str) and named.endswith(".toml"))
    who = f"{os.fspath(named)} in BREACHDEX_POLICY" if is_file else "BREACHDEX_POLICY"
    for key, ours, theirs, where in _said_twice(config, policy):
        if ours != theirs:
            raise ValueError(
                f"{key} is {ours!r} and {who} says {theirs!r}{where}: say it in one of them only"
            )


def _said_twice(config: flask.Config, policy: Policy) -> Iterator[tuple[str, object, object, str]]:
    """Each setting that says what the policy says too, as both say it, and about what."""
    rules = policy._rules
    if "BREACHDEX_LOG_IN" in config:
        says: object = policy.action("log_in", "exposed")
        yield "BREACHDEX_LOG_IN", config["BREACHDEX_LOG_IN"], says, " about exposed passwords at log-in"
    if (least := config.get("SECURITY_PASSWORD_BREACHED_COUNT", 1)) != 1:
        yield "SECURITY_PASSWORD_BREACHED_COUNT", least, rules.min_count, " for min_count"
    if faults := config.get("SECURITY_PASSWORD_CHECK_BREACHED"):
        for event in CHOOSING:
            says = _SETTINGS[policy.on_error(event)]
            where = f" (on_error {policy.on_error(event)!r} at {event})"
            yield "SECURITY_PASSWORD_CHECK_BREACHED", faults, says, where
    if "BREACHDEX_LOG_IN_ON_ERROR" in config:
        says = policy.on_error("log_in")
        yield (
            "BREACHDEX_LOG_IN_ON_ERROR",
            config["BREACHDEX_LOG_IN_ON_ERROR"],
            says,
            " for on_error at log_in",
        )
    if rules.index is not None and config.get("BREACHDEX_INDEX") is not None:
        yield "BREACHDEX_INDEX", _path(config["BREACHDEX_INDEX"]), _path(rules.index), ""
    if rules.overlays and config.get("BREACHDEX_OVERLAYS"):
        ours = [_path(overlay) for overlay in config["BREACHDEX_OVERLAYS"]]
        yield "BREACHDEX_OVERLAYS", ours, [_path(overlay) for overlay in rules.overlays], ""


def _path(index: Path | Index | IndexSet) -> object:
    """The absolute path of an index; an open one without a file as it is."""
    named = index.path if isinstance(index, Index) else index
    return os.path.abspath(named) if isinstance(named, (str, os.PathLike)) else index


def _log_in(app: flask.Flask, policy: Policy | None) -> Action:
    action = checked_action(app.config.get("BREACHDEX_LOG_IN", "warn"), "BREACHDEX_LOG_IN")
    if action == "force_reset" and not app.config.get("SECURITY_RECOVERABLE"):
        raise ValueError(
            "BREACHDEX_LOG_IN = 'force_reset' sends reset instructions: set SECURITY_RECOVERABLE = True"
        )
    if action == "force_reset" and not _addresses_verified(app):
        _warn(
            "BREACHDEX_LOG_IN = 'force_reset' only warns, because nothing verifies the addresses that the "
            "instructions would go to: set SECURITY_CONFIRMABLE = True, or BREACHDEX_ADDRESSES_VERIFIED = True "
            "if you verify them yourself"
        )
    elif policy is not None and acts_at_log_in(policy, "force_reset"):
        if not app.config.get("SECURITY_RECOVERABLE"):
            missing = "SECURITY_RECOVERABLE = True"
        elif not _addresses_verified(app):
            missing = (
                "SECURITY_CONFIRMABLE = True, or BREACHDEX_ADDRESSES_VERIFIED = True if you verify addresses"
            )
        else:
            return action
        _warn(
            "BREACHDEX_POLICY says 'force_reset' at log_in, which only warns here, because no reset instructions "
            f"could reach the owner: set {missing}; or let the policy say 'warn'"
        )
    return action


def _warn(message: str) -> None:
    warnings.warn(message, BreachdexWarning, stacklevel=2)


def _addresses_verified(app: flask.Flask) -> bool:
    return bool(app.config.get("SECURITY_CONFIRMABLE") or app.config.get("BREACHDEX_ADDRESSES_VERIFIED"))


def _seconds(value: float | timedelta) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
