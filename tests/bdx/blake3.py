"""BLAKE3 with 32 bytes of output, plain and for deriving keys, written from its specification to be read, not to be fast."""

from __future__ import annotations

import struct
from collections.abc import Iterable

IV = (
    0x6A09E667,
    0xBB67AE85,
    0x3C6EF372,
    0xA54FF53A,
    0x510E527F,
    0x9B05688C,
    0x1F83D9AB,
    0x5BE0CD19,
)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
COLUMNS_AND_DIAGONALS = (
    (0, 4, 8, 12),
    (1, 5, 9, 13),
    (2, 6, 10, 14),
    (3, 7, 11, 15),
    (0, 5, 10, 15),
    (1, 6, 11, 12),
    (2, 7, 8, 13),
    (3, 4, 9, 14),
)
BLOCK = 64
CHUNK = 1024
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
DERIVE_KEY_CONTEXT, DERIVE_KEY_MATERIAL = 32, 64
MASK = 0xFFFFFFFF

Words = tuple[int, ...]


def compress(chaining: Words, block: Words, counter: int, length: int, flags: int) -> Words:
    """The first eight words of the compression function's output."""
    state = [*chaining, *IV[:4], counter & MASK, counter >> 32, length, flags]
    message = list(block)
    for turn in range(7):
        for quarter, (a, b, c, d) in enumerate(COLUMNS_AND_DIAGONALS):
            va, vb, vc, vd = state[a], state[b], state[c], state[d]
            va = va + vb + message[2 * quarter] & MASK
            vd ^= va
            vd = vd >> 16 | vd << 16 & MASK
            vc = vc + vd & MASK
            vb ^= vc
            vb = vb >> 12 | vb << 20 & MASK
            va = va + vb + message[2 * quarter + 1] & MASK
            vd ^= va
            vd = vd >> 8 | vd << 24 & MASK
            vc = vc + vd & MASK
            vb ^= vc
            state[a], state[b], state[c], state[d] = va, vb >> 7 | vb << 25 & MASK, vc, vd
        if turn < 6:
            message = [message[place] for place in PERMUTATION]
    return tuple(one ^ other for one, other in zip(state[:8], state[8:]))


def words(data: bytes) -> Words:
    """Sixteen words of up to 64 bytes, zeros behind them."""
    return struct.unpack("<16I", data.ljust(BLOCK, b"\0"))


def hash_chunk(key: Words, data: bytes, counter: int, flags: int, is_root: bool) -> Words:
    """The chaining value of a chunk of up to 1,024 bytes."""
    value = key
    starts = range(0, max(len(data), 1), BLOCK)
    for start in starts:
        block = data[start : start + BLOCK]
        own = flags | (CHUNK_START if start == 0 else 0)
        if start == starts[-1]:
            own |= CHUNK_END | (ROOT if is_root else 0)
        value = compress(value, words(block), counter, len(block), own)
    return value


def hash_tree(key: Words, data: bytes, flags: int) -> bytes:
    """The root's output: chunks joined two by two, the left one of each pair a whole power of two of them."""

    def join(first: int, chunks: int, is_root: bool) -> Words:
        if chunks == 1:
            at = first * CHUNK
            return hash_chunk(key, data[at : at + CHUNK], first, flags, is_root)
        left = 1 << (chunks - 1).bit_length() - 1
        both = join(first, left, False) + join(first + left, chunks - left, False)
        return compress(key, both, 0, BLOCK, flags | PARENT | (ROOT if is_root else 0))

    root = join(0, max(1, -(-len(data) // CHUNK)), True)
    return struct.pack("<8I", *root)


def blake3(data: bytes) -> bytes:
    """BLAKE3 of some bytes."""
    return hash_tree(IV, data, 0)


def derive_key(context: str, parts: Iterable[bytes]) -> bytes:
    """BLAKE3 of the parts, one after another, kept apart from other uses by a context."""
    key = struct.unpack("<8I", hash_tree(IV, context.encode(), DERIVE_KEY_CONTEXT))
    return hash_tree(key, b"".join(parts), DERIVE_KEY_MATERIAL)
