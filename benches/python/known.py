"""Digests of passwords that `measure.py` knows, as rows of a corpus in order."""

import hashlib

KNOWN = 200_000


def known(number: int) -> str:
    """A password that the index of the benchmark holds."""
    return f"known-{number}"


if __name__ == "__main__":
    rows = sorted(hashlib.sha1(known(number).encode()).hexdigest().upper() for number in range(KNOWN))
    print("\n".join(f"{row}:{number % 7 + 1}" for number, row in enumerate(rows)))
