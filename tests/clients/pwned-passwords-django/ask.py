"""Puts passwords to a range server through PyPI's pwned-passwords-django: JSON in, JSON out.

In: {"url": URL, "padding": BOOL, "passwords": [PASSWORD, ...]}. Out, for each password: what the synchronous and
the asynchronous client said, a count or {"code", "params"} of an error, and what the validator that Django's
settings name said: null where it took the password, else its {"code", "params"}.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from typing import Any

import django  # type: ignore[import-not-found]
from django.conf import settings  # type: ignore[import-not-found]

VALIDATOR = "pwned_passwords_django.validators.PwnedPasswordsValidator"


def main() -> None:
    questions = json.load(sys.stdin)
    settings.configure(
        AUTH_PASSWORD_VALIDATORS=[{"NAME": VALIDATOR}],
        PWNED_PASSWORDS={"ADD_PADDING": questions["padding"], "API_TIMEOUT": 20.0},
        USE_I18N=False,
    )
    django.setup()
    logging.disable()
    # Only now, for the package reads the settings when it is imported.
    from pwned_passwords_django import api  # type: ignore[import-not-found]

    api.PwnedPasswords.api_endpoint = f"{questions['url']}/range/"
    json.dump(asyncio.run(ask_all(questions["passwords"])), sys.stdout, default=str)


async def ask_all(passwords: list[str]) -> list[dict[str, Any]]:
    """The asynchronous client keeps its connections, so that all questions share one event loop."""
    return [
        {
            "sync": synchronous(password),
            "async": await asynchronous(password),
            "validator": validator(password),
        }
        for password in passwords
    ]


def synchronous(password: str) -> Any:
    from pwned_passwords_django import api, exceptions

    try:
        return api.check_password(password)
    except exceptions.PwnedPasswordsError as error:
        return {"code": error.code.value, "params": error.params}


async def asynchronous(password: str) -> Any:
    from pwned_passwords_django import api, exceptions

    try:
        return await api.check_password_async(password)
    except exceptions.PwnedPasswordsError as error:
        return {"code": error.code.value, "params": error.params}


def validator(password: str) -> Any:
    from django.contrib.auth.password_validation import validate_password  # type: ignore[import-not-found]
    from django.core.exceptions import ValidationError  # type: ignore[import-not-found]

    try:
        validate_password(password)
    except ValidationError as refused:
        (error,) = refused.error_list
        return {"code": error.code, "params": error.params}
    return None


main()
