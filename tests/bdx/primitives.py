"""What every part of the format is made of: faults, the checksum, bits and fields."""

from __future__ import annotations

from typing import NoReturn


class Damaged(Exception):
    """The file breaks a rule of the format: nothing it says may be believed."""

    def __init__(self, section: str, offset: int, reason: str) -> None:
        super().__init__(f"{section} at byte {offset}: {reason}")


def crc32c_table() -> list[int]:
    """The table of the reflected Castagnoli polynomial."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


CRC_TABLE = crc32c_table()


def crc32c(*parts: bytes) -> int:
    """CRC-32C over the parts, one after another."""
    table, value = CRC_TABLE, 0xFFFFFFFF
    for part in parts:
        for byte in part:
            value = table[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF


class Bits:
    """A run of bytes as a string of bits, the lowest bit of the first byte first."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.length = len(data) * 8
        self.text = format(int.from_bytes(data, "little"), f"0{self.length}b")[::-1]

    def number(self, at: int, width: int) -> int:
        """The number in bits [at, at + width)."""
        covering = int.from_bytes(self.data[at // 8 : (at + width + 7) // 8], "little")
        return covering >> at % 8 & (1 << width) - 1

    def next_one(self, at: int) -> int:
        """The position of the first one at or after `at`; -1 if there is none."""
        return self.text.find("1", at)

    def ones(self, start: int, end: int) -> int:
        """How many bits are set in [start, end)."""
        return self.text.count("1", start, end)


class Fields:
    """Takes a section's fields one after another; running over its end is damage."""

    def __init__(self, section: str, data: bytes, offset: int) -> None:
        self.section, self.data, self.offset, self.at = section, data, offset, 0

    def fail(self, reason: str) -> NoReturn:
        """Refuses the section for the field just before."""
        raise Damaged(self.section, self.offset + self.at, reason)

    def take(self, length: int) -> bytes:
        """The next bytes."""
        if self.at + length > len(self.data):
            self.fail("it is cut short")
        self.at += length
        return self.data[self.at - length : self.at]

    def u32(self) -> int:
        """The next number."""
        return int.from_bytes(self.take(4), "little")

    def text(self) -> str:
        """The next length and that many bytes of UTF-8."""
        try:
            return self.take(self.u32()).decode("utf-8")
        except UnicodeDecodeError:
            self.fail("a text is not UTF-8")

    def finish(self) -> None:
        """Nothing may follow."""
        if self.at != len(self.data):
            self.fail("bytes are left over")
