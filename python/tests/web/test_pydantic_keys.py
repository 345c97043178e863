"""SafePassword is never the key of a mapping."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex.pydantic import SafePassword
from leaks import EXPOSED_SENTINEL, assert_clean
from pydantic import BaseModel, TypeAdapter, ValidationError


def test_the_key_of_a_mapping_is_refused_when_it_is_defined(exposed_index: Path) -> None:
    """pydantic would show it in ``loc``, whatever failed: the key, or a value."""
    kinds: list[Any] = [
        dict[SafePassword, int],
        Mapping[SafePassword, int],
        defaultdict[SafePassword, int],
        OrderedDict[SafePassword, int],
        dict[SafePassword | int, int],
        dict[tuple[SafePassword, int], int],
        list[dict[SafePassword, int]],
    ]
    for kind in kinds:
        with pytest.raises(TypeError, match="cannot be the key of a mapping"):
            TypeAdapter(kind)
    with pytest.raises(TypeError, match="cannot be the key of a mapping"):

        class Keyed(BaseModel):
            passwords: dict[SafePassword, int]

    for kind in (dict[str, SafePassword], list[SafePassword], dict[int, list[SafePassword]]):
        TypeAdapter(kind)

    class Inner(BaseModel):
        password: SafePassword

    breachdex.configure(index=exposed_index)
    adapter = TypeAdapter(dict[str, Inner])
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python({"one": {"password": EXPOSED_SENTINEL}})
    assert_clean(str(caught.value), repr(caught.value.errors()))
