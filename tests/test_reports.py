"""What the teacher reads: the class report in a terminal and as a page, and one mark explained.

Most tests use a small class made by hand, whose numbers are known; the last ones use notebooks that were really graded.
"""

from __future__ import annotations

import csv
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pytest
from nbgrader.api import Gradebook
from rich.console import Console
from traitlets.config import Application
from typer.testing import CliRunner

from autograder.commands.cli import app
from autograder.course.settings import ROOT, scripts_on_path
from autograder.plugins.course_files import course_directory
from autograder.plugins.dates import DatedGradebook
from autograder.plugins.export import CourseCsv
from autograder.plugins.graded import read_results
from autograder.reports.anonymous import disguise
from autograder.reports.class_data import MISPLACED
from autograder.reports.class_report import ClassReport, Mistake, class_report
from autograder.reports.distribution import bins, distribution
from autograder.reports.layout import Column, table
from autograder.reports.show import duration, print_report, write_page
from tests.classroom import SEED, Classroom
from tests.course import CLASSES

A = "a1_linear_fit"
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")  # nbgrader under SQLAlchemy 2
LONG = "maximiliane-konstantinopoulos-von-und-zu-{}@students.example.edu"

# ---- a class made by hand ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Handed:
    """One submission: points by function, what grading says of it, and the answer's mark in the gradebook.

    answer is ("waiting" | "none" | "marked" | "review", points).
    """

    student: str
    points: Mapping[str, float] = field(default_factory=lambda: {"predict": 4.0, "mse_loss": 2.0})
    said: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = "prediction is wrong"
    mistake: str = ""
    answer: tuple[str, float] = ("waiting", 0.0)
    timestamp: str = "2026-01-10 11:00:00 UTC"
    penalty: float = 0.0
    file: str = f"{A}.ipynb"


MOST = {"predict": 4.0, "mse_loss": 2.0}


def function(name: str, points: float, handed: Handed) -> dict[str, Any]:
    """What grading leaves of one function."""
    most = MOST.get(name, 4.0)
    lost = points < most
    check = {"title": name, "weight": 1.0, "share": points / most, "sentence": handed.sentence if lost else ""}
    return {
        "name": name,
        "points": points,
        "max_points": most,
        "checks": [{**check, "arrays": [], "notes": []}],
        "mistakes": [{"title": handed.mistake, "reread": "2.3"}] if lost and handed.mistake else [],
        "faults": [],
    }


def graded_cell(name: str, by_hand: bool) -> dict[str, Any]:
    """A cell with points."""
    about = {"grade_id": name, "grade": True, "solution": by_hand, "points": 2}
    return {"cell_type": "markdown" if by_hand else "code", "metadata": {"nbgrader": about}}


def write_graded(root: pathlib.Path, handed: Handed, assignment: str = A) -> pathlib.Path:
    """A submission and its graded notebook."""
    submitted = root / "submitted" / handed.student / assignment
    submitted.mkdir(parents=True)
    (submitted / handed.file).write_text("{}")
    kept = {
        "functions": {name: function(name, points, handed) for name, points in handed.points.items()},
        "repairs": [],
        "stopped": [],
        "unreadable": "",
        "needs_look": False,
        **handed.said,
    }
    cells = [graded_cell(f"test_{name}", False) for name in handed.points] + [graded_cell("derive", True)]
    path = root / "autograded" / handed.student / assignment / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"metadata": {"autograder": kept}, "cells": cells}))
    return path


@cache
def blank_gradebook() -> bytes:
    """The gradebook of a class without students; making one takes nbgrader seconds."""
    scripts_on_path()
    with tempfile.TemporaryDirectory() as folder:
        with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
            gradebook.add_assignment(A, duedate="2026-01-10 12:00:00 UTC")
            gradebook.add_notebook(A, A)
            gradebook.add_grade_cell("test_predict", A, A, max_score=4, cell_type="code")
            gradebook.add_grade_cell("derive", A, A, max_score=2, cell_type="markdown")
            gradebook.add_solution_cell("derive", A, A)
        return pathlib.Path(folder, "gradebook.db").read_bytes()


def write_gradebook(path: pathlib.Path, students: Sequence[Handed], roster: Mapping[str, Mapping[str, str]]) -> None:
    """nbgrader's gradebook of the class; roster: further students, and people's names."""
    path.write_bytes(blank_gradebook())
    with Gradebook(f"sqlite:///{path}") as gradebook:
        for student in {s.student for s in students} | roster.keys():
            gradebook.add_student(student, **roster.get(student, {}))
        for handed in students:
            submission = gradebook.add_submission(A, handed.student, timestamp=handed.timestamp)
            submission.notebooks[0].late_submission_penalty = handed.penalty or None
            grade = gradebook.find_grade("derive", A, A, handed.student)
            kind, points = handed.answer
            grade.auto_score = 0.0 if kind == "none" else None
            grade.manual_score = points if kind in ("marked", "review") else None
            grade.needs_manual_grade = kind in ("waiting", "review")
        gradebook.db.commit()


def write_class(
    root: pathlib.Path, students: Sequence[Handed], roster: Mapping[str, Mapping[str, str]] | None = None
) -> pathlib.Path:
    """A course directory in which these are graded."""
    for handed in students:
        write_graded(root, handed)
    write_gradebook(root / "gradebook.db", students, roster or {})
    return root


