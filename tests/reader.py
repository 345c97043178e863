#!/usr/bin/env python3
"""A second reader of breachdex index files, in plain Python 3.11, to check the first one against.

It was written from docs/format.md alone (and, for the directory, from the way the crate `fst` lays out its
nodes), shares no code with the library and prefers being plain to being fast: the file is read into memory
and every bucket is decoded whole. Whatever breaks a rule of that page is an error.

    python3 tests/reader.py FILE info           what the header and the facts say, one `name: value` a line
    python3 tests/reader.py FILE verify         every checksum and every rule; prints the content id
    python3 tests/reader.py FILE dump           every entry, ascending: HEX:COUNT; HEX without counts
    python3 tests/reader.py FILE range PREFIX   the same for the entries under a hexadecimal prefix
    python3 tests/reader.py FILE lookup HEX...  one line each: the count, 0 if absent; 1 without counts

A truncated index has HEX/BITS in the place of HEX: the kept bits, zeros after them. `lookup -` takes digests
from standard input, one a line; a digest that matters belongs there, not among the arguments. Exit 0 when it
was answered, 2 when not: damage, a question outside the coverage, bad usage.
"""

from __future__ import annotations

import bisect
import os
import re
import struct
import sys
from collections.abc import Iterator

sys.dont_write_bytecode = True

from bdx.blake3 import blake3, derive_key
from bdx.directory import Directory
from bdx.group import Group
from bdx.header import CONTENT_ID, Facts, Header, read_notes
from bdx.primitives import Damaged


class Unanswerable(Exception):
    """The index may be sound, but cannot know the answer to this question."""


