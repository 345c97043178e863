"""What a framework may do when somebody logs in with an exposed password."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast, get_args

Action: TypeAlias = Literal["accept", "warn", "notify", "force_reset", "reject"]


def checked_action(value: object, setting: str) -> Action:
    """The value, if it is an action; ``ValueError`` that names the setting otherwise."""
    if value not in get_args(Action):
        raise ValueError(f"{setting} must be one of {', '.join(get_args(Action))}, not {value!r}")
    return cast("Action", value)
