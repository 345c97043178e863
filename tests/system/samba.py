"""Samba: samba-tool creates users in a domain of its own, whose settings name the check."""

from __future__ import annotations

import os
from pathlib import Path

from stage import EXPOSED, FINE, NotHere, Stage, Wrong, expect, need, run

ACCOUNT = ("--user-name-from", "SAMBA_CPS_ACCOUNT_NAME")
PERSON = ("--email-from", "SAMBA_CPS_USER_PRINCIPAL_NAME", "--full-name-from", "SAMBA_CPS_FULL_NAME")
SETUP = Path("/usr/share/samba/setup")


def provision(stage: Stage) -> Path:
    """Makes a domain in a folder; its settings."""
    need("samba-tool")
    if not (SETUP / "ad-schema").is_dir():
        raise NotHere("samba-ad-provision is not installed")
    folder = stage.folder / "domain"
    Path("/etc/samba/smb.conf").unlink(missing_ok=True)
    made = run(
        [
            "samba-tool",
            "domain",
            "provision",
            "--realm=BREACHDEX.TEST",
            "--domain=BREACHDEX",
            "--server-role=dc",
            f"--adminpass={FINE} Aa1",
            f"--targetdir={folder}",
            "--dns-backend=NONE",
            "--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb",
        ]
    )
    if made.returncode != 0:
        raise NotHere(f"no domain can be made here: {made.stderr.strip().splitlines()[-1:]}")
    return folder / "etc" / "smb.conf"


class Domain:
    """A domain whose settings are changed for each question."""

    def __init__(self, settings: Path) -> None:
        self._settings = settings
        self._plain = settings.read_text()
        self._made = 0

    def accepts(self, check: str, password: str, name: str | None = None, *more: str) -> bool:
        """Whether a user can be made with a password; nothing but the check may refuse it."""
        self._made += 1
        self._settings.write_text(
            self._plain.replace("[global]", f"[global]\n\tcheck password script = {check}", 1)
        )
        user = name or f"user{self._made}"
        # As root has it who starts a service: no variables of whoever runs the tests.
        environment = {"PATH": os.defpath, "LANG": "C.UTF-8"}
        made = run(
            ["samba-tool", "user", "create", user, password, *more, "-s", str(self._settings)],
            env=environment,
        )
        if made.returncode != 0 and "complexity" not in made.stderr:
            raise Wrong(f"samba-tool user create failed for another reason: {made.stderr}")
        return made.returncode == 0


def judge(stage: Stage) -> str:
    """All of it."""
    domain = Domain(provision(stage))
    flags = ("--quiet", "--event", "change")
    check = stage.door(stage.index, *flags, *ACCOUNT, *PERSON)
    # Windows' own rule wants three sorts of characters.
    fine = f"{FINE} Aa1"
    expect("a password that is not exposed", True, domain.accepts(check, fine))
    expect("an exposed password, not complex enough either", False, domain.accepts(check, EXPOSED))
    expect("the account's name", False, domain.accepts(check, "Yamada.Hanako-2026!", "yamada.hanako"))
    person = ("--given-name=Hanako", "--surname=Katsushika")
    expect("the full name", False, domain.accepts(check, "Hanako Katsushika 1!", None, *person))
    expect("another one's name", True, domain.accepts(check, "Hanako Katsushika 1!", None))
    # A name that a shell would run is only a name.
    marker = stage.folder / "marker"
    hostile = (f"--given-name=$(touch {marker})", f"--surname=`touch {marker}`")
    expect("a hostile name", (True, False), (domain.accepts(check, fine, None, *hostile), marker.exists()))
    for name, index in (("missing", stage.missing), ("damaged", stage.damaged)):
        closed, opened = stage.door(index, *flags), stage.door(index, *flags, opens=True)
        expect(f"index {name}, without the wrapper", False, domain.accepts(closed, fine))
        expect(f"index {name}, with the wrapper", True, domain.accepts(opened, fine))
    unset = stage.door(stage.index, *flags, "--user-name-from", "SAMBA_CPS_ACOUNT_NAME")
    expect("a variable that is misspelt", False, domain.accepts(unset, fine))
    return "refuses by Samba's own error, with the names of its variables"
