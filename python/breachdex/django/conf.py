"""The setting ``BREACHDEX``, read into one frozen object; whatever is wrong in it is said by name.

What it does not say is as ``breachdex.configure()`` or the environment says; see :mod:`breachdex._configuration`.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, TypeAlias, cast, get_args

from django.conf import settings as django_settings  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]
from django.core.signals import setting_changed  # type: ignore[import-untyped]

from breachdex import _configuration, _configuration_values
from breachdex._breachdex import Grace, Index, IndexSet, Pairs
from breachdex._gate import Trust
from breachdex._log_ins import LogIns, Recheck
from breachdex._verdicts import REFUSING, has_server
from breachdex.django import policy_setting, radar_setting
from breachdex.django.policy_setting import PolicySetting
from breachdex.django.radar_setting import RadarSetting
from breachdex.django.setting_errors import nearest, one_of, wrong

OnError: TypeAlias = Literal["accept", "reject", "raise"]
Event: TypeAlias = Literal["sign_up", "change", "reset", "log_in"]
Action: TypeAlias = Literal["accept", "warn", "notify", "force_reset", "reject"]
VerifiedEmail: TypeAlias = bool | str | Callable[[Any], str | None] | None
SendReset: TypeAlias = str | Callable[[Any, str, Any], object] | None

EVENTS: Final[tuple[Event, ...]] = get_args(Event)
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
ON_ERROR: Final[tuple[OnError, ...]] = get_args(OnError)
DEFAULT_ON_ERROR: Final[Mapping[Event, OnError]] = {
    "sign_up": "raise",
    "change": "raise",
    "reset": "raise",
    "log_in": "accept",
}


@dataclass(frozen=True)
class Settings:
    """What ``BREACHDEX`` says, checked. One field a key, in lower case. What a policy says too is as it says."""

    index: str | Index | IndexSet | None = None
    overlays: tuple[str | Index, ...] = ()
    pairs: tuple[str | Pairs, ...] = ()
    pair_key: tuple[str, ...] = ()
    trusted_keys: tuple[str, ...] | None = None
    max_age: int | None = None
    allow_rollback: bool = False
    min_count: int = 1
    on_error: tuple[tuple[Event, OnError], ...] = tuple(DEFAULT_ON_ERROR.items())
    log_in: Action = "warn"
    verified_email: VerifiedEmail = None
    reset_mail: SendReset = None
    reset_mail_hours: float = 24
    max_age_days: int | None = 365
    show_count: bool = False
    cache: str = "default"
    password_regex: str = "PASS"
    policy: PolicySetting | None = None
    test_password: bool = False
    grace: Grace | None = None
    recheck: Recheck = "always"
    mark_field: str | None = None
    radar: RadarSetting | None = None

    @property
    def log_ins(self) -> LogIns:
        """How log-ins are treated beyond their verdict."""
        # A list of pairs has no date by which a second look could be spared.
        return LogIns(self.grace, "always" if self.pairs else self.recheck)

    @property
    def trust(self) -> Trust:
        """The trusted keys, how many days old an index may be, and whether an older one may replace it."""
        return self.trusted_keys, self.max_age, self.allow_rollback

    def on_error_at(self, event: Event) -> OnError:
        """What a fault at run time means at that event."""
        return dict(self.on_error)[event]


KEYS: Final = tuple(field.name.upper() for field in fields(Settings))


def _index(value: object) -> str | None:
    if value is None:
        return None
    return _path("INDEX", value, "must be the path of an index, or None")


def _path(key: str, value: object, reason: str) -> str:
    if isinstance(value, (str, os.PathLike)) and (path := os.fspath(value)) and isinstance(path, str):
        return path
    wrong(key, f"{reason}, not {value!r}")


def _overlays(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        wrong("OVERLAYS", f"must be a list of paths, not {value!r}")
    return tuple(_path("OVERLAYS", item, "must be a list of paths of indexes") for item in value)


def _checked(key: str, value: object) -> Any:
    """A value that ``breachdex.configure()`` knows by the same name."""
    try:
        return _configuration_values.READERS[key.lower()](value)
    except ValueError as error:
        wrong(key, str(error))


def _min_count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        wrong("MIN_COUNT", f"must be a whole number from 1 on, not {value!r}")
    return value


def _on_error(value: object) -> tuple[tuple[Event, OnError], ...]:
    given = dict.fromkeys(EVENTS, value) if isinstance(value, str) else value
    if not isinstance(given, Mapping):
        wrong("ON_ERROR", f"must be a string, or a dict from event to string, not {value!r}")
    for event, choice in given.items():
        if reason := one_of(event, EVENTS):
            wrong("ON_ERROR", f"has a key that is no event: it {reason}")
        if reason := one_of(choice, ON_ERROR):
            wrong("ON_ERROR" if isinstance(value, str) else f'ON_ERROR"]["{event}', reason)
    merged = {**DEFAULT_ON_ERROR, **cast("Mapping[Event, OnError]", given)}
    if isinstance(value, Mapping) and ("change" in value) != ("reset" in value):
        # One of the two speaks for both: Django's validators cannot tell one from the other.
        merged["change"] = merged["reset"] = merged["change" if "change" in value else "reset"]
    if merged["change"] != merged["reset"]:
        wrong(
            "ON_ERROR",
            'must say the same for "change" and "reset": Django\'s validators cannot tell them apart',
        )
    return tuple(merged.items())


def _log_in(value: object) -> Action:
    if reason := one_of(value, ACTIONS):
        wrong("LOG_IN", reason)
    return cast("Action", value)


def _verified_email(value: object) -> VerifiedEmail:
    if value is None or value is True or callable(value) or (isinstance(value, str) and "." in value):
        return cast("VerifiedEmail", value)
    wrong(
        "VERIFIED_EMAIL",
        "must be None, True, or a function (or the dotted path of one) that takes a user and returns the "
        f"verified address or None, not {value!r}",
    )


def _reset_mail(value: object) -> SendReset:
    if value is None or callable(value) or (isinstance(value, str) and "." in value):
        return cast("SendReset", value)
    wrong(
        "RESET_MAIL",
        "must be None, or a function (or the dotted path of one) that takes a user, an address and a request "
        f"and sends the mail, not {value!r}",
    )


def _reset_mail_hours(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        wrong("RESET_MAIL_HOURS", f"must be a number of hours above 0, not {value!r}")
    return value


def _max_age_days(value: object) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        wrong("MAX_AGE_DAYS", f"must be a whole number of days from 1 on, or None, not {value!r}")
    return value


def _show_count(value: object) -> bool:
    if not isinstance(value, bool):
        wrong("SHOW_COUNT", f"must be True or False, not {value!r}")
    return value


def _cache(value: object) -> str:
    if not isinstance(value, str) or value not in django_settings.CACHES:
        wrong(
            "CACHE",
            f"must be a name in CACHES, not {value!r}{nearest(value, django_settings.CACHES)}",
        )
    return value


def _password_regex(value: object) -> str:
    if not isinstance(value, str):
        wrong("PASSWORD_REGEX", f"must be a regular expression, not {value!r}")
    try:
        re.compile(value)
    except re.error as error:
        wrong("PASSWORD_REGEX", f"must be a regular expression, not {value!r} ({error})")
    return value


def _mark_field(value: object) -> str | None:
    if value is None or (isinstance(value, str) and value.isidentifier()):
        return value
    wrong("MARK_FIELD", f"must be the name of a field of the user model, or None, not {value!r}")


PARSERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "INDEX": _index,
    "OVERLAYS": _overlays,
    "PAIRS": functools.partial(_checked, "PAIRS"),
    "PAIR_KEY": functools.partial(_checked, "PAIR_KEY"),
    "TRUSTED_KEYS": functools.partial(_checked, "TRUSTED_KEYS"),
    "MAX_AGE": functools.partial(_checked, "MAX_AGE"),
    "ALLOW_ROLLBACK": functools.partial(_checked, "ALLOW_ROLLBACK"),
    "MIN_COUNT": _min_count,
    "ON_ERROR": _on_error,
    "LOG_IN": _log_in,
    "VERIFIED_EMAIL": _verified_email,
    "RESET_MAIL": _reset_mail,
    "RESET_MAIL_HOURS": _reset_mail_hours,
    "MAX_AGE_DAYS": _max_age_days,
    "SHOW_COUNT": _show_count,
    "CACHE": _cache,
    "PASSWORD_REGEX": _password_regex,
    "TEST_PASSWORD": functools.partial(_checked, "TEST_PASSWORD"),
    "GRACE": functools.partial(_checked, "GRACE"),
    "RECHECK": functools.partial(_checked, "RECHECK"),
    "MARK_FIELD": _mark_field,
    "RADAR": radar_setting.read,
}
"""What reads the keys by themselves; a policy is read in the light of the others."""


def parse(given: object) -> Settings:
    """What a project wrote, by itself.

    :raises ImproperlyConfigured: naming the key at fault and, where there is one, the nearest valid one.
    """
    return _settings_of(_read(given))


def _settings_of(said: Mapping[str, Any]) -> Settings:
    return Settings(**{key.lower(): value for key, value in said.items()})


def _read(given: object) -> dict[str, Any]:
    """The keys that a project wrote, and those that its policy speaks for, checked."""
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured(f"BREACHDEX must be a dict, not {given!r}.")
    for key in given:
        if key not in KEYS:
            hint = nearest(key, KEYS).removeprefix(".")
            raise ImproperlyConfigured(f"BREACHDEX has no key {key!r}.{hint} The keys are {', '.join(KEYS)}.")
    # Without a value these are inherited: to forget a variable must not mean that every index is accepted.
    silent = {
        "POLICY",
        *(
            key
            for key in ("PAIRS", "PAIR_KEY", "TRUSTED_KEYS", "MAX_AGE", "ALLOW_ROLLBACK")
            if given.get(key) is None
        ),
    }
    parsed = {key: PARSERS[key](value) for key, value in given.items() if key not in silent}
    if given.get("POLICY") is not None:
        parsed |= _governed(policy_setting.read(given["POLICY"], parsed))
    return parsed


def _inherited(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said where ``BREACHDEX`` is silent."""
    beneath = _configuration.beneath()
    if has_server(beneath.index) and "INDEX" not in said:
        raise ImproperlyConfigured(
            'Django cannot wait for the RangeClient that is configured: name an index in BREACHDEX["INDEX"].'
        )
    keys: dict[str, Any] = {
        # Overlays belong to the index that they were configured with.
        **({} if "INDEX" in said else {"INDEX": beneath.index, "OVERLAYS": beneath.overlays}),
        "PAIRS": beneath._pairs_named,
        "PAIR_KEY": beneath._pair_keys,
        "TRUSTED_KEYS": beneath.trust[0],
        "MAX_AGE": beneath.trust[1],
        "ALLOW_ROLLBACK": beneath.trust[2],
        "SHOW_COUNT": beneath.show_count,
        "RECHECK": beneath.recheck,
        **{key.upper(): value for key, value in beneath.above.items()},
    }
    if beneath.min_count is not None:
        keys["MIN_COUNT"] = beneath.min_count
    if beneath.on_error is not None:
        keys["ON_ERROR"] = _on_error(beneath.on_error)
    if beneath.rules is not None and said.get("POLICY") is None:
        keys |= _governed(policy_setting.changed(beneath.rules, said))
        # These say what the changed policy says, but for an index of the policy's file, which is configured above.
        keys |= {"INDEX": beneath.index, "OVERLAYS": beneath.overlays} if "INDEX" not in said else {}
        return {
            key: value for key, value in keys.items() if key not in ("INDEX", "OVERLAYS") or key not in said
        }
    return keys


