"""Starts a program as a user without rights: how the cage starts where root grades, so that it never runs as root.

A script of its own, ``python unprivileged.py UID PROGRAM WORDS``, since it must be one thread alone. WORDS is what
follows the program, as JSON; a word {"file": PATH} is a file that root can read. That user may be shut out of a folder
above it (/root, say), so each is mounted where everyone can reach it, in a mount namespace that ends with the program.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS = 0x20000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
STAGE = "/tmp"  # hidden from the program by what is mounted there; it needs nothing of it but the staged files


def main() -> None:
    """Stage the files, drop the rights, become the program; what keeps it from that is said in one line."""
    uid, program, words = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
    wheel = os.path.normpath(os.path.join(program, "../../.."))  # its libraries are in a folder beside its package
    try:
        staged = stage([wheel, *(word["file"] for word in words if isinstance(word, dict))])
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        for path, place in staged.items():
            if not os.access(place, os.R_OK | (os.X_OK if os.path.isdir(place) else 0)):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    except OSError as error:
        sys.exit(f"unprivileged: {error.filename or 'setresuid'}: {error.strerror}")
    command = [staged[word["file"]] if isinstance(word, dict) else word for word in words]
    try:
        os.execv(os.path.join(staged[wheel], os.path.relpath(program, wheel)), [program, *command])
    except OSError as error:
        sys.exit(f"unprivileged: bubblewrap: {error.strerror}")


def stage(paths: list[str]) -> dict[str, str]:
    """Mount each file or folder below STAGE; where even root may mount nothing, each stays where it is."""
    if LIBC.unshare(CLONE_NEWNS) != 0:
        return {path: path for path in paths}
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    opened = {path: os.open(path, os.O_PATH) for path in paths}
    mount("tmpfs", STAGE, "tmpfs", 0)
    os.chmod(STAGE, 0o755)
    staged = {}
    for number, (path, descriptor) in enumerate(opened.items()):
        place = staged[path] = f"{STAGE}/{number}"
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            os.mkdir(place)
        else:
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
        mount(f"/proc/self/fd/{descriptor}", place, None, MS_BIND)
        os.close(descriptor)
    return staged


def mount(source: str, target: str, kind: str | None, flags: int) -> None:
    """mount(2). Raises OSError."""
    if LIBC.mount(source.encode(), target.encode(), kind and kind.encode(), flags, None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


if __name__ == "__main__":
    main()
