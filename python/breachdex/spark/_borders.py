"""Where the parts of a build begin: at 16-bit prefixes, so that each part has about as many rows, however skewed they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

GROUPS: Final = 1 << 16
"""16-bit prefixes. A group of a large index is one, and no segment may hold half of a group."""

_EVEN_SHARE: Final = 1 / 16
"""How much of the weights is taken for evenly spread: digests are, and a sample misses what is rare."""


def cut(sizes: Sequence[int], parts: int, *, even_share: float = _EVEN_SHARE) -> list[int]:
    """The first group of each part, ascending from 0; at most twice as many parts as wanted.

    A group that is as large as a part is one by itself, so that its neighbours are not dragged along.

    :param sizes: sampled rows of each group.
    :param parts: how many parts are wanted.
    :param even_share: how much of the weight is spread over all groups, whatever the sample says.
    """
    if parts <= 1:
        return [0]
    total = sum(sizes)
    share = even_share if total else 1.0
    scale = (1 - share) / total if total else 0.0
    even, most = share / GROUPS, 1 / parts
    borders, weight = [0], 0.0
    for group, size in enumerate(sizes):
        here = size * scale + even
        if weight and (here >= most or weight + here / 2 > most):
            borders.append(group)
            weight = 0.0
        weight += here
    return borders


def spans(borders: Sequence[int]) -> list[tuple[str, str]]:
    """The first and the last 5-digit prefix of each part."""
    ends = [*borders[1:], GROUPS]
    return [(f"{first:04X}0", f"{end - 1:04X}F") for first, end in zip(borders, ends, strict=True)]
