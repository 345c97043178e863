"""Steps that read a whole index: verify, export; and growth over seven sizes."""

from __future__ import annotations

import json
import subprocess
import time

from . import system
from .asking import lookups_of
from .making import from_pipe, made
from .run import FULL, Failed, Run, Values, environment

SIZES = (1_000_000, 4_000_000, 16_000_000, 60_000_000, 250_000_000, 847_000_000, FULL)


def verify(run: Run) -> Values:
    return verified(run, "exact.bdx")


def verify64(run: Run) -> Values:
    return verified(run, "bits64.bdx")


def verified(run: Run, name: str) -> Values:
    index = run.need(name)
    size = index.stat().st_size
    system.drop(index)
    cold = run.breachdex("verify", index)
    system.fill(index)
    warm = run.breachdex("verify", index)
    memory = system.kibibytes("/proc/meminfo", "MemTotal") or 0
    return {
        "cold_seconds": cold.seconds,
        "cold_per_second": size / cold.seconds,
        "warm_seconds": warm.seconds,
        "warm_per_second": size / warm.seconds,
        "fits_in_memory": size < memory * 0.8,
        "rss_anon_peak": max(cold.anonymous, warm.anonymous),
    }


def export(run: Run) -> Values:
    """`export | checksum`: every line of the corpus again, or an error."""
    index = run.need("exact.bdx")
    words = [run.program("breachdex"), "export", str(index)]
    run.results.say("$ breachdex export exact.bdx | checksum")
    started = time.monotonic()
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()
    ) as process:
        done = run.call([run.program("checksum")], stdin=process.stdout)
        assert process.stdout is not None
        process.stdout.close()
    seconds = time.monotonic() - started
    if process.returncode != 0:
        raise Failed(f"export ended with {process.returncode}")
    text = json.loads(done.output)
    expected = run.results.steps["exact"]["values"]["text"]
    if text != expected:
        raise Failed(f"the export is {text}, but the corpus was {expected}")
    return {"seconds": seconds, "rows_per_second": text["lines"] / seconds, "bytes": text["bytes"]}


def growth(run: Run) -> Values:
    """Seven sizes up to the whole; the largest is that of the other steps."""
    rows: list[Values] = []
    for size in SIZES[:-1]:
        entries = max(1, round(size * run.entries / FULL))
        done, _ = from_pipe(run, entries, "growth.bdx")
        asked = lookups_of(run, "growth.bdx", entries)
        rows.append(growth_row(entries, made(run, "growth.bdx", done, entries), asked))
        run.discard("growth.bdx")
    steps = run.results.steps
    whole = {name: steps.get(name, {}).get("values") for name in ("exact", "lookups")}
    if whole["exact"] and whole["lookups"]:
        rows.append(growth_row(run.entries, whole["exact"], whole["lookups"]["own"]))
    return {"rows": rows}


def growth_row(entries: int, built: Values, asked: Values) -> Values:
    row: Values = {
        "entries": entries,
        "bytes_per_entry": built["bytes_per_entry"],
        "build_per_second": built["per_second"],
        "open_seconds": asked["open_seconds"],
    }
    for kind in ("hits", "misses"):
        row[f"{kind}_cold_ns"] = asked[kind]["cold"]["p50_ns"]
        row[f"{kind}_warm_ns"] = asked[kind]["warm_ns"]
        row[f"{kind}_cold_bytes"] = asked[kind]["cold"]["read_bytes"] / asked[kind]["cold"]["asked"]
    return row
