#!/usr/bin/env python3
"""Runs the sessions of ``tests/command`` with a command of another platform, perhaps under an emulator.

    sessions.py [--windows] [--only NAME]... [--skip NAME=WHY]... PROGRAM [ARGUMENT]...

Does what ``tests/tests/all/command/cases.rs`` does with the command of this platform, and prints what differs. With
``--windows``, paths may have ``\\`` for ``/``, and the sessions in ``NOT_ON_WINDOWS`` are skipped by name.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

SESSIONS: Final = Path(__file__).resolve().parent.parent / "command"

NOT_ON_WINDOWS: Final = {"overlay-refused": "Windows says itself that a folder cannot be opened as a file"}
"""Sessions that ask for what the system does not have, and why."""

TIMEOUT: Final = 300


def line_matches(expected: str, found: str) -> bool:
    """Whether a line is the expected one, where ``[..]`` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, expected.split("[..]"))), found) is not None


def matches(expected: str, found: str) -> bool:
    """The same for all lines of a text."""
    wanted, got = expected.split("\n"), found.split("\n")
    return len(wanted) == len(got) and all(map(line_matches, wanted, got))


def as_on_windows(text: str) -> str:
    """A text with what is worded by the system left out: how paths are written, and what its errors say."""
    return re.sub(r": [^:\n]* \(os error \d+\)", ": (the system's words)", text.replace("\\", "/"))


def faults(path: Path, command: list[str], windows: bool) -> list[str]:
    """What differs in one session."""
    session: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    found: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in session.get("files", {}).items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(text.encode())
        for step in session["step"]:
            found += step_faults(path.name, step, command, folder, windows)
    return found


def step_faults(
    name: str, step: dict[str, Any], command: list[str], folder: Path, windows: bool
) -> list[str]:
    """What differs in one step."""
    environment = {
        key: value for key, value in os.environ.items() if key not in ("BREACHDEX_INDEX", "NO_COLOR")
    }
    environment |= {"TERM": "xterm"} | step.get("environment", {})
    if "stdin_hex" in step:
        typed = bytes.fromhex(re.sub(r"[^0-9a-fA-F]", "", step["stdin_hex"]))
    else:
        typed = step.get("stdin", "").encode()
    place = f"{name}: {step['arguments']}"
    try:
        done = subprocess.run(
            [*command, *step["arguments"]],
            check=False,
            cwd=folder,
            env=environment,
            input=typed,
            capture_output=True,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return [f"{place}\n  not done after {TIMEOUT} s"]
    found = []
    for stream, raw in (("stdout", done.stdout), ("stderr", done.stderr)):
        expected, text = step.get(stream, ""), raw.decode()
        if windows:
            expected, text = as_on_windows(expected), as_on_windows(text)
        if not matches(expected, text):
            found.append(
                f"{place}\n  expected {stream} {expected!r}\n  found {' ' * len(stream)}    {text!r}"
            )
    if done.returncode != step["exit"]:
        found.append(f"{place}\n  expected exit {step['exit']}, found {done.returncode}")
    if "leaves" in step and step["leaves"] != (there := sorted(entry.name for entry in folder.iterdir())):
        found.append(f"{place}\n  expected files {step['leaves']}, found {there}")
    return found


def main() -> int:
    """Runs them, two at a time; 1 if one differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--windows", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--skip", action="append", default=[], metavar="NAME=WHY")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    if not arguments.command:
        parser.error("name the command")
    paths = sorted(path for path in SESSIONS.glob("*.toml") if path.stem in (arguments.only or [path.stem]))
    left_out = dict(skip.split("=", 1) for skip in arguments.skip)
    if arguments.windows:
        left_out |= NOT_ON_WINDOWS
    for path in paths:
        if path.stem in left_out:
            print(f"skipped: the session {path.stem}: {left_out[path.stem]}")
    paths = [path for path in paths if path.stem not in left_out]
    steps = sum(len(tomllib.loads(path.read_text(encoding="utf-8"))["step"]) for path in paths)
    results: list[list[str]] = []
    with ThreadPoolExecutor(2) as pool:
        for path, result in zip(
            paths,
            pool.map(lambda path: faults(path, arguments.command, arguments.windows), paths),
            strict=True,
        ):
            results.append(result)
            print("\n".join(result) or f"{path.stem}: right", flush=True)
    failed = sum(bool(result) for result in results)
    print(f"sessions: {len(paths) - failed} passed, {failed} failed ({steps} steps)")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
