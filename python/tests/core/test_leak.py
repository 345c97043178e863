"""A planted password is looked for wherever breachdex may speak: errors, logs, reprs, pickles, warnings, tracebacks."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import pickle
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import breachdex
import pyarrow as pa
import pytest
from breachdex._breachdex import examine
from breachdex._gate import Gate
from support import damaged, replace

SENTINELS = ["zq7-Sentinel-Ünïcode-終わり", "zq7 plain sentinel"]


def needles() -> list[str]:
    """The sentinels, their digests, and the beginnings of those."""
    found = []
    for sentinel in SENTINELS:
        for digest in (hashlib.sha1(sentinel.encode()).hexdigest(), breachdex.digest(sentinel, "ntlm").hex()):
            found += [digest, digest[:8], str(bytes.fromhex(digest))[2:-1]]
        found += [sentinel, ascii(sentinel)[1:-1], repr(sentinel.encode())[2:-1]]
    return found


@pytest.fixture
def spoken() -> Iterator[io.StringIO]:
    """Everything that is logged or warned of."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logging.getLogger().addHandler(handler)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_: print(message, file=said)
        yield said
    logging.getLogger().removeHandler(handler)


def questions(index: Any, sentinel: str) -> list[Callable[[], object]]:
    """Every question, sound and unsound, that may be asked with a password in it."""
    digest = hashlib.sha1(sentinel.encode())
    return [
        lambda: index.count(sentinel),
        lambda: index.count(sentinel.encode()),
        lambda: index.count(f"{sentinel}\ud800"),
        lambda: index.count([sentinel]),
        lambda: index.count({sentinel: sentinel}),
        lambda: index.contains(sentinel, min_count=0),
        lambda: index.contains(sentinel, min_count=5),
        lambda: index.counts(sentinel),
        lambda: index.counts([sentinel, 5]),
        lambda: index.counts([sentinel, f"{sentinel}\udfff"]),
        lambda: index.counts({sentinel}),
        lambda: index.counts(pa.array([sentinel])),
        lambda: index.counts_hash([sentinel]),
        lambda: index.counts_hash(pa.array([sentinel])),
        lambda: index.counts_hash(pa.array([sentinel.encode()])),
        lambda: index.count_hash(sentinel),
        lambda: index.count_hash(sentinel.encode()),
        lambda: index.count_hash(digest.digest() + b"x"),
        lambda: index.count_hash(f"{digest.hexdigest()}0"),
        lambda: index.range(sentinel),
        lambda: examine(index, sentinel, stored=f"{sentinel}\ud800"),
        lambda: breachdex.digest(sentinel, "md5"),  # type: ignore[arg-type]
        lambda: Gate(index, on_error="accept").examine(sentinel),
        lambda: Gate(index, on_error="reject").examine(sentinel),
        lambda: Gate(index, on_error="raise").examine(sentinel),
    ]


def frames_below(error: BaseException) -> Iterator[str]:
    """What a report that prints local variables shows of all frames but those of this test, which asked."""
    frames = traceback.TracebackException.from_exception(error, capture_locals=True)
    yield from (f"{frame.locals}\n" for frame in frames.stack if frame.filename != __file__)


async def in_loop(ask: Callable[[str], Any], sentinel: str) -> object:
    return await ask(sentinel)


def states(tmp_path: Path, make_index: Callable[..., Path]) -> Iterator[Any]:
    """An index that holds the sentinels, one that does not, and broken ones."""
    held = make_index(tmp_path / "held.bdx", dict.fromkeys(SENTINELS, 3))
    none = make_index(tmp_path / "none.bdx", {"other": 1})
    yield breachdex.Index.open(held)
    yield breachdex.Index.open(none)
    yield breachdex.IndexSet(breachdex.Index.open(none), [breachdex.Index.open(held)])
    yield breachdex.Index.open(damaged(held, tmp_path / "damaged.bdx"))
    closed = breachdex.Index.open(held)
    closed.close()
    yield closed
    swapped = make_index(tmp_path / "swapped.bdx", dict.fromkeys(SENTINELS, 3))
    index = breachdex.Index.open(swapped, reload_every=0.0)
    replace(swapped, b"no index")
    yield index
    breachdex.build(held, tmp_path / "part.bdx", prefixes=["00000"])
    yield breachdex.Index.open(tmp_path / "part.bdx")


def test_no_password_and_no_digest_leaks(
    tmp_path: Path, make_index: Callable[..., Path], spoken: io.StringIO
) -> None:
    asked = failed = 0
    for index in states(tmp_path, make_index):
        for sentinel in SENTINELS:
            for question in questions(index, sentinel):
                asked += 1
                try:
                    answer = question()
                except Exception as error:  # noqa: BLE001 - every error is looked at
                    failed += 1
                    chain = [error, error.__cause__, error.__context__]
                    spoken.writelines(f"{link!s} {link!r} {vars(link) if link else ''}\n" for link in chain)
                    spoken.writelines(frames_below(error))
                else:
                    spoken.write(f"{answer!r}\n")
        spoken.write(f"{index!r} {index.reload_error!r}\n")
        if not index.closed and index.reload_error is None:
            spoken.write(repr(pickle.dumps(index)))
            spoken.write(repr(index.metadata))
    said = spoken.getvalue().lower()
    assert asked > 300 and failed > 150 and "damaged" in said
    for needle in needles():
        assert needle.lower() not in said


def test_a_remote_question_does_not_leak(spoken: io.StringIO) -> None:
    for on_error in ("accept", "reject", "raise"):
        client = breachdex.RangeClient("http://127.0.0.1:9", timeout=1, on_error=on_error)
        for sentinel in SENTINELS:
            for ask in (client.count, client.contains, client.count_hash):
                try:
                    spoken.write(repr(ask(sentinel)))
                except Exception as error:  # noqa: BLE001 - every error is looked at
                    spoken.write(f"{error!s} {error!r} {vars(error)}")
                    spoken.writelines(frames_below(error))
                for twin in (client.acount, client.acontains, client.acount_hash):
                    try:
                        spoken.write(repr(asyncio.run(in_loop(twin, sentinel))))
                    except Exception as error:  # noqa: BLE001 - every error is looked at
                        spoken.write(f"{error!s} {error!r} {vars(error)}")
                        spoken.writelines(frames_below(error))
        spoken.write(repr(client))
    said = spoken.getvalue().lower()
    assert "gave no answer" in said and "passwords cannot be checked" in said
    for needle in [*needles(), *(hashlib.sha1(sentinel.encode()).hexdigest()[:5] for sentinel in SENTINELS)]:
        assert needle.lower() not in said