class Index:
    """An index in memory. Opening it checks the header, the directory and the facts."""

    def __init__(self, file: bytes) -> None:
        self.file = file
        self.header = Header(file)
        self.facts = Facts(*self.section("facts"))
        self.directory = Directory(*self.section("directory"))
        self.checked_groups: dict[int, Group] = {}
        self.checked_buckets: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self.values = {self.prefix_of(key): value for key, value in self.directory.items()}
        if len(self.values) != self.header.groups:
            raise Damaged(
                "directory",
                self.directory.offset,
                "the header says another number of groups",
            )
        if self.header.directory_bits != self.header.own_directory_bits and self.facts.covers(0, 0xFFFFF):
            raise Damaged(
                "header", 18, "the directory bits are those of a segment, but everything is covered"
            )

    @classmethod
    def open(cls, path: str) -> Index:
        """Reads a file into memory and opens it."""
        with open(path, "rb") as file:
            return cls(file.read())

    def section(self, name: str) -> tuple[bytes, int]:
        """A section's bytes and offset."""
        offset, length = self.header.sections[name]
        return self.file[offset : offset + length], offset

    def prefix_of(self, key: bytes) -> int:
        """The group prefix that a key of the directory stands for."""
        prefix, rest = divmod(int.from_bytes(key, "big"), 1 << 16 - self.header.directory_bits)
        if rest:
            raise Damaged(
                "directory",
                self.directory.offset,
                "a key has bits beyond the directory bits",
            )
        return prefix

    def group(self, prefix: int, value: int) -> Group:
        """The group of a prefix, checked once."""
        if prefix not in self.checked_groups:
            self.checked_groups[prefix] = Group(self.file, self.header, prefix, value)
        return self.checked_groups[prefix]

    def bucket(self, group: Group, number: int) -> list[tuple[int, int]]:
        """The entries of a bucket, checked and decoded once."""
        place = group.prefix, number
        if place not in self.checked_buckets:
            self.checked_buckets[place] = group.entries(number)
        return self.checked_buckets[place]

    def lookup(self, digest: bytes) -> int:
        """How often a digest was seen: 0 if it is absent, 1 if it is present in an index without counts."""
        header = self.header
        if len(digest) * 8 != header.width:
            raise Unanswerable(f"a {header.kind} digest has {header.width // 4} hex digits")
        number = int.from_bytes(digest, "big")
        range_prefix = number >> header.width - 20
        if not self.facts.covers(range_prefix, range_prefix):
            raise Unanswerable(f"prefix {range_prefix:05X} is outside the coverage")
        fingerprint = number >> header.width - header.bits
        prefix = fingerprint >> header.bits - header.directory_bits
        value = self.directory.find((prefix << 16 - header.directory_bits).to_bytes(2, "big"))
        if value is None:
            return 0
        group = self.group(prefix, value)
        within_group = fingerprint & (1 << header.bits - header.directory_bits) - 1
        entries = self.bucket(group, within_group >> header.bits - group.prefix_bits)
        at = bisect.bisect_left(entries, (fingerprint, 0))
        return entries[at][1] if at < len(entries) and entries[at][0] == fingerprint else 0

    def iterate(self, first: int = 0, last: int | None = None) -> Iterator[tuple[int, int]]:
        """Entries as (fingerprint, count), ascending, from fingerprint `first` to `last` inclusive."""
        last = (1 << self.header.bits) - 1 if last is None else last
        for prefix, value in self.values.items():
            below = self.header.bits - self.header.directory_bits
            if not first >> below <= prefix <= last >> below:
                continue
            group = self.group(prefix, value)
            below = self.header.bits - group.prefix_bits
            for number in range(len(group.records)):
                if first >> below <= prefix << group.split_bits | number <= last >> below:
                    yield from (entry for entry in self.bucket(group, number) if first <= entry[0] <= last)

    def range(self, prefix: str) -> Iterator[tuple[int, int]]:
        """The entries under a hexadecimal prefix, all of which must be covered; kept bits decide."""
        width, bits = self.header.width, self.header.bits
        if not re.fullmatch("[0-9A-Fa-f]*", prefix) or len(prefix) * 4 > width:
            raise Unanswerable(f"a prefix has at most {width // 4} hex digits")
        below = width - len(prefix) * 4
        first = int(prefix or "0", 16) << below
        last = first | (1 << below) - 1
        if not self.facts.covers(first >> width - 20, last >> width - 20):
            raise Unanswerable(f"not all of prefix {prefix[:5].upper()} is inside the coverage")
        return self.iterate(first >> width - bits, last >> width - bits)

    def verify(self) -> None:
        """Checks what opening did not: notes, every group and bucket, the header's sums, hashes, the content id."""
        header = self.header
        self.check_collisions(read_notes(*self.section("notes")))
        section, length = header.sections["groups"]
        end, entries, total, largest = section, 0, 0, 0
        units = [bytearray() for _ in range(1 << header.unit_bits)]
        for prefix, value in self.values.items():
            group = self.group(prefix, value)
            padding = group.padding(end)
            if group.at != end + padding or any(self.file[end : group.at]):
                raise Damaged("groups", end, "the next group does not start where it must, behind zeros")
            end = group.end
            unit = units[prefix >> header.directory_bits - header.unit_bits]
            unit += struct.pack("<I", prefix) + blake3(self.file[group.at : end])
            for number, record in enumerate(group.records):
                for fingerprint, count in self.bucket(group, number):
                    entries, total, largest = (
                        entries + 1,
                        total + count,
                        max(largest, count),
                    )
                    range_prefix = fingerprint >> header.bits - 20
                    if not self.facts.covers(range_prefix, range_prefix):
                        raise Damaged("bucket", record.at, "an entry lies outside the coverage")
        if end != section + length:
            raise Damaged("groups", end, "bytes are left over after the last group")
        if entries != header.entries:
            raise Damaged("header", 24, f"there are {entries} entries instead of {header.entries}")
        if header.has_counts and (total, largest) != (
            header.total_count,
            header.max_count,
        ):
            raise Damaged("header", 32, "the sum of the counts or the largest is another")
        if header.is_overlay and (largest > 1 or not self.facts.covers(0, 0xFFFFF)):
            raise Damaged("header", 19, "an overlay has another count than 1 or does not cover everything")
        if header.is_pairs and not self.facts.covers(0, 0xFFFFF):
            raise Damaged("header", 19, "a file of pairs does not cover everything")
        self.check_hashes(b"".join(blake3(bytes(unit)) for unit in units))

    def check_hashes(self, found: bytes) -> None:
        """Compares the hashes of all units, and then the content id."""
        hashes, offset = self.section("hashes")
        if hashes != found:
            raise Damaged("hashes", offset, "the groups have other hashes")
        facts = self.section("facts")[0]
        rows = [struct.pack("<IQ", prefix, value) for prefix, value in self.values.items()]
        parts = [
            self.header.identified,
            struct.pack("<Q", len(rows)),
            *rows,
            struct.pack("<Q", len(facts)),
            facts,
            hashes,
        ]
        if derive_key("breachdex index format 2, content id", parts) != self.header.content_id:
            raise Damaged("header", CONTENT_ID, "the content id is another")

    def check_collisions(self, notes: list[tuple[str, bytes]]) -> None:
        """The note of collisions by range, where there is one, adds up to the header's number."""
        value = dict(notes).get("collisions-by-range")
        if value is None:
            return
        offset = self.header.sections["notes"][0]
        if len(value) % 8:
            raise Damaged("notes", offset, "the collisions by range are cut short")
        pairs = list(struct.iter_unpack("<II", value))
        prefixes = [prefix for prefix, _ in pairs]
        if prefixes != sorted(set(prefixes)) or any(number == 0 for _, number in pairs):
            raise Damaged("notes", offset, "the collisions by range are not in order, or one is 0")
        if sum(number for _, number in pairs) != self.header.collisions:
            raise Damaged("notes", offset, "the collisions by range are not those of the header")

    def row(self, fingerprint: int, count: int) -> str:
        """An entry as a line of a dump."""
        header = self.header
        digits = f"{fingerprint << header.width - header.bits:0{header.width // 4}X}"
        kept = "" if header.bits == header.width else f"/{header.bits}"
        return f"{digits}{kept}:{count}" if header.has_counts else f"{digits}{kept}"

    def info(self) -> Iterator[str]:
        """What the header and the facts say."""
        header = self.header
        yield f"kind: {header.kind}"
        yield f"bits: {header.bits}"
        yield f"directory bits: {header.directory_bits}"
        yield f"groups: {header.groups}"
        yield f"entries: {header.entries}"
        yield f"counts: {'yes' if header.has_counts else 'no'}"
        yield f"total count: {header.total_count}"
        yield f"max count: {header.max_count}"
        yield f"floor: {header.floor}"
        yield f"cut: {'yes' if header.is_cut else 'no'}"
        yield f"collisions: {header.collisions}"
        yield f"coverage: {self.facts.describe()}"
        yield f"source: {self.facts.source}"
        yield f"date: {self.facts.date}"
        yield f"content id: {header.content_id.hex()}"