def printed(report: ClassReport, width: int = 80) -> str:
    """The report as a terminal of this width shows it."""
    out = io.StringIO()
    print_report(report, Console(file=out, width=width))
    return out.getvalue()


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    exit_code: int
    output: str


def run(*arguments: str) -> Done:
    """One command of ours, in this process."""
    result = CliRunner().invoke(app, list(arguments))
    return Done(result.exit_code, result.output)


def words(done: Done) -> str:
    """What a command said, on one line."""
    return " ".join(done.output.split())


# ---- the arithmetic ----------------------------------------------------------------------------------------------------


def test_the_median_of_an_even_number_is_between_the_two_in_the_middle() -> None:
    found = distribution([31, 0, 19, 31])
    assert (found.n, found.mean, found.median) == (4, 20.25, 25)
    assert (found.low, found.first_quartile, found.third_quartile, found.high) == (0, 14.25, 31, 31)


def test_one_mark_is_its_own_distribution() -> None:
    found = distribution([7.5])
    assert {found.low, found.first_quartile, found.median, found.third_quartile, found.high, found.mean} == {7.5}


@pytest.mark.parametrize("top", [1, 2.5, 17, 25, 31, 100, 1000])
def test_every_mark_is_in_one_bin(top: float) -> None:
    marks = [0, top / 3, top / 2, top, top]
    found = bins(marks, top)
    assert 4 < len(found) <= 12
    assert sum(one.count for one in found) == len(marks)
    assert (found[0].low, found[-1].high) == (0, top)
    assert found[-1].count >= 2


def test_the_result_comes_first_with_its_numbers(tmp_path: pathlib.Path) -> None:
    points = (0.0, 2.0, 4.0, 4.0)
    write_class(tmp_path, [Handed(f"s{n}", {"predict": p}) for n, p in enumerate(points)])
    first = " ".join(printed(class_report(tmp_path, A)).split())
    assert first.startswith(f"{A}: 4 graded. Points of the autograded functions, out of 4: mean 2.5, median 3")
    assert "quartiles 1.5 and 4, lowest 0, highest 4 (n = 4)." in first


def test_points_that_a_person_set_count(tmp_path: pathlib.Path) -> None:
    """As in the export and on the page: a function that somebody overruled has the points they gave."""
    write_class(tmp_path, [Handed("ada", {"predict": 0.0}), Handed("ben", {"predict": 4.0})])
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.find_grade("test_predict", A, A, "ada").manual_score = 3.0
        gradebook.db.commit()
    report = class_report(tmp_path, A)
    assert report.marks == {"ada": 3.0, "ben": 4.0}
    assert (report.questions[0].mean, report.questions[0].part) == (3.5, 1)


def test_a_mark_by_hand_above_a_new_maximum_is_to_be_looked_at(tmp_path: pathlib.Path) -> None:
    """Extra points are no such mark."""
    write_class(tmp_path, [Handed("ada", answer=("marked", 3.0)), Handed("ben", answer=("marked", 2.0))])
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.find_grade("derive", A, A, "ben").extra_credit = 5.0
        gradebook.db.commit()
    report = class_report(tmp_path, A)
    assert report.looks == {"ada": ("derive: marked 3 of 2 by hand; change that mark in the formgrader.",)}
    assert list(class_report(tmp_path, A, anonymous=True).looks) in (["#1"], ["#2"])


def test_a_notebook_in_a_wrong_folder_is_counted_and_named(tmp_path: pathlib.Path) -> None:
    """In an anonymous report it is counted alone."""
    write_class(tmp_path, [Handed("ada"), Handed("benn")], {"ben": {"last_name": "Long"}, "cleo": {"last_name": "Ray"}})
    lost = tmp_path / "submitted" / "cleo" / "a1_linear_ft"
    lost.mkdir(parents=True)
    (lost / "mine.ipynb").write_text("{}")
    report, hidden = class_report(tmp_path, A), class_report(tmp_path, A, anonymous=True)
    assert report.misplaced == (
        f"{lost}/mine.ipynb is not graded: its folder a1_linear_ft is no assignment; the closest name is {A}. Rename or "
        "move it.",
        "benn is not in the list of students; the closest name is ben, with nothing handed in.",
    )
    assert report.missing == ("ben",)  # not cleo, whose work is there
    for one, sentences in ((report, report.misplaced), (hidden, [MISPLACED])):
        for text in (printed(one, 1000), write_page(one, tmp_path / "page.html").read_text()):
            assert "2 in a wrong folder" in text
            assert all(sentence in text for sentence in sentences)
            assert ("cleo" in text) == (one is report)


def test_a_class_of_which_all_is_in_a_wrong_folder_is_told_so(tmp_path: pathlib.Path) -> None:
    (tmp_path / "submitted" / "cleo" / "a1_linear_ft").mkdir(parents=True)
    (tmp_path / "submitted" / "cleo" / "a1_linear_ft" / "mine.ipynb").write_text("{}")
    with pytest.raises(LookupError, match=r"Nothing of .* is graded .*/mine\.ipynb is not graded: its folder"):
        class_report(tmp_path, A)


