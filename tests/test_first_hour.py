"""A teacher's first hour: the roads that people walked, and where they stumbled."""

from __future__ import annotations

import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.course import ROOT, load_course
from autograder.demo import course_api, in_folder
from autograder.grading.handed_in import shown
from autograder.grading.repair import KEY
from autograder.plugins.converters import install
from autograder.plugins.grading import GRADERS, shared_grader
from autograder.plugins.records import read
from autograder.sample.accidents import cut_file, double_cell, edit_cell, no_file
from autograder.sample.classes import CLASSES
from autograder.sample.recipes import Notebook, Recipe
from autograder.solutions import nbgrader_of
from tests.commands import SCRIPTS, code_scores, ended, expected, fresh_clone, interrupted, made, nbgrader, started

A = "a1_linear_fit"
ALL = tuple(Recipe(A, "right").expected())
RIGHT = Recipe(A, "right", student="ada")
BLANK = Recipe(A, "blank", student="ben", stubs=ALL)
HALF = Recipe(A, "half", student="cem", stubs=ALL[4:])
CLASS = (RIGHT, BLANK, HALF, *(replace(RIGHT, student=f"s{n}") for n in range(3)))


def graded(root: pathlib.Path, student: str, assignment: str = A) -> dict[str, Any]:
    """What grading left in a graded notebook."""
    return read(root / "autograded" / student / assignment / f"{assignment}.ipynb")


def flagged(root: pathlib.Path) -> set[str]:
    """The students whose submission carries the formgrader's flag."""
    with closing(Gradebook(f"sqlite:///{root}/gradebook.db")) as gradebook:
        return {s.student.id for s in gradebook.assignment_submissions(A) if any(n.flagged for n in s.notebooks)}


def comments(root: pathlib.Path, student: str) -> str:
    """All comments in the gradebook on a student's notebook."""
    with closing(Gradebook(f"sqlite:///{root}/gradebook.db")) as gradebook:
        notebook = gradebook.find_submission_notebook(A, A, student)
        return "\n".join(c.comment or "" for c in notebook.comments)


# ---- a fresh clone -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The repository as somebody gets it, with one submission put into it."""
    root = fresh_clone(tmp_path_factory.mktemp("clone") / "course")
    RIGHT.hand_in(root / "submitted")
    return root


