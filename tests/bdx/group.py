"""Groups with their records, and the buckets inside them."""

from __future__ import annotations

import itertools
import struct
from typing import NamedTuple, NoReturn

from bdx.header import Header
from bdx.primitives import Bits, Damaged, crc32c


class Record(NamedTuple):
    """One bucket of a group: its first byte in the file, its length, its entries and its checksum."""

    at: int
    length: int
    entries: int
    checksum: int


class Group:
    """A group whose shape and records have been checked; its buckets are checked as they are decoded."""

    def __init__(self, file: bytes, header: Header, prefix: int, value: int) -> None:
        """The group of a prefix, at the place that the directory's value says."""
        self.file, self.header, self.prefix = file, header, prefix
        section, length = header.sections["groups"]
        offset, checksum_end = divmod(value, 1 << 24)
        self.at, section_end = section + offset, section + length
        if self.at + 9 > section_end:
            self.fail("a group starts outside the section")
        self.checksum, shape, bucket_bytes = struct.unpack_from("<IBI", file, self.at)
        self.split_bits, wide = shape & 0x1F, shape >= 0x80
        self.prefix_bits = header.directory_bits + self.split_bits
        if shape & 0x60 or self.split_bits > 16 or self.prefix_bits > header.bits:
            self.fail("a group has a shape that cannot be")
        layout = "<iII" if wide else "<hHI"
        buckets = self.at + 9 + (1 << self.split_bits) * struct.calcsize(layout)
        self.head = buckets - self.at
        self.end = buckets + bucket_bytes
        if self.end > section_end:
            self.fail("a group ends outside the section")
        place = struct.pack(
            "<BBBBI",
            header.kind_number,
            header.bits,
            header.directory_bits,
            header.flags,
            prefix,
        )
        if self.checksum != crc32c(place, file[self.at + 4 : buckets]):
            self.fail("a group's checksum does not match")
        if self.checksum & 0xFFFFFF != checksum_end:
            self.fail("a group's checksum is not the one in the directory")
        rows = list(struct.iter_unpack(layout, file[self.at + 9 : buckets]))
        if wide and all(-0x8000 <= drift <= 0x7FFF and n <= 0xFFFF for drift, n, _ in rows):
            self.fail("a group is wide without need")
        self.records = self.place_records(rows, buckets, bucket_bytes)
        most = 240 if header.bits > 96 else 512 if header.bits >= 56 else 1024
        split = (-(-sum(n for _, n, _ in rows) // most) - 1).bit_length()
        if self.split_bits != min(split, 16):
            self.fail("a group is not split as that many entries are")

    def padding(self, end: int) -> int:
        """How many zeros lie between `end` in the file and this group, so that its head is in one page."""
        left = -end % 4096 or 4096
        return left if left < self.head <= 4096 else 0

    def fail(self, reason: str) -> NoReturn:
        """Refuses the group."""
        raise Damaged("groups", self.at, reason)

    def place_records(self, rows: list[tuple[int, int, int]], base: int, length: int) -> list[Record]:
        """Where each bucket lies, from the rows of drift, entries and checksum."""
        starts = [i * length // len(rows) + drift for i, (drift, _, _) in enumerate(rows)] + [length]
        if starts[0] != 0 or any(later < earlier for earlier, later in itertools.pairwise(starts)):
            self.fail("a group's buckets are not in order")
        records = [
            Record(base + start, end - start, n, checksum)
            for start, end, (_, n, checksum) in zip(starts, starts[1:], rows)
        ]
        for record in records:
            if record.entries == 0 and (record.length or record.checksum):
                self.fail("an empty bucket has bytes or a checksum")
            if record.entries and not record.length:
                self.fail("a bucket with entries has no bytes")
        if not any(record.entries for record in records):
            self.fail("a group has no entries")
        return records

    def entries(self, number: int) -> list[tuple[int, int]]:
        """A bucket's entries as (fingerprint, count), ascending; the count is 1 in an index without."""
        header, record = self.header, self.records[number]
        if record.entries == 0:
            return []
        prefix = self.prefix << self.split_bits | number
        content = self.file[record.at : record.at + record.length]
        shape = struct.pack("<BBBB", header.kind_number, header.bits, header.flags, self.prefix_bits)
        place = shape + struct.pack("<QII", prefix, record.entries, record.length)
        if record.checksum != crc32c(place, content):
            raise Damaged("bucket", record.at, "its checksum does not match")
        rest_bits = header.bits - self.prefix_bits
        try:
            rests, counts = decode_bucket(content, record.entries, rest_bits, header.has_counts)
        except ValueError as fault:
            raise Damaged("bucket", record.at, str(fault)) from None
        return [(prefix << rest_bits | rest, count) for rest, count in zip(rests, counts)]


def decode_bucket(content: bytes, n: int, rest_bits: int, has_counts: bool) -> tuple[list[int], list[int]]:
    """The `rest_bits` of each of `n` entries that their prefix does not say, and their counts.

    Raises ValueError with what is wrong.
    """
    high_bits = (n - 1).bit_length()
    if high_bits > rest_bits:
        raise ValueError("it claims more entries than there are fingerprints")
    low_bits = rest_bits - high_bits
    low_start = n + (1 << high_bits)
    end = low_start + n * low_bits
    if end > len(content) * 8:
        raise ValueError("it is too short for its entries")
    bits = Bits(content)
    if bits.ones(0, low_start) != n:
        raise ValueError("its high bits do not mark as many entries as it has")
    rests, position = [], -1
    for i in range(n):
        position = bits.next_one(position + 1)
        high = position - i
        if high >> high_bits:
            raise ValueError("a high part is too large")
        rests.append(high << low_bits | bits.number(low_start + i * low_bits, low_bits))
    if any(later <= earlier for earlier, later in itertools.pairwise(rests)):
        raise ValueError("its entries are not ascending and distinct")
    counts, remainders = [1] * n, bits.length
    if has_counts:
        counts, end, remainders = decode_counts(bits, n, end)
    if bits.ones(end, remainders):
        raise ValueError("its padding is not 0")
    if remainders - end > 7:
        raise ValueError("it is longer than its entries need")
    return rests, counts


def decode_counts(bits: Bits, n: int, start: int) -> tuple[list[int], int, int]:
    """The counts, the bit where their lengths end and the bit where their remainders begin."""
    lengths, at = [], start
    for _ in range(n):
        one = bits.next_one(at)
        if one < 0 or one - at > 63:
            raise ValueError("a count has no length or one of more than 63 bits")
        lengths.append(one - at)
        at = one + 1
    if at + sum(lengths) > bits.length:
        raise ValueError("it is too short for its counts")
    counts, remainder = [], bits.length
    for length in lengths:
        remainder -= length
        counts.append(1 << length | bits.number(remainder, length))
    return counts, at, remainder
