"""Shops of ``examples/django-shop``, each a process of its own, and people who fill in its forms."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlencode, urlsplit

import breachdex
from breachdex._breachdex import messages

HERE: Final = Path(__file__).resolve().parent
SHOP: Final = HERE.parent / "django-shop"
PACKAGE: Final = Path(breachdex.__file__).resolve().parents[1]
COMMAND: Final = (
    [os.environ["INCIDENTS_COMMAND"]]
    if os.environ.get("INCIDENTS_COMMAND")
    else [sys.executable, "-m", "breachdex"]
)
"""The command: that of the package, or a binary."""
OPENS_WITHIN: Final = 60.0
CSRF: Final = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
ADD: Final = """
import json
from django.utils import timezone
from members.models import Member
rows = json.loads({rows!r})
for email, password in rows:
    member = Member(email=email, name="Mio", confirmed_at=timezone.now())
    member.set_password(password)
    member.save()
"""


class PlayError(RuntimeError):
    """Something did not go as an incident goes."""


def kept_environment() -> dict[str, str]:
    """The environment that every program gets: nothing of the machine's settings of breachdex."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join((str(PACKAGE), str(HERE))), "PYTHONDONTWRITEBYTECODE": "1"}


def command(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Runs ``breachdex``; passwords go through ``stdin``."""
    return subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        env=kept_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def must(*arguments: str, stdin: str = "") -> str:
    """Runs ``breachdex``, which has to succeed. Returns what it prints."""
    done = command(*arguments, stdin=stdin)
    if done.returncode != 0:
        raise PlayError(f"breachdex {arguments[0]} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


@dataclass(frozen=True)
class Seen:
    """What a person sees after sending a form."""

    status: int
    location: str
    text: str
    session: str | None

    def says(self, code: str) -> bool:
        """Whether one of breachdex's own messages is on the page."""
        return messages("en")[code] in unescape(self.text)


class Shop:
    """A running shop, open while the block lasts."""

    def __init__(self, folder: Path, index: Path | None = None, **environment: str) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "shop.log"
        self._environment = {
            **kept_environment(),
            "DJANGO_SETTINGS_MODULE": "incident_settings",
            "SHOP_PYTHON": sys.executable,
            "SHOP_VAR": str(folder / "var"),
            "PORT": "0",
            **({} if index is None else {"BREACHDEX_INDEX": str(index)}),
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._address = ("", 0)
        self._token = self._cookie = ""

    def begin(self) -> Self:
        """Starts it, without waiting until it is open."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(SHOP / "run")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
            )
        return self

    def __enter__(self) -> Self:
        process = self._process or self.begin()._process
        end = time.monotonic() + OPENS_WITHIN
        while time.monotonic() < end and process is not None and process.poll() is None:
            found = re.search(r"server at http://(127\.0\.0\.1):(\d+)/", self.logged())
            if found:
                self._address = (found[1], int(found[2]))
                return self
            time.sleep(0.02)
        self.__exit__()
        raise PlayError(f"the shop did not open: {self.logged().strip().splitlines()[-1:]}")

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)

    @property
    def process(self) -> int:
        """The number of its process."""
        if self._process is None:
            raise PlayError("the shop is closed")
        return self._process.pid

    def logged(self) -> str:
        """What it said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def add_members(self, rows: Iterable[tuple[str, str]]) -> None:
        """Puts accounts into the database, as from before any check; their addresses are confirmed."""
        script = ADD.format(rows=json.dumps(list(rows)))
        done = subprocess.run(
            [sys.executable, "manage.py", "shell"],
            cwd=SHOP,
            env=self._environment,
            input=script,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise PlayError(f"members cannot be added: {done.stderr.strip()}")

    def mails(self, to: str) -> list[str]:
        """The texts that were mailed to an address, the oldest first."""
        texts = []
        for file in sorted((self._folder / "var" / "mail").glob("*.eml")):
            message = message_from_bytes(file.read_bytes(), policy=policy.default)
            if str(message["To"]) == to:
                texts.append(str(message.get_content()))
        return texts

    def link(self, to: str) -> str:
        """The first link of the newest mail to an address, as a path."""
        found = re.search(r"http://\S+", self.mails(to)[-1])
        if found is None:
            raise PlayError("a mail has no link")
        parts = urlsplit(found[0])
        return parts.path

    def get(self, path: str, session: str | None = None) -> Seen:
        """Opens a page."""
        return self._ask("GET", path, session, None, {})

    def post(self, path: str, source: str = "", session: str | None = None, **fields: str) -> Seen:
        """Sends a form, from an address as the shop's proxy would say it."""
        if not self._token:
            page = self._ask("GET", "/members/sign-in/", None, None, {})
            found = CSRF.search(page.text)
            if found is None:
                raise PlayError(f"the page of the form is {page.status}")
            self._token = found[1]
        body = urlencode({**fields, "csrfmiddlewaretoken": self._token})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if source:
            headers["X-Forwarded-For"] = source
        return self._ask("POST", path, session, body, headers)

    def sign_in(self, email: str, password: str, source: str = "") -> Seen:
        """Sends the form of members."""
        return self.post("/members/sign-in/", source, username=email, password=password)

    def join(self, email: str, password: str) -> Seen:
        """Sends the form of new members."""
        return self.post("/members/join/", name="Mio", email=email, new_password=password)

    def _ask(
        self, method: str, path: str, session: str | None, body: str | None, headers: dict[str, str]
    ) -> Seen:
        cookies = {"csrftoken": self._cookie, "sessionid": session or ""}
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items() if value)
        connection = http.client.HTTPConnection(*self._address, timeout=30)
        try:
            connection.request(method, path, body, {**headers, **({"Cookie": cookie} if cookie else {})})
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", errors="replace")
        finally:
            connection.close()
        set_cookies = ";".join(answer.headers.get_all("Set-Cookie") or [])
        token = re.search(r"csrftoken=(\w+)", set_cookies)
        if token and not self._cookie:
            self._cookie = token[1]
        found = re.search(r"sessionid=(\w+)", set_cookies)
        return Seen(answer.status, answer.headers.get("Location", ""), text, found[1] if found else None)
