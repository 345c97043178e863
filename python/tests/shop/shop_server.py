"""The example shop, started by its own one command, and what a test may do to it from outside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib.util import find_spec
from pathlib import Path

import breachdex
import pytest

if find_spec("django") is None:
    pytest.skip("Django is not installed: THE SHOP WAS NOT TRIED", allow_module_level=True)

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
# Where the tests themselves have breachdex from: an installed wheel, or the checkout.
PACKAGE = Path(breachdex.__file__).parents[1]
EXAMPLE = REPOSITORY / "examples" / "django-shop"

STARTS_WITHIN = 60.0
"""Seconds that the shop may take to open."""

SESSION = """
import sys
from django.contrib.sessions.backends.db import SessionStore
from members.models import Member
member = Member.objects.get(email={email!r})
session = SessionStore()
session["_auth_user_id"] = str(member.pk)
session["_auth_user_backend"] = "breachdex.django.backends.ExposedPasswordBackend"
session["_auth_user_hash"] = member.get_session_auth_hash()
session.create()
print(session.session_key)
"""


@dataclass(frozen=True)
class Mail:
    """What a member would read."""

    to: str
    subject: str
    text: str

    @property
    def link(self) -> str:
        """The first address in the text."""
        found = re.search(r"http://\S+", self.text)
        assert found is not None, self.text
        return found[0]


class Shop:
    """A running shop of its own: database, mails, secret key, index and port."""

    def __init__(self, folder: Path, index: Path, settings: str = "shop.settings") -> None:
        self.settings = settings
        self.var = folder / "var"
        self.index = index
        self.log = folder / "shop.log"
        self.url = ""

    @property
    def environment(self) -> dict[str, str]:
        """What ``run`` and ``manage.py`` are started with: this interpreter, and nothing of the machine's."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
        return {
            **kept,
            "PYTHONPATH": os.pathsep.join((str(PACKAGE), str(HERE))),
            "DJANGO_SETTINGS_MODULE": self.settings,
            "PYTHONDONTWRITEBYTECODE": "1",
            "SHOP_PYTHON": sys.executable,
            "SHOP_VAR": str(self.var),
            "BREACHDEX_INDEX": str(self.index),
            "PORT": "0",
        }

    def start(self) -> None:
        """Opens the shop on a free port."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(EXAMPLE / "run")],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=self.environment,
            )
        end = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < end and self._process.poll() is None:
            found = re.search(r"server at (http://127\.0\.0\.1:\d+)/", self.logged())
            if found:
                self.url = found[1]
                return
            time.sleep(0.05)
        self.stop()
        raise AssertionError(f"the shop did not open:\n{self.logged()}")

    def stop(self) -> None:
        """Closes the shop."""
        self._process.terminate()
        self._process.wait(timeout=20)

    def logged(self) -> str:
        """Everything that it has said so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def manage(self, *arguments: str, stdin: str = "") -> str:
        """Runs a command of Django's in the shop; secrets go through ``stdin``. Returns what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=EXAMPLE,
            env=self.environment,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def old_member(self, email: str, password: str, name: str = "Mio") -> None:
        """Adds a member whose password nobody looked at, straight into the database."""
        self.manage("old_member", email, "--name", name, stdin=f"{password}\n")

    def old_session(self, email: str) -> str:
        """The key of a session that this member opened before."""
        # Whatever is read from stdin runs; the key is the last line.
        return self.manage("shell", stdin=SESSION.format(email=email)).split()[-1]

    def mails(self, to: str | None = None) -> list[Mail]:
        """What was sent to an address, or to anybody, the oldest first."""
        everything = [self._read(file) for file in sorted((self.var / "mail").glob("*.eml"))]
        return [mail for mail in everything if to in (None, mail.to)]

    def _read(self, file: Path) -> Mail:
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert isinstance(message, EmailMessage)
        return Mail(str(message["To"]), str(message["Subject"]).strip(), message.get_content())
