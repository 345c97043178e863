"""The types of what is asked, for annotations. Nothing else in breachdex imports this at run time."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any, Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["sha1", "ntlm"]
"""Which digest."""

OnError: TypeAlias = Literal["accept", "reject", "raise"]
"""What a fault at run time means for a password."""

Event: TypeAlias = Literal["sign_up", "change", "reset", "log_in"]
"""When a password is judged."""

Action: TypeAlias = Literal["accept", "warn", "notify", "force_reset", "reject"]
"""What becomes of it, the mildest first."""

Code: TypeAlias = Literal[
    "exposed",
    "exposed_pair",
    "similar_exposed",
    "too_short",
    "too_long",
    "context_word",
    "control_character",
    "repetitive",
    "index_unavailable",
]
"""Why."""

Advice: TypeAlias = Literal["allow", "delay", "challenge", "deny"]
"""What to do with a log-in attempt, the mildest first."""

RadarState: TypeAlias = Literal["quiet", "suspected", "attack"]
"""What a radar says about a site or a source."""

Profile: TypeAlias = Literal["nist", "asvs-l1", "asvs-l2", "pci", "permissive"]
"""A policy that a standard describes."""

Password: TypeAlias = str | bytes | bytearray | memoryview
"""What is hashed: text as its UTF-8, bytes as they are."""

Path: TypeAlias = str | PathLike[str]
"""Where a file is."""

TrustedKeys: TypeAlias = str | PathLike[str] | Iterable[str | PathLike[str]]
"""Public keys or the paths of their files: a list, or a string with commas between them."""

Values: TypeAlias = list[Any] | tuple[Any, ...]
"""Many passwords or digests, with ``None`` where there is none."""


class ArrowArray(Protocol):
    """An array of any library that speaks Arrow's C data interface."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...


class ArrowStream(Protocol):
    """A stream of arrays of any library that speaks Arrow's C stream interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
