"""The radar from Python: the same answers as in Rust, typed, without names."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import breachdex
import pytest

START = 1_790_553_600
KEY = b"a key for tests!"


def attacked(radar: breachdex.Radar, tries: int = 40) -> breachdex.Observation:
    """Lets one source try many accounts with exposed passwords."""
    for at in range(tries):
        observation = radar.observe(
            "203.0.113.9", f"victim{at}", succeeded=False, exposed=True, time=START + at
        )
    return observation


def test_one_source_raises_the_alarm() -> None:
    radar = breachdex.Radar(learns=False, key=KEY)
    assert radar.status().state == "quiet"
    assert (radar.status().since, radar.status().raised, radar.status().reasons) == (None, None, [])
    observation = attacked(radar)
    assert (observation.advice, observation.state, observation.source_state) == (
        "challenge",
        "attack",
        "attack",
    )
    status = radar.status()
    assert (status.state, status.since) == ("attack", START)
    assert status.raised is not None
    assert START + 10 <= status.raised <= START + 15
    assert {"reason": "sources", "count": 1} in status.reasons
    assert radar.advise("203.0.113.9") == "challenge"
    assert radar.advise("198.51.100.1") == "allow"
    assert repr(radar) == "<breachdex.Radar attack>"
    assert repr(observation) == "Observation(advice='challenge', state='attack', source_state='attack')"
    # Alarms end without attempts.
    assert radar.status(START + 3600).state == "quiet"


def test_deny_is_a_choice() -> None:
    radar = breachdex.Radar(on_attack="deny")
    assert attacked(radar).advice == "deny"
    assert radar.observe("198.51.100.1", "kim", succeeded=True, time=START + 60).advice == "allow"


def test_a_taken_account_is_told_at_once() -> None:
    told: list[tuple[str, str]] = []
    radar = breachdex.Radar(on_suspect_log_in=lambda account, source: told.append((account, source)))
    attacked(radar)
    observation = radar.observe("203.0.113.9", "lee", succeeded=True, exposed=True, time=START + 50)
    assert observation.is_suspect_log_in
    assert told == [("lee", "203.0.113.9")]
    radar.observe("198.51.100.1", "kim", succeeded=True, exposed=True, time=START + 50)
    assert len(told) == 1


def test_what_the_function_raises_comes_out_and_the_radar_goes_on() -> None:
    def told(account: str, source: str) -> None:
        # It may ask the radar.
        raise LookupError(radar.status().state)

    radar = breachdex.Radar(on_suspect_log_in=told)
    attacked(radar)
    with pytest.raises(LookupError, match="attack"):
        radar.observe("203.0.113.9", "lee", succeeded=True, time=START + 50)
    assert radar.status().state == "attack"


def test_a_state_is_saved_and_restored(tmp_path: Path) -> None:
    path = tmp_path / "radar.state"
    radar = breachdex.Radar(sources=1024)
    attacked(radar)
    radar.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = breachdex.Radar(path=path, sources=1024)
    assert again.advise("203.0.113.9") == "challenge"
    assert again.status().raised == radar.status().raised
    with pytest.raises(ValueError, match="has room for 1024 sources, the option sources asks for 2048"):
        breachdex.Radar(path=path, sources=2048)
    damaged = bytearray(path.read_bytes())
    damaged[100] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(breachdex.RadarStateError, match="its checksum does not match"):
        breachdex.Radar(path=path, sources=1024)
    with pytest.raises(breachdex.RadarStateError, match="cannot read") as raised:
        breachdex.Radar(path=tmp_path / "none")
    assert raised.value.filename == str(tmp_path / "none")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sources": 1000}, "the radar's option sources must be a power of two from 256 to 524288"),
        ({"on_attack": "block"}, "on_attack must be 'allow', 'delay', 'challenge' or 'deny'"),
        ({"on_suspicion": "deny"}, "on_suspicion must be allow, delay or challenge"),
        ({"usual_exposed": 0.95}, "usual_exposed must be from 0 to 0.8"),
    ],
)
def test_options_out_of_range(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        breachdex.Radar(**options)  # type: ignore[arg-type]


def test_times_out_of_range() -> None:
    radar = breachdex.Radar(sources=256)
    for time in (-1.0, 1e12, float("nan")):
        with pytest.raises(ValueError, match="time must be in seconds since 1970"):
            radar.observe("192.0.2.1", "kim", succeeded=True, time=time)


def test_nothing_shows_a_source_or_an_account(tmp_path: Path) -> None:
    radar = breachdex.Radar(sources=256)
    for at in range(40):
        observation = radar.observe("SENTINEL-1", f"SENTINEL-{at}", succeeded=at > 30, exposed=True)
    radar.save(tmp_path / "state")
    shown = f"{radar!r} {observation!r} {radar.status()!r} {radar.status().reasons}"
    assert "SENTINEL" not in shown
    assert b"SENTINEL" not in (tmp_path / "state").read_bytes()


def test_threads_share_one() -> None:
    radar = breachdex.Radar(sources=1024)

    def work(number: int) -> None:
        for at in range(500):
            radar.observe(f"10.0.{number}.{at % 250}", f"user{at}", succeeded=True, time=START + at)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert radar.status().state == "quiet"
