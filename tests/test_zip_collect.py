"""zip_collect: what a student packs into a zip is that student's work, and ends the command for nobody."""

from __future__ import annotations

import io
import pathlib
import zipfile

import pytest
from nbgrader.apps.zipcollectapp import ZipCollectApp
from nbgrader.coursedir import CourseDirectory

from autograder.plugins import zip_collect
from autograder.plugins.zip_collect import Collector, Extractor

A = "a1_linear_fit"
MOODLE = r".*/(?P<student_id>[^/]+?)_\d+_assignsubmission_file_?/(?P<file_id>[^/]+)"
CANVAS = r".*/(?P<student_id>[^/_]+)_(LATE_)?\d+_\d+_(?P<file_id>[^/]+)"  # both of docs/teacher.md
NAMES = {MOODLE: "{}_12_assignsubmission_file_/{}", CANVAS: "{}_12_34_{}"}


def packed(files: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def collected(root: pathlib.Path, pattern: str, files: dict[tuple[str, str], bytes]) -> dict[str, bytes]:
    """What is in submitted/, by path, where the learning platform's zip has these files of these students."""
    app = ZipCollectApp()
    app.coursedir = CourseDirectory(root=str(root), assignment_id=A)
    app.config.FileNameCollectorPlugin.named_regexp = pattern
    app.extractor_plugin, app.collector_plugin = Extractor, Collector
    folder = root / "downloaded" / A / "archive"
    folder.mkdir(parents=True)
    (folder / "class.zip").write_bytes(packed({NAMES[pattern].format(*key): data for key, data in files.items()}))
    app.init_plugins()
    app.extract_archive_files()
    app.process_extracted_files()
    found = root / "submitted"
    return {str(p.relative_to(found)): p.read_bytes() for p in sorted(found.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("pattern", [MOODLE, CANVAS])
def test_a_zip_in_the_zip_holds_nobody_elses_work(tmp_path: pathlib.Path, pattern: str) -> None:
    """Neither in the place of what ada handed in, nor for bob, who handed in nothing; nor in a zip of its own."""
    stolen = {NAMES[pattern].format(name, f"{A}.ipynb"): b"mallory's" for name in ("ada", "bob", "..")}
    files = {
        ("ada", f"{A}.ipynb"): b"ada's",
        ("mallory", "work.zip"): packed({**stolen, NAMES[pattern].format("bob", "more.zip"): packed(stolen)}),
        ("zoe", "work.zip"): packed({f"{A}.ipynb": b"zoe's"}),
    }
    found = collected(tmp_path, pattern, files)
    assert found == {f"ada/{A}/{A}.ipynb": b"ada's", f"zoe/{A}/work.ipynb": b"zoe's"}


def test_a_zip_that_cannot_be_unpacked_ends_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Broken, no archive at all, larger than it looks; two notebooks in one are both handed in."""
    monkeypatch.setattr(zip_collect, "MAX_FILE", 1 << 20)
    files = {
        ("ada", f"{A}.ipynb"): b"ada's",
        ("ben", "work.zip"): b"no zip",
        ("cora", "work.gz"): b"no tar",
        ("dan", "work.zip"): packed({f"{A}.ipynb": b"0" * (2 << 20)}),
        ("eve", "work.zip"): packed({"one.ipynb": b"1", "two.ipynb": b"2"}),
    }
    found = collected(tmp_path, MOODLE, files)
    assert found == {
        f"ada/{A}/{A}.ipynb": b"ada's",
        f"eve/{A}/work-2.ipynb": b"2",
        f"eve/{A}/work.ipynb": b"1",
    }
    assert capsys.readouterr().err.count("is not unpacked") == 3