def _governed(policy: PolicySetting) -> dict[str, Any]:
    """The policy and the keys that it speaks for."""
    rules = policy.rules
    keys: dict[str, Any] = {
        "POLICY": policy,
        "MIN_COUNT": rules.min_count,
        "ON_ERROR": tuple((event, rules.on_error(event)) for event in EVENTS),
        "LOG_IN": rules.action("log_in", "exposed"),
    }
    if rules.index is not None:
        keys["INDEX"] = rules.index
    if rules.overlays:
        keys["OVERLAYS"] = tuple(rules.overlays)
    if rules.pairs:
        keys |= {"PAIRS": tuple(rules.pairs), "PAIR_KEY": tuple(rules.pair_key)}
    return keys


def settings() -> Settings:
    """What is configured now, the same object until that changes. Raises ``ImproperlyConfigured`` like :func:`parse`."""
    return _settings(_configuration.generation())


@functools.lru_cache(maxsize=1)
def _settings(generation: int) -> Settings:
    said = _read(getattr(django_settings, "BREACHDEX", {}))
    inherited = _inherited(said)
    if said.get("POLICY") is None and inherited.get("POLICY") is not None:
        # An inherited policy was changed by what is said, so it says the same.
        said = {key: value for key, value in said.items() if key not in ("MIN_COUNT", "ON_ERROR", "LOG_IN")}
    return _settings_of(_above_policies({**inherited, **said}))


