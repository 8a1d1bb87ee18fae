"""Landlock: below the mounts a second list of what a student's process may open, kept by another part of the kernel."""

from __future__ import annotations

import ctypes
import os
import struct

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every machine
VERSION, PATH_BENEATH = 1, 1
WRITE_FILE, READ_FILE, READ_FOLDER = 0b10, 0b100, 0b1000
READ = READ_FILE | READ_FOLDER
OWN = READ | WRITE_FILE | 0b1_0101_1011_0000  # and make and remove files, folders, links and pipes; no devices
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many rights on files each version knows
REFER, TRUNCATE = 1 << 13, 1 << 14
OWNED = ("/tmp", "/home", "/dev/shm")


def version() -> int:
    """The version of Landlock that this kernel has; 0 or less where there is none."""
    return int(ctypes.CDLL(None).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION))


def restrict() -> None:
    """From now on: read below the root except /proc, write in OWNED and to /dev/null, execute nothing. Raises OSError.

    It takes no_new_privs to be set.
    """
    known = version()
    handled = (1 << FILE_RIGHTS.get(known, 16)) - 1
    network = 0b11 if known >= 4 else 0  # connect, bind: nowhere
    scoped = 0b11 if known >= 6 else 0  # sockets without a file and signals: to this process alone
    attributes = struct.pack("=QQQ", handled, network, scoped)[: 8 if known < 4 else 16 if known < 6 else 24]
    ruleset = call(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    rules = {f"/{name}": READ for name in os.listdir("/") if name not in ("proc", "dev")} | {"/": READ_FOLDER}
    rules |= dict.fromkeys(OWNED, OWN | (REFER | TRUNCATE) & handled)
    rules |= {f"/dev/{name}": READ_FILE | WRITE_FILE for name in ("null", "zero", "full", "random", "urandom")}
    for place, rights in rules.items():
        if not os.path.islink(place):
            allow(ruleset, place, rights & handled)
    call(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def allow(ruleset: int, place: str, rights: int) -> None:
    """One rule: these rights on a folder and all below it, or on a file."""
    opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    try:
        call(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, opened), 0)
    finally:
        os.close(opened)


def call(number: int, *arguments: object) -> int:
    """One of Landlock's system calls. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(libc.syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), "landlock")
    return result
