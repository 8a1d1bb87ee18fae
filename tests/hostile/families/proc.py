"""The host through /proc: settings of the kernel, and the processes of whoever grades."""

from tests.hostile.controls import system

PLAIN = "a plain process"

ATTACKS = (
    system("the environment of the grader", "print(open(f\"/proc/{at['victim']}/environ\").read())", PLAIN),
    system("its command line", "assert open(f\"/proc/{at['victim']}/cmdline\").read()", PLAIN),
    system("its folder", "import os; assert os.listdir(f\"/proc/{at['victim']}/cwd\")", PLAIN),
    system("the host by its root", "print(open(f\"/proc/{at['victim']}/root{at['folder']}/secret\").read())", PLAIN),
    system("its open files", "import os; assert os.listdir(f\"/proc/{at['victim']}/fd\")", PLAIN),
    system("the list of processes", "import os; assert str(at['victim']) in os.listdir('/proc')", PLAIN),
    system("settings of the kernel", "assert open('/proc/sys/kernel/core_pattern').read()", PLAIN),
    system("what is mounted from where", "assert len(open('/proc/self/mountinfo').readlines()) > 3", PLAIN),
    system("who listens on the network", "assert f\"{at['tcp']:04X}\" in open('/proc/net/tcp').read()", PLAIN),
    system("its own descriptors again", "import os; assert os.listdir('/proc/self/fd')", PLAIN),
    system("its own place among those to be killed", "open('/proc/self/oom_score_adj', 'w').write('999')", PLAIN),
)