def test_the_export_says_which_marks_are_open_and_who_handed_in_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name with a comma stays one column; a name that the gradebook does not have ends the command."""
    monkeypatch.chdir(tmp_path)
    names = {"fay": {"last_name": "Ray, Lady"}, "gus": {}, "hal": {}}
    write_class(tmp_path, [Handed("ada"), Handed("ben", answer=("none", 0.0))], names)
    (tmp_path / "submitted" / "gus" / A).mkdir(parents=True)
    (tmp_path / "submitted" / "hal" / "a1_linear_ft").mkdir(parents=True)
    (tmp_path / "submitted" / "hal" / "a1_linear_ft" / "mine.ipynb").write_text("{}")
    app = Application(log_level="INFO")
    app.coursedir = course_directory(tmp_path)  # type: ignore[attr-defined]
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.find_grade("test_predict", A, A, "ada").auto_score = 4.0
        gradebook.find_grade("test_predict", A, A, "ben").auto_score = 4.0
        gradebook.find_grade("test_predict", A, A, "ada").manual_score = 4.5
        gradebook.db.commit()
        CourseCsv(parent=app).export(gradebook)
        with pytest.raises(SystemExit):
            CourseCsv(parent=app, assignment=["a1_linear_ft"]).export(gradebook)
    with open("grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    told = {student: (row["score"], row["handed_in"], row["not_marked"]) for student, row in rows.items()}
    assert told == {
        "ada": ("4.5", "yes", "2"),
        "ben": ("4", "yes", "0"),
        "fay": ("0", "no", "0"),
        "gus": ("0", "not graded", "0"),
        "hal": ("0", "wrong folder", "0"),
    }
    assert rows["fay"]["last_name"] == "Ray, Lady"
    said = capsys.readouterr().err
    assert "5 rows, 1 with answers that nobody has marked yet, 3 without a graded submission." in said
    assert (
        "Marks given by hand above the maximum; change them in the formgrader: ada, predict: marked 4.5 of 4." in said
    )
    assert f"The gradebook has no assignment a1_linear_ft; the closest name is {A}." in said


def test_the_exported_table_is_rounded(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """0.1 + 0.2 is 0.3."""
    monkeypatch.chdir(tmp_path)
    write_class(tmp_path, [Handed("ada", answer=("marked", 0.2))], {"fay": {"last_name": "Ray"}})
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.find_grade("test_predict", A, A, "ada").manual_score = 0.1
        gradebook.db.commit()
        CourseCsv().export(gradebook)
    _, ada, fay = pathlib.Path("grades.csv").read_text().splitlines()
    assert ada.endswith(",ada,,,,0.3,0,0.3,6,yes,0")
    assert fay.endswith(",fay,Ray,,,0,0,0,6,no,0")


class DatabaseCommand(Application):
    """`nbgrader db assignment add` in a course directory."""

    coursedir: Any = None


def test_an_assignment_of_an_unknown_name_is_said(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """When somebody registers it, and in every report from then on."""
    write_class(tmp_path, [Handed("ada")])
    assert "is in the gradebook" not in printed(class_report(tmp_path, A))
    DatabaseCommand.instance().coursedir = course_directory(tmp_path)
    with DatedGradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment(A)
    assert "is in the gradebook" not in capsys.readouterr().err
    with DatedGradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("a1_linear_ft")
    added = capsys.readouterr().err
    with DatedGradebook(f"sqlite:///{tmp_path}/gradebook.db"):
        pass  # as `nbgrader db assignment list` does
    listed = capsys.readouterr().err
    DatabaseCommand.clear_instance()
    said = (
        f"a1_linear_ft is in the gradebook, but the course has no such assignment; the closest name is {A}. To remove it: "
        "`nbgrader db assignment remove a1_linear_ft`."
    )
    report = class_report(tmp_path, A, anonymous=True)
    for text in (
        added,
        listed,
        printed(report, 1000),
        re.sub("</?code>", "`", write_page(report, tmp_path / "page.html").read_text()),
    ):
        assert said in text


def test_a_time_is_told_in_two_units() -> None:
    assert [duration(s) for s in (0, 59, 60, 3725, 93_600, 200_000)] == [
        "0 s",
        "59 s",
        "1 min",
        "1 h 2 min",
        "1 d 2 h",
        "2 d 7 h",
    ]


# ---- answers that a person marks ---------------------------------------------------------------------------------------


def test_what_nobody_has_marked_is_not_zero(tmp_path: pathlib.Path) -> None:
    write_class(tmp_path, [Handed("ada"), Handed("ben")])
    (answer,) = (q for q in class_report(tmp_path, A).questions if q.by_hand)
    assert (answer.mean, answer.n, answer.waiting) == (None, 0, ("ada", "ben"))
    text = printed(class_report(tmp_path, A))
    assert "derive: not marked yet: everybody" in text
    assert "0.00" not in text


def test_a_partly_marked_answer_has_the_mean_of_the_marked_ones(tmp_path: pathlib.Path) -> None:
    kinds = {
        "ada": ("marked", 2.0),
        "ben": ("marked", 1.0),
        "cleo": ("waiting", 0.0),
        "dan": ("none", 0.0),
        "eve": ("review", 0.0),
    }
    write_class(tmp_path, [Handed(student, answer=answer) for student, answer in kinds.items()])
    report = class_report(tmp_path, A)
    (answer,) = (q for q in report.questions if q.by_hand)
    assert (answer.mean, answer.full, answer.part, answer.none) == (1.0, 1, 1, 1)
    assert (answer.waiting, answer.no_answer, answer.review) == (("cleo",), ("dan",), ("eve",))
    text = " ".join(printed(report).split())
    assert "derive: not marked yet: cleo" in text
    assert "derive: no answer from dan" in text
    assert "look at it once more: eve" in text
    assert "mark 1 answer by hand" in report.next_step


# ---- who is graded, who is not, who was late ---------------------------------------------------------------------------


def test_everybody_who_is_not_graded_is_named_with_the_reason(tmp_path: pathlib.Path) -> None:
    """Handed in only; a notebook without results; a file that is cut off; no notebook at all; nothing handed in."""
    write_class(tmp_path, [Handed("ada"), Handed("ben"), Handed("cleo"), Handed("dan"), Handed("eve")], {"fay": {}})
    (tmp_path / "autograded/cleo" / A / f"{A}.ipynb").write_text(json.dumps({"metadata": {}, "cells": []}))
    cut = tmp_path / "autograded/dan" / A / f"{A}.ipynb"
    cut.write_text(cut.read_text()[:200])
    (tmp_path / "autograded/eve" / A / f"{A}.ipynb").unlink()
    shutil.rmtree(tmp_path / "autograded/ben")
    assert [g.student for g in read_results(tmp_path, A)] == ["ada"]
    report = class_report(tmp_path, A)
    assert report.students == ("ada",)
    assert {n.student: n.interrupted for n in report.not_graded} == {
        "ben": False,
        "cleo": True,
        "dan": True,
        "eve": True,
    }
    assert report.missing == ("fay",)
    text = printed(report)
    assert "1 graded, 4 handed in but not graded, 1 with nothing handed in" in text
    assert f"run `nbgrader autograde {A}`" in text
    for line in ("ben: handed in, not graded", "dan: grading was interrupted", "  fay\n"):
        assert line in text
    assert all(q.n + len(q.waiting) == 1 for q in report.questions)
    assert report.next_step == f"nbgrader autograde {A}"


def test_who_was_late_and_what_it_cost(tmp_path: pathlib.Path) -> None:
    students = [
        Handed("ada"),
        Handed("ben", timestamp="2026-01-10 12:10:00 UTC"),
        Handed("cleo", timestamp="2026-01-11 14:00:00 UTC", penalty=1.5),
    ]
    text = printed(class_report(write_class(tmp_path, students), A))
    assert "3 graded, 2 late" in text
    assert "ben: 10 min late, no penalty" in text
    assert "cleo: 1 d 2 h late, penalty 1.5 points" in text
    assert "ada:" not in text


def test_without_a_gradebook_the_report_says_what_it_does_not_know(tmp_path: pathlib.Path) -> None:
    write_graded(tmp_path, Handed("ada"))
    text = printed(class_report(tmp_path, A))
    assert "There is no gradebook here" in text
    assert not (tmp_path / "gradebook.db").exists()


def test_a_submission_that_changed_after_grading_is_named(tmp_path: pathlib.Path) -> None:
    write_class(tmp_path, [Handed("ada", said={"submission": "of another file"}), Handed("ben")])
    report = class_report(tmp_path, A)
    assert report.outdated == ("ada",)
    assert "Changed since they were graded" in printed(report)


def test_who_is_not_counted_in_a_row_is_named(tmp_path: pathlib.Path) -> None:
    """ben was graded before the notebook asked for mse_loss: 1 mark of 2, and the report says whose is missing."""
    write_class(tmp_path, [Handed("ada"), Handed("ben", {"predict": 4.0})])
    report = class_report(tmp_path, A)
    assert {q.name: q.n for q in report.questions if not q.by_hand} == {"predict": 2, "mse_loss": 1}
    assert f"mse_loss: not asked when these were graded, so run `nbgrader autograde {A} --force`: ben" in " ".join(
        printed(report).split()
    )


# ---- what needs a look -------------------------------------------------------------------------------------------------


def test_every_flag_is_shown_with_its_reason(tmp_path: pathlib.Path) -> None:
    flags = [
        {"kind": "two notebooks", "reason": "2 notebooks were handed in [bold]."},
        {"kind": "check disagrees", "reason": "predict: 0 of 4 points."},
        {"kind": "repaired", "reason": "test_predict: was missing."},
    ]
    said = {"flags": flags, "needs_look": True, "repairs": ["test_predict: was missing."], "isolation": "none"}
    write_class(tmp_path, [Handed("ada", said=said), Handed("ben", said={"isolation": "standard"})])
    report = class_report(tmp_path, A)
    assert report.looks == {
        "ada": ("two notebooks: 2 notebooks were handed in [bold].", "check disagrees: predict: 0 of 4 points.")
    }
    assert report.odd == {"ada": ("test_predict: was missing.",)}
    assert report.uncaged == ("ada",)
    text = printed(report)
    assert "2 graded, 1 to look at" in text
    assert "ada: two notebooks: 2 notebooks were handed in [bold]." in text
    assert 'Graded with isolation = "none": their code ran without a sandbox\n  ada\n' in text


def test_notebooks_graded_before_there_were_flags_are_read(tmp_path: pathlib.Path) -> None:
    write_class(tmp_path, [Handed("ada", said={"unreadable": "not JSON, line 3.", "needs_look": True})])
    report = class_report(tmp_path, A)
    assert report.looks == {"ada": ("not JSON, line 3.",)}
    assert report.unreadable == ("ada",)
    assert "(n = 1, 1 of them without a readable notebook: 0 points)" in " ".join(printed(report).split())


def test_results_that_somebody_changed_are_named_with_the_command(tmp_path: pathlib.Path) -> None:
    write_class(tmp_path, [Handed("ada", said={"stopped": [3]}), Handed("ben")])
    done = run("report", A, "--course", str(tmp_path))
    assert done.exit_code == 1
    assert "expected a string, got 3" in words(done)
    assert f"nbgrader autograde {A} --student ada" in words(done)


def test_a_flag_that_a_person_set_is_shown(tmp_path: pathlib.Path) -> None:
    write_class(tmp_path, [Handed("ada")])
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.find_submission(A, "ada").notebooks[0].flagged = True
        gradebook.db.commit()
    assert class_report(tmp_path, A).looks == {"ada": ("flagged by a person in the formgrader",)}


# ---- any width ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_class(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A class in which every name is long."""
    root = tmp_path_factory.mktemp("long")
    wide = "a_function_whose_name_is_wide_for_a_table"
    students = [
        Handed(LONG.format(n), {"predict": 1.0, wide: 2.0}, mistake=f"mistake number {n % 2}: " + "a long title " * 8)
        for n in range(7)
    ]
    return write_class(root, students, {LONG.format("absent"): {}})


