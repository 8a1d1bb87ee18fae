"""Points stand in the graded cells and in course.toml; whatever shows or adds them follows."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
import shutil
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from autograder.authoring import build
from autograder.authoring.build import BuildError, rubric_notes, source_notebook
from autograder.course.points import Graded, full_name, graded_cells, own_points, shown, with_points
from autograder.course.settings import ROOT, Course, load_course, points_differ
from autograder.grading.repair import KEY, Repair, but_for_points
from autograder.plugins.rubrics import rubrics
from tests.classroom import template
from tests.course import NAMES

TOTALS = {"a1_linear_fit": (17, 3), "a2_mlp_backprop": (25, 5), "a3_rnn_cell": (25, 5), "a4_bptt": (31, 9)}
BELOW = {  # what the notebook says below its map
    "a1_linear_fit": "",
    "a2_mlp_backprop": "{all} points in all",
    "a3_rnn_cell": "{all} points, {hand} of them for written answers",
    "a4_bptt": "{machine} points by machine, {hand} by hand",
}
POINTS = st.integers(1, 5000).map(lambda hundredths: hundredths / 100)


def course_with(points: Mapping[str, Mapping[str, float]]) -> Course:
    """Our course with these changes of points and no others."""
    return dataclasses.replace(load_course(), points=points)


def script(assignment: str) -> str:
    """What the author wrote."""
    return (ROOT / "assignments" / assignment / f"{assignment}.py").read_text()


def changed(assignment: str, old: str, new: str, folder: pathlib.Path) -> Course:
    """A course in which one piece of an assignment's script is another."""
    (folder / "assignments" / assignment).mkdir(parents=True)
    assert old in script(assignment)
    text = script(assignment).replace(old, new, 1)
    (folder / "assignments" / assignment / f"{assignment}.py").write_text(text)
    return dataclasses.replace(course_with({}), repository=folder, directory=folder)


# ---- the course's own --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assignment", TOTALS)
def test_the_courses_own_points_add_up_to_its_totals(assignment: str) -> None:
    graded = graded_cells(source_notebook(course_with({}), assignment)["cells"])
    totals = tuple(sum(one.points for one in graded if one.by_hand == by_hand) for by_hand in (False, True))
    assert totals == TOTALS[assignment]
    assert {one.name: one.points for one in graded} == own_points(script(assignment))


@pytest.mark.parametrize("assignment", NAMES)
def test_points_are_written_in_one_place(assignment: str) -> None:
    """No number of points stands in a script but in the metadata of the graded cells, nor in a rubric's headings."""
    assert "points=" not in script(assignment)
    assert not re.search(r"\(\d+ points?\b", script(assignment))
    rubric = ROOT / "assignments" / assignment / "rubric.md"
    questions = sorted(name for name in own_points(script(assignment)) if not name.startswith("test_"))
    assert sorted(re.findall(r"^## (.*)$", rubric.read_text(), re.MULTILINE)) == questions
    assert sorted(rubrics(rubric)) == questions


# ---- changed points ----------------------------------------------------------------------------------------------------


@pytest.mark.sampled(2)
@pytest.mark.parametrize("assignment", NAMES)
@settings(max_examples=3, deadline=None, phases=[Phase.generate])  # the printed reports take a second
@given(st.data())
def test_changed_points_reach_all_that_shows_them(assignment: str, data: st.DataObject) -> None:
    """Metadata, self-check, map, totals and questions; and nothing else changes, cell ids included."""
    names = sorted(own_points(script(assignment)))
    points = data.draw(st.dictionaries(st.sampled_from(names), POINTS, min_size=1))
    before, after = (source_notebook(course_with({assignment: change}), assignment)["cells"] for change in ({}, points))
    graded = graded_cells(after)
    assert {one.name: one.points for one in graded} == own_points(script(assignment)) | points
    by_function = {one.name.removeprefix("test_"): shown(one.points) for one in graded}
    for cell in after:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        for function, number in re.findall(r'selfcheck\.check\("(\w+)", points=([\d.]+)\)', cell["source"]):
            assert (function, number) == (name.removeprefix("test_"), by_function[function])
    if assignment in BELOW:
        assert_map_adds_up(assignment, after[0]["source"], graded)
    for one in graded:
        if one.by_hand:
            assert f"{shown(one.points)} point{'' if one.points == 1 else 's'}" in question(after, one.name)
    for old, new in zip(before, after, strict=True):
        assert old["id"] == new["id"]
        if old is not before[0]:
            assert but_for_points(old["source"]) == but_for_points(new["source"])


