"""What `autograder check` runs: the hidden tests and the self-check, on right, wrong and unwritten functions."""

from __future__ import annotations

import contextlib
import gc
import inspect
import io
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from autograder.authoring.audit.exempt import exempt
from autograder.authoring.audit.leaks import leaks as leaked
from autograder.authoring.audit.problem_rules import hiding
from autograder.authoring.audit.validity import Killed, alive, kill_table, without_cost
from autograder.authoring.check_files import Looked
from autograder.authoring.mistake_reports import selfcheck
from autograder.course.assignment import Assignment
from autograder.course.cells import is_test, nbgrader_of
from autograder.grading.judge import Judge
from autograder.grading.results import FunctionResult
from autograder.grading.suites import SuiteError
from autograder.naming.bank import bank
from autograder.naming.replay import reference, wrong

SEEDS = ("check-0", "check-1", "check-2")
Namespace = Mapping[str, Any]


@cache
def judge_of(assignment: Assignment, seed: str, share: float) -> Judge:
    """The hidden suite on one course seed. Raises SuiteError."""
    gc.freeze()  # pytest collects garbage several times around a suite: not what torch has loaded
    return Judge.of([assignment], seed, share)


def grade(look: Looked, space: Namespace, seed: str = SEEDS[0]) -> dict[str, FunctionResult]:
    """Every function of a namespace, graded for the points of the notebook."""
    one = look.assignment
    return judge_of(one, seed, look.course.cost_share).grade(one, one.student(dict(space)), one.points)


def faults(results: Mapping[str, FunctionResult], who: str, file: str) -> list[str]:
    """What keeps right functions from full points."""
    said = []
    for name, result in results.items():
        said += [f"{file}: a hidden test of {name} failed by its own fault: {fault}" for fault in result.faults]
        if result.points < result.max_points and not result.faults:
            lost = next((check for check in result.checks if check.lost), None)
            why = f": {lost.title} {lost.sentence}".rstrip() if lost else "."
            said.append(f"{who}: {name} gets {result.points:g} of {result.max_points:g} points{why}")
    return said


def tests(look: Looked) -> list[str]:
    """Each function has a hidden test that decides its points."""
    try:
        found = judge_of(look.assignment, SEEDS[0], look.course.cost_share).tests[look.name]
    except SuiteError as error:
        return [" ".join(str(error).split())]
    deciding = {test.function for test in found if not (test.behaviour or test.cost)}
    return [
        f"{look.module('suite')} has no test of {name} that compares its numbers: only tests of behaviour or cost."
        for name in look.assignment.functions
        if name not in deciding
    ]


def problems(look: Looked) -> list[str]:
    """The problems that decide points hide no mistake."""
    judge = judge_of(look.assignment, SEEDS[0], look.course.cost_share)
    return [f"{look.module('problems')}: {said}" for said in hiding(look.assignment, judge)]


def leaks(look: Looked) -> list[str]:
    """release/ has nothing of the solution or of the hidden tests."""
    return leaked(look.assignment)


def solution(look: Looked) -> list[str]:
    """The solution gets full points on three seeds."""
    space, script = reference(look.assignment), look.file(look.assignment.script)
    found = (faults(grade(look, space, seed), f"{script}, the solution", look.module("suite")) for seed in SEEDS)
    return list(dict.fromkeys(said for each in found for said in each))