def assert_whole(text: str, report: ClassReport) -> None:
    """Every word of every cell is in the text, and nothing is cut."""
    assert "…" not in text
    cells = [q.name for q in report.questions]
    cells += [part for m in report.mistakes for part in (m.title, *m.functions, *m.students)]
    cells += [*report.missing, "points", "mean", "full", "part", "none", "students", "not marked yet", "no answer"]
    for word in " ".join(cells).split():
        assert word in text, word


def test_nothing_is_cut_where_the_output_goes_into_a_pipe(long_class: pathlib.Path) -> None:
    """The real command line: without a terminal, rich takes 80 columns."""
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "FORCE_COLOR", "TERM")}
    command = [pathlib.Path(sys.executable).with_name("autograder"), "report", A, "--course", long_class]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert_whole(done.stdout, class_report(long_class, A))
    assert max(len(line) for line in lines if "/reports/" not in line and "Next: " not in line) <= 80
    assert lines[0].startswith(f"{A}: 7 graded")
    assert lines[-1].startswith("Next: mark 7 answers by hand in the formgrader")


@pytest.mark.parametrize("width", [72, 80, 99, 100, 140, 240])
def test_nothing_is_cut_at_any_width(long_class: pathlib.Path, width: int) -> None:
    report = class_report(long_class, A)
    text = printed(report, width)
    assert_whole(text, report)
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", [12, 30, 60])
def test_a_word_wider_than_the_terminal_is_folded(long_class: pathlib.Path, width: int) -> None:
    report = class_report(long_class, A)
    text = printed(report, width)
    assert "…" not in text
    together = re.sub(r"\s", "", text)
    assert all(student in together for m in report.mistakes for student in m.students)


