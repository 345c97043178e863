"""A shop that looks at passwords where they are chosen, and lets in whoever has one."""

from __future__ import annotations

import quick_settings
from quick_settings import *

BREACHDEX = {**vars(quick_settings)["BREACHDEX"], "LOG_IN": "accept"}
