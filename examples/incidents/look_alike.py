"""A look-alike page: customers typed names and passwords into it, and the operator of four shops has the list."""

from __future__ import annotations

import random
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import breachdex

from .play import Incident
from .shops import PlayError, Shop, must

SHOPS: Final = 4
WAITS: Final = 20.0
"""Seconds after which a shop that still lets in is a fault."""
PROMISED: Final = 2.0
"""Seconds within which overlays are said to be live."""


@dataclass(frozen=True)
class Size:
    """How much there is."""

    entries: int = 1_000_000
    typed: int = 500
    """Lines of the list."""
    visitors: int = 60
    """People who join at each shop, so that it asks its index."""


SHORT: Final = Size(entries=100_000, typed=20, visitors=8)


def play(short: bool) -> Incident:
    """Plays it."""
    size = SHORT if short else Size()
    incident = Incident(
        "look_alike", "A look-alike page", ("what", *(f"shop {number + 1}" for number in range(SHOPS)))
    )
    typed = [
        (f"typed{number:04d}@mail.example", f"lantern {number:04d} under the stairs")
        for number in range(size.typed)
    ]
    with tempfile.TemporaryDirectory(prefix="breachdex-incidents-") as name:
        folder = Path(name)
        index, overlay = _large_index(folder, size.entries), folder / "own.bdx"
        must("overlay", "add", "--overlay", str(overlay))
        shops = [
            Shop(folder / f"shop{number}", index, INCIDENT_OVERLAY=str(overlay)) for number in range(SHOPS)
        ]
        with ExitStack() as open_shops:
            # All at once, which takes as long as one.
            for shop in shops:
                shop.begin()
                open_shops.callback(shop.__exit__)
            for shop in shops:
                shop.__enter__()
            _play(incident, shops, typed, overlay, size)
            _measure(incident, shops, index)
    incident.notes.append(
        "The list of the incident is never on a disk in plain text: it goes to `breachdex overlay add` through standard input, "
        "and the overlay holds digests, for its owner alone."
    )
    return incident


def _play(
    incident: Incident, shops: list[Shop], typed: list[tuple[str, str]], overlay: Path, size: Size
) -> None:
    victims = typed[:SHOPS]
    for shop, victim in zip(shops, victims, strict=True):
        shop.add_members([victim])
        for number in range(size.visitors):
            shop.join(f"visitor{number}@mail.example", f"a quiet harbour {random.random()}")
    before = [shop.sign_in(*victim) for shop, victim in zip(shops, victims, strict=True)]
    if not all(seen.session for seen in before):
        raise PlayError("somebody was not let in before the list was known")
    incident.row("before: signs in with a password that was typed there", *("let in" for _ in shops))
    begun = time.monotonic()
    must("overlay", "add", "--overlay", str(overlay), stdin="".join(f"{password}\n" for _, password in typed))
    added = time.monotonic()
    live: dict[int, float] = {}
    while len(live) < len(shops):
        if time.monotonic() - added > WAITS:
            raise PlayError(f"{len(shops) - len(live)} shops still let in after {WAITS:.0f} seconds")
        for at, (shop, victim) in enumerate(zip(shops, victims, strict=True)):
            if at not in live and shop.sign_in(*victim).says("force_reset"):
                live[at] = time.monotonic() - added
    times = [live[at] for at in range(len(shops))]
    incident.row(
        f"seconds from the end of `overlay add` ({len(typed)} passwords) to the first refusal",
        *(f"{seconds:.2f}" for seconds in times),
    )
    incident.row("after: signs in with it", *("refused; a link goes to the address on file" for _ in shops))
    joins = [
        shop.join(f"new{at}@mail.example", typed[-1][1]).says("exposed") for at, shop in enumerate(shops)
    ]
    if not all(joins):
        raise PlayError("a new member may choose a password of the list")
    incident.row("after: joins with another one of the list", *("refused" for _ in shops))
    incident.facts.update(
        added_seconds=round(added - begun, 3), live_seconds=[round(seconds, 3) for seconds in times]
    )


def _measure(incident: Incident, shops: list[Shop], index: Path) -> None:
    """One mapping of the index for all shops: each has its share only."""
    memory = [_memory(shop.process, index) for shop in shops]
    if not all(memory):
        incident.skipped.append("the memory of the shops: /proc/PID/smaps cannot be read here")
        return
    incident.row(
        "index in memory, as each shop sees it (RSS)", *(f"{facts['Rss']:,} KiB" for facts in memory)
    )
    incident.row("its share of that (PSS)", *(f"{facts['Pss']:,} KiB" for facts in memory))
    incident.row("of the shop alone", *(f"{facts['Private']:,} KiB" for facts in memory))
    incident.facts["memory_kib"] = memory
    incident.facts["index_bytes"] = index.stat().st_size


def _memory(process: int, file: Path) -> dict[str, int]:
    """KiB of a process's mappings of a file."""
    found = {"Rss": 0, "Pss": 0, "Private": 0}
    counts = False
    try:
        lines = Path(f"/proc/{process}/smaps").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    for line in lines:
        name, _, value = line.partition(":")
        if "-" in name and " " in line and not value.strip().endswith("kB"):
            counts = line.endswith(str(file))
        elif counts and value.strip().endswith("kB"):
            key = "Private" if name.startswith("Private_") else name
            if key in found:
                found[key] += int(value.split()[0])
    return found


def _large_index(folder: Path, entries: int) -> Path:
    """An index of random digests."""
    draw = random.Random(2026)
    text = folder / "random.txt"
    rows = sorted(f"{draw.getrandbits(160):040X}:1\n" for _ in range(entries))
    text.write_text("".join(rows), encoding="ascii")
    breachdex.build(text, folder / "pwned.bdx", format="hibp")
    text.unlink()
    return folder / "pwned.bdx"
