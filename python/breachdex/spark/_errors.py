"""What goes wrong in a cluster alone, and how an error of a task comes back to the driver."""

from __future__ import annotations

import breachdex
from breachdex import BreachdexError, BuildError


class ExecutorError(BreachdexError):
    """Executors cannot do the work: breachdex is missing there, is another version, or cannot reach a folder."""


def error_named(name: str, message: str) -> BreachdexError:
    """The error of a task, raised again by the driver.

    :param name: its class, as :mod:`breachdex` has it.
    """
    found = ExecutorError if name == "ExecutorError" else getattr(breachdex, name, BuildError)
    if isinstance(found, type) and issubclass(found, BreachdexError):
        return found(message)
    return BuildError(message)
