"""Writes ranges to an object store and pulls an index from it, while a proxy between them fails.

    python3 tests/objects/run.py COMMAND MOTO_SERVER [CASE...]

COMMAND is the program under test, built with the feature s3; MOTO_SERVER is the S3 server of moto, from PyPI. Says `ok` or `FAILED`
for each case, and ends with 1 where one failed. Nothing leaves this machine.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from faulty import Proxy

TIMEOUT = 900.0
SECRET = "not-to-be-seen-anywhere"
KEY = "AKIASEENNOWHERE"
PREFIXES = 1100  # more than a block of 1,024


class Wrong(Exception):
    """The command did something else."""


def expect(what: str, found: object, expected: object) -> None:
    """Both are equal."""
    if found != expected:
        raise Wrong(f"{what}: {found!r}, not {expected!r}")


class Store:
    """An S3 server, as the world sees it without the proxy."""

    def __init__(self, program: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        log = (folder / "moto.log").open("wb")
        self.process = subprocess.Popen(
            [program, "-H", "127.0.0.1", "-p", str(self.port)], stdout=log, stderr=log
        )
        for _ in range(600):
            try:
                self.ask("GET", "/")
            except urllib.error.URLError:
                time.sleep(0.1)
            else:
                return
        raise Wrong(f"moto does not answer: {(folder / 'moto.log').read_text()}")

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
        """One request, whatever its answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, method=method)
        # moto wants to know which service is meant.
        request.add_header(
            "Authorization", "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/aws4_request"
        )
        # Else it takes a body for a form.
        request.add_header("Content-Type", "application/octet-stream")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=60) as answer:
                return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, {}, refusal.read()

    def get(self, path: str) -> bytes:
        """An object that is there."""
        status, _, body = self.ask("GET", path)
        expect(f"status of {path}", status, 200)
        return body

    def names(self, bucket: str, prefix: str) -> list[str]:
        """What a listing says."""
        names: list[str] = []
        token = ""
        while True:
            text = self.get(f"/{bucket}?list-type=2&prefix={prefix}{token}").decode()
            names += re.findall(r"<Key>([^<]*)</Key>", text)
            more = re.search(r"<NextContinuationToken>([^<]*)<", text)
            if more is None:
                return sorted(names)
            token = f"&continuation-token={more[1]}"


class World:
    """A store, the proxy in front of it, and the command."""

    def __init__(self, command: Path, program: str, folder: Path) -> None:
        self.command, self.folder = command, folder
        self.store = Store(program, folder)
        self.proxy = Proxy(self.store.port)
        self.faults = self.proxy.faults
        self.index = self.build("index", "1")
        self.few = self.build("few", "1", 16)

    def build(self, name: str, count: str, prefixes: int = PREFIXES, seed: int = 7) -> Path:
        """An index of some digests under the first prefixes."""
        rows = random.Random(seed)
        lines = "".join(
            f"{prefix:05X}{rows.getrandbits(140):035X}:{count if prefix == 3 else 5}\n"
            for prefix in range(16)
            for _ in range(400)
        )
        text, index = self.folder / f"{name}.txt", self.folder / f"{name}.bdx"
        text.write_text(lines)
        options = ["--prefixes", f"00000-{prefixes - 1:05X}", "--force", "-o", str(index)]
        self.run("build", *options, str(text))
        return index

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts the command with the proxy as its store."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        environment |= {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.proxy.port}",
            "NO_PROXY": "127.0.0.1",
        }
        return subprocess.Popen(
            [str(self.command), *arguments],
            env=environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, code: int = 0) -> str:
        """Runs it to its end; what it said."""
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=TIMEOUT)
        said = output + errors
        if SECRET in said or KEY in said or "for your eyes only" in said:
            raise Wrong(f"a secret was said: {said}")
        expect(f"exit code of {' '.join(arguments)} ({said.strip()})", process.returncode, code)
        return said

    def export(self, index: Path, target: str, *more: str, code: int = 0) -> str:
        """Writes ranges."""
        options = ["--partial", "--concurrency", "16", *more]
        return self.run("export", str(index), "--ranges", target, *options, code=code)

    def bucket(self, name: str) -> str:
        """A new bucket."""
        self.faults.plan = lambda method, path: None
        self.faults.asked.clear()
        expect("status of a new bucket", self.store.ask("PUT", f"/{name}")[0], 200)
        return name

    def requests(self, method: str, what: str) -> int:
        """How many such requests there were."""
        return sum(asked == method and what in path for asked, path in self.faults.asked)

    def same_as_folder(self, index: Path, bucket: str, *more: str) -> Path:
        """What the bucket has is what a folder has; nothing is left of a run."""
        folder = self.folder / f"folder-{bucket}"
        self.run("export", str(index), "--ranges", str(folder), "--partial", *more)
        names = sorted(path.name for path in folder.iterdir() if path.name != "manifest.lock")
        expect("names", self.store.names(bucket, "range/"), [f"range/{name}" for name in names])
        for name in names if len(names) < 500 else [*names[:40], "manifest"]:
            expect(f"body of {name}", self.store.get(f"/{bucket}/range/{name}"), (folder / name).read_bytes())
        return folder


