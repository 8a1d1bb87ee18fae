"""The machine used up. Every bomb is bounded: where nothing stops it, it takes 400 MiB, 90 processes or four seconds."""

from tests.hostile.controls import system

PLAIN = "a plain process"
FOREVER = "import time\nwhile True: time.sleep(0.1)"

ATTACKS = (
    system("memory", "held = bytearray(400 << 20)", PLAIN),
    system("an endless cell", FOREVER, PLAIN),
    system("memory piece by piece", "held = [bytes(range(256)) * 4096 for _ in range(400)]", PLAIN),
    system("memory of a file", "import os; os.write(os.memfd_create('x'), bytes(1 << 20))", PLAIN),
    system(
        "a full disk",
        "import os\ntry:\n    with open('full', 'wb') as file: [file.write(bytes(1 << 20)) for _ in range(100)]\n"
        "finally: os.remove('full')",
        PLAIN,
    ),
    system(
        "many files",
        "import os, shutil\nos.mkdir('many')\ntry: [open(f'many/{n}', 'w').close() for n in range(12_000)]\n"
        "finally: shutil.rmtree('many')",
        PLAIN,
    ),
    system("many descriptors", "import os; held = [os.open('/dev/null', 0) for _ in range(400)]", PLAIN),
    system(
        "many threads",
        "import threading, time\nfor _ in range(90): threading.Thread(target=time.sleep, args=(1,), daemon=True).start()",
        PLAIN,
    ),
    system(
        "many processes",
        "import os, time\nfor _ in range(90):\n    if os.fork() == 0: time.sleep(1); os._exit(0)",
        PLAIN,
    ),
    system("output", "for _ in range(80): print('x' * (100 << 10))", PLAIN),
    system(
        "pictures without end",
        "import sys\nfor _ in range(20): sys.stdout.write('y' * (1 << 20)); sys.stdout.flush()",
        PLAIN,
    ),
    system(
        "deaf to interrupts", "import signal\nfor n in (2, 14, 15): signal.signal(n, signal.SIG_IGN)\n" + FOREVER, PLAIN
    ),
    system("no end at the end", "import atexit, time\natexit.register(time.sleep, 600)\nraise SystemExit", PLAIN),
    system("a wait that nothing ends", "import threading; threading.Event().wait()", PLAIN),
    system("a regular expression", "import re; re.match('(a+)+$', 'a' * 40 + 'b')", PLAIN),
)
