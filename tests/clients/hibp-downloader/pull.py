"""Runs PyPI's hibp-downloader against another address than its own: URL, then the arguments that it takes."""

from __future__ import annotations

import sys

import hibp_downloader  # type: ignore[import-not-found]

hibp_downloader.PWNEDPASSWORDS_API_URL = sys.argv.pop(1)

# Only now, for its parts copy the constant when they are imported.
from hibp_downloader.main import entrypoint  # type: ignore[import-not-found]

if __name__ == "__main__":
    entrypoint()
