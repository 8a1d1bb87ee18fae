"""Other processes: signals, limits, priorities, and children that stay."""

from tests.hostile.controls import system

PLAIN = "a plain process"

ATTACKS = (
    system("end a process of the grader", "import os, signal; os.kill(at['victim'], signal.SIGTERM)"),
    system("ask whether it is there", "import os; os.kill(at['victim'], 0)"),
    system("end it by a descriptor", "import os, signal; signal.pidfd_send_signal(os.pidfd_open(at['victim']), 15)"),
    system(
        "change its limits", "import resource; resource.prlimit(at['victim'], resource.RLIMIT_NOFILE, (9, 9))", PLAIN
    ),
    system("change its priority", "import os; os.setpriority(os.PRIO_PROCESS, at['victim'], 19)", PLAIN),
    system(
        "pin it to a processor",
        "import os; pid = at['victim']; os.sched_setaffinity(pid, {min(os.sched_getaffinity(pid))})",
        PLAIN,
    ),
    system("a parent to signal", "import os; assert os.getppid() != 0; os.kill(os.getppid(), 0)"),
    system("a child", "import os\nif os.fork() == 0: os._exit(0)\nassert os.wait()[1] == 0", PLAIN),
    system(
        "a child that outlives it",
        "import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(0.5)\n"
        "    open(at['folder'] + '/late', 'w'); os._exit(0)\ntime.sleep(1)",
        PLAIN,
    ),
    system(
        "processes for a pool",
        "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) as pool: assert pool.map(abs, [-1]) == [1]",
        PLAIN,
    ),
)
