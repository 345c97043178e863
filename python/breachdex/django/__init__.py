"""Django refuses breached passwords at sign-up, change and reset, and acts when one logs in.

Put ``"breachdex.django"`` into ``INSTALLED_APPS`` and
``{"NAME": "breachdex.django.validators.ExposedPasswordValidator"}`` into ``AUTH_PASSWORD_VALIDATORS``.
"""

from __future__ import annotations
