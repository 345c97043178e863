"""The test password: exposed wherever that is switched on, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import breachdex
import pytest
from breachdex import TEST_PASSWORD, Policy
from breachdex._breachdex import Gate
from breachdex._configuration import current
from breachdex._configuration_values import EVENTS


def test_it_is_exposed_on_request_only(exposed_index: Path) -> None:
    breachdex.configure(index=exposed_index, min_count=1_000)
    assert breachdex.examine(TEST_PASSWORD) is None
    assert breachdex.validate(TEST_PASSWORD).accepted
    breachdex.configure(index=exposed_index, min_count=1_000, test_password=True)
    found = breachdex.examine(TEST_PASSWORD)
    assert found is not None
    assert (found.count, found.form, found.source) == (None, "raw", "overlay")
    with pytest.raises(breachdex.PasswordRejectedError):
        breachdex.validate(TEST_PASSWORD)
    # An index says what it holds.
    assert not breachdex.Index.open(exposed_index).contains(TEST_PASSWORD)


@pytest.mark.parametrize("profile", ["nist", "asvs-l1", "asvs-l2"])
def test_every_profile(profile: breachdex.types.Profile) -> None:
    assert Policy.profile(profile).check(TEST_PASSWORD).accepted
    on = Policy.profile(profile, test_password=True)
    for event in EVENTS:
        assert [reason.code for reason in on.check(TEST_PASSWORD, event=event).reasons] == ["exposed"]


def test_the_switch_goes_before_any_policy(
    tmp_path: Path, exposed_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("profile = 'asvs-l2'\n", encoding="utf-8")
    monkeypatch.setenv("BREACHDEX_TEST_PASSWORD", "1")
    for policy in (file, "nist", {"profile": "nist"}, Policy.profile("asvs-l2", test_password=False)):
        index = None if isinstance(policy, Policy) else exposed_index
        breachdex.configure(policy=policy, index=index)
        with pytest.raises(breachdex.PasswordRejectedError):
            breachdex.validate(TEST_PASSWORD)
    monkeypatch.setenv("BREACHDEX_TEST_PASSWORD", "perhaps")
    with pytest.raises(breachdex.ConfigurationError) as raised:
        breachdex.configure()
    assert str(raised.value) == "BREACHDEX_TEST_PASSWORD in the environment must be 1 or 0, not 'perhaps'"


def test_a_file_can_say_so(tmp_path: Path, exposed_index: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("profile = 'asvs-l2'\ntest_password = true\n", encoding="utf-8")
    breachdex.configure(policy=file, index=exposed_index)
    assert current().test_password
    assert breachdex.examine(TEST_PASSWORD) is not None
    assert "test_password = true" in Policy.from_toml(file, index=exposed_index).to_toml()


def test_a_gate(exposed_index: Path) -> None:
    index = breachdex.Index.open(exposed_index)
    assert Gate(index).examine(TEST_PASSWORD) is None
    assert Gate(index, test_password=True).examine(TEST_PASSWORD) is not None
    assert Gate(index, test_password=True).examine("a lantern nobody has written down") is None


def test_the_command(exposed_index: Path) -> None:
    def answer(*flags: str, **environment: str) -> str:
        command = [sys.executable, "-m", "breachdex", "check", "--index", str(exposed_index), *flags]
        ran = subprocess.run(
            command,
            check=False,
            input=TEST_PASSWORD + "\n",
            capture_output=True,
            text=True,
            env={**os.environ, **environment},
        )
        return f"{ran.returncode} {ran.stdout}{ran.stderr}".strip()

    assert answer() == "0 1\tnot found\t0"
    assert answer("--test-password", "--min-count", "99") == "1 1\texposed\t-"
    assert answer(BREACHDEX_TEST_PASSWORD="1") == "1 1\texposed\t-"
    assert answer(BREACHDEX_TEST_PASSWORD="0") == "0 1\tnot found\t0"
    assert answer(BREACHDEX_TEST_PASSWORD="x").endswith("BREACHDEX_TEST_PASSWORD must be 1 or 0")
