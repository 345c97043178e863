#!/usr/bin/env python3
"""Counts the instructions of the hot paths under callgrind and compares them with budgets.

    benches/instructions.py            print the table; exit 1 where a path takes over 3 % more than its budget
    benches/instructions.py --write    write what was counted as the new budgets

Counts repeat where times do not: the inputs are made from one seed, and nothing else that runs changes them. They do
change with the compiler, so budgets say which one they are of, and another one is told and not failed. Valgrind knows no
AVX-512; the kernels that are counted are `avx2` and `portable`.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUDGETS = PROJECT / "benches" / "instructions.toml"
KERNELS = ("avx2", "portable")
# What is counted, and what an item of it is.
PARTS = {
    "hit": "lookup",
    "miss": "lookup",
    "bulk": "lookup",
    "range": "range of 1,973 rows",
    "checked-range": "range of 1,973 rows",
    "export": "row",
    "build": "line",
    "passwords": "password",
    "policy": "verdict",
    "request": "request without its body",
    "gzip": "range of 1,973 rows",
}
# Paths of which the kernels have nothing of their own are counted once.
ONCE = ("policy", "request")
MOST = 1.03


def compiler() -> str:
    """The compiler's version, as it says it."""
    return subprocess.run(
        ["rustc", "--version"], cwd=PROJECT, check=True, text=True, capture_output=True
    ).stdout.strip()


def programs() -> Path:
    """Builds what is counted and says where it is."""
    subprocess.run(
        ["cargo", "build", "--release", "--quiet", "-p", "breachdex-benches", "--bin", "instructions"],
        cwd=PROJECT,
        check=True,
    )
    target = Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target"))
    return target / "release" / "instructions"


def count(program: Path, part: str, kernel: str, folder: Path) -> float:
    """Instructions an item of one part."""
    output = folder / "callgrind.out"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}", "--quiet"]
    if part != "build":
        command.append("--toggle-collect=*instructions*measured*")
    run = subprocess.run(
        [*command, str(program), part, str(folder)],
        env={**os.environ, "BREACHDEX_KERNEL": kernel},
        text=True,
        capture_output=True,
        check=False,
    )
    if run.returncode != 0:
        sys.exit(f"{part} under callgrind failed:\n{run.stderr}")
    total = re.search(r"^(?:summary|totals): (\d+)", output.read_text(), re.MULTILINE)
    instructions = int(total.group(1)) if total else 0
    if instructions == 0:
        sys.exit(f"{part}: callgrind counted nothing, so no function is called `measured` any more")
    return instructions / int(run.stdout.split()[-1])


def counted(program: Path, kernels: tuple[str, ...]) -> dict[str, float]:
    """Instructions an item of every part with every kernel."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([str(program), "prepare", name], check=True)
        return {
            f"{part}-{kernel}": count(program, part, kernel, folder)
            for part in PARTS
            for kernel in (kernels[:1] if part in ONCE else kernels)
        }


def table(found: dict[str, float], budgets: dict[str, float], strict: bool) -> bool:
    """Prints what was counted beside the budgets; whether nothing is over its own."""
    print(f"{'path':<24} {'instructions':>13}   {'budget':>13}   {'change':>8}   an item is")
    sound = True
    for name, instructions in found.items():
        unit = PARTS[name.rsplit("-", 1)[0]]
        budget = budgets.get(name)
        if budget is None:
            print(
                f"{name:<24} {instructions:>13,.1f}   {'none':>13}   {'':>8}   a {unit}   has no budget: --write"
            )
            continue
        over = instructions > budget * MOST
        sound = sound and not over
        change = f"{instructions / budget - 1:+.1%}"
        told = "   OVER" if over else "   budget can be lowered" if instructions < budget / MOST else ""
        print(f"{name:<24} {instructions:>13,.1f}   {budget:>13,.1f}   {change:>8}   a {unit}{told}")
    return sound or not strict


def main() -> int:
    """Counts, prints and compares."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write what was counted as the new budgets")
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is not installed, so no instructions are counted")
        return 0
    cpu = Path("/proc/cpuinfo")
    flags = cpu.read_text().split() if cpu.exists() else []
    if not {"avx2", "bmi2"} <= set(flags):
        print("skipped: this processor has no AVX2, and the budgets are of processors that have")
        return 0
    known = tomllib.loads(BUDGETS.read_text()) if BUDGETS.exists() else {}
    found = counted(programs(), KERNELS)
    same = known.get("compiler") == compiler()
    if not (same or arguments.write):
        print(f"budgets are of {known.get('compiler')}, this is {compiler()}: told, not failed")
    sound = table(found, known.get("budgets", {}), strict=same)
    if arguments.write:
        lines = [f'"{name}" = {instructions:.1f}' for name, instructions in found.items()]
        today = datetime.datetime.now(tz=datetime.UTC).date()
        BUDGETS.write_text(
            "# Instructions an item of each hot path, counted by benches/instructions.py, which compares with them.\n"
            f'compiler = "{compiler()}"\ndate = "{today}"\n\n[budgets]\n' + "\n".join(lines) + "\n"
        )
        return 0
    if not sound:
        print("a path takes more than 3 % over its budget; `--write` after a change that is worth it")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
