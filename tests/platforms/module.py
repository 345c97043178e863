"""What the Python module does on another platform: builds, opens, looks up, judges. ``module.py FOLDER``"""

from __future__ import annotations

import hashlib
import platform
import sys
from pathlib import Path

import breachdex

path = Path(sys.argv[1]) / "module.bdx"
words = [f"word {number}" for number in range(3000)]
source = path.with_suffix(".txt")
source.write_text("\n".join(words), encoding="utf-8")
breachdex.build(source, path, format="passwords")

checks = 0
with breachdex.Index.open(path) as index:
    for word in words:
        assert index.count(word) == 1, word
        assert index.count(word + "!") == 0, word
        assert index.count_hash(hashlib.sha1(word.encode()).digest()) == 1, word
        checks += 3
assert breachdex.Index.starter().count("password") > 0
print(f"{breachdex.__version__} on {platform.machine()}, Python {platform.python_version()}")
print(f"{checks + 1} passed, 0 failed")
