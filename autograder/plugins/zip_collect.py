"""`nbgrader zip_collect`: refuses what nbgrader would pass over, with exit code 0, as an empty folder.

A student's own zip may hold files under any name, may be broken, and may be far larger than it looks.
"""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from nbgrader.plugins.zipcollect import ExtractorPlugin, FileNameCollectorPlugin
from nbgrader.utils import unzip

from autograder.grading.files import MAX_FILE
from autograder.grading.handed_in import shown
from autograder.plugins.names import is_folder_name, unknown_assignment

NO_PATTERN = (
    "nbgrader cannot tell whose files these are. A zip of Canvas, Moodle or Gradescope: `autograder collect-zip`, see "
    "docs/lms.md. Of another platform: set c.FileNameCollectorPlugin.named_regexp in nbgrader_config.py to how their names begin."
)
NESTED = 3  # zips in zips in zips; what is deeper stays packed


class Extractor(ExtractorPlugin):  # type: ignore[misc]
    """nbgrader makes it before it looks at any folder."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        app = self.parent
        if unknown := unknown_assignment(app.coursedir):
            app.fail(unknown)
        archive, extracted = map(app._format_collect_path, (app.archive_directory, app.extracted_directory))
        if not os.path.isdir(archive) and not os.path.isdir(extracted):
            app.fail(f"There is no folder {archive}. Make it, and put the zip of your learning platform into it.")
        collector = app.collector_plugin
        if issubclass(collector, FileNameCollectorPlugin) and not collector(parent=app).named_regexp:
            app.fail(NO_PATTERN)

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack as nbgrader does, and zips in zips; one that cannot be unpacked is named and stays as it is."""
        target = Path(extracted_path)
        for path in files_in(Path(archive_path)):
            folder = target / path.parent.relative_to(archive_path)
            folder.mkdir(parents=True, exist_ok=True)
            if path.suffix in self.zip_ext:
                self.unpack(path, folder)
            else:
                shutil.copy(path, folder / path.name)
        seen: set[Path] = set()
        for _ in range(NESTED):
            found = {path for path in files_in(target) if path.suffix in self.zip_ext} - seen
            for path in sorted(found):
                self.unpack(path, path.parent, MAX_FILE)
            seen |= found

    def unpack(self, path: Path, folder: Path, most: float = float("inf")) -> None:
        """Unpack one archive into a folder of its own name."""
        try:
            if size_of(path, most) > most:
                raise ValueError(f"more than {MAX_FILE >> 20} MiB")
            unzip(str(path), str(folder), zip_ext=self.zip_ext, create_own_folder=True)
        except Exception as error:  # broken, encrypted, too large: whoever made it, the others are collected
            self.log.error("%s is not unpacked (%s).", shown(str(path)), shown(str(error)))


class Collector(FileNameCollectorPlugin):  # type: ignore[misc]
    """nbgrader's, but that a zip of a student holds work of that student alone, and each file of it is handed in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.taken: set[tuple[str, str]] = set()

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Whose file this is, and its name; None for one that is not collected."""
        found: dict[str, str] | None = super().collect(submitted_file)
        if not found or not all(isinstance(found.get(key), str) for key in ("student_id", "file_id")):
            return found
        student, name = found["student_id"], os.path.splitext(found["file_id"])[0]
        owners = [match["student_id"] for zipped in zips_around(submitted_file) if (match := self.named(zipped))]
        if not is_folder_name(student) or any(owner != student for owner in owners):
            self.log.error("Not collected: %s says that it is of %s.", shown(submitted_file[-50:]), shown(student))
            return None
        if not found.get("timestamp"):  # nbgrader ends where two files of one name have none
            tries = (name if number == 1 else f"{name}-{number}" for number in count(1))
            name = next(each for each in tries if (student, each) not in self.taken)
            self.taken.add((student, name))
        return {**found, "file_id": f"{name}{os.path.splitext(submitted_file)[1]}"}

    def named(self, path: str) -> re.Match[str] | None:
        """A path as the course's pattern reads it."""
        return re.match(self.named_regexp, path)


def files_in(folder: Path) -> Iterator[Path]:
    """Every file below a folder."""
    for root, _, names in os.walk(folder):
        yield from (Path(root, name) for name in sorted(names))


def zips_around(path: str) -> Iterator[str]:
    """The archives that a file was unpacked from: each is beside the folder of its name."""
    for folder in Path(path).parents:
        yield from (str(f) for end in (".zip", ".gz", ".tar.gz") if (f := Path(f"{folder}{end}")).is_file())


def size_of(path: Path, most: float) -> float:
    """How large an archive is, unpacked; of a tar no more is read than decides whether that is too much."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    size = 0
    if most < float("inf"):
        with tarfile.open(path) as tar:
            for entry in tar:
                size += entry.size
                if size > most:
                    break
    return size
