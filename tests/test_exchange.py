"""The exchange of a shared machine: nobody hands in under another's name, and an invented date is noticed."""

from __future__ import annotations

import os
import pathlib
import pwd
from types import SimpleNamespace

import pytest
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError

from autograder.course.settings import scripts_on_path
from autograder.plugins.converters import RELEASING
from autograder.plugins.exchange import Collect, ReleaseAssignment, ReleaseFeedback

A = "a4_bptt"
EARLY, LATE = "2026-11-01 10:00:00.000000 UTC", "2026-11-02 10:00:00.000000 UTC"
ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def collect(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Collect:
    """The teacher's collect; ann is a user of this machine, and not the one who runs this test."""
    scripts_on_path()
    known = pwd.getpwnam
    ann = SimpleNamespace(pw_uid=os.getuid() + 1, pw_name="ann")
    monkeypatch.setattr(pwd, "getpwnam", lambda name: ann if name == "ann" else known(name))
    coursedir = CourseDirectory(root=str(tmp_path), course_id="bptt", db_url=f"sqlite:///{tmp_path}/gradebook.db")
    coursedir.assignment_id = A
    return Collect(coursedir=coursedir, root=str(tmp_path / "exchange"))


def handed_in(collect: Collect, student: str, timestamp: str, text: str = "") -> None:
    """A folder in inbound/, made by the user who runs this test. text: what timestamp.txt says."""
    inbound = pathlib.Path(collect.root) / "bptt" / "inbound"
    folder = inbound / f"{student}+{A}+{timestamp}+x"
    folder.mkdir(parents=True)
    (folder / f"{A}.ipynb").write_text("{}")
    (folder / "timestamp.txt").write_text(text or timestamp)


def test_what_another_user_hands_in_under_a_name_is_not_collected(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor does it hide what the user of that name handed in."""
    handed_in(collect, "ann", LATE)
    handed_in(collect, ME, EARLY)
    collect.start()
    assert os.listdir(tmp_path / "submitted") == [ME]
    assert f"claims to be ann's, but belongs to {ME}." in caplog.text


def test_where_students_are_no_users_all_is_collected(collect: Collect, tmp_path: pathlib.Path) -> None:
    handed_in(collect, "somebody-of-a-hub", EARLY)
    collect.start()
    assert os.listdir(tmp_path / "submitted") == ["somebody-of-a-hub"]


def test_a_misspelt_assignment_is_said_and_makes_no_folder(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Collecting work or releasing feedback under a name that the course does not have."""
    handed_in(collect, ME, EARLY)
    before = sorted(tmp_path.rglob("*"))
    collect.coursedir.assignment_id = "a4_bpt"
    for step in (collect, ReleaseFeedback(coursedir=collect.coursedir, root=collect.root)):
        with pytest.raises(ExchangeError):
            step.start()
        assert caplog.messages.pop() == f"There is no assignment a4_bpt in {tmp_path}; the closest name is {A}."
    assert sorted(tmp_path.rglob("*")) == before


def test_feedback_that_is_not_made_is_not_released(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    handed_in(collect, ME, EARLY)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ExchangeError):
        ReleaseFeedback(coursedir=collect.coursedir, root=collect.root).start()
    assert f"There is no feedback page of {A} to release. Run `nbgrader generate_feedback {A}` first." in caplog.text
    assert sorted(tmp_path.rglob("*")) == before


def test_without_an_exchange_each_step_says_what_to_do_by_hand(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And makes no folder."""
    collect.coursedir.course_id = ""
    steps = {
        Collect: f"nothing was collected: put the work into submitted/STUDENT/{A} yourself",
        ReleaseFeedback: f"nothing was released: give each student their page from feedback/STUDENT/{A} yourself",
        ReleaseAssignment: f"nothing was released: give each student the folder release/{A} yourself",
    }
    before = sorted(tmp_path.rglob("*"))
    for step, by_hand in steps.items():
        with pytest.raises(ExchangeError):
            step(coursedir=collect.coursedir, root=collect.root).start()
        assert caplog.messages.pop() == (
            f"This course has no exchange, so {by_hand}. To set one up: docs/operator.md, The exchange."
        )
    assert sorted(tmp_path.rglob("*")) == before


def test_releasing_feedback_says_whose_went_where(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    handed_in(collect, ME, EARLY)
    for student, exchanged in (("ann", True), ("bob", True), ("eve", False)):
        folder = tmp_path / "feedback" / student / A
        folder.mkdir(parents=True)
        for name in (f"{A}.html", *(RELEASING if exchanged else ())):
            (folder / name).write_text(student)
    with caplog.at_level("INFO"):
        ReleaseFeedback(coursedir=collect.coursedir, root=collect.root).start()
    place = tmp_path / "exchange" / "bptt" / "feedback"
    assert len(list(place.glob("*.html"))) == 2
    assert f"{A}: feedback of 2 released (ann, bob) to {place}. They get it with" in caplog.text
    assert "was not handed in through it: eve. Give these students their pages" in caplog.text


def test_a_date_long_before_the_file_was_written_is_said(collect: Collect, caplog: pytest.LogCaptureFixture) -> None:
    handed_in(collect, ME, EARLY)
    collect.start()
    assert "timestamp.txt gives 2026-11-01 10:00:00 UTC, but was written at 20" in caplog.text


def test_a_date_that_is_true_is_not_remarked(collect: Collect, caplog: pytest.LogCaptureFixture) -> None:
    handed_in(collect, ME, EARLY, "2999-01-01 00:00:00 UTC")
    collect.start()
    assert "perhaps late" not in caplog.text
