"""Names and dates that a teacher mistypes: one sentence with what there is, and nothing is touched."""

from __future__ import annotations

import pathlib
import shutil
from contextlib import nullcontext
from dataclasses import replace

import pytest
from nbgrader.apps.zipcollectapp import ZipCollectApp
from nbgrader.coursedir import CourseDirectory

from autograder.commands.demo import course_api, in_folder
from autograder.course.settings import ROOT, scripts_on_path
from autograder.plugins.dates import DatedGradebook, in_utc
from autograder.plugins.names import closest_students
from autograder.plugins.zip_collect import Extractor
from autograder.sample.recipes import Recipe
from tests.commands import ended, made, nbgrader, started

A = "a1_linear_fit"
RIGHT = Recipe(A, "right", student="ada")
NO_ASSIGNMENT = f"There is no assignment a1_linear_ft in {{root}}; the closest name is {A}."


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A course with two submissions, of which one has a folder in autograded/."""
    root = made(tmp_path_factory.mktemp("misspelt"), [RIGHT, replace(RIGHT, student="grace")])
    shutil.copytree(root / "submitted" / "ada", root / "autograded" / "ada")
    return root


MISSPELT = {
    f"autograde {A} --student=adda": "submitted/adda/a1_linear_fit. 2 submissions are handed in; the closest name is ada.",
    f"autograde {A} --notebook=fit": f"{A} has no notebook fit; known names: {A}.",
    "generate_feedback a1_linear_ft": NO_ASSIGNMENT,
    "zip_collect a1_linear_ft": NO_ASSIGNMENT,
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("command", MISSPELT)
def test_an_unknown_name_ends_a_command_with_one_line(course: pathlib.Path, command: str) -> None:
    before = sorted(course.rglob("*.ipynb"))
    ran = nbgrader(course, *command.split())
    assert ran.returncode == 1
    (said,) = [line for line in ran.stdout.splitlines() if "Using file extractor" not in line]
    assert "ERROR" in said
    assert MISSPELT[command].format(root=course) in said
    assert sorted(course.rglob("*.ipynb")) == before


@pytest.mark.parametrize(
    ("step", "arguments", "sentence"),
    [
        ("autograde", (A, "zoe"), "2 submissions are handed in; known names: ada, grace."),
        ("autograde", ("a1_linear_ft", "ada"), NO_ASSIGNMENT),
        ("autograde", ("a4_bptt", "ada"), "source/a4_bptt holds no notebook. Run `autograder build`"),
        (
            "generate_feedback",
            (A, "adda"),
            "autograded/adda/a1_linear_fit. 1 submission is graded; the closest name is ada.",
        ),
        ("generate_feedback", (A, "grace"), f"not graded. Run `nbgrader autograde {A} --student=grace` first."),
        ("generate_assignment", ("a1_linear_ft",), NO_ASSIGNMENT),
    ],
)
def test_the_formgrader_says_the_same(
    course: pathlib.Path, step: str, arguments: tuple[str, ...], sentence: str
) -> None:
    with in_folder(course):
        answer = getattr(course_api(course), step)(*arguments)
    assert not answer["success"]
    assert "Traceback" not in answer["log"]
    assert sentence.format(root=course) in answer["log"]


def test_a_class_without_the_assignment_is_told_where_it_belongs(tmp_path: pathlib.Path) -> None:
    """Nothing handed in, a file in the wrong place, nothing graded."""
    root = made(tmp_path, [RIGHT])
    folder = root / "submitted" / "ada" / A
    (folder / f"{A}.ipynb").rename(folder.parent / f"{A}.ipynb")
    folder.rmdir()
    with in_folder(root):
        api = course_api(root)
        first, second = api.autograde(A, "*")["log"].splitlines()
        (third,) = api.generate_feedback(A, "*")["log"].splitlines()
    assert f"submitted/ada/{A}.ipynb is in no folder of an assignment" in first
    assert f"Nothing of {A} is handed in: there is no folder {root}/submitted/STUDENT/{A}." in second
    assert f"Nothing of {A} is graded. Run `nbgrader autograde {A}` first." in third


def test_a_large_class_is_not_listed() -> None:
    names = [f"student-{number:03}" for number in range(300)]
    assert closest_students("zoe", names).endswith("student-003, student-004 and 295 more")
    assert closest_students("student-3000", names).count(",") == 2


def test_a_due_date_that_is_no_date_gets_one_sentence(course: pathlib.Path) -> None:
    ran = nbgrader(course, "db", "assignment", "add", A, "--duedate=next friday")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stdout
    assert '"next friday" is no date that can be read in one way only. Write the due date as in --du' in ran.stdout


@pytest.mark.parametrize(
    "date",
    [
        "05.11.2026 23:59",
        "01/02/2027",
        "friday",
        "2026-11-22 23:59 Europe/Berlinn",
        "2026-11-22 23:59 CET2",
        "2027-02-30",
    ],
)
def test_a_date_that_can_be_read_in_two_ways_is_refused(date: str) -> None:
    with pytest.raises((ValueError, LookupError)):
        in_utc(date)


def test_a_notebook_in_the_folder_of_no_assignment_is_named(tmp_path: pathlib.Path) -> None:
    """Student and assignment swapped, or an assignment in capital letters."""
    root = made(tmp_path, [RIGHT])
    for folder in (f"{A}/nora", f"quin/{A.upper()}"):
        (root / "submitted" / folder).mkdir(parents=True)
        (root / "submitted" / folder / f"{A}.ipynb").write_text("{}")
    with in_folder(root):
        log = course_api(root).autograde(A, "nobody")["log"]
    assert f"submitted/{A}/nora/{A}.ipynb is not graded: its folder nora is no assignment; known names: {A}, " in log
    assert f"submitted/quin/{A.upper()}/{A}.ipynb is not graded: its folder {A.upper()} is no assignment; " in log


@pytest.mark.thorough
def test_work_under_a_misspelt_name_is_noticed_by_a_script(tmp_path: pathlib.Path) -> None:
    """Everything else is graded; exit code 1, since somebody's work is not; `autograder grade` and the report say the same."""
    root = made(tmp_path, [RIGHT, replace(RIGHT, student="adda"), replace(RIGHT, student="grace")])
    (root / "submitted" / "grace" / A).rename(root / "submitted" / "grace" / "a1_linear_ft")
    (root / "submitted" / "ada").rename(root / "submitted" / "ben")
    (root / "students.csv").write_text("id,first_name\nada,Ada\nben,Ben\ngrace,Grace\n")
    assert nbgrader(root, "db", "student", "import", "students.csv").returncode == 0
    ran = nbgrader(root, "autograde", A)
    assert ran.returncode == 1, ran.stdout
    bulk = ended(started(root, "grade", A, "--force", script="autograder"))
    assert bulk.returncode == 1, bulk.stdout
    report = ended(started(root, "report", A, script="autograder", COLUMNS="300")).stdout
    said = (
        f"{root}/submitted/grace/a1_linear_ft/{A}.ipynb is not graded: its folder a1_linear_ft is no assignment; the "
        f"closest name is {A}. Rename or move it.",
        "adda is not in the list of students; the closest name is ada, with nothing handed in.",
    )
    assert f"{A}: 2 graded, 1 with nothing handed in, 2 in a wrong folder." in report
    for sentence in said:
        assert all(sentence in out for out in (ran.stdout, bulk.stdout, report))


