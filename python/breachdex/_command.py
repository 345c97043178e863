"""The command ``breachdex`` of the wheel: the same code as the module's, entered by another door."""

from __future__ import annotations

import os
import signal
import sys

from breachdex._breachdex import __version__, run_command

# These talk to sockets, whose other end may hang up at any time: that must not end them.
NETWORKED = {"serve", "sidecar", "proxy", "download", "update"}


def main() -> int:
    """Runs the command with the process's arguments; returns its exit code."""
    arguments = ["breachdex", *sys.argv[1:]]
    if arguments[1:] in (["--version"], ["-V"]):
        print(f"breachdex {__version__} ({_package()})")
        return 0
    # Python turns Ctrl-C into an exception and a closed pipe into an error; a command dies of either.
    # A job in the background of a script was told to ignore Ctrl-C.
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "SIGPIPE") and not NETWORKED.intersection(arguments[1:2]) and "--api" not in arguments:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    _open_standard_streams()
    code = run_command(arguments)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    return code


def _package() -> str:
    """Which package of which wheel this is, and what runs it: ``Python package 0.1.0, wheel cp310-abi3-linux_x86_64, CPython
    3.14.1``."""
    import platform
    from importlib.metadata import PackageNotFoundError, distribution

    runs = f"{platform.python_implementation()} {platform.python_version()}"
    try:
        found = distribution("breachdex")
    except PackageNotFoundError:
        return f"Python package not installed, {runs}"
    lines = (found.read_text("WHEEL") or "").splitlines()
    tags = [line.removeprefix("Tag: ") for line in lines if line.startswith("Tag: ")]
    return f"Python package {found.version}, wheel {' or '.join(tags) or 'unknown'}, {runs}"


def _open_standard_streams() -> None:
    """Points those of the first three descriptors that were closed to nowhere, so that no index is opened as one of
    them and written over by what is printed."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


if __name__ == "__main__":
    sys.exit(main())
