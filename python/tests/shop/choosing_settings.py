"""A shop that looks at passwords where they are chosen, and lets in whoever has one."""

from __future__ import annotations

from quick_settings import *

BREACHDEX = {**BREACHDEX, "LOG_IN": "accept"}