def test_a_table_keeps_what_a_student_wrote_as_it_is() -> None:
    out = io.StringIO()
    table(Console(file=out, width=60), "Names", [Column("name"), Column("n", True)], [("[red]x[/red] \x1b[31m", "1")])
    assert "[red]x[/red]" in out.getvalue()
    assert "\x1b" not in out.getvalue()


# ---- without names -----------------------------------------------------------------------------------------------------

TELLING = ("ben_smith", "ada.lovelace", "Zoë-17", "cleo", "mx42")


def telling_class(root: pathlib.Path) -> pathlib.Path:
    """A class whose reasons are full of names."""
    students = [
        Handed(
            student,
            {"predict": 1.0, "mse_loss": 2.0},
            sentence=f"prediction of {student} is wrong, says {student.upper()}.py",
            said={
                "flags": [
                    {"kind": "two notebooks", "reason": f"Handed in: {student} (1).ipynb, notes-of-{student}.txt."}
                ],
                "repairs": [f"The notebook is named {student} (1).ipynb; Ben Smith's gone.ipynb is not there."],
                "stopped": [f"The cell opened {student}'s file."],
            },
            answer=("none", 0.0) if student == "cleo" else ("waiting", 0.0),
            timestamp="2026-01-10 12:10:00 UTC",
            file=f"{student} (1).ipynb",
        )
        for student in TELLING
    ]
    write_class(root, students, {"ben_smith": {"first_name": "Ben", "last_name": "Smith"}, "absent_dora": {}})
    for student in TELLING:
        (root / "submitted" / student / A / f"notes-of-{student}.txt").write_text("")
    shutil.rmtree(root / "autograded" / "mx42")
    return root


def test_an_anonymous_report_holds_no_name_at_all(tmp_path: pathlib.Path) -> None:
    """No id, no person's name, no name of a submitted file: in the terminal, in a page or table, in its name."""
    course = telling_class(tmp_path / "course")
    done = run("report", A, "--course", str(course), "--anonymous")
    assert done.exit_code == 0, done.output
    written = sorted((course / "reports").iterdir())
    assert [path.name for path in written] == [f"{A}-anonymous.csv", f"{A}-anonymous.html", f"{A}-class.html"]
    files = {p.name for p in (course / "submitted").rglob("*") if p.is_file()}
    for text in (words(done), *(path.read_text() for path in written)):
        assert "gone" not in text
        for secret in (*TELLING, "absent_dora", "Smith", *files):
            assert secret.lower() not in text.lower(), secret
    assert "Handed in: the notebook, a file." in words(done)


