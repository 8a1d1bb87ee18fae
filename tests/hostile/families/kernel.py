"""The kernel's wide surface: calls that no notebook needs, by their numbers."""

from tests.hostile.controls import system

CALLS = {  # what it is: number on x86_64, on aarch64, arguments
    "memfd_create": (319, 279, "b'x', 0"),
    "inotify_init1": (294, 26, "0"),
    "shmget": (29, 194, "0x484F5355, 4096, 0o1600"),
    "semget": (64, 190, "0x484F5355, 1, 0o1600"),
    "msgget": (68, 186, "0x484F5355, 0o1600"),
    "personality": (135, 92, "0xffffffff"),
    "ptrace": (101, 117, "0, 0, 0, 0"),
    "unshare": (272, 97, "0x10000000"),
    "pidfd_open": (434, 434, "os.getpid(), 0"),
    "splice": (275, 76, "0, 0, 0, 0, 0, 0"),
    "vmsplice": (278, 75, "0, 0, 0, 0"),
    "process_vm_readv": (310, 270, "os.getpid(), 0, 0, 0, 0, 0"),
    "name_to_handle_at": (303, 264, "-100, b'/tmp', room, ctypes.byref(ctypes.c_int()), 0"),
    "signalfd4": (289, 74, "-1, room, 8, 0"),
    "timerfd_create": (283, 85, "0, 0"),
    "mlock": (149, 228, "0, 0"),
    "ioprio_set": (251, 30, "1, 0, 0"),
    "set_mempolicy": (238, 237, "0, 0, 0"),
    "setpriority": (141, 140, "0, 0, 19"),
}
FREED = {
    "shmget": "libc.shmctl(got, 0, None)",
    "semget": "libc.semctl(got, 0, 0)",
    "msgget": "libc.msgctl(got, 0, None)",
}
CODE = """
import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
room = ctypes.create_string_buffer(b"\\x80\\0\\0\\0" + bytes(300), 304)
number = {arm} if platform.machine() == "aarch64" else {intel}
got = libc.syscall(*(ctypes.c_long(a) if type(a) is int else a for a in (number, {arguments})))
{freed}
assert got >= 0
"""

ATTACKS = tuple(
    system(
        name,
        CODE.format(intel=intel, arm=arm, arguments=arguments, freed=FREED.get(name, "")),
        "a plain process",
    )
    for name, (intel, arm, arguments) in CALLS.items()
)