def test_a_notebook_without_ids_is_whole_after_a_change_of_points() -> None:
    """A text that shows points, such as the printed reports, is found by its words: nothing is "missing; restored"."""
    given = source_notebook(course_with({"a4_bptt": {"test_rnn_backward": 3}}), "a4_bptt")
    cells = [{**cell, "metadata": {}} for cell in given["cells"]]
    kept = Repair(template("a4_bptt")).fix({**given, "cells": cells})
    (said,) = kept["metadata"][KEY]["repairs"]
    assert "cells had lost their ids and were found by their content" in said


def assert_map_adds_up(assignment: str, text: str, graded: list[Graded]) -> None:
    """The points of each row are its part's, and those of the sentence below it are all."""
    rows = [[field.strip() for field in line.split("|")[1:-1]] for line in text.splitlines() if line[:1] == "|"]
    place = [head.lower() for head in rows[0]].index("points")
    for number, row in enumerate(rows[2:], 1):
        told = sum(float(found) for found in re.findall(r"[\d.]+", row[place]))
        assert told == pytest.approx(sum(one.points for one in graded if one.part == str(number)))
    sums = {"all": 0.0, "machine": 0.0, "hand": 0.0}
    for one in graded:
        for kind in ("all", "hand" if one.by_hand else "machine"):
            sums[kind] += one.points
    assert BELOW[assignment].format(**{kind: shown(total) for kind, total in sums.items()}) in text


def question(cells: list[dict[str, Any]], name: str) -> str:
    """The text cell that asks for a written answer: the last one before it that says how many points it gives."""
    place = next(n for n, cell in enumerate(cells) if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)
    texts = [cell["source"] for cell in cells[:place] if cell["cell_type"] == "markdown"]
    return next(text for text in reversed(texts) if re.search(r"[\d.]+ points?\b", text))


def test_one_point_is_no_points() -> None:
    graded = [Graded("test_a", 1, False, "1"), Graded("b", 2.5, True, "1")]
    assert with_points("{points:a} points, {points:b} points, {points:a + b} points", graded) == (
        "1 point, 2.5 points, 3.5 points"
    )
    assert with_points("| {points:part 1 machine} | {points:hand} |", graded) == "| 1 | 2.5 |"


@settings(deadline=None)  # a busy machine takes its time
@given(st.lists(st.tuples(POINTS, st.booleans(), st.sampled_from("123")), min_size=1, max_size=8))
def test_a_sum_is_what_its_cells_add_up_to(drawn: list[tuple[float, bool, str]]) -> None:
    """Parts and kinds are sums of cells, and every cell is in one part and of one kind."""
    graded = [Graded(f"test_f{number}", *each) for number, each in enumerate(drawn)]
    everything = shown(sum(one.points for one in graded))
    kinds = [kind for kind, by_hand in (("machine", False), ("hand", True)) if by_hand in {g.by_hand for g in graded}]
    parts = sorted({f"part {one.part}" for one in graded})
    of_parts = [f"part {one.part} {'hand' if one.by_hand else 'machine'}" for one in graded]
    for terms in (
        ["all"],
        kinds,
        parts,
        [one.name for one in graded],
        [f"f{n}" for n in range(len(graded))],
        set(of_parts),
    ):
        assert with_points(f"{{points:{' + '.join(terms)}}}", graded) == everything


@settings(deadline=None)  # a busy machine takes its time
@given(st.text().filter(lambda text: "{" not in text))
def test_a_text_without_a_placeholder_stays_as_it_is(text: str) -> None:
    assert with_points(text, [Graded("test_a", 1, False, "1")]) == text


