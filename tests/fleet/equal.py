"""Replicas give equal answers, whatever they were built and started with; and what clients see while weeks are mixed."""

from __future__ import annotations

import gzip
import itertools

from replicas import Command, Replica, Wrong, serving

import corpus

ENCODINGS: tuple[dict[str, str], ...] = (
    {},
    {"Accept-Encoding": "gzip"},
    {"Accept-Encoding": "br"},
    {"Accept-Encoding": "identity"},
)
SAME = (
    "etag",
    "last-modified",
    "cache-control",
    "vary",
    "content-encoding",
    "content-length",
    "content-type",
)
ALIKE = {
    "defaults": ((), {}),
    "no cache, one worker": (("--cache", "0", "--workers", "1"), {}),
    "portable kernels": ((), {"BREACHDEX_KERNEL": "portable"}),
    "populated, four workers": (("--residency", "populate", "--workers", "4", "--cache", "1MiB"), {}),
    "a copy in memory": (("--residency", "huge-pages"), {}),
}


def judge_equal(command: Command) -> str:
    """Every replica of a week answers every question with the same bytes."""
    first, second = command.build("first", 1), command.build("second", 2)
    indexes = {
        "built sorted": second,
        "built of shuffled lines": command.build("shuffled", 2, shuffled=True),
        "downloaded and updated": command.updated("updated", first, second),
    }
    replicas = {
        f"{made}, {settings}": Replica(command, index, *ALIKE[settings])
        for (made, index), settings in itertools.product(indexes.items(), ALIKE)
    }
    answers = 0
    with serving(*replicas.values()):
        for prefix, headers, path in itertools.product(
            corpus.PREFIXES, ENCODINGS, ("/range/{}", "/range/{}?mode=x")
        ):
            answers += _compare(replicas, path.format(prefix), headers, corpus.body(prefix, 2))
    return f"{len(replicas)} replicas gave {answers} equal answers"


def _compare(replicas: dict[str, Replica], path: str, headers: dict[str, str], body: bytes) -> int:
    """Asks each replica twice, the second time with the tag of another one."""
    expected = next(iter(replicas.values())).ask(path, headers)
    for name, replica in replicas.items():
        # Twice: from the index, and from what is kept.
        for _ in range(2):
            answer = replica.ask(path, headers)
            same = {header: answer.headers.get(header) for header in SAME}
            wanted = {header: expected.headers.get(header) for header in SAME}
            if (answer.status, answer.body, same) != (200, expected.body, wanted):
                raise Wrong(f"{path} {headers} of {name}: {answer.status}, {same} instead of {wanted}")
        again = replica.ask(path, {**headers, "If-None-Match": expected.headers["etag"]})
        if (again.status, again.body) != (304, b"") or again.headers["etag"] != expected.headers["etag"]:
            raise Wrong(f"{path} of {name} does not know the tag of another replica: {again.status}")
        head = replica.ask(path, headers, "HEAD")
        if head.headers.get("content-length") != expected.headers["content-length"]:
            raise Wrong(f"HEAD {path} of {name}: {head.headers}")
    encoding = expected.headers.get("content-encoding")
    if encoding != "br" and (gzip.decompress(expected.body) if encoding == "gzip" else expected.body) != body:
        raise Wrong(f"{path} {headers}: not the rows of this week")
    return len(replicas) * 4


def judge_mixed(command: Command) -> str:
    """What a client of two replicas sees that have the indexes of two weeks."""
    old, new = (Replica(command, command.build(f"week-{week}", week)) for week in corpus.WEEKS)
    with serving(old, new):
        for prefix in corpus.PREFIXES:
            _ask_both(prefix, old, new)
    changed = sum(map(corpus.changes, corpus.PREFIXES))
    return f"{len(corpus.PREFIXES) - changed} unchanged ranges stay, {changed} changed ones are fetched once each way"


def _ask_both(prefix: str, old: Replica, new: Replica) -> None:
    path = f"/range/{prefix}"
    before, after = old.ask(path), new.ask(path)
    for week, answer in ((1, before), (2, after)):
        if answer.body != corpus.body(prefix, week):
            raise Wrong(f"{path}: not the rows of week {week}")
    is_same = before.body == after.body
    # A tag is of the rows alone: what did not change is not sent again, by either of them.
    for answer, other, expected in ((before, new, after), (after, old, before)):
        conditional = other.ask(path, {"If-None-Match": answer.headers["etag"]})
        status, body = (304, b"") if is_same else (200, expected.body)
        if (conditional.status, conditional.body) != (status, body):
            raise Wrong(f"{path} with a tag of the other week: {conditional.status}")
    # By date: never back from what is newer.
    forward = new.ask(path, {"If-Modified-Since": before.headers["last-modified"]})
    back = old.ask(path, {"If-Modified-Since": after.headers["last-modified"]})
    if (forward.status, back.status) != (200, 304):
        raise Wrong(f"{path} by date: {forward.status} and {back.status}")
    both = f"{before.headers['etag']}, {after.headers['etag']}"
    if {replica.ask(path, {"If-None-Match": both}).status for replica in (old, new)} != {304}:
        raise Wrong(f"{path} with the tags of both weeks is sent again")