def answers(index: Index, questions: list[str]) -> Iterator[str]:
    """The answer to each digest in hex; `-` stands for the lines of standard input."""
    header = index.header
    for question in questions:
        for digits in sys.stdin if question == "-" else [question]:
            digits = digits.rstrip("\r\n")
            if not re.fullmatch("[0-9A-Fa-f]+", digits) or len(digits) * 4 != header.width:
                raise Unanswerable(f"a {header.kind} digest has {header.width // 4} hex digits")
            yield str(index.lookup(bytes.fromhex(digits)))


def run(arguments: list[str]) -> Iterator[str]:
    """The lines that the command prints."""
    match arguments:
        case [path, "info"]:
            yield from Index.open(path).info()
        case [path, "verify"]:
            index = Index.open(path)
            index.verify()
            yield f"sound, content id {index.header.content_id.hex()}"
        case [path, "dump"]:
            index = Index.open(path)
            yield from (index.row(*entry) for entry in index.iterate())
        case [path, "range", prefix]:
            index = Index.open(path)
            yield from (index.row(*entry) for entry in index.range(prefix))
        case [path, "lookup", _, *_]:
            yield from answers(Index.open(path), arguments[2:])
        case _:
            raise Unanswerable("usage: reader.py FILE info|verify|dump|range PREFIX|lookup HEX...")


def main() -> int:
    """Prints the answer, or what stands in its way to standard error."""
    try:
        for line in run(sys.argv[1:]):
            print(line)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Damaged as fault:
        print(f"{sys.argv[1]} is damaged: {fault}", file=sys.stderr)
        return 2
    except (Unanswerable, OSError) as fault:
        print(fault, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
