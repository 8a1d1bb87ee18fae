"""What submissions share: code under other names, wrong numbers in other words. A comparison, never a verdict or feedback."""

from __future__ import annotations

import json
import pathlib
import shutil
import time
from functools import cache

import numpy as np
import pytest

from autograder.authoring.audit.validity import grade, judge_of
from autograder.grading.judge import Judge
from autograder.grading.render import result_html
from autograder.grading.results import FunctionResult
from autograder.reports.fingerprints import LENGTH, WINDOW, hashes, marks, pieces
from autograder.reports.similar import Pair, Work, similar
from autograder.reports.similar_page import write_similar_page
from tests.course import named
from tests.test_reports import A, Handed, run, words, write_class

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")  # nbgrader under SQLAlchemy 2

ADA = '''
def gradient_descent(x, target, w, b, lr, steps):
    """Ada's own words."""
    losses = []
    for step in range(steps):
        losses.append(mse_loss(predict(x, w, b), target))
        dw, db = mse_gradients(x, target, w, b)
        w, b = w - lr * dw, b - lr * db
    return w, b, np.array(losses)
'''
RENAMED = """
import math

def gradient_descent(xs, ys: list, weight, bias, rate, count) -> tuple:
    # nothing of ada's is here
    history = []

    for _ in range(count):
        history.append( mse_loss(predict(xs, weight, bias), ys) )   # first the loss
        slope, offset = mse_gradients(xs, ys, weight, bias)
        weight, bias = weight - rate * slope, bias - rate * offset
    return weight, bias, np.array(history)
"""
OTHER = """
def gradient_descent(x, target, w, b, lr, steps):
    theta = np.stack([w, b])
    losses = np.zeros(steps)
    k = 0
    while k < steps:
        losses[k] = mse_loss(predict(x, theta[0], theta[1]), target)
        theta -= lr * np.asarray(mse_gradients(x, target, *theta))
        k += 1
    return (*theta, losses)
"""
KEPT = frozenset({"mse_loss", "predict", "mse_gradients"})


def work(student: str, *cells: str, numbers: dict[str, str] | None = None) -> Work:
    """A submission."""
    return Work(student, cells, numbers or {}, {})


def students(pairs: list[Pair]) -> list[tuple[str, str]]:
    """Who is in the pairs."""
    return [pair.students for pair in pairs]


# ---- code --------------------------------------------------------------------------------------------------------------


def test_the_same_code_under_other_names_is_found() -> None:
    """Comments, layout, docstrings, annotations and names of variables are not compared; another way to write it is."""
    (pair,) = similar([work("ada", ADA), work("ben", RENAMED), work("cem", OTHER)], [], KEPT)
    assert pair.students == ("ada", "ben")
    (row,) = pair.code
    assert (row.name, row.part, row.others) == ("gradient_descent", 1.0, 0)
    shown = [line for number, line in enumerate(row.second.split("\n"), 1) if number in row.second_lines]
    assert any("slope, offset" in line for line in shown)


def test_what_was_handed_out_is_not_counted() -> None:
    """As a cell, and as a part of a longer one."""
    assert similar([work("ada", ADA), work("ben", ADA)], [ADA], KEPT) == []
    more = "def own(a):\n    return a\n"
    assert similar([work("ada", ADA + more), work("ben", RENAMED)], [ADA], KEPT) == []


def test_what_many_have_says_nothing() -> None:
    """Of forty who write the same, no two are a pair; of three, each says that one more has it."""
    assert similar([work(f"s{n}", ADA) for n in range(40)], [], KEPT) == []
    three = similar([*(work(f"s{n}", ADA) for n in range(3)), *(work(f"t{n}", OTHER) for n in range(30))], [], KEPT)
    assert students(three) == [("s0", "s1"), ("s0", "s2"), ("s1", "s2")]
    assert {row.others for pair in three for row in pair.code} == {1}


def test_any_common_part_that_is_long_enough_is_found() -> None:
    """Whatever is around it: that is what winnowing promises."""
    common = "; ".join(f"a[{n}] = np.dot(b, {n + 0.5})" for n in range(12))
    first, second = (
        f"def f(a, b):\n    {own}\n    {common}\n    {own}\n" for own in ("a = b ** 7", "print(a); b.sort()")
    )
    both = {m.hash for m in marks(first, ())} & {m.hash for m in marks(second, ())}
    shared = set(hashes(first, ())[1]) & set(hashes(second, ())[1])
    assert len(shared) > LENGTH + WINDOW
    assert len(both) >= len(shared) / WINDOW


@pytest.mark.parametrize(
    "cell",
    ["def f(:", "%%bash\nrm x", "def f():\n    !ls\n    return 1", "(" * 5000, "\0", "x = " + "-" * 5000 + "1", ""],
)
def test_code_of_any_kind_ends_nothing(cell: str) -> None:
    assert similar([work("ada", cell, ADA), work("ben", RENAMED, cell)], [], KEPT)[0].students == ("ada", "ben")


def test_a_long_piece_is_read_once() -> None:
    """Twice as much code takes about twice as long."""
    took = []
    for size in (500, 1000):
        code = "def f(a):\n" + "".join(f"    a = a * {n % 7} + g(a)\n" for n in range(size))
        start = time.process_time()
        marks(code, ())
        took.append(time.process_time() - start)
    assert took[1] < 4 * took[0] + 0.1


