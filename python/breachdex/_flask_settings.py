"""What a Flask app says about breachdex in ``app.config``: read when Flask-Security starts, and again when what it inherits
from ``breachdex.configure()`` changes."""

from __future__ import annotations

import hashlib
import hmac
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import flask
from flask import current_app

from breachdex._actions import Action, checked_action
from breachdex._breachdex import Index, IndexSet, Radar
from breachdex._configuration import Configuration, current
from breachdex._errors import BreachdexWarning
from breachdex._gate import Gate
from breachdex._log_in_watch import LogInWatch
from breachdex._log_ins import FIELD_REMEDY, LogIns
from breachdex._mailings import DAY, Mailings
from breachdex._marks import Marks
from breachdex._policy import Policy
from breachdex._sidecar_radar import SidecarRadar
from breachdex._verdicts import CHOOSING, REFUSING, acts_at_log_in, demand_local

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from breachdex.types import Advice, OnError

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

    configuration: Configuration
    """What the app inherits and says."""
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
    log_ins: LogIns
    """How log-ins are treated beyond their verdict."""
    mark_field: str | None
    """The column of the user model that keeps what is needed for that."""
    watch: LogInWatch | None
    """Tells a radar of log-ins."""
    on_advice: Callable[[Advice, Any], object] | None
    """The site's function that acts on what the radar advises."""

    @classmethod
    def of(cls, app: flask.Flask, before: Settings | None = None) -> Settings:
        """Reads them. Raises whatever opening the index raises, and ``ValueError`` for a setting that is none.

        :param before: the settings that these take the place of, whose memory of mails and attacks goes on.
        """
        config = app.config
        with app.app_context():
            configuration = current()
        faults = config.get("SECURITY_PASSWORD_CHECK_BREACHED")
        if faults not in _FAULTS:
            raise ValueError(
                f"SECURITY_PASSWORD_CHECK_BREACHED must be None, 'strict' or 'best-effort', not {faults!r}"
            )
        if configuration.test_password and not (app.debug or app.testing):
            _warn(
                "the test password is exposed, and the app is neither in debug mode nor under test. It is public: turn "
                "BREACHDEX_TEST_PASSWORD off when the trial is over, and delete the account of the trial"
            )
        policy = _policy(app, configuration)
        log_in = _log_in(app, policy)
        index = configuration.corpus
        demand_local(index, "Flask-Security")
        assert isinstance(index, (Index, IndexSet))
        # Flask-Security fills in 1 and False itself, so these say nothing.
        least = config.get("SECURITY_PASSWORD_BREACHED_COUNT", 1)
        min_count = configuration.min_count or 1 if least == 1 else least
        on_error = _FAULTS[faults] if faults else configuration.on_error_at("change")
        at_log_in: OnError = config.get("BREACHDEX_LOG_IN_ON_ERROR") or configuration.on_error_at("log_in")
        asked: dict[str, Any] = {
            "min_count": min_count,
            "test_password": configuration.test_password,
            "pairs": configuration.pairs,
        }
        return cls(
            configuration=configuration,
            policy=policy,
            gate=Gate(index, on_error=on_error, **asked),
            log_in_gate=Gate(index, on_error=at_log_in, **asked),
            log_in=log_in,
            recoverable=bool(config.get("SECURITY_RECOVERABLE")),
            addresses_verified=_addresses_verified(app),
            mailings=before.mailings
            if before
            else Mailings(_seconds(config.get("BREACHDEX_MAIL_EVERY", DAY))),
            log_ins=_log_ins(app, configuration, None if policy is not None else log_in),
            mark_field=config.get("BREACHDEX_MARK_FIELD"),
            watch=before.watch if before else _watch(config.get("BREACHDEX_RADAR")),
            on_advice=_on_advice(config.get("BREACHDEX_ON_ADVICE")),
        )

    def marks(self, app: flask.Flask) -> Marks:
        """What seals the marks of accounts, with the secret of the app."""
        former = app.config.get("SECRET_KEY_FALLBACKS") or ()
        return Marks(_long(app.secret_key), tuple(map(_long, former)))


