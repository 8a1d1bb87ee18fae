"""Publishes one assignment's release in a repository of the students', with a note on what changed since the last time.

Students pull it with nbgitpuller, which commits their edits and merges with `-X ours`. A notebook that both sides changed is
never merged line by line: .gitattributes says so, and the student's stays as it is.
"""

from __future__ import annotations

import json
import pathlib
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from autograder.authoring.pack import release_files
from autograder.course.cells import nbgrader_of
from autograder.plugins.names import known_assignments

ATTRIBUTES = "*.ipynb -merge"  # a notebook that was changed on both sides is kept whole
NOTE = "CHANGES.md"
NO_HEADING = "Top"


class PublishError(LookupError):
    """Nothing was published; the message says why."""


@dataclass(frozen=True)
class Published:
    """What changed, a line each; nothing where the repository had this release already. warning: before it is pushed."""

    changes: tuple[str, ...]
    warning: str = ""


def publish(coursedir: Any, repository: pathlib.Path, today: datetime | None = None) -> Published:
    """Write release/ASSIGNMENT into the repository and commit it. Raises PublishError, LookupError."""
    name, files = coursedir.assignment_id, release_files(coursedir)
    refuse_own(repository)
    if not (repository / ".git").exists():
        if repository.is_dir() and any(repository.iterdir()):
            raise PublishError(
                f"{repository} is no git repository and not empty. Run `git init` in it, or name another."
            )
        repository.mkdir(parents=True, exist_ok=True)
        git(repository, "init", "--quiet", "--initial-branch=main")
    if git(repository, "status", "--porcelain", "--", name, NOTE, ".gitattributes"):
        raise PublishError(f"{repository} has changes of {name} that are not committed. Commit or undo them first.")
    before = tracked_files(repository, name)
    changes = differences(before, files)
    if not changes:
        return Published(())
    for gone in before.keys() - files.keys():
        (repository / name / gone).unlink()
    (repository / name).mkdir(exist_ok=True)
    for one, data in files.items():
        (repository / name / one).write_bytes(data)
    keep_notebooks_whole(repository / ".gitattributes")
    note(repository / NOTE, f"{name}, {(today or datetime.now(UTC)).date()}", changes)
    paths = [name, NOTE, ".gitattributes"]
    git(repository, "add", "--all", "--", *paths)
    git(
        repository,
        "commit",
        "--quiet",
        "-m",
        f"{name}: {'a new release' if before else 'the first release'}",
        "--",
        *paths,
    )
    return Published(tuple(changes), still_open(coursedir))


def refuse_own(repository: pathlib.Path) -> None:
    """Raise PublishError for a course directory: students must not see what else is in it."""
    if any((repository / name).exists() for name in ("nbgrader_config.py", "gradebook.db", "source")):
        raise PublishError(f"{repository} is a course directory, which has the solutions. Name another folder.")


def git(repository: pathlib.Path, *arguments: str) -> str:
    """What git answers. Raises PublishError with git's own words."""
    ran = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise PublishError(f"git {arguments[0]}: {(ran.stderr or ran.stdout).strip()}")
    return ran.stdout


def tracked_files(repository: pathlib.Path, folder: str) -> dict[str, bytes]:
    """The files of a folder that the repository has, by name."""
    names = git(repository, "ls-files", "-z", "--", folder).split("\0")
    paths = [repository / name for name in names if name]
    return {path.name: path.read_bytes() for path in paths if path.parent == repository / folder and path.is_file()}


def keep_notebooks_whole(path: pathlib.Path) -> None:
    """Add our line to .gitattributes."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if ATTRIBUTES not in lines:
        path.write_text("\n".join([*lines, ATTRIBUTES, ""]), encoding="utf-8")


def note(path: pathlib.Path, heading: str, changes: Iterable[str]) -> None:
    """Put what changed on top of the note."""
    title = "# What changed\n"
    earlier = path.read_text(encoding="utf-8").removeprefix(title) if path.exists() else ""
    lines = "\n".join(f"- {change}" for change in changes)
    path.write_text(f"{title}\n## {heading}\n\n{lines}\n{earlier}", encoding="utf-8")


def differences(before: Mapping[str, bytes], files: Mapping[str, bytes]) -> list[str]:
    """What is new in a release, a line each: cells of the notebook by heading, and other files."""
    if not before:
        return ["the first release"]
    changed = []
    for name in sorted(before.keys() | files.keys()):
        if name not in files or name not in before:
            changed.append(f"{name}: {'no longer there' if name not in files else 'new'}")
        elif before[name] != files[name]:
            changed += changed_cells(before[name], files[name]) if name.endswith(".ipynb") else [f"{name}: changed"]
    return changed


def changed_cells(before: bytes, now: bytes) -> list[str]:
    """The headings under which cells of a notebook changed, in their order."""
    old, new = by_heading(before), by_heading(now)
    said = []
    for heading in [*new, *(heading for heading in old if heading not in new)]:
        was, has = old.get(heading, {}), new.get(heading, {})
        counts = {
            "changed": sum(was[cell] != has[cell] for cell in was.keys() & has.keys()),
            "new": len(has.keys() - was.keys()),
            "removed": len(was.keys() - has.keys()),
        }
        words = ", ".join(
            f"{count} {'cell' if count == 1 else 'cells'} {what}" for what, count in counts.items() if count
        )
        if words:
            said.append(f"{heading}: {words}")
    return said or ["the notebook: nothing that is shown"]


def by_heading(notebook: bytes) -> dict[str, dict[str, Any]]:
    """The cells of a notebook under each heading, by name; equal where they look the same and have the same points."""
    found: dict[str, dict[str, Any]] = {}
    heading = NO_HEADING
    for place, cell in enumerate(json.loads(notebook)["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and source.startswith("#"):
            heading = source.splitlines()[0].lstrip("# ").strip() or heading
        about = nbgrader_of(cell)
        key = about.get("grade_id") or cell.get("id") or str(place)
        found.setdefault(heading, {})[key] = (cell["cell_type"], source, about.get("points"))
    return found


def still_open(coursedir: Any) -> str:
    """A sentence where the assignment before this one can still be handed in: this one's given code answers it."""
    names = known_assignments(coursedir)
    at = names.index(coursedir.assignment_id)
    if at == 0:
        return ""
    earlier = names[at - 1]
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            due = gradebook.find_assignment(earlier).duedate
        except MissingEntry:
            due = None
    if due is not None and due <= datetime.now(UTC).replace(tzinfo=None):
        return ""
    until = f"is due {due} UTC" if due else "has no due date in the gradebook"
    return f"{earlier} {until}, and {coursedir.assignment_id} contains correct versions of its functions: push later."