def in_clone(root: pathlib.Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the README there, with the clone's own code."""
    environment = {**os.environ, "PYTHONPATH": str(root), **variables}
    return subprocess.run(
        command,
        shell=True,
        cwd=root,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=240,
        check=False,
    )


def commands_of(page: str, *words: str) -> list[str]:
    """The commands of a page in backticks or indented blocks that contain one of these words, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(r"`(\.venv/bin/[^`]+)`|^    (\.venv/bin/.+)$", text, re.MULTILINE)
    lines = [one or other for one, other in found]
    return [line for line in lines if any(word in line for word in words)]


def test_the_readmes_commands_grade_in_a_fresh_clone(clone: pathlib.Path) -> None:
    """release/ is committed and nothing is registered: the commands, word for word, give a mark, a page and a report."""
    commands = commands_of("README.md", "nbgrader", "report", "explain")
    assert len(commands) == 4
    for command in commands:
        ran = in_clone(clone, command.replace("a4_bptt", A).replace("STUDENT", "ada").replace("FUNCTION", "predict"))
        assert ran.returncode == 0, ran.stdout
        assert "Traceback" not in ran.stdout
        assert "nrecognized" not in ran.stdout  # a trait of our config that nothing reads
    assert code_scores(clone, A) == expected([RIGHT])
    assert (clone / "feedback" / "ada" / A / f"{A}.html").exists()


def test_autograde_alone_registers_the_assignment(clone: pathlib.Path) -> None:
    """Whoever forgets generate_assignment is graded all the same."""
    (clone / "gradebook.db").unlink()
    ran = in_clone(clone, f".venv/bin/nbgrader autograde {A}")
    assert ran.returncode == 0, ran.stdout
    assert code_scores(clone, A) == expected([RIGHT])


BROKEN = {
    'python = ".venv-student/bin/python"': ('python = "nowhere/bin/python"', "nowhere/bin/python"),
    "call = 5": ("sell = 5", "sell"),
    "cost_share = 0.125": ("cost_share = ", "course.toml"),
}


@pytest.mark.parametrize("line", BROKEN)
def test_a_broken_set_up_touches_no_folder(clone: pathlib.Path, line: str) -> None:
    """Under --force, too: one sentence, and what was graded stays."""
    before = graded(clone, "ada")
    path = clone / "course.toml"
    text = path.read_text()
    assert line in text
    path.write_text(text.replace(line, BROKEN[line][0]))
    try:
        ran = in_clone(clone, f".venv/bin/nbgrader autograde {A} --force")
    finally:
        path.write_text(text)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stdout
    (said,) = [line for line in ran.stdout.splitlines() if "ERROR" in line]
    assert BROKEN[line][1] in said
    assert graded(clone, "ada") == before


def test_isolation_off_is_said_wherever_marks_are_read(clone: pathlib.Path) -> None:
    """The graded notebook and the gradebook's comment say so."""
    ran = in_clone(clone, f".venv/bin/nbgrader autograde {A} --force", AUTOGRADER_ISOLATION="none")
    assert ran.returncode == 0, ran.stdout
    assert 'isolation = "none"' in ran.stdout
    assert graded(clone, "ada")["isolation"] == "none"
    assert 'isolation = "none"' in comments(clone, "ada")


# ---- one class, interrupted ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A course directory with a small class."""
    return made(tmp_path_factory.mktemp("first-hour"), CLASS)


def test_an_interrupted_class_is_graded_to_the_end(course: pathlib.Path) -> None:
    """Killed, terminated and stopped at different moments; then every mark is right and everybody is accounted for."""
    for number, words, times in (
        (signal.SIGKILL, "Autograding", 2),
        (signal.SIGINT, "Overwriting files", 1),
        (signal.SIGTERM, "Writing", 3),
        (signal.SIGINT, "Autograding", 1),
    ):
        code, said = interrupted(course, number, words, times, "autograde", A, "--debug")
        assert code != 0, said
        if number == signal.SIGINT:
            assert "Traceback" not in said
            assert "Run the same command again: it grades the rest" in said
    last = nbgrader(course, "autograde", A)
    assert last.returncode == 0, last.stdout
    assert re.search(rf"{A}: {len(CLASS)} submissions, \d+ graded, \d+ unchanged\.", last.stdout)
    assert code_scores(course, A) == expected(CLASS)


@pytest.mark.thorough
def test_a_class_of_300_survives_two_kills(tmp_path: pathlib.Path) -> None:
    """300 submissions of the largest assignment, killed twice in the middle: every mark right, everybody accounted for."""
    kinds = [recipe for recipe in CLASSES["a4_bptt"] if not recipe.stopped and not recipe.needs_look]
    recipes = [replace(kinds[n % len(kinds)], student=f"student-{n:03}") for n in range(300)]
    root = made(tmp_path / "large", recipes)
    for submissions in (70, 110):
        code, said = interrupted(root, signal.SIGKILL, "Autograding", submissions, "autograde", "a4_bptt", "--debug")
        assert code == -signal.SIGKILL, said
    last = nbgrader(root, "autograde", "a4_bptt")
    assert "a4_bptt: 300 submissions, " in last.stdout
    assert "not graded" not in last.stdout
    assert code_scores(root, "a4_bptt") == expected(recipes)


@pytest.mark.thorough
@pytest.mark.parametrize("times", range(1, 13))
@pytest.mark.parametrize("words", ["Creating/updating", "Sanitizing", "Autograding", "Writing"])
def test_ctrl_c_always_stops(tmp_path: pathlib.Path, words: str, times: int) -> None:
    """Wherever it comes: exit code 130, no traceback, and the class can be graded to the end."""
    recipes = [replace(RIGHT, student=f"s{n:02}") for n in range(12)]
    root = made(tmp_path / "stopped", recipes)
    code, said = interrupted(root, signal.SIGINT, words, times, "autograde", A, "--debug")
    assert code == 130, said
    assert "Traceback" not in said
    assert nbgrader(root, "autograde", A).returncode == 0
    assert code_scores(root, A) == expected(recipes)


def test_what_is_half_graded_is_graded_again(course: pathlib.Path) -> None:
    """Each state in which a kill can leave a submission: cut in writing, without results, without marks in the gradebook."""
    places = {s: course / "autograded" / s / A / f"{A}.ipynb" for s in ("ada", "ben", "cem", "s0")}
    for place in places.values():
        place.chmod(0o644)
    places["ada"].write_bytes(places["ada"].read_bytes()[:5000])
    notebook = json.loads(places["ben"].read_text())
    del notebook["metadata"][KEY]["functions"]
    places["ben"].write_text(json.dumps(notebook))
    places["cem"].unlink()
    with closing(Gradebook(f"sqlite:///{course}/gradebook.db")) as gradebook:
        gradebook.find_grade("test_predict", A, A, "s0").auto_score = None
        gradebook.db.commit()
    ran = nbgrader(course, "autograde", A)
    assert f"{len(CLASS)} submissions, 4 graded, 2 unchanged" in ran.stdout, ran.stdout
    assert code_scores(course, A) == expected(CLASS)
    assert all("functions" in graded(course, recipe.student) for recipe in CLASS)


def test_content_decides_what_is_stale(course: pathlib.Path) -> None:
    """A replaced file counts without a newer timestamp; the page follows the mark; nothing else is done again."""
    assert nbgrader(course, "generate_feedback", A).returncode == 0
    page = course / "feedback" / "ben" / A / f"{A}.html"
    old, others = page.read_text(), course / "feedback" / "ada" / A / f"{A}.html"
    before = others.stat().st_mtime_ns
    path = replace(RIGHT, student="ben").hand_in(course / "submitted") / f"{A}.ipynb"
    os.utime(path, (0, 0))
    ran = nbgrader(course, "autograde", A)
    assert f"{len(CLASS)} submissions, 1 graded, {len(CLASS) - 1} unchanged" in ran.stdout, ran.stdout
    assert code_scores(course, A)["ben"] == expected([RIGHT])["ada"]
    assert nbgrader(course, "generate_feedback", A).returncode == 0
    assert page.read_text() != old
    assert others.stat().st_mtime_ns == before
    assert not (page.parent / "selfcheck.py").exists()


def test_due_date_and_policy_reach_marks_that_are_given(course: pathlib.Path) -> None:
    """A late penalty comes and goes with the rule and the due date, without --force."""

    def penalty() -> float:
        with closing(Gradebook(f"sqlite:///{course}/gradebook.db")) as gradebook:
            return gradebook.find_submission(A, "ada").late_submission_penalty or 0.0

    (course / "submitted" / "ada" / A / "timestamp.txt").write_text("2026-03-02 10:00:00 UTC")
    config = (course / "nbgrader_config.py").read_text()
    rule = 'c.LateSubmissionPlugin.penalty_method = "zero"\n'
    (course / "nbgrader_config.py").write_text(config + rule)
    for due, expected_penalty in (("2026-03-01 00:00 UTC", True), ("2026-03-09 00:00 UTC", False)):
        assert nbgrader(course, "db", "assignment", "add", A, f"--duedate={due}").returncode == 0
        ran = nbgrader(course, "autograde", A)
        assert f"{len(CLASS)} graded, 0 unchanged" in ran.stdout, ran.stdout
        assert bool(penalty()) == expected_penalty
    (course / "nbgrader_config.py").write_text(config)


def test_a_timestamp_that_is_no_date_costs_nothing(course: pathlib.Path) -> None:
    """It is named, with a date as an example, and the submission is graded."""
    path = course / "submitted" / "s1" / A / "timestamp.txt"
    path.write_text("2 Feb, noon")
    (course / "submitted" / "stray.ipynb").write_text("{}")
    ran = nbgrader(course, "autograde", A)
    for left in (path, course / "submitted" / "stray.ipynb"):
        left.unlink()
    assert "Traceback" not in ran.stdout
    assert f"{path} is no date" in ran.stdout
    assert "stray.ipynb is in no folder of an assignment" in ran.stdout
    assert code_scores(course, A)["s1"] == expected([RIGHT])["ada"]


def test_what_a_person_marked_waits_again_only_when_it_changed(course: pathlib.Path) -> None:
    """--force does not send a marked class back to be marked; a mark above the maximum is named."""

    def waiting(student: str, mark: float | None = None) -> bool:
        with closing(Gradebook(f"sqlite:///{course}/gradebook.db")) as gradebook:
            grade = gradebook.find_grade("derive_loss_gradient", A, A, student)
            if mark is not None:
                grade.manual_score, grade.needs_manual_grade = mark, False
                gradebook.db.commit()
            return bool(grade.needs_manual_grade)

    for student in ("s0", "s2"):
        waiting(student, 99.0)
    answer = replace(RIGHT, student="s2", accident=edit_cell("derive_loss_gradient", "Another answer."))
    answer.hand_in(course / "submitted")
    ran = nbgrader(course, "autograde", A, "--force")
    assert "s0, derive_loss_gradient: marked 99 of 2" in ran.stdout
    assert not waiting("s0")
    assert waiting("s2")
    assert ran.stdout.count("\n") < 6 + 4 * len(CLASS)  # a line a student, and not nbgrader's dozen


def test_two_graders_take_turns(course: pathlib.Path) -> None:
    """Two commands at once: one waits and says so, nothing is lost, no traceback."""
    both = [started(course, "autograde", A, "--force") for _ in range(2)]
    ran = [ended(process) for process in both]
    assert [r.returncode for r in ran] == [0, 0], ran
    assert sum("Waiting until it has finished" in r.stdout for r in ran) == 1
    assert not any("Traceback" in r.stdout for r in ran)
    assert code_scores(course, A) == expected([*CLASS[:1], replace(RIGHT, student="ben"), *CLASS[2:]])


def without_override() -> None:
    """In a child of root: give up the right to read and write everybody's files."""
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.mark.parametrize("name", [".course_seed", "autograded", "gradebook.db"])
def test_another_system_user_gets_a_sentence(course: pathlib.Path, name: str) -> None:
    """Who may not read the seed, or write what grading writes, is told which file it is and what to do."""
    path, before = course / name, (course / name).stat()
    if os.getuid() == 0:
        os.chown(path, 65534, 65534)
    path.chmod(0o600 if os.getuid() == 0 else 0o000)
    try:
        ran = subprocess.run(
            [str(SCRIPTS / "nbgrader"), "autograde", A, "--force"],
            cwd=course,
            preexec_fn=without_override,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.chown(path, before.st_uid, before.st_gid)
        path.chmod(before.st_mode)
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    errors = [line for line in ran.stderr.splitlines() if "ERROR" in line]
    assert len(errors) == 1
    assert str(path) in errors[0]
    assert "chmod 640" in errors[0] or "groupshared" in errors[0]
    assert code_scores(course, A)["ada"] == expected([RIGHT])["ada"]


# ---- what needs a look ---------------------------------------------------------------------------------------------------


def saved_as_full(notebook: Notebook) -> Notebook:
    """The saved output of every self-check says full points."""
    for cell in notebook["cells"]:
        meta = nbgrader_of(cell)
        if meta.get("grade") and not meta.get("solution"):
            data = {"text/plain": [f"{meta['points']:g}"]}
            cell["outputs"] = [{"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}]
    return notebook


ODD = (
    RIGHT,
    Recipe(A, "cut", student="cut", accident=cut_file, loses_all=True),
    Recipe(A, "empty", student="eve", accident=no_file, loses_all=True),
    Recipe(A, "twice", student="rep", accident=double_cell("test_predict")),
    Recipe(A, "blank, but the check said full", student="zed", stubs=ALL, accident=saved_as_full),
)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    """A class with everything that a teacher should look at, graded student by student as the formgrader does."""
    root = made(tmp_path_factory.mktemp("odd"), ODD)
    for name, recipe in (("two", replace(RIGHT, student="two")), ("both", replace(BLANK, student="both"))):
        folder = recipe.hand_in(root / "submitted")
        other = BLANK if name == "two" else replace(BLANK, student="both")
        (folder / f"{A}.ipynb").rename(folder / f"{A} (1).ipynb")
        (folder / f"{A}.ipynb").write_bytes(other.make() or b"")
    nested = replace(RIGHT, student="zip").hand_in(root / "submitted")
    (nested / "inner").mkdir()
    (nested / f"{A}.ipynb").rename(nested / "inner" / "my work.ipynb")
    with in_folder(root):
        api = course_api(root)
        for folder in sorted((root / "submitted").iterdir()):
            answer = api.autograde(A, folder.name)
            assert answer["success"], answer
    yield root
    GRADERS.pop(root).close()


def test_marks_of_odd_submissions(odd: pathlib.Path) -> None:
    """An empty folder asked for by name has a mark and a reason; of two notebooks the one with answers counts."""
    scores = code_scores(odd, A)
    full = expected([RIGHT])["ada"]
    assert scores == {**expected(ODD), "two": full, "both": 0.0, "zip": full}
    assert "No notebook was handed in" in graded(odd, "eve")["unreadable"]


def test_odd_submissions_are_flagged_with_a_reason(odd: pathlib.Path) -> None:
    """In the formgrader's own column, in the comment beside the answer, and in the graded notebook."""
    kinds = {s: {f["kind"] for f in graded(odd, s)["flags"]} for s in (*expected(ODD), "two", "both", "zip")}
    assert kinds == {
        "ada": set(),
        "cut": {"unreadable"},
        "eve": {"unreadable"},
        "rep": {"repaired"},
        "zed": {"check disagrees"},
        "two": {"two notebooks"},
        "both": {"two notebooks"},
        "zip": {"repaired"},
    }
    assert flagged(odd) == {student for student, found in kinds.items() if found}
    assert "the only one with answers" in comments(odd, "two")
    assert "the right name" in comments(odd, "both")
    assert "not JSON" in comments(odd, "cut")
    assert graded(odd, "two")["needs_look"]
    assert not graded(odd, "rep")["needs_look"]


def test_a_flag_goes_when_its_reason_goes(odd: pathlib.Path) -> None:
    """A new copy of an unreadable file clears our flag; a flag that a person set stays."""
    replace(RIGHT, student="cut").hand_in(odd / "submitted")
    with closing(Gradebook(f"sqlite:///{odd}/gradebook.db")) as gradebook:
        gradebook.find_submission_notebook(A, A, "ada").flagged = True
        gradebook.db.commit()
    with in_folder(odd):
        api = course_api(odd)
        assert api.autograde(A, "cut", force=False)["success"]
        assert api.autograde(A, "ada", force=True)["success"]
    assert "cut" not in flagged(odd)
    assert "ada" in flagged(odd)


def test_the_command_says_who_needs_a_look(odd: pathlib.Path) -> None:
    """Exit code 1, one line a student with the reason, and a count at the end."""
    ran = nbgrader(odd, "autograde", A, "--force")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stdout
    for student in ("eve", "two", "both", "zed"):
        assert f"{student} needs a look: " in ran.stdout
    assert "8 submissions, 8 graded, 0 unchanged, 4 to look at (both, eve, two, zed)" in ran.stdout
    again = nbgrader(odd, "autograde", A)
    assert again.returncode == 1
    assert "8 submissions, 0 graded, 8 unchanged, 4 to look at (both, eve, two, zed)" in again.stdout


def test_release_feedback_survives_a_mixed_class(odd: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Pages of work that came through the exchange are released; the others are named."""
    for name, text in (("timestamp.txt", "2026-01-02 03:04:05 UTC"), ("submission_secret.txt", "secret")):
        (odd / "submitted" / "two" / A / name).write_text(text)
    assert nbgrader(odd, "autograde", A).returncode == 1
    assert nbgrader(odd, "generate_feedback", A).returncode == 0
    exchange = f"--Exchange.root={tmp_path}"
    ran = nbgrader(odd, "release_feedback", A, "--course=c", exchange)
    assert ran.returncode == 0, ran.stdout
    assert "ada, both, cut" in ran.stdout
    assert len(list((tmp_path / "c" / "feedback").glob("*.html"))) == 1


# ---- sentences in place of tracebacks ----------------------------------------------------------------------------------


def test_a_renamed_assignment_gets_a_sentence(course: pathlib.Path) -> None:
    """hw4 made from a1: one line, no KeyError a student."""
    shutil.copytree(course / "source" / A, course / "source" / "hw4")
    shutil.copytree(course / "submitted" / "ada" / A, course / "submitted" / "ada" / "hw4")
    (course / "source" / "hw4" / f"{A}.ipynb").rename(course / "source" / "hw4" / "hw4.ipynb")
    ran = nbgrader(course, "autograde", "hw4")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stdout
    assert "hw4 is not an assignment of this course" in ran.stdout


def test_a_course_file_that_is_not_read_is_named(course: pathlib.Path) -> None:
    """Until a course directory can have its own settings, it says that they are not read."""
    (course / "course.toml").write_text("[limits]\ncall = 1\n")
    ran = nbgrader(course, "autograde", A)
    (course / "course.toml").unlink()
    assert ran.returncode == 0
    assert f"{course / 'course.toml'} is not read" in ran.stdout


def test_a_running_server_rereads_the_course_file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Lab that graded once takes new limits for the next submission; unchanged settings keep their worker."""
    first = shared_grader(tmp_path)
    assert shared_grader(tmp_path) is first
    changed = replace(load_course(), cost_share=0.25)
    monkeypatch.setattr("autograder.plugins.grading.load_course", lambda: changed)
    second = shared_grader(tmp_path)
    assert second is not first
    assert second.course.cost_share == 0.25
    del GRADERS[tmp_path]


def test_another_nbgrader_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nbgrader's commands no longer look up their converters by these names, it is said at once."""
    monkeypatch.delattr("nbgrader.apps.autogradeapp.Autograde")
    with pytest.raises(RuntimeError, match=r"nbgrader changed: nbgrader\.apps\.autogradeapp has no Autograde"):
        install()


def test_a_students_file_name_is_fit_for_a_message() -> None:
    """Plain characters only, and not long."""
    assert shown(pathlib.Path("a <script>alert(1)</script>\x1b[31m.ipynb")) == "a ?script?alert(1)?/script???31m.ipynb"
    assert len(shown(pathlib.Path("x" * 300))) == 60
