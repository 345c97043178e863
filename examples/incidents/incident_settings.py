"""The shop's own settings, with the layers that an incident switches on or off: by the environment, for each shop."""

from __future__ import annotations

import os
from typing import Any

from django.core.exceptions import PermissionDenied  # type: ignore[import-untyped]
from shop import settings as _shop  # type: ignore[import-not-found]
from shop.settings import *  # type: ignore[import-not-found]

LAYER = os.environ.get("INCIDENT_LAYER", "log_in")
"""``none``, ``choosing`` (sign-up, change and reset) or ``log_in`` (and at log-in)."""
SIDECAR = os.environ.get("INCIDENT_SIDECAR", "")
"""The sidecar whose radar is told of log-ins; none where it is empty."""
OVERLAY = os.environ.get("INCIDENT_OVERLAY", "")
"""A list of the shop's own."""
ACTS = os.environ.get("INCIDENT_ACTS") == "1"
"""Whether the radar's advice is acted on."""

# What a hash costs is nothing to these incidents.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def challenge(request: Any, advice: str, user: Any) -> None:
    """Asks for a second factor, which an attacker with a list does not have: the shop has none, so nobody gets in."""
    if user is not None and advice in ("challenge", "deny"):
        raise PermissionDenied


BREACHDEX: dict[str, Any] = dict(_shop.BREACHDEX)
if LAYER == "none":
    AUTH_PASSWORD_VALIDATORS = [
        validator
        for validator in _shop.AUTH_PASSWORD_VALIDATORS
        if not validator["NAME"].startswith("breachdex.")
    ]
if LAYER != "log_in":
    BREACHDEX["LOG_IN"] = "accept"
if OVERLAY:
    BREACHDEX["OVERLAYS"] = [OVERLAY]
if SIDECAR:
    # Addresses are those that the incident says; a real shop trusts the header of its own proxy only.
    BREACHDEX["RADAR"] = {"SIDECAR": SIDECAR, "TIMEOUT": 5, "TRUSTED_PROXIES": ["127.0.0.1"]}
    MIDDLEWARE = [*_shop.MIDDLEWARE, "breachdex.django.middleware.radar_middleware"]
    if ACTS:
        BREACHDEX["RADAR"]["ON_ADVICE"] = "incident_settings.challenge"
