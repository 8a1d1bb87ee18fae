"""The roads to a learning platform: its zip of submissions in, marks in its own form out, and nothing lost on the way.

How the platforms name files is in the docstrings of autograder/lms/presets.py.
"""

from __future__ import annotations

import csv
import io
import json
import pathlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder.bulk.moves import Move
from autograder.bulk.moves import write_csv as write_moves
from autograder.course.settings import ROOT
from autograder.lms import zips
from autograder.lms.collect import Collected, CollectError, collect, read_numbers
from autograder.lms.export import RUN, canvas, gradescope, moodle, results_json
from autograder.lms.marks import Marked, Question, marked
from autograder.plugins.course_files import course_directory
from autograder.plugins.export import CourseCsv
from tests.test_reports import A, Handed, run, words, write_class

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")  # nbgrader under SQLAlchemy 2
NOTEBOOK = f"{A}.ipynb"
ROSTER = {
    "ada": {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.edu", "lms_user_id": "101"},
    "obrien": {"first_name": "Zoë_Ann", "last_name": "O'Brien", "email": "zoe@example.edu", "lms_user_id": "102"},
    "muller": {"first_name": "Jörg", "last_name": "Müller", "email": "jm@example.edu"},
    "s1815": {"first_name": "Sam", "last_name": "Smith", "email": "sam@example.edu"},
}


def packed(files: Mapping[str, str | bytes]) -> bytes:
    """The bytes of a zip with these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return file.getvalue()


def zipped(path: pathlib.Path, files: Mapping[str, str | bytes]) -> pathlib.Path:
    """The same as a file."""
    path.write_bytes(packed(files))
    return path


@pytest.fixture
def course(tmp_path: pathlib.Path) -> Any:
    """A course with a list of students, of which nobody has handed in anything."""
    write_class(tmp_path, [], ROSTER)
    coursedir = course_directory(tmp_path)
    coursedir.assignment_id = A
    return coursedir


def collected(course: Any, preset: str, files: Mapping[str, str | bytes]) -> Collected:
    """What collecting a zip with these files does."""
    return collect(course, preset, zipped(pathlib.Path(course.root, "all.zip"), files))


def handed_in(course: Any) -> dict[str, str]:
    """Everything below submitted/, by path, with the assignment's name left out."""
    root = pathlib.Path(course.root, "submitted")
    files = [path for path in root.rglob("*") if path.is_file()]
    return {str(path.relative_to(root)).replace(f"/{A}/", "/"): path.read_text() for path in files}


# ---- whose a file is ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "path", "student"),
    [
        ("canvas", f"lovelaceada_101_9001_{NOTEBOOK}", "ada"),
        ("canvas", f"lovelaceada_LATE_101_9001_{NOTEBOOK}", "ada"),
        ("canvas", f"submissions/lovelaceada_101_9001_{A}-2.ipynb", "ada"),
        ("canvas", f"anothername_101_9001_{NOTEBOOK}", "ada"),  # the number decides
        ("canvas", f"obrienzoë_ann_102_9001_{NOTEBOOK}", "obrien"),
        ("canvas", f"obrien_7_102_9001_{NOTEBOOK}", "obrien"),  # a number in the name
        ("canvas", f"müllerjörg_777_9001_{NOTEBOOK}", "muller"),
        ("canvas", f"mu\u0308llerjo\u0308rg_777_9001_{NOTEBOOK}", "muller"),  # accents as macOS writes them
        ("moodle", f"Ada Lovelace_12345_assignsubmission_file/{NOTEBOOK}", "ada"),
        ("moodle", f"Ada Lovelace_12345_assignsubmission_file_/{NOTEBOOK}", "ada"),
        ("moodle", f"Ada Lovelace_12345_assignsubmission_file_{NOTEBOOK}", "ada"),
        ("moodle", f"Ada Lovelace_12345_assignsubmission_file/my work/{NOTEBOOK}", "ada"),
        ("moodle", f"Ada Lovelace_12345_assignsubmission_file/{A}.ipynb.txt", "ada"),  # as a browser saves it
        ("moodle", f"Ada Lovelace_12345_assignsubmission_file/{A}.IPYNB", "ada"),
        ("moodle", f"MÜLLER Jörg_12345_assignsubmission_file/{NOTEBOOK}", "muller"),
        ("moodle", f"S1815 Some Name_12345_assignsubmission_file/{NOTEBOOK}", "s1815"),
        ("moodle", f"Some Name_s1815_12345_assignsubmission_file/{NOTEBOOK}", "s1815"),
        ("moodle", f"Participant_77_assignsubmission_file/{NOTEBOOK}", "participant-77"),
    ],
)
def test_a_name_in_a_zip_is_matched_to_the_list_of_students(course: Any, preset: str, path: str, student: str) -> None:
    with Gradebook(course.db_url) as gradebook:
        gradebook.add_student("participant-77")  # for marking without names
    done = collected(course, preset, {path: "{}"})
    assert (done.new, done.problems, done.notes) == ([student], [], [])
    assert handed_in(course).keys() == {f"{student}/{NOTEBOOK}"} | (
        {f"{student}/timestamp.txt"} if "LATE" in path else set()
    )


