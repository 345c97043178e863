"""The shop's own settings, with a hash that costs nothing: most tests are not about hashing."""

from __future__ import annotations

from shop.settings import *  # type: ignore[import-not-found]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
