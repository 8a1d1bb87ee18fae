"""What holds for all of our tests."""

import os
import pathlib
import sys

for name in ("OMP", "OPENBLAS", "MKL"):  # before NumPy is loaded: CPU time of one thread, as in the students' process
    os.environ.setdefault(f"{name}_NUM_THREADS", "1")

# As after `source .venv/bin/activate`: messages then name a command without its path.
os.environ["PATH"] = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"

from tests.not_run import pytest_addoption, pytest_collection_modifyitems, pytest_terminal_summary  # noqa: E402

__all__ = ["pytest_addoption", "pytest_collection_modifyitems", "pytest_terminal_summary"]
