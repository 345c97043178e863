"""systemd: the units of docs/, in a system of their own that has this machine's files and nothing of its services."""

from __future__ import annotations

import hashlib
import os
import pty
import select
import signal
import time
from pathlib import Path

from stage import PROJECT, TIMEOUT, NotHere, Stage, Wrong, must, need, run

HERE = Path(__file__).resolve().parent / "units"
PREFIXES = range(0x21BC0, 0x21BC4)
ACTIVE, DONE, STOPPED = "success active running", "success inactive dead", "success inactive dead"
POLICY = 'profile = "nist"\nmfa = true\nrules = { exposed = false }\n'
PROXY = """upstream = "http://127.0.0.1:9000"
listen = "127.0.0.1:8081"
status-listen = "127.0.0.1:9091"
index = "/var/lib/breachdex/pwned.bdx"
login = ["POST /login user=email password=password"]
radar-state = "/var/lib/breachdex-proxy/radar"
"""
EXPECTED = f"""started breachdex.service: {ACTIVE}
range: 200, as breachdex-serve
reloaded breachdex.service: {ACTIVE}
rows of the next index: 3
updated breachdex-update.service: {DONE}
own.bdx: breachdex:breachdex 644
started breachdex-update.timer: success active waiting
started breachdex-sidecar.service: {ACTIVE}
sidecar: {{"status":"ok"}}, as breachdex-sidecar-run
socket: breachdex-sidecar 660, state: 600
restarted breachdex-sidecar.service: {ACTIVE}
verdict: "action":"accept"
verdict by the changed policy: "action":"reject"
started breachdex-proxy.service: {ACTIVE}
site: 200, proxy: {{"status":"ok"}}, as breachdex-proxy
reloaded breachdex-proxy.service: {ACTIVE}
stopped breachdex.service: {STOPPED}
stopped breachdex-sidecar.service: {STOPPED}
stopped breachdex-proxy.service: {STOPPED}
range by the socket: 200
started breachdex.service: {ACTIVE}
end""".splitlines()


def judge(stage: Stage) -> str:
    """Verifies the units, then boots systemd with them."""
    for program in ("unshare", "systemctl", "systemd-analyze", "curl", "runuser", "pivot_root"):
        need(program)
    if not Path("/lib/systemd/systemd").exists():
        raise NotHere("systemd is not installed")
    apart = [
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--mount-proc",
        "--uts",
        "--ipc",
        "--cgroup",
        "--net",
        "--kill-child",
    ]
    if run([*apart, "sh", "-c", "mount -t cgroup2 cgroup2 /mnt"]).returncode != 0:
        raise NotHere("this machine allows no system of its own in name spaces")
    folder = stage.folder / "units"
    folder.mkdir()
    _verify(stage, folder)
    for name, count, date in (("pwned", 8, "2026-06-04"), ("next", 9, "2026-06-11")):
        _index(stage, folder, name, count, date)
    (folder / "policy.toml").write_text(POLICY)
    (folder / "proxy.toml").write_text(PROXY)
    boot = ["bash", str(HERE / "boot.sh"), str(stage.command), str(PROJECT / "docs"), str(folder)]
    console = _on_a_terminal([*apart, *boot], folder / "logs" / "said")
    said = [line.rstrip() for line in (folder / "logs" / "said").read_text().splitlines()]
    for expected, found in zip(EXPECTED, [*said, *[""] * len(EXPECTED)], strict=False):
        if expected != found:
            logs = "\n".join(
                f"{log.name}: {log.read_text()[-600:]}" for log in sorted((folder / "logs").iterdir())
            )
            raise Wrong(f"systemd: {found!r} instead of {expected!r}\n{logs}\n{console[-1500:]}")
    return f"{len(EXPECTED)} steps of services, socket and timer, sandboxed as they say"


def _verify(stage: Stage, folder: Path) -> None:
    """`systemd-analyze verify` of every unit, which wants to see the command."""
    for unit in sorted((PROJECT / "docs").glob("breachdex*.*")):
        if unit.suffix in (".service", ".socket", ".timer"):
            text = unit.read_text().replace("/usr/local/bin/breachdex ", f"{stage.command} ")
            (folder / unit.name).write_text(text)
    for unit in sorted(folder.iterdir()):
        done = run(["systemd-analyze", "verify", "--man=no", str(unit)])
        if done.returncode != 0 or done.stderr.strip():
            raise Wrong(f"systemd-analyze verify {unit.name}: {done.stderr.strip()}")


def _index(stage: Stage, folder: Path, name: str, count: int, date: str) -> None:
    """An index of three rows under each prefix, all with the same count."""
    lines = folder / f"{name}.txt"
    with lines.open("w") as file:
        for prefix in PREFIXES:
            suffixes = sorted(
                hashlib.sha1(f"{name} {prefix} {row}".encode()).hexdigest().upper()[:35] for row in range(3)
            )
            file.writelines(f"{prefix:05X}{suffix}:{count}\n" for suffix in suffixes)
    covered = f"{PREFIXES[0]:05X}-{PREFIXES[-1]:05X}"
    index = folder / f"{name}.bdx"
    must([str(stage.command), "build", "--date", date, "--prefixes", covered, "-o", str(index), str(lines)])


def _on_a_terminal(arguments: list[str], said: Path) -> str:
    """Runs a program that wants a terminal, until the last line was said or its time is over; returns what it printed."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvp(arguments[0], arguments)
    printed, deadline = b"", time.monotonic() + TIMEOUT + 120
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                piece = os.read(terminal, 1 << 16)
            except OSError:
                break
            if not piece:
                break
            printed += piece
        if said.exists() and said.read_text().endswith("\nend\n"):
            break
    # Its first process takes all others with it.
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.close(terminal)
    return printed.decode(errors="replace")
