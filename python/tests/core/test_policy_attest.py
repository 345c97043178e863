"""`Policy.attest`: the same evidence as the command writes, about what this process has open."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import IndexSet, Policy, PolicyError, RangeClient

COMMAND = [sys.executable, "-m", "breachdex"]


@pytest.fixture
def policy_file(exposed_index: Path, tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(f'profile = "nist"\nmfa = true\nservice_name = "Swallow"\nindex = "{exposed_index}"\n')
    return path


def without_time(attestation: dict[str, Any]) -> dict[str, Any]:
    """What two attestations have in common that were made one after another."""
    return {key: value for key, value in attestation.items() if key != "time"}


@pytest.mark.parametrize("more", [{}, {"max_age": 1}, {"verify": True}])
def test_it_is_what_the_command_writes(more: dict[str, Any], policy_file: Path) -> None:
    policy = Policy.from_toml(policy_file)
    arguments = [*COMMAND, "policy", "attest", "--json", "--policy", str(policy_file)]
    for name, value in more.items():
        arguments += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    mine = policy.attest(**more)
    assert without_time(mine) == without_time(told)
    assert list(mine) == list(told)
    assert mine["passed"] is (done.returncode == 0)
    assert mine["schema"] == "breachdex-attestation/1"
    assert {test["test"] for test in mine["tests"]} >= {"known_exposed", "random_password", "too_short"}


def test_a_policy_of_this_process_and_one_of_a_pickle(exposed_index: Path) -> None:
    policy = Policy.profile("nist", index=exposed_index, actions={"sign_up": {"exposed": "accept"}})
    attestation = policy.attest()
    assert attestation["policy"]["file"] is None
    assert attestation["index"]["index"] == str(exposed_index)
    assert [event["covered"] for event in attestation["events"]] == [False, True, True, True]
    again = pickle.loads(pickle.dumps(policy)).attest()
    assert without_time(again) == without_time(attestation)


def test_what_cannot_be_attested_is_said(exposed_index: Path) -> None:
    two = IndexSet([breachdex.Index.open(exposed_index), breachdex.Index.open(exposed_index)])
    for index in (two, RangeClient("http://127.0.0.1:9")):
        with pytest.raises(PolicyError, match="one index on this machine"):
            Policy.profile("nist", index=index).attest()