def _above_policies(said: dict[str, Any]) -> dict[str, Any]:
    """With what changes a policy wherever it is said, and what a policy says of it."""
    policy = said.get("POLICY")
    if policy is not None:
        changes = {key: said[key.upper()] for key in _configuration.ABOVE_POLICIES if key.upper() in said}
        rules = policy_setting.changed_rules(policy.rules, changes, "BREACHDEX")
        policy = replace(policy, rules=rules)
        return {**said, "POLICY": policy, "TEST_PASSWORD": rules.test_password, "GRACE": rules.grace}
    if (given := said.get("GRACE")) is None:
        return said
    if (action := said.get("LOG_IN", Settings.log_in)) not in REFUSING:
        wrong(
            "GRACE",
            f'is without effect, because LOG_IN is "{action}": set LOG_IN to "force_reset" or "reject"',
        )
    return {**said, "GRACE": _configuration_values.grace_of(given)}


LAYER: Final = (
    "index",
    "overlays",
    "pairs",
    "pair_key",
    "trusted_keys",
    "max_age",
    "allow_rollback",
    "min_count",
    "show_count",
    "test_password",
    "grace",
    "recheck",
)
"""The keys that mean to everything else what they mean here."""


def layer() -> _configuration.Layer:
    """What ``BREACHDEX`` says to everything else that asks about passwords in this process."""
    said = _read(getattr(django_settings, "BREACHDEX", {}))
    given = {key: said.get(key.upper()) for key in LAYER}
    policy = said.get("POLICY")
    given["policy"] = None if policy is None else policy.rules
    given["on_error"] = dict(said["ON_ERROR"]) if "ON_ERROR" in said else None
    return _configuration.Layer(lambda key: f'BREACHDEX["{key.upper()}"]', given)


def _forget(*, setting: str, **_: object) -> None:
    if setting in ("BREACHDEX", "CACHES"):
        _configuration.changed()


setting_changed.connect(_forget, dispatch_uid="breachdex.django.conf")
