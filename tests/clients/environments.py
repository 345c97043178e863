"""An environment for each client, made once and used again until what it is made of changes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON_ENVIRONMENTS = REPOSITORY / ".venv-clients"
NODE_ENVIRONMENTS = REPOSITORY / "target" / "clients"
STAMP = "made-of"
# For one package manager, which may have to fetch everything.
TIMEOUT = 180.0


class NotSetUp(Exception):
    """A client cannot be had here, and why."""


def python_environment(client: Path) -> Path:
    """The interpreter of an environment that has what `client/requirements.txt` pins."""
    requirements = client / "requirements.txt"
    environment = PYTHON_ENVIRONMENTS / client.name
    interpreter = environment / "bin" / "python"
    made_of = _digest([requirements], sys.version)
    if not _is_made_of(environment, made_of):
        shutil.rmtree(environment, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(environment)], REPOSITORY)
        install = [str(interpreter), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
        install += ["--no-deps", "--only-binary=:all:", "--retries=1", "--timeout=15"]
        _run([*install, "-r", str(requirements)], REPOSITORY)
        _run([str(interpreter), "-m", "pip", "check"], REPOSITORY)
        (environment / STAMP).write_text(made_of)
    return interpreter


def node_environment(client: Path) -> tuple[Path, Path]:
    """The interpreter, and a folder that has what `client/package-lock.json` pins."""
    node, npm = (_found(name) for name in ("node", "npm"))
    environment = NODE_ENVIRONMENTS / client.name
    sources = [client / "package.json", client / "package-lock.json"]
    made_of = _digest(sources, _run([str(node), "--version"], REPOSITORY))
    if not _is_made_of(environment, made_of):
        shutil.rmtree(environment, ignore_errors=True)
        environment.mkdir(parents=True)
        for source in sources:
            shutil.copy(source, environment)
        # A Node.js that is too old for a package is refused here, not met as a failure later.
        options = ["--engine-strict", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
        _run([str(npm), "ci", *options, "--fetch-timeout=15000"], environment)
        (environment / STAMP).write_text(made_of)
    return node, environment


def _is_made_of(environment: Path, made_of: str) -> bool:
    stamp = environment / STAMP
    return stamp.exists() and stamp.read_text() == made_of


def _digest(files: list[Path], interpreter: str) -> str:
    content = interpreter.encode() + b"".join(file.read_bytes() for file in files)
    return hashlib.sha256(content).hexdigest()


def _found(program: str) -> Path:
    path = shutil.which(program)
    if path is None:
        raise NotSetUp(f"there is no {program}")
    return Path(path)


def _run(command: list[str], folder: Path) -> str:
    """Runs a step of a set-up; what it printed."""
    step = " ".join(Path(word).name if word.startswith("/") else word for word in command[:4])
    try:
        done = subprocess.run(
            command, check=False, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        raise NotSetUp(f"{step} took more than {TIMEOUT:.0f} s") from None
    if done.returncode != 0:
        raise NotSetUp(f"{step} ended with {done.returncode}: {_reason(done.stderr or done.stdout)}")
    return done.stdout


def _reason(said: str) -> str:
    """The line that says what went wrong: the first one with an error, else the last."""
    lines = said.strip().splitlines() or ["it said nothing"]
    return next((line for line in lines if "error" in line.lower()), lines[-1])