METADATA = """---
submission_501:
  :submitters:
  - :name: Ada Lovelace
    :sid: '4711'
    :email: ada@example.edu
  :created_at: 2026-01-10 13:00:00.123456000 Z
  :score: 0.0
  :results: !ruby/object:Results {}
submission_502:
  :submitters:
  - :name: Sam
    :sid: s1815
    :email: other@example.org
  - :name: Jörg Müller
    :sid: ''
    :email: ''
  :created_at: 2026-01-10 12:30:00 +01:00
"""


def test_gradescope_says_in_its_metadata_who_and_when(course: Any) -> None:
    """By address, by id, by name; a group's work is everybody's."""
    files = {f"assignment_9_export/submission_{number}/{NOTEBOOK}": str(number) for number in (501, 502)}
    done = collected(course, "gradescope", {"assignment_9_export/submission_metadata.yml": METADATA, **files})
    assert handed_in(course) == {
        f"ada/{NOTEBOOK}": "501",
        "ada/timestamp.txt": "2026-01-10 13:00:00 UTC\n",
        f"muller/{NOTEBOOK}": "502",
        "muller/timestamp.txt": "2026-01-10 11:30:00 UTC\n",
        f"s1815/{NOTEBOOK}": "502",
        "s1815/timestamp.txt": "2026-01-10 11:30:00 UTC\n",
    }
    assert (done.late, done.problems) == (["ada"], [])


def test_late_work_is_a_second_late_after_the_students_own_due_date(course: Any) -> None:
    """Canvas says that it was late, not when; an extension counts."""
    with Gradebook(course.db_url) as gradebook:
        gradebook.add_submission(A, "obrien")
        gradebook.grant_extension(A, "obrien", days=2)
    late = {f"{name}_LATE_{number}_9_{NOTEBOOK}": "{}" for name, number in (("a", 101), ("o", 102))}
    done = collected(course, "canvas", {**late, f"müllerjörg_7_9_{NOTEBOOK}": "{}"})
    assert done.late == ["ada", "obrien"]
    told = handed_in(course)
    assert told["ada/timestamp.txt"] == "2026-01-10 12:00:01 UTC\n"
    assert told["obrien/timestamp.txt"] == "2026-01-12 12:00:01 UTC\n"
    assert "muller/timestamp.txt" not in told


def test_a_name_in_utf_8_that_does_not_say_so_is_read(course: Any) -> None:
    """As the zips of many servers are; zipfile alone would read mÃ¼ller."""
    path = zipped(pathlib.Path(course.root, "all.zip"), {f"mXXllerjYYrg_777_9_{NOTEBOOK}": "{}"})
    path.write_bytes(path.read_bytes().replace(b"mXXllerjYYrg", "müllerjörg".encode()))
    assert collect(course, "canvas", path).new == ["muller"]


# ---- two files, two zips -----------------------------------------------------------------------------------------------


def test_of_a_file_that_was_handed_in_twice_the_newest_is_collected(course: Any) -> None:
    files = {f"a_101_12_{A}-1.ipynb": "new", f"a_101_9_{NOTEBOOK}": "old", "a_101_13_2026_11_mine.ipynb": "mine"}
    done = collected(course, "canvas", files)
    assert handed_in(course) == {f"ada/{NOTEBOOK}": "new", "ada/2026_11_mine.ipynb": "mine"}
    assert done.notes == [f"ada: older files of {NOTEBOOK} are left in the zip."]
    assert done.problems == [f"ada: 2 notebooks, 2026_11_mine.ipynb, {NOTEBOOK}; grading takes one."]


