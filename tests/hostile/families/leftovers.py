"""Something for the next submission: what one leaves, the next must not find."""

from tests.hostile.controls import system

PLAIN, SAME = "a plain process", "one process for both"
MEMORY = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"


def file_in(place: str) -> tuple[str, str]:
    """Leave a file in this folder; find it, and take it away."""
    path = f"__import__('os').path.expanduser('{place}/left_by_hostile')"
    return f"open({path}, 'w').write('solution')", f"import os\nassert open({path}).read()\nos.remove({path})"


ATTACKS = (
    system("a file in /tmp", file_in("/tmp")[0], then=file_in("/tmp")[1]),
    system("a file in /dev/shm", file_in("/dev/shm")[0], then=file_in("/dev/shm")[1]),
    system("a file at home", file_in("~")[0], PLAIN, file_in("~")[1]),
    system("a file here", "open('here', 'w').close()", PLAIN, "import os; assert os.path.exists('here')"),
    system(
        "shared memory",
        "from multiprocessing import shared_memory, resource_tracker\n"
        "resource_tracker.register = lambda *a: None\n"
        "shared = shared_memory.SharedMemory('hostile', True, 64); shared.buf[:4] = b'left'",
        PLAIN,
        "from multiprocessing import shared_memory\n"
        "left = shared_memory.SharedMemory('hostile'); assert bytes(left.buf[:4]) == b'left'; left.unlink()",
    ),
    system(
        "shared memory of System V",
        MEMORY + "assert libc.shmget(0x484F5354, 4096, 0o1600) >= 0",
        PLAIN,
        MEMORY + "number = libc.shmget(0x484F5354, 4096, 0o600); assert number >= 0; libc.shmctl(number, 0, None)",
    ),
    system("a module", "open('left.py', 'w').close()", PLAIN, "import left, os; os.remove('left.py')"),
    system("another NumPy", "import numpy\nnumpy.left = 1", SAME, "import numpy; assert numpy.left"),
    system("another built-in", "import builtins\nbuiltins.left = 1", SAME, "assert left"),
    system(
        "another self-check",
        "import sys\nsys.modules['selfcheck'] = 'left'",
        SAME,
        "import sys; assert sys.modules['selfcheck'] == 'left'",
    ),
    system("the environment", "import os\nos.environ['LEFT'] = '1'", SAME, "import os; assert os.environ['LEFT']"),
    system(
        "a signal handler",
        "import signal\nsignal.signal(10, print)",
        SAME,
        "import signal; assert signal.getsignal(10) is print",
    ),
    system(
        "a thread that waits for the next",
        "import threading, time\nleft = []\nthreading.Thread(target=lambda: left.append(1), daemon=True).start()",
        SAME,
        "import time; time.sleep(0.1); assert left",
    ),
    system(
        "a limit",
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
        SAME,
        "import resource; assert resource.getrlimit(7)[1] == 64",
    ),
)
