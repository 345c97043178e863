"""Steps with a server: requests, replacing the index, download and update."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path
from typing import Self

from . import system
from .making import made
from .run import Failed, Run, Values, environment

#: An entry of the corpus is seen but once with 43.5 % of all: without those an index has half the size.
LEAN_MIN_COUNT = "2"


class Server:
    """`breachdex serve` until the end of a `with`."""

    def __init__(self, run: Run, index: Path, port: int = 0) -> None:
        self.run = run
        words = [run.program("breachdex"), "serve", "--index", str(index), "--listen", f"127.0.0.1:{port}"]
        words.append("--health-details")
        words += ["--serve-overlays", "--log-level", "warn"]
        run.results.say("$ " + " ".join(["breachdex", *words[1:]]))
        started = time.monotonic()
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment()
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip().removeprefix("listening on ")
        self.start_seconds = time.monotonic() - started
        if not self.url.startswith("http"):
            raise Failed(f"serve did not start: exit code {self.process.wait()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(60)

    @property
    def memory(self) -> Values:
        status = f"/proc/{self.process.pid}/status"
        return {name: system.kibibytes(status, name) for name in ("VmRSS", "RssAnon", "VmHWM")}

    @property
    def content_id(self) -> str:
        with urllib.request.urlopen(f"{self.url}/healthz", timeout=30) as answer:
            return str(json.load(answer)["indexes"][0]["content_id"])


def load(run: Run, url: str, *options: str) -> Values:
    done = run.call([run.program("load"), url, *options])
    run.results.say("  " + done.output.strip())
    values: Values = json.loads(done.output)
    if values["errors"]:
        raise Failed(f"{values['errors']} of {values['asked']} requests failed: {values['first_error']}")
    return values


def serve(run: Run) -> Values:
    index = run.need("exact.bdx")
    system.drop(index)
    with Server(run, index) as server:
        values: Values = {"start_seconds": server.start_seconds, "memory_at_start": server.memory}
        values["cold"] = load(run, server.url, "--requests", "2000", "--seconds", "20")
        values["warm"] = load(run, server.url, "--requests", "2000", "--seconds", "20")
        # Few enough ranges to be warm: the same ones again on each connection.
        warmed = ["--connections", "16", "--requests", "2000", "--seconds", "30"]
        load(run, server.url, *warmed)
        values["many"] = load(run, server.url, *warmed)
        values["gzip"] = load(run, server.url, *warmed, "--gzip")
        values["memory_after"] = server.memory
    return values


def swap(run: Run) -> Values:
    """Replaces the served index under load, by rename, and waits until the new content answers."""
    index = run.need("exact.bdx")
    if run.is_lean:
        run.remove("bits64.bdx")
        new = run.file("replacement.bdx")
        new.unlink(missing_ok=True)
        run.breachdex("build", "-o", new, "--min-count", LEAN_MIN_COUNT, index)
    else:
        new = run.need("merged.bdx")
    served = run.file("served.bdx")
    served.unlink(missing_ok=True)
    os.link(index, served)
    next_name = run.file("next.bdx")
    next_name.unlink(missing_ok=True)
    os.link(new, next_name)
    loaded: list[Values] = []
    with Server(run, served) as server:
        before = server.content_id
        calm = load(run, server.url, "--connections", "4", "--seconds", "5")
        thread = threading.Thread(
            target=lambda: loaded.append(load(run, server.url, "--connections", "4", "--seconds", "20"))
        )
        thread.start()
        time.sleep(3)
        started = time.monotonic()
        next_name.replace(served)
        while server.content_id == before:
            if time.monotonic() - started > 120:
                raise Failed("after two minutes the server still answers from the old index")
            time.sleep(0.02)
        seconds = time.monotonic() - started
        thread.join()
    if not loaded:
        raise Failed("requests failed while the index was replaced; see above")
    served.unlink()
    if not run.is_lean:
        run.remove("exact.bdx")
    else:
        run.discard("replacement.bdx")
    size = new.stat().st_size if new.exists() else None
    return {
        "seconds": seconds,
        "errors": loaded[0]["errors"],
        "calm": calm,
        "meanwhile": loaded[0],
        "bytes": size,
    }


class DiskUse:
    """The most that a folder's disk lost while a block ran, looked at ten times a second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before = system.free_bytes(folder)
        self.peak = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def watch(self) -> None:
        while not self.ended.wait(0.1):
            self.peak = max(self.peak, folder_bytes(self.folder))


def folder_bytes(folder: Path) -> int:
    """What its files take of the disk, holes left out."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512
        except OSError:
            continue
    return total


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def download(run: Run) -> Values:
    """The 64-bit index from our own server of the exact one."""
    index = run.file("merged.bdx")
    if run.is_lean or not index.exists():
        index = run.need("exact.bdx")
    else:
        run.remove("exact.bdx")
    run.remove("bits64.bdx", "served.bdx", "next.bdx", "replacement.bdx")
    folder = run.file("downloads")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    target = folder / "bits64.bdx"
    port = free_port()
    run.results.document["port"] = port
    with Server(run, index, port) as server, DiskUse(folder) as disk:
        done = run.breachdex("download", "--bits", "64", "-o", target, "--base-url", server.url)
        server_memory = server.memory
    values = made(run, "downloads/bits64.bdx", done, run.entries)
    return values | {
        "ranges_per_second": (1 << 20) / done.seconds,
        "disk_peak": disk.peak,
        "disk_peak_over_size": disk.peak / values["bytes"],
        "server_memory": server_memory,
    }


def update(run: Run) -> Values:
    """The same index when 1 % of the server's ranges have changed."""
    index = run.need("later.bdx")
    target = run.need("downloads/bits64.bdx")
    size = target.stat().st_size
    with Server(run, index, int(run.results.document["port"])), DiskUse(target.parent) as disk:
        done = run.breachdex("update", target)
    said = (done.output.strip() or done.errors.replace("\r", "\n").strip()).splitlines()
    values = {
        "seconds": done.seconds,
        "ranges_per_second": (1 << 20) / done.seconds,
        "disk_peak_over_size": (disk.peak - size) / size,
        "said": said[-1] if said else "",
        "rss_anon_peak": done.anonymous,
    }
    run.remove("later.bdx", "downloads/bits64.bdx")
    return values
