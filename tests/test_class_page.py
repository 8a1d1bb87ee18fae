"""The page for the class and the tables: what they say is counted right, and none of them says who."""

from __future__ import annotations

import csv
import pathlib
import re
from typing import Any

import pytest

from autograder.grading.words import plain_cell
from autograder.reports.class_report import class_report
from autograder.reports.discrimination import ENOUGH, correlation, in_words
from tests.test_reports import A, Handed, function, run, words, write_class

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")  # nbgrader under SQLAlchemy 2
WRONG = {"predict": 1.0, "mse_loss": 0.0}


def report(root: pathlib.Path, *options: str) -> str:
    """What the command says."""
    done = run("report", A, "--course", str(root), *options)
    assert done.exit_code == 0, done.output
    return words(done)


def page(root: pathlib.Path) -> str:
    """The page for the class."""
    return (root / "reports" / f"{A}-class.html").read_text()


def table(root: pathlib.Path, end: str = "") -> list[dict[str, str]]:
    """A table that the report wrote."""
    with (root / "reports" / f"{A}{end}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_discrimination_is_the_correlation_with_the_other_points(tmp_path: pathlib.Path) -> None:
    """Of two questions: the same for both. An unreadable submission, with 0 everywhere, is not in it."""
    marks = [{"predict": float(n % 5), "mse_loss": float(n % 3)} for n in range(ENOUGH)]
    unreadable = Handed("lost", {"predict": 0.0, "mse_loss": 0.0}, {"unreadable": "no JSON"})
    write_class(tmp_path, [*(Handed(f"s{n:02}", points) for n, points in enumerate(marks)), unreadable])
    expected = correlation([m["predict"] for m in marks], [m["mse_loss"] for m in marks])
    found = [q.discrimination for q in class_report(tmp_path, A).questions if not q.by_hand]
    assert found == [pytest.approx(expected)] * 2
    assert "discrimination" in report(tmp_path)
    assert f"{expected:.2f}" in page(tmp_path)


def test_a_small_class_has_no_discrimination_and_is_told_why(tmp_path: pathlib.Path) -> None:
    write_class(tmp_path, [Handed(f"s{n}", {"predict": float(n % 5)}) for n in range(ENOUGH - 1)])
    report(tmp_path)
    assert f"needs at least {ENOUGH} submissions" in page(tmp_path)
    assert [q.discrimination for q in class_report(tmp_path, A).questions if not q.by_hand] == [None]


def test_correlation_knows_its_ends() -> None:
    assert correlation([0, 1, 2], [1, 2, 3]) == pytest.approx(1)
    assert correlation([0, 1, 2], [3, 2, 1]) == pytest.approx(-1)
    assert correlation([1, 1, 1], [1, 2, 3]) is None
    assert [in_words(v) for v in (0.5, 0.2, 0.05)] == ["separates well", "separates a little", "does not separate"]
    assert "look at the question" in in_words(-0.1)


def test_the_page_for_the_class_names_nobody(tmp_path: pathlib.Path) -> None:
    """Nor a file of theirs, nor a mistake that one of them made alone; and it loads nothing."""
    both = [Handed(name, WRONG, mistake="both forgot x") for name in ("adalovelace", "benlong")]
    one = Handed("cemlong", WRONG, {"repairs": ["secret.ipynb was renamed"]}, mistake="one alone did this")
    write_class(tmp_path, [*both, one, Handed("dora", {"predict": 0.0})], {"fayray": {"last_name": "Ray"}})
    report(tmp_path)
    text = page(tmp_path)
    assert "4 graded, 1 with nothing handed in, 1 without a point" in text
    assert "2 of 4 in" in text
    assert "both forgot x" in text
    for word in ("adalovelace", "benlong", "cemlong", "dora", "fayray", "Ray", "secret", "one alone did this"):
        assert word not in text
    assert re.findall(r"(?:src|href)=|url\((?!#)|@import|<script", text) == []


def test_the_table_has_a_row_a_student_with_the_ids_of_mistakes(tmp_path: pathlib.Path) -> None:
    named = Handed("ada", WRONG, mistake="the mean is forgotten", answer=("marked", 1.5))
    functions = {name: function(name, points, named) for name, points in WRONG.items()}
    functions["mse_loss"]["mistakes"] = [{"id": "loss_sum", "title": "a sum"}, {"id": "sign", "title": "a sign"}]
    write_class(tmp_path, [Handed("ada", WRONG, {"functions": functions}, answer=("marked", 1.5)), Handed("ben")])
    report(tmp_path)
    ada, ben = table(tmp_path)
    assert (ada["student"], ada["points"], ada["mse_loss mistakes"]) == ("ada", "1", "loss_sum; sign")
    assert (ada["derive"], ben["derive"], ben["predict"], ben["mse_loss mistakes"]) == ("1.5", "", "4", "")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_no_name_is_a_formula_in_a_spreadsheet(cell: str) -> None:
    assert plain_cell(cell) == f"'{cell}"
    assert plain_cell("ada") == "ada"


def test_the_research_table_has_one_keyed_hash_a_student(tmp_path: pathlib.Path) -> None:
    """The same with the same course seed, another with another; no id and no name is in the file."""
    write_class(tmp_path, [Handed("adalovelace"), Handed("benlong", WRONG)])
    found = []
    for seed in ("one", "one", "two"):
        (tmp_path / ".course_seed").write_text(seed)
        report(tmp_path, "--research")
        found.append({row["student"] for row in table(tmp_path, "-research")})
    assert found[0] == found[1]
    assert not found[0] & found[2]
    assert all(re.fullmatch(r"[0-9a-f]{16}", student) for student in found[0] | found[2])
    text = (tmp_path / "reports" / f"{A}-research.csv").read_text()
    assert "adalovelace" not in text
    assert "benlong" not in text


def test_an_anonymous_table_has_the_numbers_of_the_page(tmp_path: pathlib.Path) -> None:
    write_class(tmp_path, [Handed("adalovelace"), Handed("benlong", WRONG)])
    (tmp_path / "roster.csv").write_text("id,section\nadalovelace,A\n")
    said = report(tmp_path, "--anonymous", "--roster", str(tmp_path / "roster.csv"))
    assert sorted(row["student"] for row in table(tmp_path, "-anonymous")) == ["#1", "#2"]
    assert "section" not in table(tmp_path, "-anonymous")[0]
    assert "adalovelace" not in said


def test_who_improved_since_an_earlier_table(tmp_path: pathlib.Path) -> None:
    write_class(tmp_path, [Handed("ada"), Handed("ben"), Handed("cem", WRONG)])
    report(tmp_path)
    earlier = tmp_path / "earlier.csv"
    earlier.write_text("student,points\nada,2.5\nben,6\ncem,4\ngone,3\n")
    said = report(tmp_path, "--before", str(earlier))
    assert "Since the earlier table ada: 2.5, now 6 cem: 4, now 1" in said
    assert "1 more points, 1 as many, 1 fewer" in page(tmp_path)
    report(tmp_path, "--before", str(tmp_path / "reports" / f"{A}.csv"))
    assert "0 more points, 3 as many, 0 fewer" in page(tmp_path)


def test_sections_are_compared_from_five_students_on(tmp_path: pathlib.Path) -> None:
    write_class(tmp_path, [Handed(f"s{n}", {"predict": float(n % 5)}) for n in range(6)])
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "id,first_name,section\n" + "".join(f"s{n},X,{'Monday' if n < 5 else 'Friday'}\n" for n in range(6))
    )
    said = report(tmp_path, "--roster", str(roster))
    assert "Monday: 5 students, mean 2, median 2, quartiles 1 and 3" in said
    assert "Friday: 1 students; fewer than 5 are not compared" in said
    assert "not shown" in page(tmp_path)
    assert {row["student"]: row["section"] for row in table(tmp_path)}["s5"] == "Friday"


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--roster", "id,group\n", "needs the columns id and section; it has: id, group."),
        ("--before", "", "needs the columns student and points; it has: none."),
        ("--before", "student,points\nada,many\n", "has no numbers in the column points"),
        ("--before", None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_such_table_is_named(tmp_path: pathlib.Path, option: str, text: Any, said: str) -> None:
    write_class(tmp_path, [Handed("ada")])
    path = tmp_path / "file.csv"
    if text is not None:
        path.write_text(text)
    done = run("report", A, "--course", str(tmp_path), option, str(path))
    assert done.exit_code == 1
    assert said in words(done)
    assert str(path) in "".join(done.output.split("\n"))
