"""Steps that make indexes: build, the smaller classes, merge."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import time

from . import system
from .run import Failed, Finished, Run, Values, environment

#: Every so many 5-digit ranges one is changed: 1 %.
CHANGED_EVERY = 100


def generator(run: Run) -> Values:
    """The generator by itself, so that its share of a build on the same machine can be told."""
    entries = min(run.entries, 40_000_000)
    started = time.monotonic()
    with subprocess.Popen(
        [run.program("corpus"), "--entries", str(entries), "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as corpus:
        drain(corpus)
    seconds = time.monotonic() - started
    return {"entries": entries, "seconds": seconds, "per_second": entries / seconds}


def drain(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    while process.stdout.read(1 << 20):
        pass


def from_pipe(run: Run, entries: int, target: str, *generated: str) -> tuple[Finished, Values]:
    """`corpus | breachdex build`, and what the generator says of the text it wrote."""
    run.discard(target)
    words = [run.program("corpus"), "--entries", str(entries), "--checksum", *generated, "-"]
    run.results.say("$ " + " ".join(["corpus", *words[1:], "|"]))
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as corpus:
        done = run.breachdex("build", "--format", "hibp", "-o", run.file(target), "-", stdin=corpus.stdout)
        assert corpus.stdout is not None and corpus.stderr is not None
        corpus.stdout.close()
        text: Values = json.loads(corpus.stderr.readline())
    if text["lines"] != entries:
        raise Failed(f"the generator wrote {text['lines']} lines, not {entries}")
    return done, text


def facts(run: Run, name: str) -> Values:
    return dict(json.loads(run.breachdex("info", "--json", run.file(name)).output))


def made(run: Run, name: str, done: Finished, entries: int) -> Values:
    size = run.file(name).stat().st_size
    return {
        "seconds": done.seconds,
        "per_second": entries / done.seconds,
        "bytes": size,
        "bytes_per_entry": size / entries,
        "rss_anon_peak": done.anonymous,
    }


def exact(run: Run) -> Values:
    done, text = from_pipe(run, run.entries, "exact.bdx")
    told = facts(run, "exact.bdx")
    if told["entries"] != run.entries:
        raise Failed(f"the index holds {told['entries']} entries, not {run.entries}")
    values = made(run, "exact.bdx", done, run.entries)
    return values | {"text": text, "max_count": told["max_count"], "content_id": told["content_id"]}


def derived(run: Run, name: str, *options: str) -> Values:
    source = run.need("exact.bdx")
    run.discard(name)
    done = run.breachdex("build", "-o", run.file(name), *options, source)
    values = made(run, name, done, run.entries)
    told = facts(run, name)
    return values | {"bits": told["bits"], "false_positive_rate": told["false_positive_rate"]}


def bits64(run: Run) -> Values:
    return derived(run, "bits64.bdx", "--bits", "64")


def filter_class(run: Run) -> Values:
    """The fewest bits with at most one false positive in 2^16."""
    bits = max(32, 16 + math.ceil(math.log2(run.entries)))
    return derived(run, "filter.bdx", "--bits", str(bits), "--no-counts")


def info(run: Run) -> Values:
    index = run.need("exact.bdx")
    system.drop(index)
    cold = run.breachdex("info", index).seconds
    return {"cold_seconds": cold, "warm_seconds": min(run.breachdex("info", index).seconds for _ in range(5))}


def overlay(run: Run) -> str:
    """An overlay with an entry in 1 % of the 5-digit ranges: those that `updated` redraws."""
    name, lines = "overlay.bdx", run.file("overlay.txt")
    run.discard(name)
    ranges = range(CHANGED_EVERY // 2, 1 << 20, CHANGED_EVERY)
    with lines.open("w") as file:
        for prefix in ranges:
            digits = hashlib.sha256(f"overlay {prefix}".encode()).hexdigest()[:35].upper()
            file.write(f"{prefix:05X}{digits}\n")
    run.breachdex("overlay", "add", "--hash", "--overlay", run.file(name), lines)
    lines.unlink()
    return name


def merge(run: Run) -> Values:
    """The exact index and an overlay; where the disk is too small for two of them, the 64-bit one."""
    source = "bits64.bdx" if run.is_lean else "exact.bdx"
    base = run.need(source)
    if not run.is_lean:
        run.remove("bits64.bdx")
    name = overlay(run)
    run.discard("merged.bdx")
    done = run.breachdex("merge", "-o", run.file("merged.bdx"), base, run.file(name))
    values = made(run, "merged.bdx", done, run.entries)
    entries = facts(run, "merged.bdx")["entries"]
    added = len(range(CHANGED_EVERY // 2, 1 << 20, CHANGED_EVERY))
    if entries != run.entries + added:
        raise Failed(f"the merged index holds {entries} entries, not {run.entries + added}")
    run.discard(name)
    if run.is_lean:
        run.discard("merged.bdx")
        run.remove("bits64.bdx")
    return values | {"source": source, "added": added}


def rebuilt(run: Run) -> Values:
    """A later state of the corpus, in which 1 % of the ranges have other entries."""
    # Some are there only when a step before failed.
    run.remove(
        "exact.bdx", "merged.bdx", "replacement.bdx", "bits64.bdx", "filter.bdx", "served.bdx", "next.bdx"
    )
    done, _ = from_pipe(run, run.entries, "later.bdx", "--redraw-every", str(CHANGED_EVERY))
    return made(run, "later.bdx", done, run.entries)
