"""Whose signature an index must have, and how old it may be: settings, system checks and start-up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import breachdex
import pytest
from breachdex.django import gates
from breachdex.django.checks import check_indexes
from breachdex.django.conf import parse
from django.apps import apps  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]
from support import new_key, replace, sign, today, write_index  # type: ignore[import-not-found]

Configure = Callable[..., None]


@pytest.fixture
def key(tmp_path: Path) -> tuple[Path, Path]:
    made: tuple[Path, Path] = new_key(tmp_path)
    return made


def start() -> None:
    """What a server does when it starts."""
    apps.get_app_config("breachdex").ready()


def refused(code: str) -> str:
    """What the checks and start-up say, which is the same."""
    [found] = check_indexes()
    assert found.id == code
    with pytest.raises(ImproperlyConfigured) as caught:
        start()
    assert str(caught.value) == f"{code}: {found.msg} {found.hint}"
    return str(caught.value)


def test_an_index_without_a_signature(configure: Configure, tmp_path: Path, key: tuple[Path, Path]) -> None:
    path = write_index(tmp_path / "a.bdx", {"hunter2": 17}, corpus_date=today())
    configure(INDEX=path, TRUSTED_KEYS=[key[1]])
    assert refused("breachdex.E005") == (
        f"breachdex.E005: An index is not signed: {path} is not signed by a trusted key: {path}.id.minisig is missing; "
        "sign the index with breachdex sign, or copy its two signature files beside it. The keys that are trusted are "
        'those of BREACHDEX["TRUSTED_KEYS"] or, without any there, of breachdex.configure() or $BREACHDEX_TRUSTED_KEYS.'
    )
    sign(path, key[0])
    assert check_indexes() == []
    start()


def test_an_index_that_is_too_old(configure: Configure, tmp_path: Path) -> None:
    day = today() - timedelta(days=40)
    path = write_index(tmp_path / "a.bdx", {"hunter2": 17}, corpus_date=day)
    configure(INDEX=path, MAX_AGE=30)
    assert refused("breachdex.E006") == (
        f"breachdex.E006: An index is too old: {path} is not new enough: its corpus date {day} is 40 days ago, at most 30 "
        'are allowed; use a newer index. Bring it up to date with "breachdex update", or raise BREACHDEX["MAX_AGE"].'
    )
    configure(INDEX=path, MAX_AGE=40, MAX_AGE_DAYS=30)
    assert [found.id for found in check_indexes()] == ["breachdex.W002"], "which only warns"
    start()


def test_what_is_configured_elsewhere_holds(
    configure: Configure, tmp_path: Path, key: tuple[Path, Path]
) -> None:
    path = write_index(tmp_path / "a.bdx", {"hunter2": 17}, corpus_date=today())
    for silent in ({}, {"TRUSTED_KEYS": None, "MAX_AGE": None}):
        configure(INDEX=path, **silent)
        start()
        breachdex.configure(trusted_keys=key[1])
        refused("breachdex.E005")
        breachdex.configure()
        start()


def test_an_index_of_a_validator_and_overlays(
    configure: Configure, tmp_path: Path, key: tuple[Path, Path]
) -> None:
    path = write_index(tmp_path / "a.bdx", {"hunter2": 17}, corpus_date=today())
    sign(path, key[0])
    own = write_index(tmp_path / "own.bdx", {"handed-out": 1})
    configure(INDEX=path, OVERLAYS=[own], TRUSTED_KEYS=str(key[1]))
    start()
    assert gates.ask(gates.at_log_in(), "raise", "handed-out") is not None
    source = gates.source_of(str(own), (), None)
    fault = gates.tried(source)
    assert isinstance(fault, gates.Fault) and fault.id == "breachdex.E005"


def test_a_replacement_without_a_signature_is_not_taken(
    configure: Configure, tmp_path: Path, key: tuple[Path, Path]
) -> None:
    path = write_index(tmp_path / "a.bdx", {"hunter2": 17}, corpus_date=today())
    sign(path, key[0])
    configure(INDEX=path, TRUSTED_KEYS=[key[1]])
    index = gates.opened(gates.at_log_in())
    replace(path, write_index(tmp_path / "b.bdx", {"swordfish": 3}, corpus_date=today()).read_bytes())
    assert index.reload_if_changed() is False
    assert isinstance(index.reload_error, breachdex.IndexNotSignedError)
    assert gates.ask(gates.at_log_in(), "raise", "hunter2") is not None


def test_settings_that_make_no_sense(tmp_path: Path) -> None:
    for given, said in [
        ({"TRUSTED_KEYS": []}, 'BREACHDEX["TRUSTED_KEYS"] cannot be used: no key is trusted'),
        ({"TRUSTED_KEYS": 7}, 'BREACHDEX["TRUSTED_KEYS"] must be a public key, the path of one, or a list'),
        ({"TRUSTED_KEYS": tmp_path / "no.pub"}, 'BREACHDEX["TRUSTED_KEYS"] cannot be used: cannot open'),
        ({"MAX_AGE": 0}, 'BREACHDEX["MAX_AGE"] must be a whole number of days from 1 on, not 0'),
    ]:
        with pytest.raises(ImproperlyConfigured) as caught:
            parse(given)
        assert str(caught.value).startswith(said)