def test_lines_are_those_of_the_piece() -> None:
    (first, second) = pieces(["x = 1\ndef f():\n    return 1\n\nclass G:\r\n    pass\n"])
    assert (first.name, first.code) == ("f", "def f():\n    return 1")
    assert (second.name, second.code) == ("G", "class G:\n    pass")


@pytest.mark.thorough
def test_three_hundred_submissions_take_seconds() -> None:
    styles = [style for name in ("a4_bptt",) for style in named(name).right.values()]
    works = [
        work(f"s{n}", *(code.replace("2", str(2 + n % 40)) for code in styles[n % len(styles)].values()))
        for n in range(300)
    ]
    start = time.process_time()
    assert similar(works, [], frozenset(named("a4_bptt").functions))
    assert time.process_time() - start < 20


# ---- equal wrong numbers -----------------------------------------------------------------------------------------------


@cache
def judge() -> Judge:
    """One judge for this file."""
    return judge_of(named(A), "similar")


def numbers(mse_loss: object) -> str:
    """The digest that grading keeps of a way to write mse_loss."""
    namespace = named(A).namespace() | {"mse_loss": mse_loss}
    return grade(judge(), named(A), namespace, "mse_loss")["mse_loss"].numbers


def test_the_same_wrong_numbers_have_one_digest_in_whatever_words() -> None:
    def added(y: np.ndarray, t: np.ndarray) -> float:
        return float(np.sum((y - t) ** 2))

    def added_in_a_loop(y: np.ndarray, t: np.ndarray) -> float:
        return float(sum((a - b) * (a - b) for a, b in zip(y[::-1], t[::-1], strict=True)))

    def halved(y: np.ndarray, t: np.ndarray) -> float:
        return float(np.mean((y - t) ** 2) / 2)

    assert numbers(added) == numbers(added_in_a_loop) != ""
    assert numbers(halved) not in ("", numbers(added))


def test_right_numbers_and_nothing_but_zeros_have_none() -> None:
    assert numbers(named(A).namespace()["mse_loss"]) == ""
    assert numbers(lambda y, t: 0.0) == ""
    assert numbers(lambda y, t: "no number") == ""


def test_equal_wrong_numbers_make_a_pair_without_common_code() -> None:
    """And how many more have them; what half of the class has is a misunderstanding and no pair."""
    alone = [
        work("ada", numbers={"f": "1"}),
        work("ben", numbers={"f": "1"}),
        work("cem", numbers={"f": "2", "g": "1"}),
    ]
    (pair,) = similar(alone, [], KEPT)
    assert pair.students == ("ada", "ben")
    assert [(row.name, row.others) for row in pair.numbers] == [("f", 0)]
    assert similar([work(f"s{n}", numbers={"f": "1"}) for n in range(40)], [], KEPT) == []


def test_no_student_reads_the_digest() -> None:
    """A cell's result does not show it, and of the modules that make pages and messages for students none reads it."""
    assert "0123456789abcdef" not in result_html(FunctionResult("f", 0, 2, numbers="0123456789abcdef"))
    package = pathlib.Path(__file__).parents[1] / "autograder"
    rooms = [*(package / "grading").rglob("*.py"), *(package / "plugins").rglob("*.py")]
    assert {path.name for path in rooms if ".numbers" in path.read_text()} == {"judge.py", "results.py"}


# ---- the command and its page ------------------------------------------------------------------------------------------


def write_code(root: pathlib.Path, student: str, code: str) -> None:
    """A graded notebook gets this code."""
    path = root / "autograded" / student / A / f"{A}.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"].append(
        {"cell_type": "code", "source": code.splitlines(keepends=True), "metadata": {}, "outputs": []}
    )
    path.write_text(json.dumps(notebook))


def test_the_command_names_the_pairs_and_writes_a_page(tmp_path: pathlib.Path) -> None:
    write_class(tmp_path, [Handed("ada"), Handed("ben"), Handed("cem")])
    for student, code in (("ada", ADA), ("ben", RENAMED), ("cem", OTHER)):
        write_code(tmp_path, student, code)
    missing = run("similar", A, "--course", str(tmp_path))
    assert (missing.exit_code, "Run `make source`" in words(missing)) == (1, True)
    shutil.copytree(named(A).source.parent, tmp_path / "source" / A)
    said = words(run("similar", A, "--course", str(tmp_path)))
    assert said.startswith(f"{A}: 3 submissions, 1 pair that shares something.")
    assert "it does not say why" in said
    page = (tmp_path / "reports" / f"{A}-similar.html").read_text()
    assert "ada and ben" in page
    assert "slope, offset" in page
    assert "nobody else in the class" in page
    assert words(run("similar", "a9", "--course", str(tmp_path))).startswith("There is no assignment a9")


def test_the_page_runs_nothing_of_a_student(tmp_path: pathlib.Path) -> None:
    hostile = ADA.replace("losses", "losses_").replace('"""Ada\'s own words."""', '"</pre><script>x()</script>"')
    pairs = similar([work("<b>ada", hostile), work("ben", hostile)], [], KEPT)
    page = write_similar_page(A, 2, pairs, tmp_path / "page.html").read_text()
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<b>" not in page
