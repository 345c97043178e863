#!/usr/bin/env python3
"""The password prompt on a Windows console, as Wine has one on a pseudo-terminal: ``console.py WINE-SCRIPT BREACHDEX.EXE``.

What is typed is not shown, and is found whatever letters it has.
"""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

PASSWORDS: Final = ("pa55word of ASCII", "pässwörd")
SECONDS: Final = 120


def typed(command: list[str], folder: Path, password: str) -> tuple[str, int]:
    """What the console shows while a password is typed, and how the program exits."""
    process, console = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execvpe(
            command[0], command, os.environ | {"TERM": "xterm", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        )
    shown, is_sent, end = b"", False, time.monotonic() + SECONDS
    while time.monotonic() < end:
        if select.select([console], [], [], 0.5)[0]:
            try:
                read = os.read(console, 4096)
            except OSError:
                break
            if not read:
                break
            shown += read
        if b"not shown" in shown and not is_sent:
            time.sleep(0.5)
            os.write(console, f"{password}\r".encode())
            is_sent = True
    return shown.decode(errors="replace"), os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def main(arguments: list[str]) -> int:
    """Tries them; 1 if one was shown or not found."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "own.txt").write_bytes("".join(f"{word}\n" for word in PASSWORDS).encode())
        subprocess.run(
            [*arguments, "build", "--format", "passwords", "-o", "own.bdx", "own.txt"],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        for word, expected in [*((word, 1) for word in PASSWORDS), ("another one", 0)]:
            shown, code = typed([*arguments, "check", "--index", "own.bdx"], folder, word)
            if code != expected or word in shown:
                failed += 1
                print(f"{word!r}: exit {code}, shown: {shown!r}")
    count = len(PASSWORDS) + 1
    print(f"console: {count - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
