"""The header with its section table, the facts and the notes."""

from __future__ import annotations

import bisect
import datetime
import re
import struct
from typing import NoReturn

from bdx.primitives import Damaged, Fields, crc32c

MAGIC = bytes([0x89, 0x42, 0x44, 0x58, 0x0D, 0x0A, 0x1A, 0x0A])
LENGTH = 256
VERSION = 2
MOST_NOTES, LONGEST_NAME, LONGEST_VALUE = 256, 255, 128 << 20
SECTIONS = ("groups", "directory", "facts", "hashes", "notes")
CONTENT_ID = 200
KINDS = {1: ("sha1", 160), 2: ("ntlm", 128)}
HAS_COUNTS = 1
IS_CUT = 2
HOLDS_OVERLAY = 8
IS_OVERLAY = 16
IS_PAIRS = 32


class Header:
    """The header's fields, each checked by itself, against the others and against the file's length."""

    def __init__(self, file: bytes) -> None:
        header = file[:LENGTH]
        if header[:8] != MAGIC:
            self.fail(0, "the magic is missing")
        if len(header) < LENGTH:
            self.fail(len(header), "it is cut short")
        version, length = struct.unpack_from("<II", header, 8)
        if version != VERSION:
            self.fail(8, f"format version {version} is not known")
        if struct.unpack_from("<I", header, 252)[0] != crc32c(header[:252]):
            self.fail(252, "its checksum does not match")
        if length != LENGTH:
            self.fail(12, "the header length is not 256")
        self.kind_number, self.bits, self.directory_bits, self.flags = header[16:20]
        self.has_counts = self.flags & HAS_COUNTS != 0
        self.is_cut = self.flags & IS_CUT != 0
        self.holds_overlay = self.flags & HOLDS_OVERLAY != 0
        self.is_overlay = self.flags & IS_OVERLAY != 0
        self.is_pairs = self.flags & IS_PAIRS != 0
        numbers = struct.unpack_from("<7Q", header, 24)
        self.entries, self.total_count, self.max_count, self.floor = numbers[:4]
        self.collisions, self.file_length, self.groups = numbers[4:]
        self.unit_bits = header[20]
        self.content_id = header[CONTENT_ID : CONTENT_ID + 32]
        self.identified = header[8:64]
        self.check_shape(header)
        self.check_numbers(len(file))
        self.sections = self.section_table(file, header)

    def fail(self, at: int, reason: str) -> NoReturn:
        """Refuses the header for the field at `at`."""
        raise Damaged("header", at, reason)

    def check_shape(self, header: bytes) -> None:
        """Kind, bits, flags and what is reserved."""
        if self.kind_number not in KINDS:
            self.fail(16, "the kind is not known")
        self.kind, self.width = KINDS[self.kind_number]
        if not 32 <= self.bits <= self.width:
            self.fail(17, "the fingerprint bits are not 32 to the digest's width")
        if self.flags & ~(HAS_COUNTS | IS_CUT | HOLDS_OVERLAY | IS_OVERLAY | IS_PAIRS):
            self.fail(19, "a flag is not known")
        if self.is_overlay and not self.holds_overlay:
            self.fail(19, "an overlay does not hold entries of one")
        if self.is_overlay and (self.bits != self.width or not self.has_counts or self.is_cut):
            self.fail(19, "an overlay is truncated, cut or without counts")
        if self.is_pairs and self.holds_overlay:
            self.fail(19, "a file of pairs holds entries of an overlay")
        if self.is_pairs and (self.kind != "sha1" or self.bits != 160 or not self.has_counts or self.is_cut):
            self.fail(19, "a file of pairs does not have 160 bits, is cut or without counts")
        if any(header[21:24]):
            self.fail(21, "a reserved byte is not 0")
        if any(header[CONTENT_ID + 32 : 252]):
            self.fail(CONTENT_ID + 32, "a reserved byte is not 0")

    def check_numbers(self, length: int) -> None:
        """What the numbers say about each other and about the file."""
        if self.file_length != length:
            self.fail(64, f"the file has {length} bytes instead of {self.file_length}")
        if not self.has_counts and (self.total_count or self.max_count):
            self.fail(32, "there are no counts, but a sum or a largest count")
        if self.floor < 1:
            self.fail(48, "the floor is 0")
        if (self.is_overlay or self.is_pairs) and self.floor != 1:
            self.fail(19, "an overlay or a file of pairs leaves out what is rare")
        if self.bits == self.width and self.collisions:
            self.fail(56, "full digests cannot collide")
        # The least g for which 2^g * 1024 is as many as the entries. A segment may have more.
        least = max(0, max(0, self.entries - 1).bit_length() - 10)
        self.own_directory_bits = 16 if self.entries > 1 << 22 else least
        if not self.own_directory_bits <= self.directory_bits <= 16:
            self.fail(18, "the directory bits are not those of this many entries")

    def section_table(self, file: bytes, header: bytes) -> dict[str, tuple[int, int]]:
        """Offset and length of every section; they must lie one after another, their checksums match."""
        sections = {}
        expected = LENGTH
        for row, name in enumerate(SECTIONS):
            at = 80 + row * 24
            offset, length, checksum, zero = struct.unpack_from("<QQII", header, at)
            if offset != expected:
                self.fail(at, f"the {name} do not start where the section before ends")
            if zero:
                self.fail(at + 20, "a reserved byte is not 0")
            expected += length
            if expected > len(file):
                self.fail(at + 8, f"the {name} end after the file")
            sections[name] = (offset, length)
            if checksum != (0 if name == "groups" else crc32c(file[offset:expected])):
                raise Damaged(name, offset, "the section's checksum does not match")
        if expected != len(file):
            self.fail(80, "the sections end before the file")
        groups, hashes = sections["groups"][1], sections["hashes"][1]
        # The largest h from 0 to g for which 2^h * 32 KiB is no more than the groups.
        most = max(0, (groups >> 15).bit_length() - 1)
        if self.unit_bits != min(most, self.directory_bits):
            self.fail(20, "the unit bits are not those of this many bytes of groups")
        if hashes != 32 << self.unit_bits:
            self.fail(160, "there is not one hash for each unit")
        return sections


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar as `YYYY-MM-DD`."""
    try:
        return re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is not None and bool(
            datetime.date.fromisoformat(text)
        )
    except ValueError:
        return False


class Facts:
    """Coverage, source and corpus date."""

    def __init__(self, section: bytes, offset: int) -> None:
        fields = Fields("facts", section, offset)
        self.coverage: list[tuple[int, int]] = []
        for _ in range(fields.u32()):
            first, last = fields.u32(), fields.u32()
            if first > last or last > 0xFFFFF:
                fields.fail("a coverage range is not one")
            if self.coverage and first <= self.coverage[-1][1] + 1:
                fields.fail("the coverage ranges are not sorted, disjoint and apart")
            self.coverage.append((first, last))
        self.source = fields.text()
        self.date = fields.text()
        if self.date and not is_day(self.date):
            fields.fail("the date is not YYYY-MM-DD")
        fields.finish()

    def covers(self, first: int, last: int) -> bool:
        """Whether every 20-bit prefix from `first` to `last` is covered; ranges are never adjacent."""
        at = bisect.bisect_right(self.coverage, first, key=lambda span: span[0])
        return at > 0 and self.coverage[at - 1][1] >= last

    def describe(self) -> str:
        """The coverage as text."""
        if self.coverage == [(0, 0xFFFFF)]:
            return "whole"
        return " ".join(f"{first:05X}-{last:05X}" for first, last in self.coverage)


def read_notes(section: bytes, offset: int) -> list[tuple[str, bytes]]:
    """The notes as (name, value), in the order of the file."""
    fields = Fields("notes", section, offset)
    number = fields.u32()
    if number > MOST_NOTES:
        fields.fail("there are too many notes")
    notes = [(fields.text(), fields.take(fields.u32())) for _ in range(number)]
    if not all(1 <= len(name.encode()) <= LONGEST_NAME for name, _ in notes):
        fields.fail("a name is empty or too long")
    if any(len(value) > LONGEST_VALUE for _, value in notes):
        fields.fail("the value of a note is too long")
    fields.finish()
    return notes
