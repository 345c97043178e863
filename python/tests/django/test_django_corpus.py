"""A base that holds the password beside a damaged overlay: Django refuses it, whatever a fault means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from breachdex import Index, IndexDamagedError, IndexSet
from breachdex.django.validators import ExposedPasswordValidator, PolicyValidator
from django.core.exceptions import ValidationError  # type: ignore[import-untyped]
from support import damaged  # type: ignore[import-not-found]  # its folder is not on the types' path here


@pytest.mark.parametrize("on_error", ["accept", "reject", "raise"])
@pytest.mark.parametrize("kind", [ExposedPasswordValidator, PolicyValidator])
def test_a_hit_beside_a_damaged_overlay_is_refused(
    make_index: Callable[..., Path], tmp_path: Path, kind: type, on_error: str
) -> None:
    base = Index.open(make_index(tmp_path / "base.bdx", {"password": 5}))
    own = make_index(tmp_path / "own.bdx", {"ours": 1, "password": 1})
    index = IndexSet(base, overlays=[Index.open(damaged(own, tmp_path / "damaged.bdx"))])
    assert index.contains("password")
    with pytest.raises(IndexDamagedError):
        index.count("password")
    with pytest.raises(ValidationError) as caught:
        kind(index=index, on_error=on_error).validate("password")
    assert "exposed" in {error.code for error in caught.value.error_list}
