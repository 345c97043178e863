"""Answers for Python, Django and the C library what `tests/tests/all/surfaces` asks every surface: a line of JSON for each line.

Decides nothing: the cases, what is expected and the comparison are there.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import sys
from collections.abc import Callable
from typing import Any, Final

import breachdex
import django
from breachdex._gate import Gate, Unavailable
from django.conf import settings
from django.core.exceptions import ValidationError

ON_ERROR: Final = ("accept", "reject", "raise")

RELOAD_EVERY: Final = 0.01


class Exposure(ctypes.Structure):
    """`breachdex_exposure` of `breachdex.h`."""

    _fields_ = (
        ("exposed", ctypes.c_bool),
        ("has_count", ctypes.c_bool),
        ("is_partial", ctypes.c_bool),
        ("count", ctypes.c_uint64),
        ("origin", ctypes.c_int),
        ("form", ctypes.c_int),
    )


class CLibrary:
    """A corpus of libbreachdex, open for as long as the process runs."""

    ORIGINS: Final = ("base", "overlay")
    FORMS: Final = ("raw", "nfc", "nfkc", "trimmed", "visible", "casefold", "stored")
    UNKNOWN: Final = 7

    def __init__(self, path: str, bases: list[str], overlays: list[str]) -> None:
        self.library = ctypes.CDLL(path)
        self.library.breachdex_options_new.restype = ctypes.c_void_p
        options = ctypes.c_void_p(self.library.breachdex_options_new())
        for base in bases:
            assert self.library.breachdex_options_add_index(options, base.encode(), None) == 0
        for overlay in overlays:
            assert self.library.breachdex_options_add_overlay(options, overlay.encode(), None) == 0
        self.corpus = ctypes.c_void_p()
        assert self.library.breachdex_open(options, ctypes.byref(self.corpus), None) == 0
        self.library.breachdex_options_free(options)

    def examine(self, password: str, min_count: int) -> Any:
        found, typed = Exposure(), password.encode()
        status = self.library.breachdex_examine(
            self.corpus,
            typed,
            ctypes.c_size_t(len(typed)),
            ctypes.c_uint64(min_count),
            ctypes.byref(found),
            None,
        )
        if status == self.UNKNOWN:
            return "unknown"
        assert status == 0 and found.has_count == found.exposed, status
        if not found.exposed:
            return None
        source, form = self.ORIGINS[found.origin], self.FORMS[found.form]
        return {"count": found.count, "form": form, "source": source, "partial": found.is_partial}


class Case:
    """The sources of a case, as each surface has them."""

    def __init__(self, request: dict[str, Any]) -> None:
        bases = [breachdex.Index.open(path, reload_every=RELOAD_EVERY) for path in request["bases"]]
        overlays = [breachdex.Index.open(path, reload_every=RELOAD_EVERY) for path in request["overlays"]]
        self.indexes = [*bases, *overlays]
        self.has_server = request["server"] is not None
        asked: list[Any] = list(bases)
        if self.has_server:
            asked.append(breachdex.RangeClient(request["server"], timeout=request["timeout"]))
        self.set = breachdex.IndexSet(asked, overlays)
        self.min_count = request["min_count"]
        self.gates = {
            on_error: Gate(self.set, min_count=self.min_count, on_error=on_error) for on_error in ON_ERROR
        }
        self.policies = {on_error: self.policy(on_error) for on_error in ON_ERROR}
        self.validators = {on_error: self.validator(on_error) for on_error in ON_ERROR}
        self.c_library: CLibrary | None = None
        if request["c_library"] and not self.has_server:
            self.c_library = CLibrary(request["c_library"], request["bases"], request["overlays"])

    def policy(self, on_error: Any) -> breachdex.Policy:
        """One that refuses what is exposed, and asks nothing else."""
        return breachdex.Policy.profile(
            "permissive",
            index=self.set,
            min_count=self.min_count,
            on_error=on_error,
            rules={
                "too_short": False,
                "repetitive": False,
                "context_word": False,
                "control_character": False,
                "similar_exposed": False,
            },
            actions={"sign_up": {"exposed": "reject"}},
        )

    def validator(self, on_error: Any) -> Any:
        from breachdex.django.validators import ExposedPasswordValidator

        return ExposedPasswordValidator(index=self.set, min_count=self.min_count, on_error=on_error)

    def answers(self, password: str) -> dict[str, Any]:
        """What every surface says about a password."""
        said: dict[str, Any] = {
            "contains": attempt(lambda: self.set.contains(password, self.min_count)),
            "examine": attempt(lambda: described(self.set.examine(password, self.min_count))),
            "gate": {
                on_error: attempt(lambda gate=gate: described(gate.examine(password)))
                for on_error, gate in self.gates.items()
            },
            "policy": {
                on_error: attempt(lambda policy=policy: self.judged(policy, password))
                for on_error, policy in self.policies.items()
            },
        }
        # No setting of Django's names a server.
        if not self.has_server:
            said["django"] = {
                on_error: attempt(lambda validator=validator: validated(validator, password))
                for on_error, validator in self.validators.items()
            }
        if self.c_library:
            said["c"] = self.c_library.examine(password, self.min_count)
        return said

    def judged(self, policy: breachdex.Policy, password: str) -> str:
        verdict = asyncio.run(policy.acheck(password)) if self.has_server else policy.check(password)
        refusing = [reason.code for reason in verdict.reasons if reason.action == "reject"]
        assert verdict.accepted == (not refusing)
        return refusing[0] if refusing else "accepted"


def attempt(ask: Callable[[], Any]) -> Any:
    """What is said, or that a fault was raised."""
    try:
        return ask()
    except breachdex.BreachdexError:
        return "raised"


def described(found: Any) -> Any:
    if isinstance(found, Unavailable):
        return "unavailable"
    if found is None:
        return None
    return {"count": found.count, "form": found.form, "source": found.source, "partial": found.partial}


def validated(validator: Any, password: str) -> str:
    try:
        validator.validate(password)
    except ValidationError as error:
        return str(error.code)
    return "accepted"


def main() -> None:
    logging.disable(logging.CRITICAL)
    settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"])
    django.setup()
    cases: dict[int, Case] = {}
    for line in sys.stdin:
        request = json.loads(line)
        answer: Any = {}
        if "open" in request:
            try:
                cases[request["open"]] = Case(request)
                answer = {"opened": True}
            except breachdex.BreachdexError as error:
                answer = {"refused": str(error)}
        elif "close" in request:
            for number in request["indexes"]:
                cases[request["close"]].indexes[number].close()
        else:
            answer = [cases[request["ask"]].answers(password) for password in request["questions"]]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
