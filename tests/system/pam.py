"""PAM: pamtester asks the real libpam, pam_unix and pam_exec."""

from __future__ import annotations

from pathlib import Path

from stage import EXPOSED, FINE, Stage, Wrong, expect, must, need, run

USER = "breachdex-probe"
SERVICE = "breachdex-test"
REASON = "in a list of passwords that leaked"


def exec_line(kind: str, door: str, log: Path) -> str:
    """A line of a service file that runs a check."""
    return f"{kind} requisite pam_exec.so seteuid expose_authtok log={log} {door}\n"


def service(text: str) -> None:
    """Writes the service file that the next questions are asked with."""
    (Path("/etc/pam.d") / SERVICE).write_text(text)


def ask(action: str, *typed: str) -> tuple[bool, str]:
    """What PAM says to a user who types these lines, and what it prints."""
    done = run(["pamtester", SERVICE, USER, action], input="".join(f"{line}\n" for line in typed))
    return done.returncode == 0, done.stdout + done.stderr


def password_is(password: str) -> None:
    """Sets the user's password past all checks."""
    must(["chpasswd"], input=f"{USER}:{password}\n")


def log_in(stage: Stage, door: str, password: str, typed: str | None = None) -> tuple[bool, str, str]:
    """A log-in with a password: whether it is let in, what is printed, and what the check logged."""
    log = stage.folder / "pam.log"
    log.write_text("")
    password_is(password)
    service("auth requisite pam_unix.so\n" + exec_line("auth", door, log))
    is_in, printed = ask("authenticate", password if typed is None else typed)
    return is_in, printed, log.read_text()


def judge_log_in(stage: Stage) -> None:
    """The check after a verified password."""
    check = stage.door(stage.index, "--messages", "--event", "log-in", "--user-name-from", "PAM_USER")
    is_in, _, log = log_in(stage, check, FINE)
    expect("a log-in with a password that is not exposed", (True, ""), (is_in, without_head(log)))
    is_in, _, log = log_in(stage, check, EXPOSED)
    expect("a log-in with an exposed password", False, is_in)
    if REASON not in log or EXPOSED in log:
        raise Wrong(f"the reason of a refusal is: {log}")
    is_in, _, log = log_in(stage, check, EXPOSED, typed="something else")
    expect("a log-in with a wrong password", (False, ""), (is_in, log))


def judge_reason(stage: Stage) -> None:
    """With `stdout` the user reads the reason."""
    check = stage.door(stage.index, "--messages", "--event", "log-in")
    password_is(EXPOSED)
    service(
        f"auth requisite pam_unix.so\nauth requisite pam_exec.so quiet seteuid expose_authtok stdout {check}\n"
    )
    is_in, printed = ask("authenticate", EXPOSED)
    expect("a log-in with an exposed password", False, is_in)
    if REASON not in printed or "exit code" in printed:
        raise Wrong(f"the user reads: {printed}")
    service(
        f"auth required pam_unix.so\nauth optional pam_exec.so quiet seteuid expose_authtok stdout {check}\n"
    )
    is_in, printed = ask("authenticate", EXPOSED)
    expect("a log-in that is only warned", (True, True), (is_in, REASON in printed))


def judge_faults(stage: Stage) -> None:
    """What an index does that is missing or damaged."""
    for name, index in (("missing", stage.missing), ("damaged", stage.damaged)):
        flags = ("--quiet", "--event", "log-in")
        is_in, _, log = log_in(stage, stage.door(index, *flags), FINE)
        expect(f"a log-in without the wrapper, index {name}", (False, True), (is_in, "error" in log))
        is_in, _, log = log_in(stage, stage.door(index, *flags, opens=True), FINE)
        expect(f"a log-in with the wrapper, index {name}", (True, True), (is_in, "accepted unchecked" in log))
    # The wrapper opens nothing else.
    is_in, _, _ = log_in(stage, stage.door(stage.index, "--quiet", "--event", "log-in", opens=True), EXPOSED)
    expect("a log-in with the wrapper, password exposed", False, is_in)


def gets_new_password(stage: Stage) -> bool:
    """Whether this Linux-PAM hands the new password to pam_exec at a change: from 1.6.0 on."""
    heard = stage.folder / "heard"
    script = stage.folder / "hear"
    script.write_text(f"#!/bin/sh\nwc -c > {heard}\nexit 1\n")
    script.chmod(0o755)
    service(exec_line("password", str(script), stage.folder / "pam.log"))
    ask("chauthtok", FINE, FINE)
    return int(heard.read_text()) == len(FINE)


def judge_change(stage: Stage) -> str:
    """A change of the password. Returns what this version can do."""
    log = stage.folder / "pam.log"
    log.write_text("")
    check = stage.door(stage.index, "--messages", "--event", "change", "--user-name-from", "PAM_USER")
    hears = gets_new_password(stage)
    password_is("the first password of all")
    service(exec_line("password", check, log) + "password required pam_unix.so use_authtok yescrypt\n")
    before = shadow()
    changed = [ask("chauthtok", password, password)[0] for password in (EXPOSED, f"{USER}-2026!")]
    expect("changes to an exposed password and to the user's name", [False, False], changed)
    expect("the password that is stored", before, shadow())
    is_changed, _ = ask("chauthtok", FINE, FINE)
    expect("a change to a password that is not exposed", (hears, hears), (is_changed, before != shadow()))
    if not hears and "nothing was asked" not in log.read_text():
        raise Wrong(f"a check that gets no password says: {log.read_text()}")
    if EXPOSED in log.read_text() or FINE in log.read_text():
        raise Wrong("a password is in the log")
    return (
        "checks changes"
        if hears
        else "refuses every change, because pam_exec gets no password (before 1.6.0)"
    )


def shadow() -> str:
    """The line of the user in /etc/shadow."""
    return next(line for line in Path("/etc/shadow").read_text().splitlines() if line.startswith(f"{USER}:"))


def without_head(log: str) -> str:
    """A log of pam_exec without the lines that begin each run."""
    return "".join(line for line in log.splitlines() if not line.startswith("***"))


def judge(stage: Stage) -> str:
    """All of it."""
    need("pamtester", "useradd", "chpasswd", "logger")
    must(["useradd", "--no-create-home", USER])
    judge_log_in(stage)
    judge_reason(stage)
    judge_faults(stage)
    return judge_change(stage)
