"""What the teacher reads: the class report in a terminal and as a page, and one mark explained. Real graded notebooks."""

import json
import pathlib
import shutil

import pytest
from rich.console import Console
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import ROOT
from autograder.reports.class_report import class_report
from autograder.reports.show import print_report, write_page
from autograder.sample.classes import CLASSES
from tests.classroom import SEED, Classroom

ASSIGNMENT = "a1_linear_fit"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A course directory in which a1 is graded."""
    root = tmp_path_factory.mktemp("course")
    for tree in ("source", "release"):
        shutil.copytree(ROOT / tree / ASSIGNMENT, root / tree / ASSIGNMENT)
    room = Classroom(root / "submitted")
    try:
        for recipe in CLASSES[ASSIGNMENT]:
            if not recipe.stopped and "loop" not in recipe.kind:
                outcome = room.grade(recipe)
                path = root / "autograded" / recipe.student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
                path.parent.mkdir(parents=True)
                path.write_text(json.dumps(outcome.notebook))
    finally:
        room.close()
    return root


def test_the_report_counts_what_the_notebooks_say(course: pathlib.Path) -> None:
    report = class_report(course, ASSIGNMENT)
    graded = sorted(p.name for p in (course / "autograded").iterdir())
    assert list(report.students) == graded
    for question in report.questions:
        assert question.full + question.part + question.none == len(graded)
        assert 0 <= question.mean <= question.max_points
    assert report.marks == {
        r.student: pytest.approx(sum(r.expected().values())) for r in CLASSES[ASSIGNMENT] if r.student in graded
    }


def test_mistakes_come_most_frequent_first_with_who_made_them(course: pathlib.Path) -> None:
    mistakes = class_report(course, ASSIGNMENT).mistakes
    assert mistakes
    assert [len(m.students) for m in mistakes] == sorted((len(m.students) for m in mistakes), reverse=True)
    assert any("factor x" in m.title for m in mistakes)


def test_odd_submissions_are_listed_with_the_reason(course: pathlib.Path) -> None:
    lines = [line for lines in class_report(course, ASSIGNMENT).odd.values() for line in lines]
    assert any("not JSON" in line for line in lines)
    assert any("No notebook was handed in" in line for line in lines)


def test_an_anonymous_report_names_nobody(course: pathlib.Path, tmp_path: pathlib.Path) -> None:
    report = class_report(course, ASSIGNMENT, anonymous=True)
    console = Console(record=True, width=140, file=open("/dev/null", "w"))  # noqa: SIM115  (rich keeps what it prints)
    print_report(report, console)
    page = write_page(report, tmp_path / "page.html").read_text()
    for student in (p.name for p in (course / "autograded").iterdir()):
        assert student not in page
        assert student not in console.export_text()


def test_the_page_needs_no_network_and_no_script(course: pathlib.Path, tmp_path: pathlib.Path) -> None:
    page = write_page(class_report(course, ASSIGNMENT), tmp_path / "page.html").read_text()
    assert "<script" not in page
    assert "http" not in page.replace("<!DOCTYPE html>", "")
    for question in class_report(course, ASSIGNMENT).questions:
        assert question.name in page


def test_explain_replays_a_mark(course: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_SEED", SEED)
    wrong = next(r for r in CLASSES[ASSIGNMENT] if r.loses)
    function = next(iter(wrong.loses))
    done = CliRunner().invoke(app, ["explain", wrong.student, function, "--course", str(course)])
    assert done.exit_code == 0, done.output
    assert f"{function}" in done.output
    assert "The recorded mark is the same." in done.output


def test_what_was_never_graded_is_said_with_the_next_command(course: pathlib.Path) -> None:
    done = CliRunner().invoke(app, ["report", "a4_bptt", "--course", str(course)])
    assert done.exit_code == 1
    assert "nbgrader autograde a4_bptt" in done.output
    done = CliRunner().invoke(app, ["explain", "nobody", "predict", "--course", str(course)])
    assert done.exit_code == 1
    assert "No graded submission of nobody" in done.output