def objects_are_what_a_folder_has(world: World) -> None:
    bucket = world.bucket("same")
    said = world.export(world.few, f"s3://{bucket}/range", "--gzip", "--brotli", "--lower-case")
    expect(
        "said",
        said.splitlines()[-1].split(",")[0],
        f"breachdex: note: 16 of 16 ranges written to s3://{bucket}/range",
    )
    folder = world.same_as_folder(world.few, bucket, "--gzip", "--brotli", "--lower-case")
    manifest = {line.split()[0]: line.split() for line in (folder / "manifest").read_text().splitlines()[6:]}
    for name, encoding in (("0000A", None), ("0000A.gz", "gzip"), ("0000A.br", "br"), ("0000a.gz", "gzip")):
        _, headers, _ = world.store.ask("HEAD", f"/{bucket}/range/{name}")
        expect("type", headers.get("content-type"), "text/plain; charset=utf-8")
        expect("caching", headers.get("cache-control"), "public, max-age=3600")
        expect("encoding", headers.get("content-encoding"), encoding)
        expect("hash", headers.get("x-amz-meta-breachdex-blake3"), manifest["0000A"][2])
        expect("tag", headers.get("x-amz-meta-breachdex-etag"), manifest["0000A"][3])
    puts = [path for method, path in world.faults.asked if method == "PUT"]
    expect("the last object", puts[-1], f"/{bucket}/range/manifest")


def only_what_changed_is_written_again(world: World) -> None:
    bucket = world.bucket("changed")
    world.export(world.few, f"s3://{bucket}/range", "--gzip")
    said = world.export(world.few, f"s3://{bucket}/range", "--gzip")
    expect("said", "0 of 16 ranges written" in said, True)
    other = world.build("other", "9", 16)
    said = world.export(other, f"s3://{bucket}/range", "--gzip")
    expect("said", "1 of 16 ranges written" in said, True)
    world.same_as_folder(other, bucket, "--gzip")
    # An object that was removed or cut behind our back is found by a second look.
    world.store.ask("DELETE", f"/{bucket}/range/00004.gz")
    world.store.ask("PUT", f"/{bucket}/range/00005", b"cut")
    said = world.export(other, f"s3://{bucket}/range", "--gzip", "--recheck")
    expect("said", "2 of 16 ranges written" in said, True)
    # Without gzip, no older compressed object is left; a smaller coverage leaves none of the others.
    world.export(other, f"s3://{bucket}/range")
    less = world.build("less", "9", 8)
    world.export(less, f"s3://{bucket}/range")
    world.same_as_folder(less, bucket)


