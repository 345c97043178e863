"""The incidents of ``examples/incidents``, played with fewer people: every layer changes what its page says it changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import breachdex
import pytest
from replay_command import REPOSITORY

if find_spec("django") is None:
    pytest.skip("Django is not installed: THE INCIDENTS WERE NOT PLAYED", allow_module_level=True)

NAMES = ["stuffing", "wrong_address", "swapped_index", "look_alike", "look_alike_pairs"]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str, Path]:
    """The report, what was printed, and where the files are."""
    output = tmp_path_factory.mktemp("incidents")
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
    package = str(Path(breachdex.__file__).parents[1])
    done = subprocess.run(
        [str(REPOSITORY / "examples" / "incidents" / "run"), "--short", "--output", str(output)],
        env={
            **kept,
            "INCIDENTS_PYTHON": sys.executable,
            "PYTHONPATH": package,
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for line in done.stderr.splitlines():
        if line.startswith("skipped"):
            print(line)
    return json.loads((output / "incidents.json").read_text(encoding="utf-8")), done.stdout, output


def facts(played: tuple[dict[str, Any], str, Path], name: str) -> dict[str, Any]:
    """What the report says of an incident."""
    found: dict[str, Any] = next(told for told in played[0]["incidents"] if told["incident"] == name)["facts"]
    return found


def test_all_of_them_are_told(played: tuple[dict[str, Any], str, Path]) -> None:
    told, printed, output = played
    assert told["schema"] == "breachdex-incidents/1"
    assert [incident["incident"] for incident in told["incidents"]] == NAMES
    assert (output / "incidents.md").read_text(encoding="utf-8") == printed
    pictures = sorted(path.name for path in output.glob("*.svg"))
    assert pictures == ["incidents-layers.svg", "incidents-overlay.svg", "incidents-stuffing.svg"]
    for picture in pictures:
        xml.etree.ElementTree.parse(output / picture)


def test_each_layer_takes_accounts_from_the_attacker(played: tuple[dict[str, Any], str, Path]) -> None:
    courses = facts(played, "stuffing")["courses"]
    none, choosing, log_in = courses
    assert none["taken"] == facts(played, "stuffing")["size"]["successes"]
    assert none["taken"] > choosing["taken"] > log_in["taken"] > 0
    assert log_in["taken"] + log_in["told"] == choosing["taken"]
    for course in courses:
        assert course["taken_acting"] < course["taken"] / 2
        assert course["suspect_log_ins"] > 0
        assert course["honest_log_ins_challenged"] <= course["honest_log_ins"] / 1000
        # It was noticed after 16 hours.
        assert min(filter(None, (course["source_alarm_seconds"], course["site_alarm_seconds"]))) < 4 * 3600


def test_the_shops_do_what_was_simulated(played: tuple[dict[str, Any], str, Path]) -> None:
    shops = facts(played, "stuffing").get("shops")
    if shops is None:
        pytest.skip("this breachdex has no sidecar: THE SHOPS WERE NOT ATTACKED")
    open_one, careful = shops
    assert open_one["taken"] > 0
    assert careful["taken"] < open_one["taken"]
    assert all(shop["alarm_tries"] is not None for shop in shops)


def test_a_swapped_index_needs_a_signature(played: tuple[dict[str, Any], str, Path]) -> None:
    assert facts(played, "swapped_index") == {"accepted_without_keys": True, "accepted_with_keys": False}


def test_an_overlay_is_live_at_every_shop(played: tuple[dict[str, Any], str, Path]) -> None:
    told = facts(played, "look_alike")
    assert len(told["live_seconds"]) == 4
    for memory in told.get("memory_kib", []):
        assert 0 < memory["Pss"] < memory["Rss"]


def test_a_typed_pair_is_told_from_a_typed_password(played: tuple[dict[str, Any], str, Path]) -> None:
    told = facts(played, "look_alike_pairs")
    if not told:
        pytest.skip("this breachdex has no sidecar with pairs: THE PAIRS WERE NOT PLAYED")
    assert told["headers"] == [1, 3, 2, 4, None]


def test_no_password_is_told(played: tuple[dict[str, Any], str, Path]) -> None:
    _, _, output = played
    for file in output.iterdir():
        text = file.read_text(encoding="utf-8")
        for secret in ("lantern 0", "seven small wooden boats", "correct horse battery staple"):
            assert secret not in text, file.name