def stub(look: Looked) -> list[str]:
    """The notebook as given out gets no points."""
    one = look.assignment
    space: dict[str, Any] = {**reference(one)}
    for cell in json.loads(one.release.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code" and nbgrader_of(cell) and not is_test(cell):
            exec("".join(cell["source"]), space)
    return [
        f"{look.file(one.script)}: {name} as given out gets {result.points:g} points; nothing of it should be right."
        for name, result in grade(look, space).items()
        if result.points
    ]


def right(look: Looked) -> list[str]:
    """Right answers in other styles get full points."""
    said = []
    for style, answers in look.assignment.right.items():
        space, file = look.assignment.namespace(), look.file(look.assignment.folder / "right" / f"{style}.py")
        try:
            for code in answers.values():
                exec(compile(code, f"<{style}>", "exec", dont_inherit=True), space)
        except Exception as error:  # the author's file: said, and the other styles are still graded
            said.append(f"{file} stops: {type(error).__name__}: {error}")
            continue
        said += faults({n: r for n, r in grade(look, space).items() if n in answers}, file, look.module("suite"))
    return said


def killed(look: Looked) -> list[str]:
    """Each known mistake loses points and is named, and no other with it."""
    file = look.module("mistakes")
    judge = without_cost(judge_of(look.assignment, SEEDS[0], look.course.cost_share))
    return [f"{file}: {said}" for said in survivors(look.assignment, kill_table(look.assignment, [judge]))]


def mutants(look: Looked) -> list[str]:
    """Each small change of the solution makes a hidden test fail."""
    return [
        f"{look.module('suite')}: {mutant.function} keeps full points when its solution is changed ({mutant.change}): "
        "add a hidden test that fails for it, or say in MUTANTS of exempt.py why it is right all the same."
        for mutant in alive(look.assignment, SEEDS)
        if not mutant.why
    ]


def survivors(assignment: Assignment, table: Sequence[Killed]) -> list[str]:
    """The known mistakes of a kill table that keep their points, or get no name or another one too."""
    twins, said = exempt(assignment, "TWINS"), []
    for row in table:
        id, words = row.mistake.id, f"{row.mistake.id} of {row.mistake.function}"
        alike = any({id, *row.others} <= set(group) for group in twins)
        if row.killed < row.seeds:
            said.append(f"{words} keeps full points: add a hidden test that fails for it, or draw other inputs.")
        elif row.named < row.seeds:
            said.append(f"{words} loses points but is not named; named instead: {', '.join(row.others) or 'nothing'}.")
        elif row.alone < row.seeds and not alike:
            said.append(
                f"{words} is also named {', '.join(row.others)}: say in TWINS of exempt.py why, or tell them apart."
            )
    return said


def seen(look: Looked) -> list[str]:
    """The self-check passes the solution and every right answer, and fails each known mistake."""
    one, file = look.assignment, look.course.selfcheck / f"{look.name}.py"
    if not file.exists():
        return [f"{look.file(file)} is missing: students would have no self-check."]
    checker, right, excused = selfcheck(look.course.selfcheck, look.name), reference(one), exempt(one, "UNSEEN")
    said = []
    for name, function in one.functions.items():
        try:
            if not function.in_words and share(checker, name, right) < 1:
                said.append(f"{look.file(file)}: the solution of {name} does not pass its self-check.")
        except Exception as error:  # a self-check that has no check of this name, or stops
            said.append(f"{look.file(file)}: the self-check of {name} stops: {type(error).__name__}: {error}")
    said = said or alarms(look, checker)
    for mistake in bank(one):
        if said or one.functions[mistake.function].in_words:
            continue
        passes = share(checker, mistake.function, {**right, **wrong(one, mistake)}) == 1
        if passes and mistake.id not in excused:
            said.append(
                f"{look.file(file)}: {mistake.id} passes the self-check of {mistake.function}; check what it gets wrong, "
                "or say in UNSEEN of exempt.py why that cannot be seen."
            )
    return said


def alarms(look: Looked, checker: Any) -> list[str]:
    """The right answers in other styles that the self-check calls wrong."""
    one, said = look.assignment, []
    for style, answers in one.right.items():
        space = one.namespace()
        for code in answers.values():
            exec(compile(code, f"<{style}>", "exec", dont_inherit=True), space)
        file = look.file(one.folder / "right" / f"{style}.py")
        said += [
            f"{file}: {name} is right and does not pass its self-check: change the check, or draw other inputs."
            for name in answers
            if not one.functions[name].in_words and share(checker, name, space) < 1
        ]
    return said


def share(checker: Any, function: str, space: Namespace) -> float:
    """What the self-check gives a function of a notebook, of one point."""
    seed = ", seed=0" if "seed" in inspect.signature(checker.check).parameters else ""
    scope = {**space, "selfcheck": checker}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(f"result = selfcheck.check({function!r}, points=1.0{seed})", scope)
    return float(repr(scope["result"]))