@pytest.mark.parametrize(
    "text",
    [r"$\frac{1}{N}\sum_{n: y_n = 1}$", r"\text{points}", "{'points': 3}", r"\begin{points}", "{x:.3f}", "points: {3}"],
)
def test_a_formula_is_no_placeholder(text: str) -> None:
    assert with_points(text, [Graded("test_a", 1, False, "1")]) == text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("{points:derive_los_gradient}", "closest names are derive_loss_gradient"),
        ("{points:predikt}", "closest name is predict"),
        ("{points:part 77}", "stands for no graded cell"),
        ("{points:part}", "stands for no graded cell"),
        ("{points:part 1 hand}", "stands for no graded cell"),
        ("{points:machin}", "machine"),
        ("{points:predict mse_loss}", "stands for no graded cell"),
        ("{points:predict +}", "stands for no graded cell"),
        ("{points:}", "stands for no graded cell"),
        ("{point:predict}", "write {points:NAME}"),
        ("{Points: predict}", "write {points:NAME}"),
        ("{points=predict}", "write {points:NAME}"),
        ("{ points : predict}", "write {points:NAME}"),
        ("{pointz:predict}", "write {points:NAME}"),
        ("{points:predict)", "write {points:NAME}"),
    ],
)
def test_a_wrong_placeholder_stops_the_build(tmp_path: pathlib.Path, wrong: str, said: str) -> None:
    """In one sentence with the file and, where there is one, the name that was meant."""
    course = changed("a1_linear_fit", "{points:derive_loss_gradient}", wrong, tmp_path)
    with pytest.raises(BuildError) as caught:
        source_notebook(course, "a1_linear_fit")
    message = str(caught.value)
    assert said in message
    assert message.startswith("assignments/a1_linear_fit/a1_linear_fit.py: ")
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("points", ["0", "-1", "1.234", '"1"', "null", "true", "NaN"])
def test_an_author_gives_points_that_can_be_given(tmp_path: pathlib.Path, points: str) -> None:
    header = '"grade_id": "test_predict", "solution": false, "grade": true, "locked": true, "points": 1'
    course = changed("a1_linear_fit", header, header.removesuffix("1") + points, tmp_path)
    with pytest.raises(BuildError, match=r"test_predict.* should be a number above 0"):
        source_notebook(course, "a1_linear_fit")


@pytest.mark.parametrize("name", ["test_predikt", "predict"])
def test_points_for_a_cell_that_is_not_graded_stop_the_build(name: str) -> None:
    with pytest.raises(BuildError, match=name):
        source_notebook(course_with({"a1_linear_fit": {name: 2}}), "a1_linear_fit")


@pytest.mark.parametrize("written", ["", ", points=7", ", seed=3, points=7.5", ", points=7, seed=3"])
def test_the_self_check_gets_the_points_of_its_cell(tmp_path: pathlib.Path, written: str) -> None:
    """Whatever number its author wrote there, or none."""
    old = 'selfcheck.check("mse_gradients")'
    course = changed("a1_linear_fit", old, f'selfcheck.check("mse_gradients"{written})', tmp_path)
    cell = next(c for c in source_notebook(course, "a1_linear_fit")["cells"] if c["id"] == "test_mse_gradients")
    seed = ", seed=3" if "seed" in written else ""
    assert cell["source"].startswith(f'selfcheck.check("mse_gradients", points=4{seed})\n')


@settings(deadline=None)  # a busy machine takes its time
@given(st.sampled_from(sorted(own_points(script("a4_bptt")))))
def test_a_function_and_its_cell_are_one_name(name: str) -> None:
    names = own_points(script("a4_bptt"))
    assert full_name(name, names) == full_name(name.removeprefix("test_"), names) == name
    assert full_name(f"{name}_", names) is None


# ---- rubric -----------------------------------------------------------------------------------------------------------


def test_the_rubrics_steps_are_the_questions_points() -> None:
    assert rubric_notes(course_with({})) == []


@pytest.mark.parametrize("assignment", NAMES)
def test_a_rubric_that_no_longer_adds_up_is_said(assignment: str) -> None:
    """One sentence for each question whose points changed; its steps stay as the teacher wrote them."""
    questions = [name for name in own_points(script(assignment)) if not name.startswith("test_")]
    notes = rubric_notes(course_with({assignment: dict.fromkeys(questions, 4.5)}))
    assert len(notes) == len(questions)
    for name, note in zip(sorted(questions), sorted(notes), strict=True):
        assert f"assignments/{assignment}/rubric.md: the steps of {name} add up to " in note
        assert note.endswith("but the question has 4.5: change the steps.")


