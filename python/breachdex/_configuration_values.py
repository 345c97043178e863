"""What each key of a configuration may be: what checks a value, and how a variable of the environment becomes one."""

from __future__ import annotations

import os

from breachdex._breachdex import Index, IndexSet, Pairs, PolicyRules, spoken_language
from breachdex._errors import BreachdexError
from breachdex._policy import Policy
from breachdex._remote import RangeClient

# As typing has it, which takes longer to import than everything here together.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Final

    from breachdex._breachdex import Grace
    from breachdex.types import Event, OnError

EVENTS: Final[tuple[Event, ...]] = ("sign_up", "change", "reset", "log_in")
CHOICES: Final[tuple[OnError, ...]] = ("accept", "reject", "raise")


class InvalidError(ValueError):
    """What is wrong with a value, without its name."""


def _index(value: object) -> object:
    if isinstance(value, (Index, IndexSet, RangeClient)):
        return value
    return _path(value, "must be the path of an index, an Index, an IndexSet or a RangeClient")


def _path(value: object, reason: str) -> str:
    if isinstance(value, (str, os.PathLike)) and (path := os.fspath(value)) and isinstance(path, str):
        return path
    raise InvalidError(f"{reason}, not {value!r}")


def _overlays(value: object) -> tuple[str | Index, ...]:
    reason = "must be a list of paths or indexes"
    if not isinstance(value, (list, tuple)):
        raise InvalidError(f"{reason}, not {value!r}")
    return tuple(item if isinstance(item, Index) else _path(item, reason) for item in value)


def _pairs(value: object) -> tuple[str | Pairs, ...]:
    reason = "must be the path of exposed pairs, or a list of paths or Pairs"
    given = (value,) if isinstance(value, (str, os.PathLike, Pairs)) else value
    if not isinstance(given, (list, tuple)):
        raise InvalidError(f"{reason}, not {value!r}")
    return tuple(item if isinstance(item, Pairs) else _path(item, reason) for item in given)


def _pair_key(value: object) -> tuple[str, ...]:
    reason = "must be the path of a key file, or a list of paths"
    given = (value,) if isinstance(value, (str, os.PathLike)) else value
    if not isinstance(given, (list, tuple)):
        # Never repeated: it may be the key.
        raise InvalidError(f"{reason}, not {type(value).__name__}")
    if not all(isinstance(item, (str, os.PathLike)) and os.fspath(item) for item in given):
        raise InvalidError(reason)
    return tuple(_path(item, reason) for item in given)


def _trusted_keys(value: object) -> tuple[str, ...]:
    from breachdex._breachdex import public_keys

    try:
        return public_keys(value)  # type: ignore[arg-type]
    except TypeError:
        # Never repeated: it may be a secret key.
        found = type(value).__name__
        raise InvalidError(
            f"must be a public key, the path of one, or a list of these, not {found}"
        ) from None
    except ValueError as error:
        raise InvalidError(f"cannot be used: {error}") from None


def _max_age(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**32:
        raise InvalidError(f"must be a whole number of days from 1 on, not {value!r}")
    return value


def _policy(value: object) -> object:
    from collections.abc import Mapping

    if isinstance(value, (Policy, PolicyRules, Mapping)):
        return value
    if isinstance(value, (str, os.PathLike)) and os.fspath(value):
        return value
    raise InvalidError(f"must be a Policy, a profile, the path of a TOML file or a mapping, not {value!r}")


def _min_count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidError(f"must be a whole number from 1 on, not {value!r}")
    return value


def _on_error(value: object) -> dict[str, str]:
    from collections.abc import Mapping

    given = dict.fromkeys(EVENTS, value) if isinstance(value, str) else value
    if not isinstance(given, Mapping):
        raise InvalidError(
            f"must be one of {', '.join(CHOICES)}, or a mapping from event to one, not {value!r}"
        )
    for event, choice in given.items():
        if event not in EVENTS:
            raise InvalidError(f"has the key {event!r}, which is no event: these are {', '.join(EVENTS)}")
        if choice not in CHOICES:
            raise InvalidError(f"must be one of {', '.join(CHOICES)}, not {choice!r}")
    return dict(given)


def _lang(value: object) -> str:
    from breachdex._breachdex import languages

    found = spoken_language(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidError(f"must be one of {', '.join(languages())}, not {value!r}")
    return found


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidError(f"must be True or False, not {value!r}")
    return value


def _grace(value: object) -> object:
    from collections.abc import Mapping

    if not isinstance(value, Mapping):
        raise InvalidError(f"must be a mapping with days, log_ins or until, not {value!r}")
    given = {key: str(limit) if key == "until" else limit for key, limit in value.items()}
    try:
        grace_of(given)
    except (BreachdexError, TypeError) as error:
        raise InvalidError(f"cannot be used: {error}") from None
    return given


def grace_of(given: Mapping[str, object]) -> Grace | None:
    """The grace of checked limits."""
    return PolicyRules.from_settings({"profile": "nist", "grace": given}).grace


def _recheck(value: object) -> object:
    if value not in ("always", "newer_index"):
        raise InvalidError(f"must be always or newer_index, not {value!r}")
    return value


READERS: Final[Mapping[str, Callable[[object], object]]] = {
    "index": _index,
    "overlays": _overlays,
    "pairs": _pairs,
    "pair_key": _pair_key,
    "trusted_keys": _trusted_keys,
    "max_age": _max_age,
    "allow_rollback": _flag,
    "policy": _policy,
    "min_count": _min_count,
    "on_error": _on_error,
    "lang": _lang,
    "show_count": _flag,
    "test_password": _flag,
    "grace": _grace,
    "recheck": _recheck,
}
"""Every key with what checks it; ``ValueError`` for a value that makes no sense. A new key is a line here, an argument of
:func:`configure` and, if text is not its value, a line in :data:`FROM_TEXT`."""


def _paths(text: str) -> list[str]:
    return [path for path in text.split(os.pathsep) if path]


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidError(f"must be a whole number from 1 on, not {text!r}") from None


def _days(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidError(f"must be a whole number of days from 1 on, not {text!r}") from None


def _limits(text: str) -> dict[str, object]:
    """As ``days=14,log_ins=5``."""
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(is_one for _, is_one, _ in pairs):
        raise InvalidError(f"must be as days=14,log_ins=5 or until=2027-01-31, not {text!r}")
    return {key.strip(): int(limit) if limit.strip().isdigit() else limit.strip() for key, _, limit in pairs}


def _switch(text: str) -> bool:
    switches = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if text.lower() not in switches:
        raise InvalidError(f"must be 1 or 0, not {text!r}")
    return switches[text.lower()]


FROM_TEXT: Final[Mapping[str, Callable[[str], object]]] = {
    "overlays": _paths,
    "pairs": _paths,
    "pair_key": _paths,
    "max_age": _days,
    "allow_rollback": _switch,
    "min_count": _number,
    "show_count": _switch,
    "test_password": _switch,
    "grace": _limits,
}
"""How a variable of the environment becomes the value of a key."""
