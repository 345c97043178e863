"""Numbers that Spark's hash partitioning sends to partitions of their own: calculated here, for asking Spark is a job of its own."""

from __future__ import annotations

from typing import Final

_SEED: Final = 42
_MASK: Final = 0xFFFFFFFF


def slots_of(parts: int) -> tuple[int, ...]:
    """For each part a number that ``repartition`` sends to the partition with the part's number.

    Tasks refuse rows of two parts, so another hash of another Spark cannot go unnoticed.
    """
    found: dict[int, int] = {}
    number = 0
    while len(found) < parts:
        found.setdefault(spark_hash(number) % parts, number)
        number += 1
    return tuple(found[part] for part in range(parts))


def spark_hash(number: int) -> int:
    """What ``pyspark.sql.functions.hash`` says of an integer of 32 bits: MurmurHash3 of its four bytes, with a sign."""
    value = (number & _MASK) * 0xCC9E2D51 & _MASK
    value = _rotated(value, 15) * 0x1B873593 & _MASK
    value = _rotated(_SEED ^ value, 13) * 5 + 0xE6546B64 & _MASK
    # The length in bytes.
    value ^= 4
    value = (value ^ value >> 16) * 0x85EBCA6B & _MASK
    value = (value ^ value >> 13) * 0xC2B2AE35 & _MASK
    value ^= value >> 16
    return value - (1 << 32) if value >> 31 else value


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (32 - bits)) & _MASK