def test_the_numbers_are_in_a_random_order() -> None:
    """Neither the alphabet nor another report tells who is who."""
    students: dict[str, tuple[str, ...]] = {f"student-{n:03}": () for n in range(200)}
    first, second = (disguise(students, []).numbers for _ in range(2))
    assert sorted(first.values()) == sorted(second.values()) == [f"#{n:03}" for n in range(1, 201)]
    assert sorted(first, key=lambda student: first[student]) != sorted(first)
    assert first != second


def test_lists_are_in_the_order_of_the_numbers(tmp_path: pathlib.Path) -> None:
    """Numbers in alphabetical order of the names would give the names away."""
    students = [
        Handed(f"s{n:02}", {"predict": 1.0}, mistake="b is not added", said={"repairs": ["x"]}) for n in range(30)
    ]
    report = class_report(write_class(tmp_path, students), A, anonymous=True)
    numbers = [f"#{n:02}" for n in range(1, 31)]
    lists = (report.students, report.marks, report.mistakes[0].students, report.odd, report.questions[-1].waiting)
    assert all(list(found) == numbers for found in lists)


def test_the_same_marks_are_in_both_reports(tmp_path: pathlib.Path) -> None:
    course = telling_class(tmp_path)
    named, anonymous = class_report(course, A), class_report(course, A, anonymous=True)
    assert sorted(named.marks.values()) == sorted(anonymous.marks.values())
    assert named.spread == anonymous.spread
    assert [q.mean for q in named.questions] == [q.mean for q in anonymous.questions]
    assert (len(named.missing), len(named.late)) == (len(anonymous.missing), len(anonymous.late)) == (1, 5)


# ---- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_has_what_the_terminal_has(tmp_path: pathlib.Path) -> None:
    report = class_report(telling_class(tmp_path), A)
    page = write_page(report, tmp_path / "page.html").read_text()
    text = re.sub(r"<[^>]+>", " ", page)
    for words_ in ("4 graded, 1 handed in but not graded, 1 with nothing handed in, 5 late, 4 to look at", "median 3"):
        assert words_ in text
    for student in (*TELLING, "absent_dora"):
        assert student in text
    assert 'class="histogram" role="img" aria-label="How many students have how many points: 0 to 0.5: 0' in page


def test_the_page_says_what_to_reread_and_shows_commands_as_code(tmp_path: pathlib.Path) -> None:
    """A bar is as wide as its range, and so is the last one, which may be narrower."""
    said = ("Run `nbgrader collect <b>`, or `", "Run `nbgrader <b>`.")
    mistake = Mistake("a sign is lost", "1.2, the derivation.", ("predict",), ("ada",))
    report = replace(class_report(telling_class(tmp_path), A), misplaced=said, mistakes=(mistake,))
    page = write_page(report, tmp_path / "page.html").read_text()
    assert '<span class="quiet">Reread 1.2, the derivation.</span>' in page
    assert "<li>Run <code>nbgrader &lt;b&gt;</code>.</li>" in page
    assert "<li>Run `nbgrader collect &lt;b&gt;`, or `</li>" in page
    widths = [float(width) for width in re.findall(r'<div style="flex:([\d.]+)">', page)]
    assert sum(widths) == pytest.approx(report.max_points)


def test_the_page_shows_what_a_student_wrote_as_text(tmp_path: pathlib.Path) -> None:
    flags = [{"kind": "two notebooks", "reason": "<script>alert(1)</script>.ipynb"}]
    course = write_class(tmp_path, [Handed("ada", said={"flags": flags})])
    assert "<script" not in write_page(class_report(course, A), tmp_path / "page.html").read_text()


# ---- other names for folders -------------------------------------------------------------------------------------------


def test_folders_and_gradebook_are_those_of_the_configuration(tmp_path: pathlib.Path) -> None:
    students = [Handed("ada", answer=("marked", 1.5)), Handed("ben")]
    for handed in students:
        write_graded(tmp_path, handed)
    (tmp_path / "elsewhere").mkdir()
    write_gradebook(tmp_path / "elsewhere/marks.db", students, {"cleo": {}})
    (tmp_path / "submitted").rename(tmp_path / "inbox")
    (tmp_path / "autograded").rename(tmp_path / "done")
    shutil.rmtree(tmp_path / "done" / "ben")
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        "c.CourseDirectory.submitted_directory = 'inbox'\n"
        "c.CourseDirectory.autograded_directory = 'done'\n"
        f"c.CourseDirectory.db_url = 'sqlite:///{tmp_path}/elsewhere/marks.db'\n"
    )
    report = class_report(tmp_path, A)
    assert report.students == ("ada",)
    assert [n.student for n in report.not_graded] == ["ben"]
    assert report.missing == ("cleo",)
    assert [q.mean for q in report.questions if q.by_hand] == [1.5]


