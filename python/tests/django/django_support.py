"""What the tests of the Django app do again and again."""

from __future__ import annotations

from typing import Any


def log_in(client: Any, name: str, password: str, path: str = "/accounts/login/") -> Any:
    """Sends the log-in form."""
    return client.post(path, {"username": name, "password": password})


def who(client: Any) -> str:
    """What the home page says: a user name, or ``nobody``."""
    return str(client.get("/").content.decode())
