"""The one place where a framework's password meets an index: which index, and what is asked of it.

The deciding itself, what a fault means, and the line in the log are the compiled module's :class:`Gate`. The frameworks'
modules word the answer; they neither open indexes nor decide what an error means.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from typing import Final, TypeAlias

from breachdex._breachdex import ExposedPair, Exposure, Gate, Index, IndexSet, Pairs, Unavailable

__all__ = [
    "CHECKED_AT_START",
    "RELOAD_EVERY",
    "ExposedPair",
    "Finding",
    "Gate",
    "Trust",
    "Unavailable",
    "logger",
    "shared_index",
    "shared_pairs",
]

logger: Final = logging.getLogger("breachdex")

RELOAD_EVERY: Final = 1.0
"""Seconds between two looks at whether a file was replaced."""

CHECKED_AT_START: Final = 64 * 2**20
"""Up to this size an index is verified from end to end when a framework opens it, which takes some
tenths of a second. Damage in a larger one shows when what is damaged is asked for."""

Finding: TypeAlias = "Exposure | ExposedPair | Unavailable | None"

Trust: TypeAlias = "tuple[tuple[str, ...] | None, int | None, bool]"
"""The trusted keys, as text, of which one must have signed an index, how many days old it may be, and whether one with an
earlier corpus date may replace it."""

_opened: dict[tuple[str | None, tuple[str, ...], Trust], Index | IndexSet] = {}
_opened_pairs: dict[tuple[str, tuple[str, ...]], Pairs] = {}
_opening = threading.Lock()


def _unlock_in_child() -> None:
    global _opening
    _opening = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_in_child)


def shared_index(
    path: str | os.PathLike[str] | None = None,
    overlays: Sequence[str | os.PathLike[str]] = (),
    trust: Trust = (None, None, False),
) -> Index | IndexSet:
    """The process's one handle on an index and its overlays, opened at the first call and reloaded when its
    file is replaced. Overlays need no signature. Raises whatever opening raises."""
    key = (None if path is None else os.path.abspath(path), tuple(map(os.path.abspath, overlays)), trust)
    with _opening:
        index = _opened.get(key)
        if index is None or index.closed:
            index = _open(key[0], trust)
            if key[1]:
                index = IndexSet(index, [_open(overlay, None) for overlay in key[1]])
            _opened[key] = index
        return index


def shared_pairs(path: str | os.PathLike[str], keys: Sequence[str | os.PathLike[str]]) -> Pairs:
    """The process's one handle on a file of exposed pairs, opened and verified at the first call and reloaded when its file is
    replaced. Raises whatever opening raises."""
    named = (os.path.abspath(path), tuple(map(os.path.abspath, keys)))
    with _opening:
        pairs = _opened_pairs.get(named)
        if pairs is None or pairs.closed:
            pairs = Pairs.open(named[0], named[1], reload_every=RELOAD_EVERY)
            pairs.verify()
            _opened_pairs[named] = pairs
        return pairs


def _open(path: str | None, trust: Trust | None) -> Index:
    """:param trust: ``None`` asks for no signature, whatever the environment says."""
    if trust is None:
        index = Index.open(path, reload_every=RELOAD_EVERY, trusted_keys=False)
    else:
        keys, max_age, allow_rollback = trust
        index = Index.open(
            path,
            reload_every=RELOAD_EVERY,
            trusted_keys=keys,
            max_age=max_age,
            allow_rollback=allow_rollback,
        )
    if index.metadata.file_size <= CHECKED_AT_START:
        index.verify()
    return index
