"""What a pickled index becomes in another process: the same one, or an error."""

from __future__ import annotations

from breachdex._breachdex import Index
from breachdex._errors import IndexMismatchError


def open_same(path: str, content_id: str, reload_every: float | None) -> Index:
    """Opens the index at ``path``, which must hold what was pickled."""
    index = Index.open(path, reload_every)
    if index.metadata.content_id != content_id:
        index.close()
        raise IndexMismatchError(
            f"{path} holds another index than the one that was pickled; open it anew where it is used"
        )
    return index


def open_starter() -> Index:
    """Opens the starter index, whatever the environment names."""
    return Index.starter()
