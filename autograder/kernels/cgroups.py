"""A cgroup for the cage, where the system has delegated one: memory, files in memory and processes bounded together.

Only cgroup v2 can be delegated safely. It is so below `systemd-run --user --scope -p Delegate=yes`, for example.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re

SYSTEM = pathlib.Path("/")
NEEDED = frozenset(("memory", "pids"))
OURS = "autograder"  # where the graders' own processes go: a cgroup that has controllers below has no process itself
TASKS = 192  # processes and threads of the warm parent, its helpers and one submission
PARENT = 256 << 20  # bytes of memory that the warm parent takes, and some to spare


def delegated(system: pathlib.Path = SYSTEM) -> pathlib.Path | None:
    """The cgroup below which this process may make others with the controllers NEEDED; None where there is none."""
    try:
        own = re.search(r"^0::/(.*)$", (system / "proc/self/cgroup").read_text(), re.MULTILINE)
        mounts = (system / "proc/self/mountinfo").read_text()
    except OSError:
        return None
    mounted = re.search(r"^\S+ \S+ \S+ / (\S+) .* - cgroup2 ", mounts, re.MULTILINE)
    if own is None or mounted is None:
        return None
    folder = system / mounted[1].lstrip("/") / own[1]
    folder = folder.parent if folder.name == OURS else folder
    try:
        found = (folder / "cgroup.controllers").read_text().split()
    except OSError:
        return None
    writable = all(os.access(folder / name, os.W_OK) for name in (".", "cgroup.procs", "cgroup.subtree_control"))
    return folder if set(found) >= NEEDED and writable else None


def make(folder: pathlib.Path, memory: int, name: str) -> pathlib.Path:
    """A cgroup below a delegated one, with room for a submission of so much memory. Raises OSError."""
    (folder / OURS).mkdir(exist_ok=True)
    for process in (folder / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            (folder / OURS / "cgroup.procs").write_text(process)
    (folder / "cgroup.subtree_control").write_text("+memory +pids")
    made = folder / name
    made.mkdir()
    for key, value in (("memory.max", memory + PARENT), ("memory.swap.max", 0), ("pids.max", TASKS)):
        if (made / key).exists() or key != "memory.swap.max":  # a kernel may have no swap
            (made / key).write_text(str(value))
    return made


def remove(made: pathlib.Path) -> None:
    """Remove a cgroup whose processes have ended; one that still ends is left to the system."""
    with contextlib.suppress(OSError):
        made.rmdir()
