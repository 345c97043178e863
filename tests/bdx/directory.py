"""The directory: an FST map from group prefix to group, in the layout of the crate `fst` 0.4."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from bdx.primitives import Damaged, crc32c


class Node(NamedTuple):
    """A state of the FST: whether a key may end here, with what output, and where bytes lead from here."""

    final: bool
    output: int
    transitions: list[tuple[int, int, int]]  # byte, output, address of the next node; ascending by byte


class Directory:
    """An FST map from group prefix to where the group lies and the end of its checksum.

    It is u64 version, u64 type, the nodes, u64 number of keys, u64 address of the root, u32 masked CRC.
    A node's address is that of its *last* byte, and a node is read from there downwards. Address 0 is the
    node that ends a key and leads nowhere, which is not stored.
    """

    # The bytes that a node with one transition encodes in its state byte, as 1 to 63; 0 is any other byte.
    COMMON = b"te/oasripcnw.hlm-du012g=:bf3y5&_4v9678k%?xCDASFIBEjPTzRNM+LOqHG"
    FIRST_NODE = 16
    MOST_WITHOUT_INDEX = 32

    def __init__(self, data: bytes, offset: int) -> None:
        self.data = data
        self.offset = offset
        if len(data) < 36:
            self.fail(0, "it is shorter than an FST without keys")
        version, kind = struct.unpack_from("<QQ", data)
        self.keys, self.root, checksum = struct.unpack_from("<QQI", data, len(data) - 20)
        if (version, kind) != (3, 0):
            self.fail(0, f"FST version {version}, type {kind} instead of 3, 0")
        plain = crc32c(data[:-4])
        masked = ((plain >> 15 | plain << 17) + 0xA282EAD8) & 0xFFFFFFFF
        if masked != checksum:
            self.fail(len(data) - 4, "the FST's own checksum does not match")
        if self.root != len(data) - 21:
            self.fail(len(data) - 12, "the root is not the last node")

    def fail(self, at: int, reason: str) -> NoReturn:
        """Refuses the directory for a fault at `at` bytes into it."""
        raise Damaged("directory", self.offset + at, reason)

    def number(self, at: int, width: int) -> int:
        """A little-endian number among the nodes; 0 where the width is 0."""
        if at < self.FIRST_NODE:
            self.fail(at, "a node reaches out of the FST")
        return int.from_bytes(self.data[at : at + width], "little")

    def node(self, address: int) -> Node:
        """The node whose last byte is at `address`."""
        if address == 0:
            return Node(True, 0, [])
        state = self.number(address, 1)
        return self.node_with_many(address, state) if state < 0x80 else self.node_with_one(address, state)

    def node_with_one(self, address: int, state: int) -> Node:
        """State bits 7 and 6: `11` leads to the node just below without output, `10` holds both."""
        at, common = address, state & 0x3F
        if common:
            byte = self.COMMON[common - 1]
        else:
            at -= 1
            byte = self.number(at, 1)
        if state & 0x40:
            return Node(False, 0, [(byte, 0, self.target(at, 1))])
        at -= 1
        delta_width, output_width = self.widths(at)
        at -= delta_width
        delta = self.number(at, delta_width)
        at -= output_width
        return Node(False, 0, [(byte, self.number(at, output_width), self.target(at, delta))])

    def node_with_many(self, address: int, state: int) -> Node:
        """State bit 7 clear, bit 6: a key may end here; downwards from there the number of transitions if
        it is not in the state, widths, an index by byte, bytes, deltas, outputs, output of a key's end."""
        at, count = address, state & 0x3F
        if count == 0:
            at -= 1
            count = self.number(at, 1)
            count = 256 if count == 1 else count
        at -= 1
        delta_width, output_width = self.widths(at)
        index = None
        if count > self.MOST_WITHOUT_INDEX:
            at -= 256
            self.number(at, 1)
            index = self.data[at : at + 256]
        taken = [self.number(at - i, 1) for i in range(1, count + 1)]
        at -= count
        deltas = [self.number(at - i * delta_width, delta_width) for i in range(1, count + 1)]
        at -= count * delta_width
        outputs = [self.number(at - i * output_width, output_width) for i in range(1, count + 1)]
        at -= count * output_width
        final = state & 0x40 != 0
        at -= output_width if final else 0
        output = self.number(at, output_width) if final else 0
        if any(later <= earlier for earlier, later in itertools.pairwise(taken)):
            self.fail(address, "a node's transitions are not in order")
        if index is not None:
            expected = bytearray([255]) * 256
            for i, byte in enumerate(taken):
                expected[byte] = i
            if index != expected:
                self.fail(address, "a node's index does not agree with its transitions")
        targets = [self.target(at, delta) for delta in deltas]
        return Node(final, output, list(zip(taken, outputs, targets)))

    def widths(self, at: int) -> tuple[int, int]:
        """The widths in bytes of a node's deltas and outputs."""
        delta_width, output_width = divmod(self.number(at, 1), 16)
        if delta_width > 8 or output_width > 8:
            self.fail(at, "a node has numbers of more than 8 bytes")
        return delta_width, output_width

    def target(self, start: int, delta: int) -> int:
        """The address that lies `delta` below a node's first byte; a delta of 0 leads to the final node."""
        if delta == 0:
            return 0
        if start - delta < self.FIRST_NODE:
            self.fail(start, "a node leads out of the FST")
        return start - delta

    def find(self, key: bytes) -> int | None:
        """The value of a key."""
        value, node = 0, self.node(self.root)
        for byte in key:
            step = next((step for step in node.transitions if step[0] == byte), None)
            if step is None:
                return None
            value, node = value + step[1], self.node(step[2])
        return value + node.output if node.final else None

    def items(self) -> Iterator[tuple[bytes, int]]:
        """Every key with its value, ascending. All keys must be of two bytes."""
        root = self.node(self.root)
        found = 0
        if root.final:
            self.fail(self.root, "there is an empty key")
        for first, first_output, address in root.transitions:
            middle = self.node(address)
            if middle.final or not middle.transitions:
                self.fail(address, "there is a key of one byte")
            for second, second_output, last_address in middle.transitions:
                last = self.node(last_address)
                if not last.final or last.transitions:
                    self.fail(last_address, "there is a key of more than two bytes")
                found += 1
                yield bytes([first, second]), first_output + second_output + last.output
        if found != self.keys:
            self.fail(len(self.data) - 20, f"it holds {found} keys and says {self.keys}")