def faults_that_pass_are_survived(world: World) -> None:
    bucket = world.bucket("faults")
    chance = random.Random(11)
    faults = [
        "500 InternalError",
        "503 SlowDown",
        "429 TooManyRequests",
        "drop",
        "lose answer",
        "slow",
        "break off",
    ]

    def plan(method: str, path: str) -> str | None:
        with world.faults.lock:
            return chance.choice(faults) if chance.random() < 0.2 else None

    world.faults.plan = plan
    world.export(world.few, f"s3://{bucket}/range", "--gzip")
    world.export(world.few, f"s3://{bucket}/range", "--gzip")
    world.faults.plan = lambda method, path: None
    world.same_as_folder(world.few, bucket, "--gzip")


def truncated_objects_are_noticed(world: World) -> None:
    bucket = world.bucket("cut")
    world.faults.first(5, "PUT", "range/0000", "cut upload")
    world.export(world.few, f"s3://{bucket}/range")
    world.same_as_folder(world.few, bucket)
    world.faults.first(1, "GET", "range/manifest", "break off")
    world.export(world.few, f"s3://{bucket}/range")
    world.faults.first(1, "GET", "range/manifest", "cut answer")
    said = world.export(world.few, f"s3://{bucket}/range", code=2)
    expect("said", f"s3://{bucket}/range/manifest is damaged" in said, True)
    other = world.bucket("cut-always")
    world.faults.first(1000, "PUT", "range/00003", "cut upload")
    said = world.export(world.few, f"s3://{other}/range", code=2)
    expect(
        "said", f"s3://{other}/range/00003 is damaged: what the store has is not what was sent" in said, True
    )
    expect("no manifest", f"{other}/range/manifest" in world.store.names(other, "range/"), False)


def refusals_are_named(world: World) -> None:
    bucket = world.bucket("refused")
    target = f"s3://{bucket}/range"
    for method, fault, words in (
        (
            "PUT",
            "403 AccessDenied",
            "the store refuses it (403 AccessDenied); the credentials need s3:GetObject",
        ),
        ("GET", "403 AccessDenied", "the store refuses it (403 AccessDenied)"),
        ("GET", "403 SignatureDoesNotMatch", "does not accept the credentials (SignatureDoesNotMatch)"),
        ("GET", "400 ExpiredToken", "does not accept the credentials (ExpiredToken)"),
        ("PUT", "507 InsufficientStorage", "the store answered 507 InsufficientStorage (tried"),
    ):
        world.faults.first(100_000, method, "range", fault)
        said = world.export(world.few, target, "--deadline", "4", code=2)
        expect(f"{words} in {said}", words in said and f"s3://{bucket}/range" in said, True)
    world.faults.plan = lambda method, path: None
    said = world.export(world.few, "s3://nowhere/range", code=2)
    expect(said, "there is no bucket nowhere at this store" in said, True)
    world.store.ask("PUT", f"/{bucket}/other/file", b"x")
    said = world.export(world.few, f"s3://{bucket}/other", code=2)
    expect(said, f"s3://{bucket}/other holds objects and no manifest of ranges" in said, True)
    said = world.export(world.few, "s3://user:password@bucket/x", code=2)
    expect(said, "password" in said, False)


def a_store_that_hangs_is_given_up(world: World) -> None:
    bucket = world.bucket("hangs")
    world.faults.first(100_000, "PUT", "range/0000", "hang")
    start = time.monotonic()
    said = world.export(world.few, f"s3://{bucket}/range", "--timeout", "2", "--deadline", "5", code=2)
    expect(said, "no answer in time" in said or "not done within 5 seconds" in said, True)
    expect("in time", time.monotonic() - start < 120, True)


