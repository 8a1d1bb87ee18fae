"""Plain nbgrader sends submissions ahead of its loop; a result counts only for the files that were read."""

from __future__ import annotations

import pathlib
from concurrent.futures import Future
from typing import Any

import pytest

from autograder.plugins import ahead, records
from autograder.plugins.course_files import course_directory

A = "a1_linear_fit"


class Recording:
    """Stands for an executor: what it was sent, and nothing graded."""

    def __init__(self) -> None:
        self.sent: list[bytes | str] = []

    def submit(self, handed_in: Any, assignment: str) -> Future[Any]:
        """As Executor.submit."""
        self.sent += handed_in.notebooks.values()
        return Future()


def test_what_changed_since_it_was_sent_is_sent_again(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "grader_digest", lambda *_: "")
    coursedir, executor = course_directory(tmp_path), Recording()
    coursedir.assignment_id = A
    notebook = tmp_path / "submitted" / "ada" / A / f"{A}.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text("1")
    sent = ahead.send(executor, coursedir, notebook)  # type: ignore[arg-type]
    assert ahead.taken(executor, coursedir, notebook) is sent  # type: ignore[arg-type]
    ahead.send(executor, coursedir, notebook)  # type: ignore[arg-type]
    notebook.write_text("2")
    assert ahead.taken(executor, coursedir, notebook) is not sent  # type: ignore[arg-type]
    assert executor.sent == [b"1", b"1", b"2"]
    ahead.send(executor, coursedir, notebook)  # type: ignore[arg-type]
    ahead.forget([notebook])
    assert ahead.SENT == {}
