"""What the tests of the Django app do again and again."""

from __future__ import annotations

import html
from typing import Any


def log_in(client: Any, name: str, password: str, path: str = "/accounts/login/") -> Any:
    """Sends the log-in form."""
    return client.post(path, {"username": name, "password": password})


def who(client: Any) -> str:
    """What the home page says: a user name, or ``nobody``."""
    return str(client.get("/").content.decode())


def text(answer: Any) -> str:
    """What is read on a page."""
    return html.unescape(answer.content.decode())


def link_in(letter: Any) -> str:
    """The path of the link in a reset mail."""
    [link] = [word for word in letter.body.split() if "/accounts/reset/" in word]
    return str(link).removeprefix("http://testserver")


def open_link(client: Any, letter: Any) -> str:
    """Opens the link; the path of the form that it leads to."""
    return str(client.get(link_in(letter), follow=True).redirect_chain[-1][0])
