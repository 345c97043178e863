"""The command ``breachdex`` of the wheel: the same code as the module's, entered by another door."""

from __future__ import annotations

import signal
import sys

from breachdex._breachdex import run_command

# These talk to sockets, whose other end may hang up at any time: that must not end them.
NETWORKED = {"serve", "download", "update"}


def main() -> int:
    """Runs the command with the process's arguments; returns its exit code."""
    arguments = ["breachdex", *sys.argv[1:]]
    # Python turns Ctrl-C into an exception and a closed pipe into an error; a command dies of either.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "SIGPIPE") and not NETWORKED.intersection(arguments[1:2]) and "--api" not in arguments:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    code = run_command(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())
