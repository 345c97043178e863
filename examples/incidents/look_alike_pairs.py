"""The list of the look-alike page as pairs: a typed pair is told from a password that only somebody else typed."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any, Final

import breachdex

from .play import Incident
from .shops import PlayError, command, must
from .sidecars import Sidecar, can_start

NAME: Final = "hanako@mail.example"
TYPED: Final = "lantern 2026 under the stairs"
WAITS: Final = 60.0
"""Seconds after which pairs that are not live are a fault."""

QUESTIONS: Final = (
    ("the typed name and password", NAME, TYPED),
    ("the typed name, a small change of the password", NAME, TYPED + "1"),
    ("the typed name, another password", NAME, "a kettle on the north shelf"),
    ("another name, the typed password", "kenji@mail.example", TYPED),
    ("another name, another password", "kenji@mail.example", "a kettle on the north shelf"),
)


def play() -> Incident:
    """Plays it."""
    incident = Incident(
        "look_alike_pairs",
        "The look-alike page's list as pairs, at one sidecar for all shops",
        ("asked", "pair", "password exposed", "Exposed-Credential-Check"),
    )
    why = can_start()
    if why is None and "--pairs" not in command("overlay", "add", "--help").stdout:
        why = "this breachdex has no pairs"
    if why is not None:
        incident.skipped.append(why)
        return incident
    with tempfile.TemporaryDirectory(prefix="breachdex-incidents-") as name:
        _play(incident, Path(name))
    return incident


def _play(incident: Incident, folder: Path) -> None:
    text, index = folder / "list.txt", folder / "pwned.bdx"
    text.write_text("password\n", encoding="utf-8")
    breachdex.build(text, index, format="passwords")
    overlay, pairs, key = folder / "own.bdx", folder / "pairs.bdx", folder / "pairs.key"
    to_pairs = ("overlay", "add", "--pairs", "--pair-key", str(key), "--overlay", str(pairs))
    must("overlay", "add", "--overlay", str(overlay))
    must(*to_pairs, stdin="nobody@mail.example:a password that nobody typed\n")
    flags = ("--overlay", str(overlay), "--pairs", str(pairs), "--pair-key", str(key))
    with Sidecar(folder / "sidecar", index, *flags) as sidecar:
        if _ask(sidecar, NAME, TYPED)["pair"] is not None:
            raise PlayError("a pair is known before it was added")
        must("overlay", "add", "--overlay", str(overlay), stdin=f"{TYPED}\n")
        must(*to_pairs, stdin=f"{NAME}:{TYPED}\n")
        added = time.monotonic()
        while _ask(sidecar, NAME, TYPED)["header"] != 1:
            if time.monotonic() - added > WAITS:
                raise PlayError(f"the pair is not known {WAITS:.0f} seconds after it was added")
            time.sleep(0.02)
        live = time.monotonic() - added
        headers = []
        for what, name, password in QUESTIONS:
            told = _ask(sidecar, name, password)
            headers.append(told["header"])
            incident.row(
                what, told["pair"] or "no", "yes" if told["exposed"] else "no", told["header"] or "none"
            )
    incident.notes.append(f"The pair was live {live:.2f} seconds after `overlay add --pairs`.")
    incident.notes.append(
        "The pairs are keyed digests; the key is in a file of its own. Neither gives a name or a password back."
    )
    incident.facts.update(headers=headers, live_seconds=round(live, 3))


def _ask(sidecar: Sidecar, name: str, password: str) -> dict[str, Any]:
    return sidecar.ask("/v1/check", {"user": name, "password": password})