def settings() -> Settings:
    """Those of the current app, as configured now. Raises ``RuntimeError`` where nothing set them up."""
    app: flask.Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    found: Settings | None = app.extensions.get(EXTENSION)
    if found is None:
        raise RuntimeError(
            "the log-in form needs the same checks at reset, or its users would go round in circles: "
            "pass password_util_cls=ExposedPasswordUtil to Security() too"
        )
    if found.configuration is not current():
        found = app.extensions[EXTENSION] = Settings.of(app, found)
    return found


def _log_ins(app: flask.Flask, configuration: Configuration, log_in: Action | None) -> LogIns:
    """:param log_in: what is done at log-in where no policy says it."""
    # A list of pairs has no date by which a second look could be spared.
    log_ins = LogIns(configuration.grace, "always" if configuration.has_pairs else configuration.recheck)
    if log_ins.grace is not None and log_in is not None and log_in not in REFUSING:
        raise ValueError(
            f"BREACHDEX_GRACE is without effect, because BREACHDEX_LOG_IN is {log_in!r}: set BREACHDEX_LOG_IN to "
            "'force_reset' or 'reject'"
        )
    if log_ins.keeps_marks and not app.config.get("BREACHDEX_MARK_FIELD"):
        raise ValueError(
            "days and log-ins of each account, and what was looked at, have to be kept: name in BREACHDEX_MARK_FIELD "
            f"{FIELD_REMEDY}, or give grace 'until' a day"
        )
    return log_ins


def _watch(given: object) -> LogInWatch | None:
    if given is None or isinstance(given, LogInWatch):
        return given
    if isinstance(given, (Radar, SidecarRadar)):
        return LogInWatch(given)
    raise ValueError(
        f"BREACHDEX_RADAR must be a LogInWatch, a Radar or a SidecarRadar, not {type(given).__name__}"
    )


def _on_advice(given: object) -> Callable[[Advice, Any], object] | None:
    if given is None or callable(given):
        return given
    raise ValueError(f"BREACHDEX_ON_ADVICE must be a function of an advice and a user, not {given!r}")


def _long(secret: str | bytes | None) -> bytes:
    """A key of the site's secret for this purpose alone, long enough whatever the secret is."""
    key = secret.encode() if isinstance(secret, str) else secret or b""
    return hmac.digest(key, b"breachdex marks", hashlib.sha256)


def _policy(app: flask.Flask, configuration: Configuration) -> Policy | None:
    """The configured policy, with what Flask-Security's own settings say about it."""
    if configuration.rules is None:
        return None
    named = app.config.get("BREACHDEX_POLICY")
    changes = _changes(app.config)
    if isinstance(named, Policy) or _is_file(named):
        changes = {}  # It says everything.
    elif isinstance(named, Mapping):
        changes = {key: value for key, value in changes.items() if key not in named}
    policy = Policy(configuration.rules.changed(changes), configuration.corpus, (), configuration.pairs)
    demand_local(policy, "Flask-Security")
    if named is not None:
        _compare(app.config, policy)
    return policy


def _changes(config: flask.Config) -> dict[str, object]:
    """What Flask-Security's own settings, and the one about faults at log-in, change in a policy."""
    changes: dict[str, object] = {}
    faults: dict[str, object] = {}
    if (least := config.get("SECURITY_PASSWORD_BREACHED_COUNT", 1)) != 1:
        changes["min_count"] = least
    if choice := config.get("SECURITY_PASSWORD_CHECK_BREACHED"):
        faults |= dict.fromkeys(CHOOSING, _FAULTS[choice])
    if choice := config.get("BREACHDEX_LOG_IN_ON_ERROR"):
        faults["log_in"] = choice
    return {**changes, "on_error": faults} if faults else changes


def _is_file(named: object) -> bool:
    return isinstance(named, os.PathLike) or (isinstance(named, str) and named.endswith(".toml"))


def _compare(config: flask.Config, policy: Policy) -> None:
    """Raises ``ValueError`` for a setting that the policy contradicts, and so would be without effect.

    Flask-Security itself puts its defaults into the config, so ``False`` and 1 of its settings say nothing.
    """
    named = config["BREACHDEX_POLICY"]
    who = f"{os.fspath(named)} in BREACHDEX_POLICY" if _is_file(named) else "BREACHDEX_POLICY"
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
