"""Real servers: they refuse to boot with an index that cannot be used, and serve with one that can."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import breachdex
import pytest

HERE = Path(__file__).resolve().parent
PACKAGE = Path(breachdex.__file__).resolve().parent.parent
SERVERS = {
    "gunicorn --preload": ["gunicorn", "--preload", "--bind", "127.0.0.1:0", "django_site.wsgi"],
    "gunicorn": ["gunicorn", "--bind", "127.0.0.1:0", "django_site.wsgi"],
    "uvicorn": ["uvicorn", "--port", "0", "django_site.asgi:application"],
}


def environment(index: Path, **more: str) -> dict[str, str]:
    """Where the site is, and which index it asks."""
    paths = os.pathsep.join([str(HERE), str(PACKAGE)])
    return {**os.environ, "PYTHONPATH": paths, "TEST_BREACHDEX": json.dumps({"INDEX": str(index)}), **more}


@pytest.fixture
def damaged(tmp_path: Path, exposed_index: Path) -> Path:
    """An index of which the end is missing."""
    target = tmp_path / "damaged.bdx"
    target.write_bytes(exposed_index.read_bytes()[:-100])
    return target


def module(server: str) -> list[str]:
    """The command line."""
    name, *arguments = SERVERS[server]
    pytest.importorskip(name)
    return [sys.executable, "-m", name, *arguments]


@pytest.mark.parametrize("server", SERVERS)
def test_refuses_to_boot(server: str, damaged: Path) -> None:
    done = subprocess.run(
        module(server), check=False, env=environment(damaged), capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert (
        f"ImproperlyConfigured: breachdex.E002: An index is damaged: {damaged} is damaged: header at byte 64: the "
        "file is cut short; restore it from a copy or build it again. Fetch the index anew, or build it again."
    ) in said


@pytest.mark.parametrize(
    ("server", "sign"),
    [
        ("gunicorn --preload", "Booting worker"),
        ("gunicorn", "Booting worker"),
        ("uvicorn", "running on http"),
    ],
)
def test_boots(server: str, sign: str, exposed_index: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as file:
        running = subprocess.Popen(module(server), env=environment(exposed_index), stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + 60
        while sign not in log.read_text() and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.5)
        assert running.poll() is None, log.read_text()
        assert sign in log.read_text()
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=30)
    assert "breachdex.E" not in log.read_text()


def manage(command: str, index: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """``manage.py`` of the site."""
    return subprocess.run(
        [sys.executable, "-m", "django", command, "--settings", "django_site.settings"],
        check=False,
        env=environment(index, **more),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_building_an_image_without_an_index(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.bdx"
    assert manage("diffsettings", missing).returncode != 0
    assert manage("diffsettings", missing, BREACHDEX_SKIP_STARTUP="1").returncode == 0
    checked = manage("check", missing, BREACHDEX_SKIP_STARTUP="1")
    assert checked.returncode != 0
    assert f"(breachdex.E001) An index is missing: cannot open {missing}: " in checked.stderr
