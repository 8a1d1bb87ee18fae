"""What `autograder doctor` looks at beside the cage: versions, the exchange, the rights of the course directory, a hub."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pathlib
import shutil
import stat
from dataclasses import dataclass
from typing import Any

from packaging.requirements import Requirement

from autograder.course.seed import FILE as SEED
from autograder.course.settings import ROOT, Course, scripts_on_path

PROXY = "configurable-http-proxy"
SHARED = stat.S_IWGRP | stat.S_ISGID


@dataclass(frozen=True)
class Finding:
    """A line of the table: what was looked at, whether it is in order, how it was tried, what to do if it is not."""

    what: str
    ok: bool
    tried: str
    todo: str = ""


def roads(course: Course) -> list[Finding]:
    """How work gets in and out. None of it keeps a machine from grading."""
    try:
        app = nbgrader_app(course.directory)
    except (Exception, SystemExit) as error:  # whatever a teacher's own file raises
        todo = f"correct {course.directory / 'nbgrader_config.py'}"
        return [versions(), Finding("nbgrader_config.py", False, f"ran it: {type(error).__name__}: {error}", todo)]
    course_id, root = app.coursedir.course_id, pathlib.Path(app.exchange_root)
    if not course_id:
        return [
            versions(),
            Finding("course id", True, "none, so no exchange: work is handed in and out by hand"),
            hub(),
        ]
    return [
        versions(),
        Finding("course id", True, f"{course_id} in nbgrader_config.py: students' must say the same"),
        *exchange(root, root / course_id, app.coursedir.groupshared),
        rights(course.directory, app.coursedir.groupshared),
        hub(),
    ]


def nbgrader_app(directory: pathlib.Path) -> Any:
    """nbgrader as it is set up in this course directory, with the exchange's root."""
    from nbgrader.apps import AutogradeApp
    from nbgrader.exchange.default import Exchange

    scripts_on_path()
    before = pathlib.Path.cwd()
    os.chdir(directory)  # where nbgrader looks for its configuration
    try:
        app = AutogradeApp()
        app.initialize([])
    finally:
        os.chdir(before)
    app.exchange_root = Exchange(config=app.config).root
    return app


def versions() -> Finding:
    """Whether what is installed is what pyproject.toml pins."""
    pinned = [Requirement(text) for text in importlib.metadata.requires("backprop-by-hand") or ()]
    wanted = [need for need in pinned if need.marker is None or need.marker.evaluate({"extra": ""})]
    differ = []
    for need in wanted:
        try:
            there = importlib.metadata.version(need.name)
        except importlib.metadata.PackageNotFoundError:
            there = "missing"
        if there == "missing" or there not in need.specifier:
            differ.append(f"{need.name} {there}, not {need.specifier}")
    said = "; ".join(differ) or f"{len(wanted)} packages are as pinned"
    return Finding("versions", not differ, said, "run `make venv`")


def exchange(root: pathlib.Path, folder: pathlib.Path, groupshared: bool) -> list[Finding]:
    """The exchange, the course's folder in it, and what students may do there."""
    make = (
        f"as root, run `mkdir -p {folder} && chmod 1777 {root}`, then give {folder} to the teachers (docs/operator.md)"
    )
    sticky = root.is_dir() and mode(root) & 0o1777 == 0o1777
    findings = [Finding("exchange", sticky, f"looked at the rights of {root}", make)]
    if not sticky:
        return findings
    if not folder.is_dir():
        return [*findings, Finding("exchange's folder", False, f"looked for {folder}", make)]
    ours = os.access(folder, os.W_OK | os.X_OK) and not mode(folder) & 0o002
    owner = f"run `chmod 2775 {folder}` and give it to the teachers' group" if groupshared else f"chown it to {user()}"
    findings.append(Finding("exchange's folder", ours, f"looked at the rights of {folder}", owner))
    for name, others, open_to_all in (("inbound", 0o3, 0o2733), ("feedback", 0o1, 0o711), ("outbound", 0o5, 0o755)):
        path = folder / name
        if path.is_dir():
            group = 0o2060 if groupshared else 0
            ok = mode(path) & 0o7 == others and os.access(path, os.R_OK | os.W_OK | os.X_OK)
            todo = f"as its owner, run `chmod {open_to_all | group:o} {path}`"
            findings.append(Finding(name, ok, f"looked at the rights of {path}", todo))
    return findings


def rights(directory: pathlib.Path, groupshared: bool) -> Finding:
    """Where students are users of this machine, nobody but teachers may look into the course directory."""
    if not groupshared:
        closed = not mode(directory) & 0o077
        return Finding("course directory", closed, "looked at its rights", f"run `chmod 700 {directory}`")
    kept = [path for name in (SEED, "gradebook.db") if (path := directory / name).exists()]
    ok = mode(directory) & SHARED == SHARED and not mode(directory) & 0o007
    ok = ok and all(mode(path) & 0o040 and not mode(path) & 0o007 for path in kept)
    todo = 'do as docs/operator.md says under "Several teachers"'
    return Finding(
        "course directory", ok, f"looked at the group's rights to {', '.join(['it', *map(str, kept)])}", todo
    )


def hub() -> Finding:
    """A JupyterHub in this environment, which needs a proxy."""
    if importlib.util.find_spec("jupyterhub") is None:
        return Finding("hub", True, "none in this environment; `make hub` brings up one to try")
    proxy = shutil.which(PROXY) or (ROOT / "node_modules" / ".bin" / PROXY).exists()
    said = f"jupyterhub {importlib.metadata.version('jupyterhub')}, {PROXY} {'found' if proxy else 'missing'}"
    return Finding("hub", bool(proxy), said, "run `make hub`, which installs it")


def mode(path: pathlib.Path) -> int:
    """The rights of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


def user() -> str:
    """Whoever runs this."""
    import getpass

    return getpass.getuser()
