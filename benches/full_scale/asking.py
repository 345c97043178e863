"""Steps that ask: lookups and ranges in process, whole commands, four processes, Python."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

from . import system
from .run import PROJECT, Asker, Failed, Run, Skipped, Values, environment

#: Questions in a cold part; the time limits them on a slow disk.
COLD, COLD_SECONDS = 2_000, 12.0
WARM, WARM_SECONDS = 10_000, 40.0


def cold_and_warm(asker: Asker, index: Path, kind: str) -> Values:
    """Questions that nobody asked before, then the same again."""
    system.drop(index)
    disk = asker.ask(f"pread {len(kind) * 100_000} 500 5")
    system.drop(index)
    cold = asker.right(f"{kind} 0 {COLD} {COLD_SECONDS}")
    return {
        "cold": cold,
        "pread_p50_ns": disk["p50_ns"],
        "pread_mean_ns": disk["mean_ns"],
        "cold_over_pread": cold["mean_ns"] / disk["mean_ns"],
    }


def warm(asker: Asker, kind: str) -> Values:
    touched = asker.right(f"{kind} 0 {WARM} {WARM_SECONDS}")["asked"]
    timed = asker.right(f"{kind} 0 {touched} {WARM_SECONDS}")
    rate = asker.ask(f"rate {kind} 0 {touched}")
    return {"warm": timed, "warm_ns": rate["ns"], "questions": touched}


def lookups_of(run: Run, name: str, entries: int, is_warm: bool = True) -> Values:
    index = run.need(name)
    values: Values = {}
    for kind in ("hits", "misses"):
        # A file is dropped while no process maps it; so each part opens it anew.
        system.drop(index)
        with Asker(run, index, entries) as asker:
            values[kind] = cold_and_warm(asker, index, kind)
            values["open_seconds"] = asker.opened["open_seconds"]
            values["open_read_bytes"] = asker.opened["open_read_bytes"]
            if is_warm:
                values[kind] |= warm(asker, kind)
    return values


def lookups(run: Run) -> Values:
    """At the disk's own readahead, and at 128 KiB and 8 MiB where that may be set."""
    values: Values = {"own": lookups_of(run, "exact.bdx", run.entries), "own_kib": run.device.readahead()}
    for kibibytes in (128, 8192):
        try:
            with run.device.with_readahead(kibibytes):
                values[str(kibibytes)] = lookups_of(run, "exact.bdx", run.entries, is_warm=False)
        except OSError as error:
            values[str(kibibytes)] = {"skipped": f"the readahead cannot be set: {error}"}
    return values


def lookups64(run: Run) -> Values:
    return lookups_of(run, "bits64.bdx", run.entries)


def filter_lookups(run: Run) -> Values:
    """Warm, and how many of the misses are taken for hits."""
    index = run.need("filter.bdx")
    system.fill(index)
    with Asker(run, index, run.entries, 400_000) as asker:
        hits = asker.right("hits 0 20000 60")
        misses = asker.ask("misses 0 400000 60")
        rates = {kind: asker.ask(f"rate {kind} 0 20000")["ns"] for kind in ("hits", "misses")}
    allowed = 6 + 2 * misses["asked"] / 2**16
    if misses["wrong"] > allowed:
        raise Failed(
            f"{misses['wrong']} false positives of {misses['asked']}, at most {allowed:.0f} expected"
        )
    run.remove("filter.bdx")
    return {
        "hit_ns": rates["hits"],
        "miss_ns": rates["misses"],
        "asked": misses["asked"],
        "false_positives": misses["wrong"],
        "hits": hits,
    }


def ranges(run: Run) -> Values:
    index = run.need("exact.bdx")
    system.drop(index)
    with Asker(run, index, run.entries, 1, "--ranges-only") as asker:
        cold = asker.right(f"ranges 0 {COLD} {COLD_SECONDS}")
        again = asker.right(f"ranges 0 {cold['asked']} {COLD_SECONDS}")
    return {"cold": cold, "warm": again}


def check(run: Run) -> Values:
    """The whole command with one digest on its standard input."""
    index = run.need("exact.bdx")
    first = first_line(run)
    digest, count = first.split(":")

    def once() -> float:
        done = run.breachdex("check", "--hash", "--index", index, text=digest + "\n", expect=(1,))
        if done.output.split("\t")[1:] != ["exposed", f"{count}\n"]:
            raise Failed(f"check of {digest} says {done.output!r}, seen {count} times")
        return done.seconds

    cold = []
    for _ in range(5):
        system.drop(index)
        cold.append(once())
    again = [once() for _ in range(21)]
    nothing = [run.call(["true"]).seconds for _ in range(21)]
    return {"cold_seconds": middle(cold), "warm_seconds": middle(again), "nothing_seconds": middle(nothing)}


def middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def first_line(run: Run) -> str:
    with subprocess.Popen(
        [run.program("corpus"), "--entries", str(run.entries), "--threads", "1", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as corpus:
        assert corpus.stdout is not None
        line = corpus.stdout.readline().decode().strip()
        corpus.kill()
    return line


def beside_verify(run: Run) -> Values:
    """Lookups of a warm set alone, while `verify` reads the whole file, and after it."""
    index = run.need("exact.bdx")
    with Asker(run, index, run.entries) as asker:
        touched = asker.right(f"hits 0 {WARM} {WARM_SECONDS}")["asked"]
        alone = asker.right(f"hits 0 {touched} 10")
        beside: list[Values] = []

        def meanwhile(verify: subprocess.Popen[bytes]) -> None:
            while verify.poll() is None and len(beside) < 400:
                beside.append(asker.right(f"hits 0 {touched} 5"))
                time.sleep(0.2)

        done = run.breachdex("verify", index, during=meanwhile)
        after = asker.right(f"hits 0 {touched} 30")
    return {
        "questions": touched,
        "alone": alone,
        "beside_p50_ns": middle([float(values["p50_ns"]) for values in beside] or [0.0]),
        "beside_p99_ns": max([values["p99_ns"] for values in beside] or [0]),
        "beside_passes": len(beside),
        "beside_major_faults": sum(values["major_faults"] for values in beside),
        "after": after,
        "verify_seconds": done.seconds,
    }


def residency(run: Run) -> Values:
    """Each residency of the 64-bit index, from a cold cache: opening, lookups, and what the process holds."""
    index = run.need("bits64.bdx")
    values: Values = {}
    for name in ("on-demand", "populate", "locked", "huge-pages"):
        system.drop(index)
        try:
            asker = Asker(run, index, run.entries, 20_000, "--residency", name)
        except Failed as error:
            values[name] = {"skipped": str(error)}
            continue
        with asker:
            opened = asker.opened["open_seconds"]
            first = asker.right("hits 0 1000 60")
            for kind in ("hits", "misses"):
                asker.right(f"{kind} 0 20000 60")
            rates = {kind: asker.ask(f"rate {kind} 0 20000")["ns"] for kind in ("hits", "misses")}
            rollup = f"/proc/{asker.process.pid}/smaps_rollup"
            held = {what: system.kibibytes(rollup, what) or 0 for what in ("Rss", "Private_Dirty")}
        values[name] = {"open_seconds": opened, "first": first, "rates": rates, "held": held}
    return values


def four_processes(run: Run) -> Values:
    """What four processes hold that ask the same file 80,000 questions each."""
    index = run.need("bits64.bdx")
    system.fill(index)
    askers = [Asker(run, index, run.entries, 40_000, "--set", str(number)) for number in range(1, 5)]
    try:
        for asker in askers:
            asker.right("hits 0 40000 120")
            asker.right("misses 0 40000 120")
        rollups = [f"/proc/{asker.process.pid}/smaps_rollup" for asker in askers]
        names = ("Pss", "Rss", "Private_Dirty", "Private_Clean")
        found = [{name: system.kibibytes(path, name) or 0 for name in names} for path in rollups]
    finally:
        for asker in askers:
            asker.__exit__()
    return {"processes": found, "pss": max(values["Pss"] for values in found)}


def audit(run: Run) -> Values:
    """A list of a million digests, half of them exposed, against the 64-bit index in the page cache."""
    index = run.need("bits64.bdx")
    system.fill(index)
    accounts = min(1_000_000, run.entries)
    listed = run.file("accounts.csv")
    half = accounts // 2
    step = max(1, min(run.entries, 40_000_000) // half)
    with listed.open("w") as file:
        file.write("user,hash\n")
        number = 0
        for seed, every, wanted in ((1, step, half), (2, step, accounts - half)):
            number += write_accounts(run, file, seed, every, wanted, number)
    words: list[str | Path] = [
        "audit",
        "-q",
        "--index",
        index,
        "--format",
        "csv",
        "--hash",
        "--column",
        "hash",
    ]
    done = run.breachdex(*words, "--user-column", "user", listed, expect=(1,))
    listed.unlink()
    return {"accounts": number, "seconds": done.seconds, "rss_anon_peak": done.anonymous}


def write_accounts(run: Run, file: TextIO, seed: int, every: int, wanted: int, first: int) -> int:
    """Every so many lines of the corpus, or of one with another seed, as rows of a CSV; returns how many."""
    words = [run.program("corpus"), "--entries", str(run.entries), "--seed", str(seed), "--shuffled", "-"]
    written = 0
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as corpus:
        assert corpus.stdout is not None
        for number, line in enumerate(corpus.stdout):
            if number % every == 0:
                print(f"user{first + written},{line[:40].decode()}", file=file)
                written += 1
            if written == wanted:
                corpus.kill()
                break
    return written


def python(run: Run) -> Values:
    """The module: open, count, counts of Arrow strings."""
    index = run.need("exact.bdx")
    interpreter = python_environment(run)
    done = run.call([interpreter, PROJECT / "benches" / "python" / "full_scale.py", index])
    return dict(json.loads(done.output))


def python_environment(run: Run) -> Path:
    wheels = sorted((PROJECT / "target" / "wheels").glob("*.whl"), key=lambda path: path.stat().st_mtime)
    wheel = run.wheel or (wheels[-1] if wheels else None)
    if wheel is None:
        try:
            subprocess.run(["make", "wheel"], cwd=PROJECT, check=True, env=environment(), timeout=900)
        except (OSError, subprocess.SubprocessError) as error:
            raise Skipped(f"no wheel, and `make wheel` failed: {error}") from error
        wheel = max((PROJECT / "target" / "wheels").glob("*.whl"), key=lambda path: path.stat().st_mtime)
    folder = run.file("python-environment")
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
        subprocess.run([*pip, "pyarrow==26.0.1"], check=True, timeout=300)
        subprocess.run([*pip, "--force-reinstall", "--no-deps", str(wheel)], check=True, timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        raise Skipped(f"the module cannot be installed: {error}") from error
    return folder / "bin" / "python"
