"""The course seed: the one secret from which every hidden input is drawn."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import secrets

FILE = ".course_seed"
VARIABLE = "COURSE_SEED"


def course_seed(root: pathlib.Path) -> str:
    """The seed from the environment (COURSE_SEED) or from ROOT/.course_seed, made once with mode 600."""
    if os.environ.get(VARIABLE):
        return os.environ[VARIABLE]
    path = root / FILE
    if not path.exists():
        draft = path.with_name(f"{FILE}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_hex(16) + "\n")
        with contextlib.suppress(FileExistsError):  # another grader was first: its seed is the course's
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()


def fingerprint(seed: str) -> str:
    """What a graded notebook says of the seed: enough to tell two seeds apart, nothing to draw inputs from."""
    return hashlib.sha256(f"course seed: {seed}".encode()).hexdigest()[:16]