def test_a_newer_zip_replaces_and_an_older_one_does_not(course: Any) -> None:
    """What is replaced is kept, and the same zip again changes nothing."""
    first, second = {f"a_101_9_{NOTEBOOK}": "first"}, {f"a_101_12_{A}-1.ipynb": "second"}
    assert collected(course, "canvas", first).new == ["ada"]
    assert collected(course, "canvas", first).unchanged == ["ada"]
    assert collected(course, "canvas", second).replaced == ["ada"]
    assert collected(course, "canvas", first).unchanged == ["ada"]
    assert handed_in(course) == {f"ada/{NOTEBOOK}": "second"}
    kept = pathlib.Path(course.root, "downloaded", A, "replaced", "ada", "1", NOTEBOOK)
    assert kept.read_text() == "first"


def test_two_submissions_of_one_student_leave_the_newest(course: Any) -> None:
    about = METADATA.replace("s1815", "4711").replace("other@example.org", "ada@example.edu")
    files = {f"e/submission_{number}/{NOTEBOOK}": str(number) for number in (501, 502)}
    done = collected(course, "gradescope", {"e/submission_metadata.yml": about, **files})
    assert handed_in(course)[f"ada/{NOTEBOOK}"] == "501"
    assert "ada: several submissions are in the zip; the newest is collected." in done.notes


