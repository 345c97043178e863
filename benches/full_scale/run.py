"""One run: where its files lie, what it calls, and its results, which are on disk as soon as they are known."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Self

from . import system

PROJECT = Path(__file__).resolve().parents[2]
FULL = 2_068_408_781
Values = dict[str, Any]


class Skipped(Exception):
    """A step cannot be done on this machine; the text says why."""


class Failed(Exception):
    """A step did not do what it should; the text says what."""


class Results:
    """A JSON document that is rewritten after each step, and the raw text beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.raw = path.with_suffix(".txt")
        self.document: Values = json.loads(path.read_text()) if path.exists() else {"steps": {}}
        #: Folders of this machine, and what they are called in the raw text.
        self.folders: dict[Path, str] = {PROJECT: "."}

    @property
    def steps(self) -> dict[str, Values]:
        steps: dict[str, Values] = self.document["steps"]
        return steps

    def write(self) -> None:
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.document, indent=1) + "\n")
        part.replace(self.path)

    def say(self, text: str) -> None:
        print(text, flush=True)
        # What is kept tells nothing of where this machine keeps its files.
        kept = text
        for folder, name in self.folders.items():
            kept = kept.replace(f"{folder}/", f"{name}/")
        with self.raw.open("a") as file:
            file.write(kept + "\n")


class Finished:
    """A process that has ended: how long it took, what it said, and the most memory it held."""

    def __init__(self, seconds: float, output: str, errors: str, anonymous: int) -> None:
        self.seconds = seconds
        self.output = output
        self.errors = errors
        self.anonymous = anonymous


class Run:
    def __init__(self, data: Path, entries: int, binaries: Path, results: Results, keep: bool) -> None:
        self.data = data
        self.entries = entries
        self.binaries = binaries
        self.results = results
        results.folders[data] = "DATA"
        self.keep = keep
        self.device = system.Device(data)
        self.is_lean = False
        self.wheel: Path | None = None
        self.lowest_free = system.free_bytes(data)

    def program(self, name: str) -> str:
        return str(self.binaries / name)

    def file(self, name: str) -> Path:
        return self.data / name

    def need(self, name: str) -> Path:
        path = self.file(name)
        if not path.exists():
            raise Skipped(f"{name} is not there; run the step that makes it, with --keep")
        return path

    def remove(self, *names: str) -> None:
        """Files that no later step needs. Kept with --keep."""
        if not self.keep:
            for name in names:
                self.file(name).unlink(missing_ok=True)

    def discard(self, *names: str) -> None:
        """Files that would be in the way."""
        for name in names:
            self.file(name).unlink(missing_ok=True)

    def note_free(self) -> None:
        self.lowest_free = min(self.lowest_free, system.free_bytes(self.data))

    def breachdex(self, *words: str | Path, expect: Sequence[int] = (0,), **options: Any) -> Finished:
        return self.call([self.program("breachdex"), *words], expect=expect, **options)

    def call(
        self,
        words: Sequence[str | Path],
        expect: Sequence[int] = (0,),
        stdin: IO[bytes] | None = None,
        text: str | None = None,
        during: Callable[[subprocess.Popen[bytes]], None] | None = None,
    ) -> Finished:
        """Runs a command to its end. `during` is called while it runs."""
        command = [str(word) for word in words]
        self.results.say("$ " + " ".join([Path(command[0]).name, *command[1:]]))
        given: IO[bytes] | int = stdin if stdin is not None else subprocess.DEVNULL
        if text is not None:
            given = subprocess.PIPE
        started = time.monotonic()
        with subprocess.Popen(
            command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
        ) as process:
            peak = Peak(process.pid, self)
            try:
                if during is not None:
                    during(process)
                output, errors = process.communicate(text.encode() if text is not None else None)
            except BaseException:
                process.kill()
                raise
            finally:
                peak.stop()
        seconds = time.monotonic() - started
        done = Finished(seconds, output.decode(), errors.decode(errors="replace"), peak.anonymous)
        said = (done.errors.replace("\r", "\n").strip().splitlines() or [""])[-1][:300]
        self.results.say(f"  {seconds:.3f} s, RssAnon at most {peak.anonymous / 2**20:.1f} MiB; {said}")
        if process.returncode not in expect:
            raise Failed(
                f"`{' '.join(command[1:3])}` ended with {process.returncode}: {done.errors.strip()[-500:]}"
            )
        return done


class Peak:
    """Looks at a process's anonymous memory, and at what the disk has left, until it is stopped."""

    def __init__(self, pid: int, run: Run) -> None:
        self.anonymous = 0
        self.run = run
        self.status = f"/proc/{pid}/status"
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self) -> None:
        while not self.ended.wait(0.01):
            self.anonymous = max(self.anonymous, system.kibibytes(self.status, "RssAnon") or 0)
            self.run.note_free()

    def stop(self) -> None:
        self.ended.set()
        self.thread.join()


def environment() -> dict[str, str]:
    """Without what would give our commands other indexes."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BREACHDEX_")}


class Asker:
    """The program `ask` with an index open; a context manager."""

    def __init__(self, run: Run, index: Path, entries: int, questions: int = 20_000, *more: str) -> None:
        self.run = run
        words = [
            run.program("ask"),
            str(index),
            "--entries",
            str(entries),
            "--questions",
            str(questions),
            *more,
        ]
        run.results.say("$ " + " ".join([Path(words[0]).name, *words[1:]]))
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )
        self.opened = self.answer("")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate(timeout=60)

    def answer(self, question: str) -> Values:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"ask ended with {self.process.wait()} at `{question}`")
        values: Values = json.loads(line)
        self.run.results.say(f"  {question or 'open'}: {line.strip()}")
        return values

    def send(self, question: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()

    def ask(self, question: str) -> Values:
        """What a command costs, with what the block device read meanwhile, whoever asked it to."""
        before = self.run.device.read_bytes()
        self.send(question)
        values = self.answer(question)
        after = self.run.device.read_bytes()
        if before is not None and after is not None:
            values["device_bytes"] = after - before
        return values

    def right(self, question: str) -> Values:
        """As `ask`, and every answer must be what the corpus says."""
        values = self.ask(question)
        if values["wrong"]:
            raise Failed(f"{values['wrong']} of {values['asked']} answers to `{question}` are wrong")
        return values