def a_manifest_that_changed_is_not_overwritten(world: World) -> None:
    bucket = world.bucket("raced")
    world.export(world.few, f"s3://{bucket}/range")
    other = world.build("raced", "9", 16)

    def plan(method: str, path: str) -> str | None:
        if method == "PUT" and path.endswith("range/manifest"):
            world.store.ask("PUT", f"/{bucket}/range/manifest", b"somebody else's")
        return None

    world.faults.plan = plan
    said = world.export(other, f"s3://{bucket}/range", code=2)
    expect(said, f"s3://{bucket}/range/manifest was changed by somebody else meanwhile" in said, True)
    expect("theirs is kept", world.store.get(f"/{bucket}/range/manifest"), b"somebody else's")
    # The answer of a conditional write is lost: it has succeeded all the same.
    bucket = world.bucket("lost")
    world.faults.first(1, "PUT", "range/manifest", "lose answer")
    world.export(world.few, f"s3://{bucket}/range")
    world.same_as_folder(world.few, bucket)


def a_run_that_ended_is_gone_on_with(world: World) -> None:
    bucket = world.bucket("resumed")
    target = f"s3://{bucket}/range"

    def interrupt(number: signal.Signals) -> None:
        def plan(method: str, path: str) -> str | None:
            if number == signal.SIGKILL and "00432" in path:
                return "hang"
            return "slow" if re.search("range/004[2-9]", path) else None

        world.faults.plan = plan
        arguments = ["export", str(world.index), "--ranges", target, "--partial", "--concurrency", "16"]
        process = world.start(*arguments)
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline and process.poll() is None:
            status, _, body = world.store.ask("GET", f"/{bucket}/range/manifest.part")
            if status == 200 and b"blocks 1\n" in body:
                break
            time.sleep(0.1)
        process.send_signal(number)
        process.communicate(timeout=TIMEOUT)
        world.faults.plan = lambda method, path: None

    interrupt(signal.SIGKILL)
    expect("no manifest", "range/manifest" in world.store.names(bucket, "range/"), False)
    said = world.export(world.index, target, code=2)
    expect(said, f"{target} is being written by another run" in said and "--take-over" in said, True)
    world.faults.asked.clear()
    world.export(world.index, target, "--take-over")
    expect("blocks that were done are not written again", world.requests("PUT", "range/00000"), 0)
    world.same_as_folder(world.index, bucket)


def what_a_killed_run_began_is_written_again(world: World) -> None:
    other = world.build("begun", "9", 16, seed=8)
    every = ("--gzip", "--brotli", "--lower-case")

    def kill(index: Path, *more: str, hang: str, after: str) -> None:
        """Kills a run that waits for one request, when it has made another."""
        world.faults.asked.clear()
        world.faults.plan = lambda method, path: "hang" if re.search(hang, f"{method} {path}") else None
        options = ["--partial", "--concurrency", "16", "--take-over", *more]
        process = world.start("export", str(index), "--ranges", target, *options)
        deadline = time.monotonic() + TIMEOUT
        wanted = re.compile(after)
        while not any(wanted.search(" ".join(asked)) for asked in list(world.faults.asked)):
            if time.monotonic() > deadline or process.poll() is not None:
                raise Wrong(f"it never came to {after}: {process.poll()}")
            time.sleep(0.02)
        # What was asked for beside it gets its answer.
        time.sleep(0.3)
        process.kill()
        process.communicate(timeout=TIMEOUT)
        world.faults.plan = lambda method, path: None

    def of_other(*more: str) -> None:
        kill(other, *more, hang="PUT .*range/0000F", after=r"PUT .*range/00003( |$)")

    def ends_as_a_new_one(index: Path, *more: str) -> None:
        world.export(index, target, "--take-over", *more)
        world.same_as_folder(index, bucket, *more)

    bucket = world.bucket("begun")
    target = f"s3://{bucket}/range"
    world.export(world.few, target, "--gzip")
    # The manifest says that all is as it shall be, but for what the killed run has put there.
    of_other("--gzip")
    ends_as_a_new_one(world.few, "--gzip")
    # Notes of the run between take the place of those of the other.
    of_other("--gzip")
    kill(world.few, "--gzip", hang="PUT .*range/0000", after="PUT .*range/00003")
    ends_as_a_new_one(world.few, "--gzip")
    # Removed before the kill, and named by the manifest.
    kill(world.few, hang=r"PUT .*manifest\.part\.0", after=r"PUT .*manifest\.part\.0")
    ends_as_a_new_one(world.few, "--gzip")
    # Objects of encodings and names that only the killed run wanted.
    of_other(*every)
    ends_as_a_new_one(world.few, "--gzip")
    of_other(*every)
    kill(world.few, "--gzip", hang="PUT .*range/0000", after="PUT .*range/00003")
    ends_as_a_new_one(other)


