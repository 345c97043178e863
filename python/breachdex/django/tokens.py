"""Ends the tokens of an account whose password expired: those of Django REST framework, and JSON Web Tokens.

A session ends with the password that it was opened with, because Django keeps a hash of that in it. A token does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.apps import apps  # type: ignore[import-untyped]
from django.conf import settings as django_settings  # type: ignore[import-untyped]
from django.utils import timezone  # type: ignore[import-untyped]
from django.utils.module_loading import import_string  # type: ignore[import-untyped]

TOKEN_APP: Final = "authtoken"
"""The label of ``rest_framework.authtoken``."""

BLACKLIST_APP: Final = "token_blacklist"
"""The label of ``rest_framework_simplejwt.token_blacklist``, and of the same app of Ninja JWT."""


def end(user: Any) -> None:
    """Deletes the user's tokens of Django REST framework and blacklists all refresh tokens that are not yet over."""
    if apps.is_installed("rest_framework.authtoken"):
        apps.get_model(TOKEN_APP, "Token").objects.filter(user=user).delete()
    if has_blacklist():
        outstanding = apps.get_model(BLACKLIST_APP, "OutstandingToken")
        blacklisted = apps.get_model(BLACKLIST_APP, "BlacklistedToken")
        alive = outstanding.objects.filter(user=user, expires_at__gt=timezone.now())
        # Another request may blacklist the same ones meanwhile.
        rows = [blacklisted(token=token) for token in alive.filter(blacklistedtoken=None)]
        blacklisted.objects.bulk_create(rows, ignore_conflicts=True)


def has_blacklist() -> bool:
    """Whether the project keeps a list of refresh tokens that are refused."""
    return BLACKLIST_APP in {config.label for config in apps.get_app_configs()}


def uses_jwt() -> bool:
    """Whether the project names SimpleJWT or Ninja JWT anywhere in its settings."""
    return has_blacklist() or any(_named())


def checks_password() -> bool:
    """Whether an access token is refused once the password that it was issued for is another."""
    stated = [getattr(django_settings, name, None) for name in ("SIMPLE_JWT", "NINJA_JWT")]
    return any(bool(one.get("CHECK_REVOKE_TOKEN")) for one in stated if isinstance(one, dict))


def _named() -> Iterator[bool]:
    yield any(apps.is_installed(name) for name in ("rest_framework_simplejwt", "ninja_jwt"))
    yield any(hasattr(django_settings, name) for name in ("SIMPLE_JWT", "NINJA_JWT"))
    yield bool((getattr(django_settings, "REST_AUTH", None) or {}).get("USE_JWT"))
    for path in (getattr(django_settings, "REST_FRAMEWORK", None) or {}).get(
        "DEFAULT_AUTHENTICATION_CLASSES", ()
    ):
        kind = import_string(path) if isinstance(path, str) else path
        yield any("jwt" in base.__module__ for base in kind.__mro__)
