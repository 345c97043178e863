"""Runs the examples against a sidecar that answers, one that is gone, and one that cannot read its index.

    python3 examples/sidecar/try_all.py target/debug/breachdex

A language that is not installed is skipped, and said so.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
TRIALS = HERE / "trials"
# Most lines of an example.
MOST_LINES = 80
# With everything that JSON and HTTP could get wrong.
ODD = 'pä"ss\\wörd/パスワード😀'
PASSWORDS = ["iloveyou", "kentucky-bluegrass-92", ODD]
EXPOSED = (
    "refused: このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。"
    "ほかのサービスで使っていない、別のパスワードを設定してください。"
)
UNAVAILABLE = "refused: The password cannot be checked now. Please try again later."


@dataclass
class Example:
    """An example: how it is run, and what it needs."""

    name: str
    program: str
    command: list[str]
    prepare: list[str] = field(default_factory=list)
    unix: bool = True
    lines: bool = False


def examples(work: Path) -> list[Example]:
    php = ["php", str(TRIALS / "trial.php")]
    java = [str(HERE / "java" / "Sidecar.java"), str(TRIALS / "Trial.java")]
    # Go wants all files of a program in one folder.
    go = [str(shutil.copy(path, work)) for path in (HERE / "go" / "sidecar.go", TRIALS / "trial.go")]
    return [
        Example("Laravel rule", "php", [*php, "LaravelRule"]),
        Example("Symfony constraint", "php", [*php, "SymfonyConstraint"]),
        Example("Devise", "ruby", ["ruby", str(TRIALS / "trial.rb")]),
        Example("Express", "node", ["node", str(TRIALS / "trial.mjs")]),
        Example("Go", "go", [str(work / "trial")], prepare=["go", "build", "-o", str(work / "trial"), *go]),
        Example(
            "Java",
            "javac",
            ["java", "-Dfile.encoding=UTF-8", "-cp", str(work), "Trial"],
            prepare=["javac", "-encoding", "UTF-8", "-d", str(work), *java],
            unix=False,
            lines=True,
        ),
    ]


@contextmanager
def sidecar(program: str, work: Path, *flags: str) -> Iterator[list[str]]:
    """The addresses of a sidecar that answers on a socket and a port."""
    socket = work / "sidecar.sock"
    listen = ["--listen", f"unix:{socket}", "--listen", "127.0.0.1:0"]
    index = ["--index", str(work / "base.bdx")]
    command = [
        program,
        "sidecar",
        *listen,
        *index,
        "--profile",
        "nist",
        "--mfa",
        "--log-level",
        "error",
        *flags,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().strip() for _ in range(2)]
            yield [line.removeprefix("listening on ") for line in lines]
        finally:
            process.send_signal(signal.SIGTERM)
            if process.wait(timeout=30) != 0:
                sys.exit("the sidecar did not end well")


def run(example: Example, address: str, on_error: str) -> list[str]:
    passwords = [password for password in PASSWORDS if not (example.lines and "\n" in password)]
    asked = "\n".join(passwords) if example.lines else json.dumps(passwords)
    environment = {**os.environ, "SIDECAR": address, "ON_ERROR": on_error}
    done = subprocess.run(
        example.command,
        input=asked,
        capture_output=True,
        encoding="utf-8",
        env=environment,
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{example.name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.splitlines()


def expect(example: Example, case: str, found: list[str], expected: list[str]) -> None:
    if found != expected:
        sys.exit(f"{example.name}, {case}:\n  expected {expected}\n  found    {found}")


def try_one(example: Example, program: str, work: Path) -> None:
    with sidecar(program, work) as addresses:
        for address in addresses if example.unix else addresses[1:]:
            for on_error in ("accept", "reject", "raise"):
                expect(
                    example,
                    f"{address} {on_error}",
                    run(example, address, on_error),
                    [EXPOSED, "accepted", EXPOSED, "allow"],
                )
    gone = {"accept": "accepted", "reject": UNAVAILABLE, "raise": "error"}
    for address in addresses if example.unix else addresses[1:]:
        for on_error, said in gone.items():
            expect(
                example, f"no sidecar, {on_error}", run(example, address, on_error), [said] * 3 + ["allow"]
            )


def make_index(program: str, work: Path) -> None:
    overlay = [program, "overlay", "add", "--overlay", str(work / "base.bdx"), "--null"]
    subprocess.run(overlay, input=f"iloveyou\0{ODD}\0", encoding="utf-8", check=True, capture_output=True)


def main() -> None:
    program = str(Path(sys.argv[1]).resolve())
    for path in HERE.glob("*/*"):
        if path.parent != TRIALS and len(path.read_text().splitlines()) >= MOST_LINES:
            sys.exit(f"{path.name} has {MOST_LINES} lines or more")
    skipped = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        make_index(program, work)
        for example in examples(work):
            if shutil.which(example.program) is None:
                skipped.append(example.name)
                print(f"SKIPPED: {example.name}, because there is no {example.program}")
                continue
            if example.prepare:
                subprocess.run(example.prepare, check=True)
            try_one(example, program, work)
            print(f"{example.name}: as it should be, with a sidecar and without")
    if skipped:
        print(f"{len(skipped)} of the examples were skipped: {', '.join(skipped)}")


if __name__ == "__main__":
    main()
