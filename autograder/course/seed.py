"""The course seed: the one secret from which every hidden input is drawn."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
import pathlib
import secrets

FILE = ".course_seed"
VARIABLE = "COURSE_SEED"


class SeedError(RuntimeError):
    """The course seed cannot be read or made; the message says what to do."""


def course_seed(root: pathlib.Path) -> str:
    """The seed from the environment (COURSE_SEED) or from ROOT/.course_seed, made once with mode 600.

    A group of teachers may share the file: mode 640 is fine. Raises SeedError.
    """
    if os.environ.get(VARIABLE):
        return os.environ[VARIABLE]
    path = root / FILE
    try:
        if not path.exists():
            make_seed(path)
        seed = path.read_text(encoding="utf-8").strip()
    except PermissionError:
        raise SeedError(
            f"{path} belongs to another user and {getpass.getuser()} cannot read it. Let its owner share it with the "
            f"teachers' group (chgrp GROUP {path}; chmod 640 {path}), or set the variable {VARIABLE} to the same seed."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SeedError(f"The course seed {path} cannot be read: {error}.") from None
    if not seed:
        raise SeedError(
            f"{path} is empty. Restore the seed from your copy; if nothing is graded yet, delete the file and a new one is "
            "made."
        )
    return seed


def make_seed(path: pathlib.Path) -> None:
    """Write a new seed, unless another grader was first: then its seed is the course's."""
    draft = path.with_name(f"{FILE}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_hex(16) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def fingerprint(seed: str) -> str:
    """What a graded notebook says of the seed: enough to tell two seeds apart, nothing to draw inputs from."""
    return hashlib.sha256(f"course seed: {seed}".encode()).hexdigest()[:16]