@pytest.mark.parametrize(
    ("folder", "pattern", "sentence"),
    [
        ("", ".*", f"There is no folder {{root}}/downloaded/{A}/archive. Make it, "),
        ("archive", "", "set c.FileNameCollectorPlugin.named_regexp in nbgrader_config.py"),
        ("archive", ".*", ""),
        ("extracted", ".*", ""),
    ],
)
def test_a_zip_that_nobody_can_collect_is_said(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], folder: str, pattern: str, sentence: str
) -> None:
    """Before a folder is made: nbgrader would collect nothing, with exit code 0."""
    app = ZipCollectApp()
    app.coursedir = CourseDirectory(root=str(tmp_path), assignment_id=A)
    app.config.FileNameCollectorPlugin.named_regexp = pattern
    if folder:
        (tmp_path / "downloaded" / A / folder).mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SystemExit) if sentence else nullcontext():
        Extractor(parent=app)
    assert sentence.format(root=tmp_path) in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("date", "utc"),
    [
        ("2027-01-31 23:59 Europe/Berlin", "2027-01-31 22:59:00"),
        ("2027-01-31 23:59:30 +0100", "2027-01-31 22:59:30"),
        ("2027-01-31T23:59 -05:30", "2027-02-01 05:29:00"),
        ("2027-01-31", "2027-01-31 00:00:00"),
    ],
)
def test_a_date_is_read_with_its_time_zone(date: str, utc: str) -> None:
    assert str(in_utc(date)) == utc


def test_a_due_date_is_said_as_it_was_understood(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    scripts_on_path()  # nbgrader calls alembic by its name
    with caplog.at_level("INFO"), DatedGradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment(A, duedate="2027-01-31 23:59 Europe/Berlin")
        gradebook.update_or_create_assignment(A, duedate=None)
    assert f"{A} is due 2027-01-31 22:59:00 UTC." in caplog.text
    assert f"{A} has no due date." in caplog.text


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("c.LateSubmissionPlugin.penalty_method = zero", "NameError: name 'zero' is not defined"),
        ("c.LateSubmissionPlugin.penalty_method = 'zero", "SyntaxError: unterminated string literal"),
        ("from autograder import nothing", "ImportError: cannot import name 'nothing'"),
    ],
)
def test_an_error_in_the_configuration_grades_nobody(tmp_path: pathlib.Path, line: str, said: str) -> None:
    """nbgrader by itself goes on without its configuration, and would run student code as the teacher."""
    config = f"{(ROOT / 'nbgrader_config.py').read_text()}{line}\n"
    ran = nbgrader(made(tmp_path, [RIGHT], config=config), "autograde", A)
    assert ran.returncode == 1
    assert said in ran.stdout
    assert not (tmp_path / "autograded").exists()