def an_index_is_pulled(world: World) -> None:
    bucket = world.bucket("published")
    old = world.build("week1", "5", 4096)
    new = world.build("week2", "9", 4096)
    world.store.ask("PUT", f"/{bucket}/pwned.bdx", old.read_bytes())
    out = world.folder / "pulled.bdx"
    pull = ["pull", f"s3://{bucket}/pwned.bdx", "-o", str(out), "--unsigned"]
    world.run(*pull)
    expect("the same bytes", out.read_bytes() == old.read_bytes(), True)
    world.store.ask("PUT", f"/{bucket}/pwned.bdx", new.read_bytes())
    world.faults.first(2, "GET", "pwned.bdx", "503 SlowDown")
    world.run(*pull)
    expect("the same bytes", out.read_bytes() == new.read_bytes(), True)
    said = world.run(*pull)
    expect(said, "nothing changed" in said, True)
    # It is replaced while it is pulled.
    out.unlink()
    seen = [0]

    def plan(method: str, path: str) -> str | None:
        with world.faults.lock:
            if method == "GET" and path.split("?")[0].endswith("pwned.bdx"):
                seen[0] += 1
                if seen[0] == 2:
                    world.store.ask("PUT", f"/{bucket}/pwned.bdx", old.read_bytes())
        return None

    world.faults.plan = plan
    said = world.run(*pull)
    expect(said, "was replaced while it was fetched" in said, True)
    expect("the same bytes", out.read_bytes() == old.read_bytes(), True)
    world.faults.plan = lambda method, path: None
    said = world.run("pull", "s3://nowhere/pwned.bdx", "-o", str(out), "--unsigned", code=2)
    expect(said, "there is no bucket nowhere" in said, True)
    world.faults.first(1000, "GET", "pwned.bdx", "403 AccessDenied")
    said = world.run(*pull, code=2)
    expect(said, "403 AccessDenied" in said, True)


CASES: tuple[Callable[[World], None], ...] = (
    objects_are_what_a_folder_has,
    only_what_changed_is_written_again,
    faults_that_pass_are_survived,
    truncated_objects_are_noticed,
    refusals_are_named,
    a_store_that_hangs_is_given_up,
    a_manifest_that_changed_is_not_overwritten,
    a_run_that_ended_is_gone_on_with,
    what_a_killed_run_began_is_written_again,
    an_index_is_pulled,
)


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    command, program, *named = arguments
    failed = 0
    with tempfile.TemporaryDirectory(prefix="breachdex-objects-") as folder:
        world = World(Path(command).resolve(), program, Path(folder))
        try:
            for case in CASES:
                if named and case.__name__ not in named:
                    continue
                try:
                    case(world)
                    print(f"ok {case.__name__}", flush=True)
                except (Wrong, OSError, subprocess.TimeoutExpired) as why:
                    failed += 1
                    place = traceback.extract_tb(why.__traceback__)[1].lineno
                    print(f"FAILED {case.__name__}, line {place}: {why}", flush=True)
        finally:
            world.proxy.close()
            world.store.process.terminate()
            world.store.process.wait(60)
    print(f"{len(named or CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
