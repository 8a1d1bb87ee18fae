"""What the cage's root directory contains: system libraries, the students' Python with its packages, the self-check.

All of it is read-only. A ``Path`` in a command is a file of this machine, which whoever runs the command must be able to
read; a string is passed on as it is.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.kernels.cage_errors import course_exposed

INSIDE = pathlib.Path(__file__).parent / "inside"
SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/fonts", "/usr/share/zoneinfo")
SETTINGS = ("/etc/ld.so.cache", "/etc/fonts")
DEVICES = ("null", "zero", "full", "random", "urandom")  # and no terminal, through which two submissions could talk
PACKAGES = ("site-packages", "dist-packages")
Word = str | pathlib.Path


def confined(bwrap: pathlib.Path, python: pathlib.Path, files: pathlib.Path | None, config: int) -> list[Word]:
    """The bubblewrap command: an empty root with the students' Python, nothing of the course but ``files``, no network.

    config is a descriptor from which the pyvenv.cfg of the cage is read. Raises CourseExposedError where a folder that the
    students' Python needs holds the course.
    """
    layout = PythonLayout.of(python)
    layout.refuse_the_course([INSIDE, *([files] if files else [])])
    words: list[Word] = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    # Not root inside: Linux lets a process without CAP_SETFCAP map any user but 0 into the namespaces of its forks.
    words += ["--unshare-user", "--uid", "1000", "--gid", "1000", "--hostname", "student"]
    words += ["--proc", "/proc", "--dir", "/dev/shm", "--tmpfs", "/tmp", "--tmpfs", "/home", "--dir", "/given"]
    for device in DEVICES:
        words += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    for place in (*SYSTEM, *SETTINGS):
        words += system(pathlib.Path(place))
    words += layout.words()
    if layout.is_venv:
        words += ["--ro-bind-data", str(config), "/venv/pyvenv.cfg"]
    words += ["--ro-bind", INSIDE, "/kernel/inside"]
    if files is not None:
        words += ["--ro-bind", files, f"/given/{files.name}"]
    return [*words, "--remount-ro", "/", "--chdir", "/home", "--", f"/venv/bin/{python.name}"]


def system(place: pathlib.Path) -> list[Word]:
    """A file or folder of the system at its own path; a link stays a link; nothing where there is nothing."""
    if place.is_symlink() and not os.path.isabs(os.readlink(place)):
        return ["--symlink", os.readlink(place), str(place)]
    return ["--ro-bind", str(place), str(place)] if place.exists() else []


@dataclass(frozen=True)
class PythonLayout:
    """Where the parts of a Python are: program, standard library and, of an environment, the folders of its packages."""

    python: pathlib.Path
    program: pathlib.Path
    base: pathlib.Path
    standard: tuple[pathlib.Path, ...]
    packages: tuple[pathlib.Path, ...]
    is_venv: bool

    @classmethod
    def of(cls, python: pathlib.Path) -> PythonLayout:
        """Of the bin/python of an environment, or of a whole Python such as conda's."""
        prefix, program = python.parent.parent, pathlib.Path(os.path.realpath(python))
        config = settings_of(prefix)
        copied = "home" in config and program.is_relative_to(os.path.realpath(prefix))  # of `venv --copies`
        base = pathlib.Path(config["home"]).parent if copied else program.parent.parent
        standard = [path for lib in ("lib", "lib64") for path in sorted((base / lib).glob("python3*"))]
        packages = sorted(prefix.glob("lib/python3*/site-packages")) if config else []
        return cls(python, program, base, tuple(standard), tuple(packages), bool(config))

    @property
    def config(self) -> bytes:
        """The pyvenv.cfg of the cage: that of the environment says where the course is."""
        return f"home = {self.base / 'bin'}\ninclude-system-site-packages = false\n".encode()

    def words(self) -> Iterator[Word]:
        """Mount these parts, and emptiness over the packages of the Python that an environment was made from."""
        if str(self.base / "lib") not in SYSTEM:
            for path in sorted((self.base / "lib").glob("*.so*")) + list(self.standard):
                yield from system(path) if path.is_symlink() else ("--ro-bind", path, str(path))
        program = f"/venv/bin/{self.python.name}"
        if self.program.is_relative_to(self.base):
            yield from ("--ro-bind", self.program, str(self.program), "--symlink", str(self.program), program)
        else:
            yield from ("--ro-bind", self.program, program)
        if self.is_venv:
            for path in self.hidden():
                yield from ("--perms", "0555", "--tmpfs", str(path), "--remount-ro", str(path))
            for folder in self.packages:
                yield from ("--ro-bind", folder, f"/venv/lib/{folder.parent.name}/site-packages")

    def hidden(self) -> list[pathlib.Path]:
        """Where packages of other Pythons are, in what is mounted."""
        systems = [path for place in SYSTEM for path in sorted(pathlib.Path(place).glob("python3*"))]
        folders = {path.resolve() / name for path in (*self.standard, *systems) for name in PACKAGES}
        return sorted(path for path in folders if path.is_dir() and not path.is_symlink())

    def refuse_the_course(self, ours: Sequence[pathlib.Path]) -> None:
        """Raise CourseExposedError where a file of the course is in a folder of this Python, or in its prefix."""
        shared = (pathlib.Path("/usr"), pathlib.Path("/usr/local"))  # of which only known folders are mounted
        folders = [*self.standard, *self.packages, *([self.base] if self.base not in shared else [])]
        for mine in ours:
            for folder in folders:
                if mine.resolve().is_relative_to(folder.resolve()):
                    raise course_exposed(self.python, folder, mine)


def settings_of(prefix: pathlib.Path) -> dict[str, str]:
    """The pyvenv.cfg of an environment; empty where it is none."""
    try:
        lines = (prefix / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