def test_a_rubric_that_does_not_add_up_ends_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is built; but exit code 1, so that a script or `make` notices, with the sentence."""
    monkeypatch.setattr(build, "build", lambda course, folder: [])
    monkeypatch.setattr(build, "load_course", lambda directory: course_with({"a4_bptt": {"derive_bptt": 2.5}}))
    with pytest.raises(SystemExit, match="the steps of derive_bptt add up to 3, but the question has") as ended:
        build.main()
    assert len(str(ended.value).splitlines()) == 2
    assert str(ended.value).endswith("source/ and release/ are built all the same.")
    monkeypatch.setattr(build, "load_course", lambda directory: course_with({}))
    build.main()


# ---- a forgotten `make source` -----------------------------------------------------------------------------------------


@pytest.fixture
def built(tmp_path: pathlib.Path) -> Course:
    """A course whose source notebook of a4 is what its files say."""
    (tmp_path / "assignments").symlink_to(ROOT / "assignments")
    folder = tmp_path / "source" / "a4_bptt"
    folder.mkdir(parents=True)
    course = dataclasses.replace(course_with({}), repository=tmp_path, directory=tmp_path)
    build.write_notebook(source_notebook(course, "a4_bptt"), folder / "a4_bptt.ipynb")
    return course


def test_nothing_is_said_of_points_that_are_built(built: Course) -> None:
    assert points_differ(built, "a4_bptt") == ""
    same = dataclasses.replace(
        built, points={"a4_bptt": {"test_rnn_backward": 8.0}, "a1_linear_fit": {"test_predict": 9}}
    )
    assert points_differ(same, "a4_bptt") == ""


def test_points_that_are_not_built_are_said(built: Course) -> None:
    """A sentence with the cells, both numbers and the command, until somebody runs it."""
    points = {"derive_bptt": 2.5, "test_rnn_backward": 10}
    course = dataclasses.replace(built, points={"a4_bptt": points})
    said = points_differ(course, "a4_bptt")
    assert "(derive_bptt: 3, should be 2.5; rnn_backward: 8, should be 10): run `autograder build`" in said
    assert len(said.splitlines()) == 1
    notebook = built.repository / "source" / "a4_bptt" / "a4_bptt.ipynb"
    build.write_notebook(source_notebook(course, "a4_bptt"), notebook)
    assert points_differ(course, "a4_bptt") == ""
    assert "rnn_backward: 10, should be 8" in points_differ(built, "a4_bptt")  # the change was taken back


def test_an_authors_change_that_is_not_built_is_said(built: Course) -> None:
    (built.repository / "assignments").unlink()
    shutil.copytree(ROOT / "assignments" / "a4_bptt", built.repository / "assignments" / "a4_bptt")
    path = built.repository / "assignments" / "a4_bptt" / "a4_bptt.py"
    path.write_text(re.sub(r'(?m)^(# %%.*"test_rnn_forward".*"points": )2', r"\g<1>3", path.read_text()))
    assert "rnn_forward: 2, should be 3" in points_differ(built, "a4_bptt")


def test_a_machine_without_assignments_still_compares(built: Course) -> None:
    (built.repository / "assignments").unlink()
    assert points_differ(built, "a4_bptt") == ""
    course = dataclasses.replace(built, points={"a4_bptt": {"test_rnn_backward": 10}})
    assert "should be 10" in points_differ(course, "a4_bptt")


@pytest.mark.sampled(4)
@pytest.mark.parametrize("text", ["", "[]", "3", "{}", '{"cells": 3}', '{"cells": [{}]}', "\\xff", "[" * 100_000])
def test_a_damaged_source_is_said(built: Course, text: str) -> None:
    (built.repository / "source" / "a4_bptt" / "a4_bptt.ipynb").write_text(text)
    assert points_differ(built, "a4_bptt") == (
        "source/a4_bptt/a4_bptt.ipynb is damaged: run `autograder build` to build it again."
    )


def test_the_build_says_in_a_sentence_what_stops_it(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """`make source` with a course.toml, or a script, that cannot be meant: no traceback."""
    (tmp_path / "course.toml").write_text("limits = 3")
    monkeypatch.setattr(build, "load_course", lambda directory: load_course(tmp_path, tmp_path))
    with pytest.raises(SystemExit, match="limits = 3 should be a table"):
        build.main()
    (tmp_path / "course.toml").write_text("")
    with pytest.raises(SystemExit, match=r"a1_linear_fit\.py is missing"):
        build.main()


def test_what_is_committed_has_the_points_of_the_course() -> None:
    course = load_course()
    assert [points_differ(course, assignment) for assignment in course.assignments] == [""] * len(course.assignments)
    for tree in ("source", "release"):
        for assignment in course.assignments:
            cells = json.loads((ROOT / tree / assignment / f"{assignment}.ipynb").read_text())["cells"]
            assert "{points" not in "".join("".join(cell["source"]) for cell in cells)
