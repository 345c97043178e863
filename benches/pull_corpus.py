"""Writes a synthetic corpus as dense as Pwned Passwords, and the same a week later in several ways.

    python benches/pull_corpus.py FOLDER ENTRIES

Digests are random and lie under as many 16-bit prefixes, evenly spread, as give each some 31,600 of them, as in a corpus of
2.07 thousand million. More than 4,194,304 entries make groups of the same length.
"""

import sys
from pathlib import Path

import numpy as np

PER_GROUP = 31_600
PIECE = 1 << 20
HEX = np.frombuffer(b"0123456789ABCDEF", dtype=np.uint8)


def write(path: Path, digests: np.ndarray, counts: np.ndarray) -> None:
    with path.open("wb") as file:
        for at in range(0, len(digests), PIECE):
            part = digests[at : at + PIECE]
            lines = np.empty((len(part), 46), dtype=np.uint8)
            lines[:, 0:40:2] = HEX[part >> 4]
            lines[:, 1:40:2] = HEX[part & 15]
            lines[:, 40] = ord(":")
            rest = counts[at : at + PIECE].copy()
            # Counts of up to four digits, without leading zeros: what is left is cut out of the flat text.
            keep = np.ones(lines.shape, dtype=bool)
            for column, power in zip(range(41, 45), (1000, 100, 10, 1)):
                lines[:, column] = ord("0") + rest // power % 10
                keep[:, column] = (rest >= power) | (power == 1)
            lines[:, 45] = ord("\n")
            file.write(lines[keep].tobytes())


def main() -> None:
    folder, entries = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(20261127)
    groups = max(1, entries // PER_GROUP)
    digests = random.integers(0, 256, (entries, 20), dtype=np.uint8)
    step = 65_536 // groups
    prefixes = random.integers(0, groups, entries, dtype=np.uint16) * step
    digests[:, 0], digests[:, 1] = prefixes >> 8, prefixes & 255
    order = np.argsort(digests[:, :8].copy().view(">u8").ravel(), kind="stable")
    digests = digests[order]
    # Most are seen a few times, some often.
    counts = np.minimum(9999, np.floor(random.pareto(1.1, entries) + 1)).astype(np.int64)
    write(folder / "old.txt", digests, counts)

    # Spread: 1 % of all entries, wherever they are; half have another count, half are another digest. Sparse: 0.01 %.
    for name, share in ("spread", 0.01), ("sparse", 0.0001):
        changed, chance = digests.copy(), random.random(entries)
        changed[chance < share / 2, 16:] = [0x0B, 0xAD, 0xC0, 0xDE]
        recounted = (share / 2 <= chance) & (chance < share)
        write(folder / f"{name}.txt", changed, np.where(recounted, np.minimum(9999, counts + 1), counts))

    # Clustered: every count is another in one run of ranges that follow one another, 1 % of all.
    ranges = (digests[:, 0].astype(np.int64) << 8 | digests[:, 1]) // step * 16 + (digests[:, 2] >> 4)
    first = groups * 16 // 3
    inside = (ranges >= first) & (ranges < first + max(1, groups * 16 // 100))
    write(folder / "clustered.txt", digests, np.where(inside, np.minimum(9999, counts + 1), counts))

    # Ranges: every hundredth range, all of its counts.
    inside = ranges % 100 == 42
    write(folder / "ranges.txt", digests, np.where(inside, np.minimum(9999, counts + 1), counts))


if __name__ == "__main__":
    main()