def test_a_disk_that_is_full_loses_nothing(course: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The earlier submission stays, and everybody else's is collected."""
    collected(course, "canvas", {f"a_101_9_{NOTEBOOK}": "first"})
    real = pathlib.Path.write_bytes

    def full(path: pathlib.Path, data: bytes) -> int:
        if data == b"second":
            raise OSError(28, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(pathlib.Path, "write_bytes", full)
    done = collected(course, "canvas", {f"a_101_12_{NOTEBOOK}": "second", f"o_102_13_{NOTEBOOK}": "hers"})
    assert done.problems == ["ada: not collected: No space left on device. Run this command again."]
    assert handed_in(course) == {f"ada/{NOTEBOOK}": "first", f"obrien/{NOTEBOOK}": "hers"}
    monkeypatch.undo()
    assert collected(course, "canvas", {f"a_101_12_{NOTEBOOK}": "second"}).replaced == ["ada"]


# ---- what cannot be collected ------------------------------------------------------------------------------------------

INNER = packed({f"inner/{NOTEBOOK}": "inside", f"__MACOSX/._{NOTEBOOK}": "no", "../../../evil.ipynb": "no"})
BOMB = packed({f"{n}.ipynb": "0" * 1000 for n in range(9)})
MANY = packed({f"{n}.ipynb": "" for n in range(51)})


@pytest.mark.parametrize(
    ("files", "there", "sentence"),
    [
        (
            {f"nobody_999_9_{NOTEBOOK}": "{}"},
            {},
            "nobody_999 is nobody in the list of students: not collected. Correct",
        ),
        ({f"lovelaceada_999_9_{NOTEBOOK}": "{}"}, {}, "lovelaceada_999 is nobody in the list"),  # another Ada Lovelace
        ({f"anon_x1Y_9_{NOTEBOOK}": "{}"}, {}, "anon_x1Y is nobody in the list of students"),
        ({"a_101_9_essay.pdf": "pdf"}, {"ada/essay.pdf": "pdf"}, "ada: no notebook was handed in, but essay.pdf."),
        ({"a_101_text.html": "<p>"}, {"ada/text.html": "<p>"}, "ada: no notebook was handed in, but text.html."),
        ({"a_101_9_timestamp.txt": "2020-01-01"}, {}, "ada: nothing could be collected."),
        (
            {"a_101_9_work.zip": INNER},
            {f"ada/{NOTEBOOK}": "inside"},
            "leads out of the zip: ../../../evil.ipynb.",
        ),
        ({"../../a_101_9_evil.ipynb": "{}"}, {}, "leads out of the zip: ../../a_101_9_evil.ipynb."),
        ({"a_101_9_big.ipynb": "0" * 7000}, {}, "ada: big.ipynb is not collected: it is larger than 0 MiB."),
        (
            {"a_101_9_bomb.zip": BOMB},
            None,
            "ada: bomb.zip is not collected: what is in the zip is too large altogether.",
        ),
        ({"a_101_9_many.zip": MANY}, None, "ada: many.zip is not collected: it holds 51 notebooks."),
        ({"a_101_9_half.zip": INNER[:-30]}, None, "ada: half.zip is not collected: it is no whole zip"),
        ({"notes.txt": "?"}, {}, "Not collected, because canvas does not name submissions so: notes.txt."),
    ],
)
def test_what_cannot_be_collected_is_said_and_the_others_are_collected(
    course: Any,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str | bytes],
    there: dict[str, str] | None,
    sentence: str,
) -> None:
    monkeypatch.setattr(zips, "MAX_FILE", 6000)
    done = collected(course, "canvas", {**files, f"obrienzoë_ann_102_8_{NOTEBOOK}": "hers"})
    assert any(sentence in problem for problem in done.problems), done.problems
    found = handed_in(course)
    assert found.pop(f"obrien/{NOTEBOOK}") == "hers"
    assert there is None or found == there
    assert not list(pathlib.Path(course.root).rglob("evil.ipynb"))


@pytest.mark.parametrize(
    ("preset", "files", "sentence"),
    [
        (
            "moodle",
            {f"Jörg Müller_7_assignsubmission_file/{NOTEBOOK}": "{}"},
            "Jörg Müller_7 may be jm2, muller in the list",
        ),
        ("moodle", {f"Ada Lovelace_s1815_7_assignsubmission_file/{NOTEBOOK}": "{}"}, "may be ada, s1815 in the list"),
        ("canvas", {f"lovelaceada_102_9_{NOTEBOOK}": "{}"}, "lovelaceada_102 may be ada, obrien in the list"),
        (
            "moodle",
            {f"Ada Lovelace_{n}_assignsubmission_file/{NOTEBOOK}": "{}" for n in (7, 8)},
            "ada: not collected, since Ada Lovelace_7, Ada Lovelace_8 have one name. Put one of them into",
        ),
    ],
)
def test_nobody_gets_the_work_of_another_who_may_be_meant(
    course: Any, preset: str, files: dict[str, str], sentence: str
) -> None:
    """Two of one name in the list or on the platform; number and name that are of two students."""
    with Gradebook(course.db_url) as gradebook:
        gradebook.add_student("jm2", first_name="Jörg", last_name="Müller")
    (problem,) = collected(course, preset, files).problems
    assert sentence in problem
    assert handed_in(course) == {}


@pytest.mark.parametrize(
    ("preset", "files", "sentence"),
    [
        (
            "canvas",
            {f"Ada Lovelace_1_assignsubmission_file/{NOTEBOOK}": ""},
            "as canvas names submissions; it looks like a zip of moodle.",
        ),
        ("moodle", {f"a_101_9_{NOTEBOOK}": ""}, "it looks like a zip of canvas."),
        ("gradescope", {f"submission_1/{NOTEBOOK}": ""}, "it has no submission_metadata.yml, so nobody knows"),
        (
            "gradescope",
            {"submission_metadata.yml": "a: [", f"submission_1/{NOTEBOOK}": ""},
            "submission_metadata.yml is damaged",
        ),
        ("canvas", {}, "it is empty"),
    ],
)
def test_a_wrong_zip_ends_with_one_sentence(course: Any, preset: str, files: dict[str, str], sentence: str) -> None:
    with pytest.raises(CollectError) as ended:
        collected(course, preset, files)
    assert sentence in str(ended.value)
    assert handed_in(course) == {}


def test_a_broken_or_missing_zip_ends_with_one_sentence(course: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a download, no file, too much in it altogether."""
    root = pathlib.Path(course.root)
    path = zipped(root / "all.zip", {f"a_101_{n}_{NOTEBOOK}": "x" * 900 for n in range(9)})
    half = root / "half.zip"
    half.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(CollectError, match=r"half\.zip cannot be collected: it is no whole zip: the download may"):
        collect(course, "canvas", half)
    with pytest.raises(CollectError, match=r"none\.zip cannot be collected: there is no such file"):
        collect(course, "canvas", root / "none.zip")
    monkeypatch.setattr(zips.Archive.__init__, "__defaults__", (500,))
    assert "too large altogether" in collect(course, "canvas", path).problems[0]


def test_a_course_without_a_list_of_students_is_told_how_to_import_one(tmp_path: pathlib.Path) -> None:
    write_class(tmp_path, [])
    done = run("collect-zip", "canvas", "all.zip", A, "--course", str(tmp_path))
    assert done.exit_code == 1
    assert "The gradebook has no students" in words(done)
    assert "db student import students.csv" in words(done)
    assert "There is no platform canvass; the closest name is canvas." in run("export", "canvass", A).output


# ---- marks back --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [6, pytest.param(300, marks=pytest.mark.thorough)])
def test_a_class_comes_in_from_canvas_and_its_marks_go_back(tmp_path: pathlib.Path, count: int) -> None:
    """Every notebook arrives at its student, and every mark in the file is the gradebook's."""
    ids = [f"student-{n:03}" for n in range(count)]
    names = {
        id: {"first_name": f"Zoë-{n}", "last_name": "von_O'Neil", "lms_user_id": str(1000 + n)}
        for n, id in enumerate(ids)
    }
    write_class(tmp_path, [Handed(id, answer=("marked", n % 7 / 3), penalty=n % 3) for n, id in enumerate(ids)], names)
    shutil.rmtree(tmp_path / "submitted")
    late = ["LATE_" if n % 5 == 0 else "" for n in range(count)]
    files = {f"von_oneilzoë{n}_{late[n]}{1000 + n}_{n + 7}_{NOTEBOOK}": f"work of {ids[n]}" for n in range(count)}
    done = run("collect-zip", "canvas", str(zipped(tmp_path / "all.zip", files)), A, "--course", str(tmp_path))
    assert done.exit_code == 0, done.output
    assert f"{A}: {count} collected; {sum(map(bool, late))} late" in words(done)
    for id in ids:
        assert (tmp_path / "submitted" / id / A / NOTEBOOK).read_text() == f"work of {id}"
    out = tmp_path / "canvas.csv"
    assert run("export", "canvas", A, "--course", str(tmp_path), "--to", str(out), "--column", "A1 (55)").exit_code == 0
    with out.open(newline="") as file:
        head, possible, *rows = csv.reader(file)
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "A1 (55)"]
    assert (possible[0].strip(), possible[5]) == ("Points Possible", "6")
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        found = {
            s.student.lms_user_id: max(0, s.score - s.late_submission_penalty)
            for s in gradebook.assignment_submissions(A)
        }
    assert {row[1]: float(row[5]) for row in rows} == pytest.approx(found, abs=0.005)
    assert len(rows) == count


def test_marks_go_back_to_moodle_and_gradescope_by_the_numbers_of_the_zip(tmp_path: pathlib.Path) -> None:
    """Who is in no zip is named and left out; an answer that nobody has marked yet is said."""
    write_class(tmp_path, [Handed("ada", {"predict": 1.0}), Handed("muller")], ROSTER)
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.find_grade("test_predict", A, A, "ada").auto_score = 1.0
        gradebook.db.commit()
    path = zipped(tmp_path / "m.zip", {f"Ada Lovelace_77_assignsubmission_file/{NOTEBOOK}": "{}"})
    assert run("collect-zip", "moodle", str(path), A, "--course", str(tmp_path)).exit_code == 0
    done = run("export", "moodle", A, "--course", str(tmp_path))
    assert done.exit_code == 1
    assert "1 mark. Left out, since no zip of moodle with their work was collected: muller." in words(done)
    assert "Their marks may still rise, since not all answers are marked: ada, muller." in words(done)
    with (tmp_path / f"{A}-moodle.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["Identifier"], row["Full name"], row["Grade"], row["Maximum grade"]) == (
        "Participant 77",
        "Ada Lovelace",
        "1",
        "6",
    )
    assert "Last modified (grade)" in row
    assert row["Feedback comments"] == "predict: 1 of 4; prediction is wrong<br>derive: – of 2; not marked yet"


MARK = Marked(
    *("ada", "=cmd()", '<b>"', "@ada", "", "501", "3.5", "6", "0.5", 0.0),
    questions=(Question("predict", 3.5, 4, "<script>"), Question("derive", None, 2, "")),
)


def test_gradescope_runs_a_script_that_shows_the_marks(tmp_path: pathlib.Path) -> None:
    """As Gradescope does: the zip in source/, a submission's number in the metadata, results.json out."""
    with zipfile.ZipFile(io.BytesIO(gradescope([MARK], "").data)) as archive:
        archive.extractall(tmp_path / "source")
        assert {info.external_attr >> 16 for info in archive.infolist() if "." not in info.filename} == {0o100755}
    told = {}
    for number in (501, 502):
        (tmp_path / "submission_metadata.json").write_text(json.dumps({"id": number}))
        subprocess.run([sys.executable, str(tmp_path / "source" / "run_autograder"), str(tmp_path)], check=True)
        told[number] = json.loads((tmp_path / "results" / "results.json").read_text())
    assert told[501] == results_json(MARK)
    assert told[501]["score"] == 3.5
    assert [(test["name"], test.get("score"), test["max_score"]) for test in told[501]["tests"]] == [
        ("predict", 3.5, 4),
        ("derive", None, 2),
    ]
    assert told[502]["output"] == "This submission is not marked yet."
    assert RUN.read_text().startswith("#!")


def test_no_cell_of_a_student_is_a_formula_or_a_tag(tmp_path: pathlib.Path) -> None:
    write_moves([Move("=x", "predict", 1.0, 0.5, None)], tmp_path / "moves.csv")
    assert (tmp_path / "moves.csv").read_text().splitlines()[1] == "'=x,predict,1.0,0.5,,-0.5"
    rows = [*csv.reader(io.StringIO(canvas([MARK], "A1 (5)").data.decode()))]
    assert rows[2] == ['<b>", =cmd()', "501", "", "ada", "", "3.5"]
    (row,) = csv.DictReader(io.StringIO(moodle([MARK], "").data.decode()))
    assert (row["Full name"], row["Email address"]) == ("'=cmd() <b>\"", "'@ada")
    assert row["Feedback comments"] == "predict: 3.5 of 4; &lt;script&gt;<br>derive: – of 2<br>Late: 0.5 points less."


def test_the_numbers_of_a_zip_outlive_a_damaged_file(course: Any) -> None:
    collected(course, "canvas", {f"a_101_9_{NOTEBOOK}": "{}"})
    assert read_numbers(course, "canvas") == {"ada": {"number": "101", "version": "9"}}
    pathlib.Path(course.root, "downloaded", A, "canvas.json").write_text("{")
    assert read_numbers(course, "canvas") == {}
    assert collected(course, "canvas", {f"a_101_9_{NOTEBOOK}": "{}"}).unchanged == ["ada"]


def test_marks_of_an_assignment_that_nobody_has_are_refused(course: Any) -> None:
    with pytest.raises(LookupError, match="Nobody's a1_linear_fit is graded yet"):
        marked(course, {})
    course.assignment_id = "a1_linear_ft"
    with pytest.raises(LookupError, match="closest name is a1_linear_fit"):
        marked(course, {})


def test_who_should_be_told_is_a_table_for_a_mail_merge(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only marks that are others than in the table of then."""
    monkeypatch.chdir(tmp_path)
    roster = {**ROSTER, "ada": {**ROSTER["ada"], "last_name": "+SUM(1)"}}
    write_class(tmp_path, [Handed("ada", answer=("marked", 1.0)), Handed("obrien", answer=("marked", 2.0))], roster)
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        CourseCsv(to="told.csv").export(gradebook)
        gradebook.find_grade("derive", A, A, "ada").manual_score = 1.5
        gradebook.db.commit()
    assert "1 mark moved" in words(run("moved", "told.csv", "--to", "letters.csv"))
    (row,) = csv.DictReader(pathlib.Path("letters.csv").read_text().splitlines())
    assert list(row.values()) == [A, "ada", "'+SUM(1)", "Ada", "ada@example.edu", "1", "1.5"]
    pathlib.Path("told.csv").write_text("name\nada\n")
    assert "told.csv is no table of marks" in run("moved", "told.csv").output


def test_one_student_gets_more_time(course: Any) -> None:
    """Counted from the due date; it needs a submission, as nbgrader keeps it there."""
    assert "Nothing of ada is graded" in run("extend", A, "ada", "--hours", "36", "--course", course.root).output
    with Gradebook(course.db_url) as gradebook:
        gradebook.add_submission(A, "ada", timestamp="2026-01-11 12:00:00 UTC")
    done = run("extend", A, "ada", "--hours", "36", "--course", course.root)
    assert f"{A} of ada is due 2026-01-12 00:00:00 UTC." in words(done)
    with Gradebook(course.db_url) as gradebook:
        assert gradebook.find_submission(A, "ada").total_seconds_late == 0


def test_the_late_rule_of_the_documentation_takes_a_tenth_for_each_day_that_has_begun() -> None:
    text = (ROOT / "docs" / "teacher.md").read_text()
    code = text[text.index("from nbgrader.plugins import Late") :].partition("```")[0]
    names: dict[str, Any] = {"c": Config()}
    exec(code, names)
    rule = names["c"].AssignLatePenalties.plugin_class().late_submission_penalty
    late = {1: 2.0, 86400: 2.0, 86401: 4.0, 40 * 86400: 20.0}
    assert {seconds: rule("ada", 20.0, seconds) for seconds in late} == pytest.approx(late)
