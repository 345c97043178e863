"""Prints the program of a package's unit tests, as `cargo test --workspace` has built it.

    python3 tests/program.py PACKAGE

Cargo would build a package that is named alone with other features, and so once more.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def programs(messages: list[dict[str, Any]], package: str) -> list[str]:
    """The programs of the unit tests of a package's library, of what Cargo says that it built."""
    built = [
        message for message in messages if message["reason"] == "compiler-artifact" and message["executable"]
    ]
    name = package.replace("-", "_")
    return [
        message["executable"]
        for message in built
        if message["profile"]["test"]
        and message["target"]["kind"] == ["lib"]
        and message["target"]["name"] == name
    ]


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    command = ["cargo", "test", "--workspace", "--locked", "--no-run", "--quiet", "--message-format=json"]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = programs([json.loads(line) for line in output.splitlines()], arguments[0])
    if len(found) != 1:
        print(
            f"cargo built {len(found)} programs of the unit tests of `{arguments[0]}`, not one",
            file=sys.stderr,
        )
        return 1
    print(found[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
