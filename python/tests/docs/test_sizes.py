"""The sizes that the page on choosing an index gives, computed anew from the format and held against measured ones."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Final

import pytest

PROJECT: Final = Path(__file__).resolve().parents[3]
PAGE: Final = (PROJECT / "docs" / "site" / "choosing-an-index.md").read_text(encoding="utf-8")
MEASURED: Final = PROJECT / "benches" / "results" / "2026-11-22-compare-60000000.txt"

CORPUS: Final = 2_068_408_781
SAMPLE: Final = 60_000_000
BITS_OF_A_COUNT: Final = 3.13
"""Mean length of a count of the real corpus, as a bucket has it."""
PAGE_OF_FILE: Final = 4096


def weights(mean: float) -> list[tuple[int, float]]:
    """Numbers of random digests that fall under one prefix, with how likely each is."""
    reach = 6 * math.sqrt(mean)
    numbers = range(max(1, int(mean - reach)), int(mean + reach) + 1)
    step = max(1, len(numbers) // 200)
    likely = [(n, math.exp(-((n - mean) ** 2) / (2 * mean))) for n in numbers[::step]]
    total = sum(weight for _, weight in likely)
    return [(n, weight / total) for n, weight in likely]


def bucket(n: int, rest: int, counts: bool) -> float:
    """Bytes of a bucket, see the section of that name in docs/format.md."""
    high = math.ceil(math.log2(n)) if n > 1 else 0
    bits = n + (1 << high) + n * (rest - high) + (n * BITS_OF_A_COUNT if counts else 0)
    return bits / 8 + 7 / 16


def group(n: int, bits: int, directory_bits: int, counts: bool) -> float:
    """Bytes of a group of n entries: head, records of 8 bytes, buckets, and the zeros that keep the head in one page."""
    most = 240 if bits > 96 else 512 if bits >= 56 else 1024
    extra = math.ceil(math.log2(max(1, math.ceil(n / most))))
    rest = bits - directory_bits - extra
    buckets = sum(weight * bucket(m, rest, counts) for m, weight in weights(n / (1 << extra)))
    head = 9 + 8 * (1 << extra)
    # A head anywhere in a page crosses its end with a probability of head / page, and then moves by half of its length.
    zeros = head * head / 2 / PAGE_OF_FILE if head <= PAGE_OF_FILE else 0
    return head + zeros + (1 << extra) * buckets


def bytes_an_entry(entries: int, bits: int, counts: bool) -> float:
    """Bytes of the whole file, divided by its entries; for more than 2^22 of them."""
    groups = 2**16
    mean = sum(weight * group(n, bits, 16, counts) for n, weight in weights(entries / groups))
    hashes = 32 * min(groups, 1 << int(math.log2(groups * mean / 2**15)))
    return (groups * mean + hashes + 400_000) / entries


def cells(first: str) -> list[list[str]]:
    """The rows of the page that begin like that, one of each table."""
    rows = re.findall(rf"^\| {re.escape(first)} \|(.*)\|$", PAGE, re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in rows]


def in_bytes(text: str) -> float:
    """A size of the page."""
    number, unit = text.split()
    return float(number) * {"GB": 1e9, "MB": 1e6}[unit]


@pytest.mark.parametrize(
    ("row", "bits", "counts"),
    [
        ("exact", 160, True),
        ("exact, no counts", 160, False),
        ("64 bits", 64, True),
        ("64 bits, no counts", 64, False),
        ("47 bits", 47, True),
        ("47 bits, no counts", 47, False),
    ],
)
def test_the_table_says_what_the_format_costs(row: str, bits: int, counts: bool) -> None:
    (_flags, whole, _wrong), (whole_entry, sample_entry, sample) = cells(row)
    for entries, size, entry in ((CORPUS, whole, whole_entry), (SAMPLE, sample, sample_entry)):
        computed = bytes_an_entry(entries, bits, counts)
        assert float(entry) == pytest.approx(computed, rel=0.003)
        assert in_bytes(size) == pytest.approx(computed * entries, rel=0.01)


@pytest.mark.parametrize(
    ("measured", "bits", "counts"), [("exact", 160, True), ("64 bits", 64, True), ("filter", 42, False)]
)
def test_the_computation_agrees_with_what_was_measured(measured: str, bits: int, counts: bool) -> None:
    row = re.search(rf"^\| {measured} \| {bits} \| ([\d.]+) \|", MEASURED.read_text(), re.MULTILINE)
    assert row
    assert bytes_an_entry(SAMPLE, bits, counts) == pytest.approx(float(row[1]), rel=0.003)
    assert row[1] in PAGE


def test_the_rates_are_entries_by_two_to_the_bits() -> None:
    assert 2**64 / CORPUS == pytest.approx(8.9e9, rel=0.01)
    assert cells("64 bits")[0][-1] == "1 in 8.9 thousand million"
    assert 2**47 / CORPUS == pytest.approx(68_000, rel=0.01)
    assert cells("47 bits")[0][-1] == "1 in 68,000"
    assert 2**47 / SAMPLE == pytest.approx(2.3e6, rel=0.03)
    assert "1 in 2.3 million" in PAGE
