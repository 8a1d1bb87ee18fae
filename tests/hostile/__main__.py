"""`make hostile`: every attack with its walls and without them, as a table."""

from __future__ import annotations

import sys

from rich.console import Console

from tests.hostile.table import run

if __name__ == "__main__":
    sys.exit(run(Console(width=130), sys.argv[1:]))
