"""The command: `full-scale` runs the steps, `full-scale render` makes the tables and the plot of their results."""

from __future__ import annotations

import argparse
import datetime
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from . import asking, making, reading, render, serving, system
from .run import FULL, PROJECT, Failed, Results, Run, Skipped, Values

#: In this order; the comments say which large files there are. E is an exact index, 16.8 bytes an entry.
STEPS: dict[str, Callable[[Run], Values]] = {
    "generator": making.generator,
    "exact": making.exact,  # E
    "info": making.info,
    "check": asking.check,
    "lookups": asking.lookups,
    "ranges": asking.ranges,
    "serve": serving.serve,
    "verify": reading.verify,
    "beside-verify": asking.beside_verify,
    "export": reading.export,
    "python": asking.python,
    "bits64": making.bits64,  # E, 64 bits
    "filter": making.filter_class,  # E, 64 bits, filter
    "filter-lookups": asking.filter_lookups,  # E, 64 bits
    "lookups64": asking.lookups64,
    "verify64": reading.verify64,
    "residency": asking.residency,
    "four-processes": asking.four_processes,
    "audit": asking.audit,
    "merge": making.merge,  # E, E; lean: E, 64 bits, 64 bits
    "swap": serving.swap,  # E; lean: E, 0.57 E
    "download": serving.download,  # E, 64 bits with what its download needs
    "rebuilt": making.rebuilt,  # 64 bits, E
    "update": serving.update,  # 64 bits twice, E
    "growth": reading.growth,  # 0.41 E
}
#: Bytes an entry at the peak, a twentieth of room included: two exact indexes; lean, one and two of 64 bits (what a
#: download keeps beside its target among them).
FULL_DISK, LEAN_DISK = 2.0 * 16.81 + 0.05, 16.81 + 2.2 * 4.79
#: With --keep: three exact indexes, two of 64 bits, one of the filter class.
KEPT_DISK = 3.0 * 16.81 + 3.2 * 4.79 + 2.5
#: Seconds an entry and seconds in all, on two cores.
SECONDS_PER_ENTRY, SECONDS = 0.5e-6, 180


def main() -> int:
    if sys.argv[1:2] == ["render"]:
        return render.main(sys.argv[2:])
    arguments = parser().parse_args()
    unknown = [name for name in [*arguments.only, *arguments.skip] if name not in STEPS]
    if unknown:
        print(f"full-scale: no step {', '.join(unknown)}; there are {', '.join(STEPS)}", file=sys.stderr)
        return 2
    data = Path(arguments.data).resolve() / f"breachdex-full-scale-{arguments.entries}"
    data.mkdir(parents=True, exist_ok=True)
    is_lean = choose_plan(arguments, data)
    if is_lean is None:
        return 2
    binaries = build(arguments.profile)
    results = open_results(arguments)
    run = Run(data, arguments.entries, binaries, results, arguments.keep)
    run.is_lean = is_lean
    run.wheel = Path(arguments.wheel).resolve() if arguments.wheel else None
    results.document["plan"] = "lean" if is_lean else "full"
    failed = run_steps(run, arguments)
    if failed:
        print(f"full-scale: a step failed; its files are still in {data}, for --resume", file=sys.stderr)
    elif not arguments.keep:
        shutil.rmtree(data, ignore_errors=True)
    print(f"results: {results.path} and {results.raw}; tables: benches/full-scale render {results.path}")
    return 1 if failed else 0


def parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(
        prog="full-scale",
        description="Try the whole product at the size of the real corpus.",
        epilog="full-scale render RESULT.json writes tables and plot into README.md and docs/site.",
    )
    words.add_argument("--entries", type=int, default=FULL, help="size of the corpus")
    words.add_argument(
        "--data", default=os.environ.get("TMPDIR", tempfile.gettempdir()), help="folder for indexes"
    )
    words.add_argument(
        "--results", help="JSON file to write [default: benches/results/DATE-full-scale-ENTRIES.json]"
    )
    words.add_argument("--resume", action="store_true", help="skip steps that the results file already holds")
    words.add_argument(
        "--only", action="append", default=[], metavar="STEP", help="this step only; repeatable"
    )
    words.add_argument(
        "--skip", action="append", default=[], metavar="STEP", help="not this step; repeatable"
    )
    words.add_argument("--keep", action="store_true", help="keep the indexes")
    words.add_argument("--lean", action="store_true", help="plan for a smaller disk, whatever there is")
    words.add_argument("--profile", default="dist", help="cargo profile of the programs")
    words.add_argument(
        "--wheel", help="Python wheel to measure [default: newest of target/wheels, else built]"
    )
    words.add_argument("--dry-run", action="store_true", help="say what it needs, and stop")
    return words


