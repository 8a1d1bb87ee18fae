"""More rights: namespaces, mounts, tracing, programs of others, keys."""

from tests.hostile.controls import system

PLAIN = "a plain process"
LIBC = "import ctypes, os, platform\nlibc = ctypes.CDLL(None, use_errno=True)\narm = platform.machine() == 'aarch64'\n"
OWN = LIBC + "assert libc.unshare(0x10020000) == 0\n"  # a user and a mount namespace: what is mounted, nobody else sees

ATTACKS = (
    system("a user namespace of its own", LIBC + "assert libc.unshare(0x10000000) == 0", PLAIN),
    system("a mount in namespaces of its own", OWN + "assert libc.mount(b'x', b'/tmp', b'ramfs', 0, None) == 0", PLAIN),
    system(
        "an overlay over what is read-only",
        OWN + "assert libc.mount(b'x', b'/home', b'tmpfs', 0, b'size=4k') == 0",
        PLAIN,
    ),
    system("a network of its own", LIBC + "assert libc.unshare(0x50000000) == 0", PLAIN),
    system("the namespaces of the grader", "import os; os.open(f\"/proc/{at['victim']}/ns/user\", os.O_RDONLY)", PLAIN),
    system("to be traced", LIBC + "assert libc.ptrace(0, 0, 0, 0) == 0", PLAIN),
    system("another personality", LIBC + "assert libc.personality(0xffffffff) >= 0", PLAIN),
    system("a key", LIBC + "assert libc.syscall(217 if arm else 248, b'user', b'x', b'y', 1, -2) > 0", PLAIN),
    system("another program", "import subprocess; subprocess.run([at['python'], '-V'], check=True)", PLAIN),
    system("the shell", "import os; assert os.system('true') == 0", PLAIN),
    system(
        "a program instead of itself",
        "import os\nif os.fork() == 0: os.execv(at['python'], ['python', '-V'])\nassert os.wait()[1] == 0",
        PLAIN,
    ),
    system("a core dump", "import resource; assert resource.getrlimit(resource.RLIMIT_CORE)[1] != 0", PLAIN),
)
