"""What all of these tests stand on: the command, indexes, and a copy of /etc that only this process sees."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FAIL_OPEN = PROJECT / "examples" / "system" / "fail-open"
POLICY = PROJECT / "examples" / "system" / "policy.toml"

EXPOSED = "correct horse battery staple"
"""Long enough for every profile; the index holds it."""
FINE = "an unlit lantern, 4 stairs down"
"""In no index."""

TIMEOUT = 120.0
INSIDE = "BREACHDEX_SYSTEM_TESTS"
"""Set in the process that has its own /etc."""


class NotHere(Exception):
    """What a test needs is not on this machine."""


class Wrong(Exception):
    """A program did something else than its page says."""


@dataclass(frozen=True)
class Stage:
    """The command under test, and files of these tests."""

    command: Path
    folder: Path
    index: Path
    damaged: Path
    missing: Path

    def door(self, index: Path, *flags: str, opens: bool = False) -> str:
        """The command line of a check, as a configuration has it; with ``opens`` a failed check lets pass."""
        check = [
            str(self.command),
            "policy",
            "check",
            "-0",
            "--policy",
            str(POLICY),
            "--index",
            str(index),
            *flags,
        ]
        return " ".join([str(FAIL_OPEN), *check] if opens else check)


def run(
    arguments: list[str], *, input: str | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end, whatever that is."""
    return subprocess.run(
        arguments, input=input, env=env, check=False, capture_output=True, text=True, timeout=TIMEOUT
    )


def must(arguments: list[str], *, input: str | None = None) -> str:
    """Runs a program that has to succeed; what it printed."""
    done = run(arguments, input=input)
    if done.returncode != 0:
        raise Wrong(f"{arguments[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def need(*programs: str) -> None:
    """Raises where a program is missing."""
    for program in programs:
        if shutil.which(program) is None:
            raise NotHere(f"{program} is not installed")


def expect(what: str, expected: object, found: object) -> None:
    """Raises where something is not as it should be."""
    if expected != found:
        raise Wrong(f"{what}: expected {expected!r}, found {found!r}")


def set_up(command: Path, folder: Path) -> Stage:
    """Builds an index, and a damaged copy of it."""
    words = folder / "passwords.txt"
    words.write_text(f"{EXPOSED}\n")
    index, damaged = folder / "exposed.bdx", folder / "damaged.bdx"
    must([str(command), "build", "--format", "passwords", "-o", str(index), str(words)])
    words.unlink()
    content = bytearray(index.read_bytes())
    content[20] ^= 0xFF
    damaged.write_bytes(content)
    # Checks may run as another user than root.
    for path in (folder, index, damaged):
        path.chmod(0o755)
    return Stage(command, folder, index, damaged, folder / "missing.bdx")


def enter(folder: Path) -> None:
    """Starts this program anew with a copy of /etc in a name space of its own; returns inside of it."""
    if INSIDE in os.environ:
        return
    need("unshare")
    if os.geteuid() != 0:
        raise NotHere("only root can give a test an /etc of its own")
    if run(["unshare", "--mount", "true"]).returncode != 0:
        raise NotHere("this machine allows no name spaces for mounts")
    copy = folder / "etc"
    must(["cp", "-a", "/etc", str(copy)])
    script = 'mount --make-rprivate / && mount --bind "$1" /etc && shift && exec "$@"'
    arguments = ["unshare", "--mount", "sh", "-c", script, "sh", str(copy), sys.executable, *sys.argv]
    os.environ[INSIDE] = str(folder)
    sys.stdout.flush()
    os.execvp(arguments[0], arguments)
