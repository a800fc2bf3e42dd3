"""``python -m fastmlp`` is the command ``fastmlp``; everything is in cli/."""

from __future__ import annotations

import sys

from fastmlp.cli import main

if __name__ == "__main__":
    sys.exit(main())
