"""One pure step: a submitted notebook in, the graded notebook with its results out. No database, no paths."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from autograder.course.assignment import Assignment
from autograder.course.cells import (
    HIDDEN_REGION,
    ILLUSTRATION,
    digest,
    function_of,
    is_answer,
    is_test,
    machine_points,
    nbgrader_of,
)
from autograder.course.seed import fingerprint
from autograder.grading.hints import is_written
from autograder.grading.judge import Judge
from autograder.grading.outputs import kept
from autograder.grading.render import result_html
from autograder.grading.repair import KEY, binds
from autograder.grading.results import CheckResult, Flag, FlagKind, FunctionResult, SubmissionResult
from autograder.grading.words import STOPPED, depends_on, disagrees, misspelt, no_return, other_name, stopped_cell
from autograder.kernels.budget import Budget, CellRun
from autograder.kernels.cage import Cage
from autograder.kernels.student import Student
from autograder.kernels.submission import Submission

MAX_NAMES = 300  # of a notebook that are compared with a missing function's
ALIKE = 0.8  # from here on two names are taken for one that was misspelt
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")  # of a student's functions, one that a page may show


def grade_notebook(notebook: dict[str, Any], assignment: Assignment, judge: Judge, cage: Cage) -> dict[str, Any]:
    """Run the notebook's code in the cage, judge its functions, write points and reasons into the graded cells.

    Untouched illustrations are left out: they only show. Should the code miss a name, everything runs once more, so that
    what leans on an illustration's variable is right too.
    """
    points = machine_points(notebook["cells"])
    unreadable = notebook["metadata"].get(KEY, {}).get("unreadable", "")
    if unreadable:
        results = {name: FunctionResult(name, 0.0, most) for name, most in points.items()}
        return finish(notebook, assignment, results, [], judge, unreadable, cage.isolation)
    shown = {c["source"] for c in assignment.cells if ILLUSTRATION in c["metadata"].get("tags", [])}
    cells = [c for c in notebook["cells"] if is_run(c)]
    lean = [c for c in cells if c["source"] not in shown]
    budget = Budget(cage.limits)
    graded = attempt(lean, assignment, points, judge, cage, budget)
    if graded.name_errors and len(lean) < len(cells):
        lean = cells
        graded = attempt(lean, assignment, points, judge, cage, budget)
    runs = graded.runs
    outputs = kept(run.outputs for run in runs)
    for number, (cell, run, output) in enumerate(zip(lean, runs, outputs, strict=True), 1):
        cell["outputs"] = output
        cell["execution_count"] = number
        if run.stopped is not None:
            cell["outputs"] = [
                {"output_type": "error", "ename": STOPPED, "evalue": run.stopped, "traceback": [run.stopped]}
            ]
    places = places_of(notebook["cells"], assignment)
    stopped = [stopped_cell(*places[id(c)], r.stopped) for c, r in zip(lean, runs, strict=True) if r.stopped]
    return finish(notebook, assignment, graded.results, stopped, judge, "", cage.isolation, graded.slips)


def places_of(cells: list[dict[str, Any]], assignment: Assignment) -> dict[int, tuple[int, str]]:
    """For each code cell its number among them, and the last heading above it that was given out."""
    given = {line for c in assignment.cells if c["cell_type"] == "markdown" for line in c["source"].splitlines()}
    places, heading, number = {}, "", 0
    for cell in cells:
        if cell["cell_type"] == "code":
            number += 1
            places[id(cell)] = number, heading
            continue
        for line in cell["source"].splitlines():
            heading = line.lstrip("# ") if line.startswith("#") and line in given else heading
    return places


@dataclass(frozen=True)
class Attempt:
    """What one run of some cells gave. name_errors: a name was missing on the way."""

    results: dict[str, FunctionResult]
    slips: tuple[Flag, ...]
    runs: list[CellRun]
    name_errors: bool


def attempt(
    cells: list[dict[str, Any]],
    assignment: Assignment,
    points: Mapping[str, float],
    judge: Judge,
    cage: Cage,
    budget: Budget,
) -> Attempt:
    """Run these cells, then judge every function."""
    submission = Submission(cage, [c["source"] for c in cells], budget)
    try:
        submission.begin()
        stopped = stopped_cells(cells, submission.runs)
        student = Student(submission, assignment.functions, budget.dead, stopped=stopped, words=assignment.words)
        graded = judge.grade(assignment, student, points)
        near = other_names(student, assignment, cells)
        results = with_hints(graded, student, assignment, near)
        name_errors = student.name_errors or any(map(misses_name, submission.runs))
        return Attempt(results, tuple(slips(graded, student, cells, near)), submission.runs, name_errors)
    finally:
        submission.end()


def other_names(student: Student, assignment: Assignment, cells: list[dict[str, Any]]) -> dict[str, str]:
    """For each function that is missing, a name much like it that the notebook defines."""
    given = {*assignment.functions, *(name for cell in assignment.cells for name in binds(cell["source"]))}
    own = sorted({name for cell in cells for name in binds(cell["source"]) if NAME.fullmatch(name)} - given)[:MAX_NAMES]
    missing = [name for name, fault in student.faults.items() if fault.function == name and fault.kind == "missing"]
    found = {name: difflib.get_close_matches(name, own, 1, ALIKE) for name in missing}
    return {name: near[0] for name, near in found.items() if near}


def slips(
    results: Mapping[str, FunctionResult], student: Student, cells: list[dict[str, Any]], near: Mapping[str, str]
) -> Iterator[Flag]:
    """Small slips that cost all points of a function: a return that is missing, a name that is misspelt."""
    for name, result in results.items():
        fault = student.faults.get(name)
        if result.points or fault is None or not result.max_points:
            continue
        above = [other for other in results.values() if other.fix_first == name]
        lost = sum(other.max_points - other.points for other in above)
        if name in near:
            yield Flag(FlagKind.OTHER_NAME, other_name(result, near[name], above), name, lost)
        elif fault.function == name and fault.kind == "no return" and is_written(name, cells):
            yield Flag(FlagKind.NO_RETURN, no_return(result, above), name, lost)


def with_hints(
    results: Mapping[str, FunctionResult], student: Student, assignment: Assignment, near: Mapping[str, str]
) -> dict[str, FunctionResult]:
    """The results; what is said of a failed call names the lower function to fix first, or the name that was misspelt."""
    failed = {name: fault for name, fault in student.faults.items() if fault.function == name and fault.kind != "stub"}
    hints = {failed[name].sentence: misspelt(name, defined) for name, defined in near.items()}
    worthless = [name for name in failed if name in results and results[name].points == 0]
    for name in worthless:
        lower = lowest(name, assignment, worthless)
        if lower != name and failed[name].kind in ("raised", "returned", "no return"):
            below = failed[lower].sentence
            hints[failed[name].sentence] = depends_on(lower, " ".join(filter(None, [below, hints.get(below)])))

    def hinted(check: CheckResult) -> CheckResult:
        return replace(check, sentence=" ".join(filter(None, [check.sentence, hints.get(check.sentence)])))

    return {name: replace(result, checks=tuple(map(hinted, result.checks))) for name, result in results.items()}


def lowest(name: str, assignment: Assignment, failed: Collection[str]) -> str:
    """The function that failed first of those that this failed one is made of, or itself."""
    below = next((need for need in assignment.functions[name].needs if need in failed), None)
    return name if below is None else lowest(below, assignment, failed)


def stopped_cells(cells: list[dict[str, Any]], runs: list[CellRun]) -> dict[str, str]:
    """For each solution cell that ended with an exception, the type of it."""
    errors = {}
    for cell, run in zip(cells, runs, strict=True):
        name = nbgrader_of(cell).get("grade_id")
        found = [output["ename"] for output in run.outputs if output["output_type"] == "error"]
        if name and found:
            errors[name] = found[0]
    return errors


def misses_name(run: CellRun) -> bool:
    """Whether a cell stopped at a name that is not defined."""
    return any(output.get("ename") == "NameError" for output in run.outputs)


def is_run(cell: Mapping[str, Any]) -> bool:
    """Whether this cell is code of the submission."""
    return cell["cell_type"] == "code" and not is_test(cell) and bool(cell["source"].strip())


def finish(
    notebook: dict[str, Any],
    assignment: Assignment,
    results: Mapping[str, FunctionResult],
    stopped: list[str],
    judge: Judge,
    unreadable: str,
    isolation: str,
    slips: Collection[Flag] = (),
) -> dict[str, Any]:
    """Write results where nbgrader looks (the graded cells' output) and where our reports look (the metadata)."""
    for cell in notebook["cells"]:
        if is_test(cell):
            result = results[function_of(cell)]
            cell["source"] = HIDDEN_REGION.sub("", cell["source"])
            cell["execution_count"] = None
            cell["outputs"] = [
                {
                    "output_type": "execute_result",
                    "execution_count": None,
                    "metadata": {},
                    "data": {"text/plain": f"{result.points:g}", "text/html": result_html(result, unreadable)},
                }
            ]
    known = notebook["metadata"].get(KEY, {})
    graded = SubmissionResult(
        assignment=assignment.name,
        seed=fingerprint(judge.seed),
        functions=results,
        stopped=tuple(stopped),
        repairs=tuple(known.get("repairs", ())),
        unreadable=unreadable,
        submission=known.get("submission", ""),
        settings=known.get("settings", ""),
        answers={nbgrader_of(c)["grade_id"]: digest(c["source"]) for c in notebook["cells"] if is_answer(c)},
        isolation=isolation,
        flags=(*find_flags(known, results, unreadable), *slips),
    )
    notebook["metadata"][KEY] = graded.to_json()
    return notebook


def find_flags(kept: Mapping[str, Any], results: Mapping[str, FunctionResult], unreadable: str) -> tuple[Flag, ...]:
    """What a person should know about this submission."""
    if unreadable:
        flags = [Flag(FlagKind.UNREADABLE, unreadable)]
    else:
        flags = [Flag(FlagKind(flag["kind"]), flag["reason"]) for flag in kept.get("flags", ())]
    flags += [Flag(FlagKind.FAULT, f"{r.name}: {fault}", r.name) for r in results.values() for fault in r.faults]
    for result in results.values():
        claimed = kept.get("claimed", {}).get(result.name, 0.0)
        if claimed >= result.max_points > 0 and result.points == 0 and not unreadable:
            flags.append(Flag(FlagKind.DISAGREES, disagrees(result), result.name))
    return (*flags, *(Flag(FlagKind.REPAIRED, line) for line in kept.get("repairs", ())))
