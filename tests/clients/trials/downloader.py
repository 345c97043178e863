"""PyPI's hibp-downloader: pulls a set of each kind, holds it by entity tags, and what it stored agrees."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import corpus
from corpus import Corpus
from environments import python_environment
from trials.trial import CLIENTS, Client, Setting, Wrong, must_be_same


def set_up() -> Client:
    """Takes a URL, then its own arguments."""
    client = CLIENTS / "hibp-downloader"
    return Client([str(python_environment(client)), str(client / "pull.py")], client)


@dataclass(frozen=True)
class Pull:
    """The pulling of one kind into a folder."""

    client: Client
    setting: Setting
    kind: str
    folder: Path

    def run(self, first: str, last: str) -> None:
        """Pulls the prefixes from first to last. What it has already it asks for by entity tag."""
        folder = ["--data-path", str(self.folder)]
        span = ["--first-hash", first, "--last-hash", last]
        options = ["--hash-type", self.kind, "--local-cache-ttl", "0", "--http-max-retries", "1"]
        self.client.run(self.setting.server.url, *folder, "download", *span, *options)

    def not_modified(self) -> int:
        """How many ranges the server did not send so far because they had not changed."""
        return self.setting.server.answered(self.kind, "not_modified") if self.setting.server.is_ours else 0


def judge(client: Client, setting: Setting) -> None:
    """Both kinds."""
    for kind, of_kind in setting.corpora.items():
        pull = Pull(client, setting, kind, setting.scratch / f"pulled-{kind}")
        judge_set(pull, of_kind)
        judge_what_is_not_covered(pull)


def judge_set(pull: Pull, of_kind: Corpus) -> None:
    """The first run fetches all, the second nothing."""
    prefixes = corpus.dense_prefixes()
    unconditional = pull.not_modified()
    pull.run(prefixes[0], prefixes[-1])
    must_be_same("ranges that the first pull had already", pull.not_modified() - unconditional, 0)
    pulled = stored(pull, of_kind)
    pull.run(prefixes[0], prefixes[-1])
    must_be_same(
        "ranges that had not changed",
        pull.not_modified() - unconditional,
        len(prefixes) * pull.setting.server.is_ours,
    )
    if stored(pull, of_kind) != pulled:
        raise Wrong("the second pull changed what was stored")


def judge_what_is_not_covered(pull: Pull) -> None:
    """A range of which nothing is known is a failure that the downloader counts."""
    unknown = corpus.five_digits(corpus.UNKNOWN)
    try:
        pull.run(unknown, unknown)
    except Wrong as refused:
        if "Download completed with 1 failed prefixes" not in str(refused):
            raise
    else:
        raise Wrong("a range that is not covered was pulled")


def stored(pull: Pull, of_kind: Corpus) -> dict[str, bytes]:
    """The files of a set, each as it came over the wire, after a look into it."""
    files = {file.stem.upper(): file for file in (pull.folder / of_kind.kind).rglob("*.gz")}
    must_be_same("prefixes that are stored", sorted(files), corpus.dense_prefixes())
    date = datetime.fromisoformat(corpus.DATE).replace(tzinfo=UTC).timestamp()
    for prefix, file in files.items():
        if gzip.decompress(file.read_bytes()) != of_kind.body(prefix).encode():
            raise Wrong(f"the {of_kind.kind} range {prefix} is not what the index holds")
        if pull.setting.server.is_ours:
            must_be_same(f"date of the {of_kind.kind} range {prefix}", file.stat().st_mtime, date)
    return {prefix: file.read_bytes() for prefix, file in files.items()}
