"""The trials: what each client is asked, and what it must say. One module for each client."""

from __future__ import annotations

from trials import django, downloader, hibp
from trials.trial import Trial

TRIALS = (
    Trial("npm hibp", hibp.set_up, hibp.judge),
    Trial("PyPI pwned-passwords-django", django.set_up, django.judge),
    Trial("PyPI hibp-downloader", downloader.set_up, downloader.judge),
)