def choose_plan(arguments: argparse.Namespace, data: Path) -> bool | None:
    """Whether to run lean; None where even that needs more disk than there is."""
    there = sum(path.stat().st_size for path in data.glob("*.bdx"))
    room = system.free_bytes(data) + there
    fixed = 200_000_000
    full, lean = (
        int(arguments.entries * each + fixed)
        for each in ((KEPT_DISK, KEPT_DISK) if arguments.keep else (FULL_DISK, LEAN_DISK))
    )
    minutes = (arguments.entries * SECONDS_PER_ENTRY + SECONDS) / 60
    print(
        f"{arguments.entries:,} entries need {full / 1e9:.1f} GB in {data} (lean: {lean / 1e9:.1f} GB) and about "
        f"{minutes:.0f} minutes on two idle cores; {room / 1e9:.1f} GB are free."
    )
    if arguments.dry_run:
        return None
    if room < lean:
        print(
            f"full-scale: {room / 1e9:.1f} GB are too few; free some, choose another folder with --data, or fewer "
            "--entries",
            file=sys.stderr,
        )
        return None
    if room < full or arguments.lean:
        print(
            "Lean plan: merge works on the 64-bit index, and the index that replaces the served one leaves out what "
            "was seen once."
        )
        return True
    return False


def build(profile: str) -> Path:
    words = [
        "cargo",
        "build",
        "--quiet",
        "--profile",
        profile,
        "-p",
        "breachdex-cli",
        "-p",
        "breachdex-benches",
        "--bins",
    ]
    subprocess.run(words, cwd=PROJECT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target"))
    return (PROJECT / target / profile).resolve()


def open_results(arguments: argparse.Namespace) -> Results:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    name = f"{today}-full-scale-{arguments.entries}.json"
    path = Path(arguments.results or PROJECT / "benches" / "results" / name).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not arguments.resume and not arguments.only:
        path.unlink(missing_ok=True)
        path.with_suffix(".txt").unlink(missing_ok=True)
    results = Results(path)
    command = " ".join(["benches/full-scale", *map(shlex.quote, without_paths(sys.argv[1:]))])
    head = {"date": today, "entries": arguments.entries, **system.describe()}
    results.document = {**head, **results.document}
    results.document.setdefault("commands", []).append(command)
    results.write()
    results.say("\n".join(f"{name}: {value}" for name, value in {**head, "command": command}.items()))
    return results


def without_paths(words: list[str]) -> list[str]:
    """The command line without what only says where files lie."""
    found = iter(words)
    kept: list[str] = []
    for word in found:
        name, equals, _ = word.partition("=")
        if name not in ("--data", "--results", "--wheel"):
            kept.append(word)
        elif not equals:
            next(found, None)
    return kept


def run_steps(run: Run, arguments: argparse.Namespace) -> bool:
    """Whether any step failed. What each gave is on disk when it ends."""
    failed = False
    for name, step in STEPS.items():
        done = run.results.steps.get(name, {}).get("status") == "done"
        if arguments.only and name not in arguments.only:
            continue
        if name in arguments.skip:
            run.results.steps.setdefault(name, {"status": "skipped", "why": "left out with --skip"})
            run.results.write()
            continue
        if arguments.resume and done and name not in arguments.only:
            continue
        run.results.say(f"\n## {name}")
        started = time.monotonic()
        record: Values = {"status": "done"}
        try:
            record["values"] = step(run)
        except Skipped as why:
            record = {"status": "skipped", "why": str(why)}
        except (Failed, OSError, KeyError, ValueError, subprocess.SubprocessError) as why:
            record = {
                "status": "failed",
                "why": f"{type(why).__name__}: {why}" if not isinstance(why, Failed) else str(why),
            }
            failed = True
        record["step_seconds"] = time.monotonic() - started
        run.note_free()
        run.results.steps[name] = record
        run.results.write()
        run.results.say(
            f"{name}: {record['status']} in {record['step_seconds']:.1f} s {record.get('why', '')}"
        )
    return failed
