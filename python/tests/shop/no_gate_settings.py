"""A shop that looks at no password: Django's own backend, and no validator of breachdex's."""

from __future__ import annotations

import quick_settings
from quick_settings import *

AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    validator
    for validator in vars(quick_settings)["AUTH_PASSWORD_VALIDATORS"]
    if not validator["NAME"].startswith("breachdex.")
]
