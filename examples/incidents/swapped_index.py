"""A swapped index: somebody who may write to its folder puts another file there, which knows nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

import breachdex

from .play import Incident
from .shops import PlayError, Shop, must

EXPOSED = "correct horse battery staple"
LOOKED_AGAIN = 1.3
"""Seconds after which a shop has looked at its file again; it looks once a second, when it is asked."""
WAITS = 10.0


def play() -> Incident:
    """Plays it."""
    incident = Incident(
        "swapped_index", "A swapped index", ("what happens", "without trusted keys", "with trusted keys")
    )
    with tempfile.TemporaryDirectory(prefix="breachdex-incidents-") as name:
        folder = Path(name)
        key = _keys(folder)
        plain, signed = (_signed(folder / part, folder) for part in ("plain", "signed"))
        with (
            Shop(folder / "shop-plain", plain) as trusting,
            Shop(folder / "shop-signed", signed, BREACHDEX_TRUSTED_KEYS=str(key)) as careful,
        ):
            shops = (trusting, careful)
            incident.row("before: joins with an exposed password", *map(_refused, shops))
            for index in (plain, signed):
                _swap(index)
            answers = [_after_swap(shop, at) for at, shop in enumerate(shops)]
            incident.row("the index is swapped while the shop runs", *answers)
            log = careful.logged()
            incident.row("what the log says", "nothing", _first_fault(log))
            if answers != ["taken", "refused: the previous index still answers"]:
                raise PlayError(f"after the swap the shops answered {answers}")
        incident.row(
            "the shop is started anew with it",
            _starts(folder / "again-plain", plain),
            _starts(folder / "again-signed", signed, key),
        )
        incident.facts.update(
            accepted_without_keys=answers[0] == "taken", accepted_with_keys=answers[1] == "taken"
        )
    incident.notes.append(
        "The swapped index is sound by its own checksums: only a signature tells that it is not yours. "
        "The secret key is not on the machine of the shop."
    )
    return incident


def _keys(folder: Path) -> Path:
    secret, public = folder / "index.key", folder / "index.pub"
    must("keygen", "--no-password", "--secret-key", str(secret), "--public-key", str(public))
    return public


def _build(path: Path, password: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.with_suffix(".txt")
    text.write_text(f"{password}\n", encoding="utf-8")
    breachdex.build(text, path, format="passwords")
    text.unlink()
    return path


def _signed(folder: Path, keys: Path) -> Path:
    index = _build(folder / "pwned.bdx", EXPOSED)
    must("sign", str(index), "--secret-key", str(keys / "index.key"))
    return index


def _swap(index: Path) -> None:
    """By rename, as an update does it; the signature stays that of the old file."""
    fresh = _build(index.with_name("fresh.bdx"), "something that nobody chooses")
    shutil.copymode(index, fresh)
    os.replace(fresh, index)


def _refused(shop: Shop) -> str:
    if not shop.join("first@mail.example", EXPOSED).says("exposed"):
        raise PlayError("an exposed password was taken before anything happened")
    return "refused"


def _after_swap(shop: Shop, at: int) -> str:
    """Tries until the shop has looked at its file: at most ten seconds, and twice if it goes on refusing."""
    end, tries = time.monotonic() + WAITS, 0
    while time.monotonic() < end and tries < 3:
        time.sleep(LOOKED_AGAIN)
        tries += 1
        if not shop.join(f"second{at}{tries}@mail.example", EXPOSED).says("exposed"):
            return "taken"
    return "refused: the previous index still answers"


def _first_fault(log: str) -> str:
    faults = [
        line for line in log.splitlines() if "signature" in line.lower() or "not signed" in line.lower()
    ]
    if not faults:
        raise PlayError("the log says nothing about the signature")
    return "one line: the replaced file was refused, because of its signature"


def _starts(folder: Path, index: Path, key: Path | None = None) -> str:
    environment = {} if key is None else {"BREACHDEX_TRUSTED_KEYS": str(key)}
    try:
        with Shop(folder, index, **environment):
            return "opens, and takes every password"
    except PlayError:
        log = Path(folder, "shop.log").read_text(encoding="utf-8")
        if "breachdex.E005" not in log:
            raise
        return "refuses to start: breachdex.E005"