def test_a_configuration_that_cannot_be_read_is_named(tmp_path: pathlib.Path) -> None:
    (tmp_path / "nbgrader_config.py").write_text("c = get_config(\n")
    done = run("report", A, "--course", str(tmp_path))
    assert done.exit_code == 1
    assert f"{tmp_path}/nbgrader_config.py cannot be read" in done.output


# ---- one mark explained ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """ada: a marked answer and two assignments; ben: no answer; cleo: waiting; dan: half graded; eve: not graded."""
    tmp_path = tmp_path_factory.mktemp("small")
    kinds = {"ada": ("marked", 1.5), "ben": ("none", 0.0), "cleo": ("waiting", 0.0), "dan": ("waiting", 0.0)}
    write_class(tmp_path, [Handed(s, answer=a) for s, a in kinds.items()] + [Handed("eve")], {"fay": {}})
    for assignment in ("a2_mlp_backprop", "a4_bptt"):
        write_graded(tmp_path, Handed("ada", {"name_the_mistake": 1.0}), assignment)
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.find_comment("derive", A, A, "ada").manual_comment = "Say where the 2 comes from."
        gradebook.db.commit()
    (tmp_path / "autograded/dan" / A / f"{A}.ipynb").write_text("{}")
    shutil.rmtree(tmp_path / "autograded/eve")
    (tmp_path / "submitted" / "guy" / A.upper()).mkdir(parents=True)
    (tmp_path / "submitted" / "guy" / A.upper() / "mine.ipynb").write_text("{}")
    shutil.copytree(ROOT / "source" / A, tmp_path / "source" / A)  # what an ungraded notebook asks for
    return tmp_path


def explained(course: pathlib.Path, *arguments: str) -> Done:
    """autograder explain in this course."""
    return run("explain", *arguments, "--course", str(course))


def test_a_hand_graded_answer_is_looked_up(small: pathlib.Path) -> None:
    done = explained(small, "ada", "derive", "--assignment", A)
    assert done.exit_code == 0, done.output
    assert f"ada, {A}, derive: 1.5 of 2 points, marked by hand." in words(done)
    assert "Comment: Say where the 2 comes from." in words(done)
    assert "rubric.md has no section derive" in words(done)


@pytest.mark.parametrize(
    ("student", "says"), [("ben", "0 of 2 points, no answer."), ("cleo", "not marked yet, of 2 points.")]
)
def test_an_answer_without_a_mark_says_so(small: pathlib.Path, student: str, says: str) -> None:
    done = explained(small, student, "derive")
    assert done.exit_code == 0, done.output
    assert f"{student}, {A}, derive: {says}" in words(done)


