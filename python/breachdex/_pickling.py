"""What a pickled index, policy or client becomes in another process: the same one, or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breachdex._breachdex import Index, IndexSet, Pairs, PolicyRules
from breachdex._errors import IndexMismatchError

if TYPE_CHECKING:
    from breachdex._policy import Policy
    from breachdex._remote import RangeClient
    from breachdex.types import Kind, OnError


def open_same(
    path: str,
    content_id: str,
    reload_every: float | None,
    trusted_keys: list[str] | None = None,
    max_age: int | None = None,
    allow_rollback: bool = False,
) -> Index:
    """Opens the index at ``path``, which must hold what was pickled, and be signed as it had to be there."""
    index = Index.open(
        path,
        reload_every,
        trusted_keys=trusted_keys or False,
        max_age=max_age,
        allow_rollback=allow_rollback,
    )
    if index.metadata.content_id != content_id:
        index.close()
        raise IndexMismatchError(
            f"{path} holds another index than the one that was pickled; open it anew where it is used"
        )
    return index


def open_starter() -> Index:
    """Opens the starter index, whatever the environment names."""
    return Index.starter()


def policy(
    rules: PolicyRules, index: Index | IndexSet | RangeClient, pairs: tuple[Pairs, ...] = ()
) -> Policy:
    """The policy of these rules, asking that index."""
    from breachdex._policy import Policy

    return Policy(rules, index, (), pairs)


def range_client(
    base_url: str, timeout: float, on_error: OnError, kind: Kind, insecure_http: bool
) -> RangeClient:
    """A client of that server, which connects when it is first asked."""
    from breachdex._remote import RangeClient

    return RangeClient(base_url, timeout, on_error, kind=kind, insecure_http=insecure_http)
