"""Several processes, one radar: against the command ``breachdex sidecar`` itself."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import breachdex
import pytest
from breachdex import Attack, LogInWatch, SidecarRadar

COMMAND = [sys.executable, "-m", "breachdex"]
ATTACKER = "203.0.113.9"

CHILD = """
import sys
from breachdex import LogInWatch, SidecarRadar
watch = LogInWatch(SidecarRadar(sys.argv[1], timeout=30))
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    last = watch.tell("203.0.113.9", f"victim{number}", succeeded=False, exposed=True)
assert watch.radar.faults == 0
print(last.state)
watch.radar.close()
"""


@pytest.fixture(scope="module", autouse=True)
def _sidecar_is_there() -> None:
    if subprocess.run([*COMMAND, "sidecar", "--help"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this build of the module has no command sidecar")


@pytest.fixture
def start(exposed_index: Path) -> Iterator[Callable[..., str]]:
    """Starts a sidecar and returns the address that it says it listens on."""
    running: list[subprocess.Popen[str]] = []

    def started(*arguments: str) -> str:
        process = subprocess.Popen(
            [*COMMAND, "sidecar", "--index", str(exposed_index), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if found := re.search(r"(unix:/\S+|http://\S+)", line):
                return found[1].rstrip("/")
        raise AssertionError(process.stderr.read())

    yield started
    for process in running:
        process.terminate()
        process.communicate(timeout=60)


def attempt(watch: LogInWatch, account: str, **facts: bool) -> breachdex.Observation:
    """One attempt of the attacker's."""
    return watch.tell(ATTACKER, account, **{"succeeded": False, "exposed": True, **facts})


@pytest.mark.parametrize("over", ["unix", "tcp"])
def test_processes_share_a_radar(over: str, start: Callable[..., str], tmp_path: Path) -> None:
    address = start("--listen", f"unix:{tmp_path}/s" if over == "unix" else "127.0.0.1:0")
    attacks: list[Attack] = []
    radar = SidecarRadar(address, timeout=30)
    watch = LogInWatch(radar, on_attack_began=attacks.append, on_attack_ended=attacks.append)
    assert attempt(watch, "victim0") == breachdex.Observation()
    states = []
    for number in range(3):
        # Each is too few to be seen by itself.
        child = [sys.executable, "-c", CHILD, address, str(10 * number), str(10 * number + 9)]
        states.append(subprocess.run(child, capture_output=True, text=True, check=True).stdout.strip())
    assert states[0] != "attack"
    assert states[-1] == "attack"
    observation = attempt(watch, "kim", succeeded=True, known=True)
    assert observation == breachdex.Observation("challenge", "attack", "attack", is_suspect_log_in=True)
    assert (watch.advise(ATTACKER), watch.advise("192.0.2.1")) == ("challenge", "allow")
    assert asyncio.run(watch.aadvise(ATTACKER)) == "challenge"
    [attack] = attacks
    assert attack.since is not None
    assert {"reason": "sources", "count": 1} in attack.reasons
    assert radar.faults == 0
    if over == "tcp":
        with urllib.request.urlopen(f"{address}/metrics", timeout=60) as answer:
            shown = answer.read().decode()
        assert "breachdex_radar_state 2\n" in shown
        assert 'breachdex_radar_attempts_total{outcome="failed"} 28\n' in shown
        assert "breachdex_radar_suspect_log_ins_total 1\n" in shown
    radar.close()


def test_what_an_attacker_types_makes_no_sidecar_refuse(start: Callable[..., str], tmp_path: Path) -> None:
    address = start("--listen", f"unix:{tmp_path}/s", "--radar-on-attack", "deny")
    radar = SidecarRadar(address, timeout=30)
    watch = LogInWatch(radar)
    odd = ["", "\0", "\udc80", "長" * 100_000, "\U0001f600" * 1000, '"\\\n\u2028', "\x7f\x1b", "a" * 2000]
    for account in odd:
        for source in odd:
            watch.tell(source, account, succeeded=False, exposed=None, known=False)
    assert radar.faults == 0
    for number in range(40):
        last = attempt(watch, f"victim{number}")
    assert last.advice == "deny"
    radar.close()


def test_a_token_opens_the_sidecar(
    start: Callable[..., str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = tmp_path / "token"
    token.write_text("0123456789abcdef0123456789abcdef\n")
    token.chmod(0o600)
    address = start("--listen", f"unix:{tmp_path}/s", "--token-file", str(token))
    for radar, faults in (
        (SidecarRadar(address, timeout=30, token_file=token), 0),
        (SidecarRadar(address, timeout=30), 1),
    ):
        radar.observe(ATTACKER, "kim", succeeded=False)
        assert radar.faults == faults
        radar.close()
    assert "(it answered 401)" in caplog.text
