"""``python -m breachdex`` is the command ``breachdex``."""

import sys

from breachdex._command import main

sys.exit(main())
