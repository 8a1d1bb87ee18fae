"""A course directory that several teachers share: what one of them makes, the others may write."""

from __future__ import annotations

import atexit
import contextlib
import os
import pathlib
import stat

SHARED = stat.S_IWGRP | stat.S_ISGID


def share_with_group(root: pathlib.Path) -> None:
    """In a course directory that teachers share, let the group write what this command makes.

    Shared is a directory that its group may write and whose group new files inherit (chmod g+ws). SQLite makes a gradebook
    that only its owner may write, whatever the umask is.
    """
    if (root.stat().st_mode & SHARED) != SHARED:
        return
    os.umask(os.umask(0o077) & ~0o070)  # whatever it was, without what it takes from the group
    atexit.register(open_gradebook, root / "gradebook.db")


def open_gradebook(path: pathlib.Path) -> None:
    """Let the group write a gradebook of ours."""
    with contextlib.suppress(OSError):  # somebody else's, or there is none
        if path.stat().st_uid == os.getuid():
            path.chmod(path.stat().st_mode | 0o660)