def test_a_function_of_two_assignments_is_asked_about(small: pathlib.Path) -> None:
    done = explained(small, "ada", "name_the_mistake")
    assert done.exit_code == 1
    assert "name_the_mistake is in a2_mlp_backprop and in a4_bptt." in words(done)
    assert "autograder explain ada name_the_mistake --assignment a4_bptt" in words(done)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("adda", "predict"), "there is no student of that name; the closest name is ada"),
        (("fay", "predict"), "fay has handed in nothing"),
        (("ben", "predikt"), f"No function or answer of {A} is named predikt; the closest name is predict"),
        (("ben", "deriv"), "the closest name is derive"),
        (("ben", "predict", "--assignment", "a4_bptt"), f"ben has handed in no a4_bptt. ben has handed in {A}."),
        (("dan", "predict"), f"grading was interrupted. Run `nbgrader autograde {A}` first."),
        (("eve", "predict"), f"is handed in, but not graded. Run `nbgrader autograde {A}` first."),
        (("guy", "predict"), f"guy/{A.upper()}/mine.ipynb is not graded: its folder {A.upper()} is no assignment"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_explained_says_what_to_do(small: pathlib.Path, arguments: tuple[str, ...], says: str) -> None:
    done = explained(small, *arguments)
    assert done.exit_code == 1
    assert says in words(done)


def recorded(course: pathlib.Path, student: str, **kept: str) -> None:
    """Change what a graded notebook says of its own grading."""
    path = course / "autograded" / student / A / f"{A}.ipynb"
    notebook = json.loads(path.read_text())
    notebook["metadata"]["autograder"].update(kept)
    path.write_text(json.dumps(notebook))


@pytest.mark.parametrize("seed", ["", "another"])
def test_another_seed_explains_nothing(small: pathlib.Path, monkeypatch: pytest.MonkeyPatch, seed: str) -> None:
    """Grading again with other hidden inputs is refused, and no new seed is made on the way."""
    recorded(small, "ben", seed="0123456789abcdef", submission="")
    monkeypatch.setenv("COURSE_SEED", seed)
    done = explained(small, "ben", "predict")
    assert done.exit_code == 1
    assert "was graded with another course seed" in words(done)
    assert not (small / ".course_seed").exists()


def test_another_submission_explains_nothing(small: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_SEED", SEED)
    recorded(small, "ben", seed="", submission="of another file")
    done = explained(small, "ben", "predict")
    assert done.exit_code == 1
    assert "has changed since it was graded" in words(done)


# ---- notebooks that were really graded ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A course directory in which a1 is graded."""
    root = tmp_path_factory.mktemp("course")
    for tree in ("source", "release"):
        shutil.copytree(ROOT / tree / A, root / tree / A)
    room = Classroom(root / "submitted")
    try:
        for recipe in CLASSES[A]:
            if not recipe.stopped and "loop" not in recipe.kind:
                outcome = room.grade(recipe)
                path = root / "autograded" / recipe.student / A / f"{A}.ipynb"
                path.parent.mkdir(parents=True)
                path.write_text(json.dumps(outcome.notebook))
    finally:
        room.close()
    return root


def test_the_report_counts_what_the_notebooks_say(course: pathlib.Path) -> None:
    report = class_report(course, A)
    graded = sorted(p.name for p in (course / "autograded").iterdir())
    assert list(report.students) == graded
    for question in report.questions:
        assert question.full + question.part + question.none == question.n == len(graded)
        assert question.mean is not None
        assert 0 <= question.mean <= question.max_points
    assert report.marks == {
        r.student: pytest.approx(sum(r.expected().values())) for r in CLASSES[A] if r.student in graded
    }


def test_mistakes_come_most_frequent_first_with_who_made_them(course: pathlib.Path) -> None:
    mistakes = class_report(course, A).mistakes
    assert mistakes
    assert [len(m.students) for m in mistakes] == sorted((len(m.students) for m in mistakes), reverse=True)
    assert any("factor x" in m.title for m in mistakes)


def test_odd_submissions_are_listed_with_the_reason(course: pathlib.Path) -> None:
    report = class_report(course, A)
    looks = [line for lines in report.looks.values() for line in lines]
    assert any("not JSON" in line for line in looks)
    assert any("No notebook was handed in" in line for line in looks)
    assert report.odd


def test_an_anonymous_report_names_nobody(course: pathlib.Path, tmp_path: pathlib.Path) -> None:
    report = class_report(course, A, anonymous=True)
    page = write_page(report, tmp_path / "page.html").read_text()
    files = {p.name for p in (course / "submitted").rglob("*") if p.is_file()}
    for secret in (*(p.name for p in (course / "autograded").iterdir()), *files):
        assert secret not in page
        assert secret not in printed(report, 1000)


def test_the_page_needs_no_network_and_no_script(course: pathlib.Path, tmp_path: pathlib.Path) -> None:
    page = write_page(class_report(course, A), tmp_path / "page.html").read_text()
    assert "<script" not in page
    assert "http" not in page.replace("<!DOCTYPE html>", "")
    for question in class_report(course, A).questions:
        assert question.name in page


def test_explain_replays_a_mark(course: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_SEED", SEED)
    wrong = next(r for r in CLASSES[A] if r.loses)
    name = next(iter(wrong.loses))
    done = explained(course, wrong.student, name)
    assert done.exit_code == 0, done.output
    assert f"{wrong.student}, {A}, {name}:" in done.output
    assert "The recorded mark is the same." in done.output
    assert max(map(len, done.output.splitlines())) <= 80


def test_explain_says_when_a_mark_does_not_stand(course: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has changed the recorded points: exit code 1, and the command that grades again; set by hand is another matter."""
    monkeypatch.setenv("COURSE_SEED", SEED)
    student = read_results(course, A)[0].student
    path = course / "autograded" / student / A / f"{A}.ipynb"
    before = path.read_text()
    notebook = json.loads(before)
    recorded = notebook["metadata"]["autograder"]["functions"]["predict"]
    recorded["points"] += 0.5
    path.write_text(json.dumps(notebook))
    write_gradebook(course / "gradebook.db", [Handed(student)], {})
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.find_grade("test_predict", A, A, student).manual_score = 0.75
        gradebook.db.commit()
    done = explained(course, student, "predict")
    (course / "gradebook.db").unlink()
    path.write_text(before)
    assert done.exit_code == 1
    machine, most = recorded["points"] - 0.5, recorded["max_points"]
    head = f"{student}, {A}, predict: 0.75 of {most:g} points, set by hand. The autograder gives {machine:g}."
    assert words(done).startswith(head)
    assert f"The autograder's recorded mark is {recorded['points']:g}." in words(done)
    assert f"nbgrader autograde {A} --student {student} --force" in words(done)


def test_a_real_answer_has_its_rubric(course: pathlib.Path) -> None:
    """The course has no gradebook: the answer is known, the mark is not."""
    student = read_results(course, A)[0].student
    done = explained(course, student, "derive_loss_gradient")
    assert done.exit_code == 0, done.output
    assert "not in the gradebook" in words(done)
    assert "rubric.md, section derive_loss_gradient" in words(done)


def test_what_was_never_graded_is_said_with_the_next_command(course: pathlib.Path) -> None:
    done = run("report", "a4_bptt", "--course", str(course))
    assert done.exit_code == 1
    assert "nbgrader autograde a4_bptt" in done.output
    done = run("report", "a1_linear_fitt", "--course", str(course))
    assert done.exit_code == 1
    assert "the closest name is a1_linear_fit" in done.output
    done = run("report", A, "--course", str(course / "nowhere"))
    assert done.exit_code == 2
    assert "does not exist" in done.output
    done = explained(course, "nobody", "predict")
    assert done.exit_code == 1
    assert "No graded submission of nobody" in done.output


def test_the_configuration_of_nobody_is_nbgraders(tmp_path: pathlib.Path) -> None:
    found = course_directory(tmp_path)
    assert (found.root, found.submitted_directory, found.db_url) == (
        str(tmp_path),
        "submitted",
        f"sqlite:///{tmp_path}/gradebook.db",
    )
