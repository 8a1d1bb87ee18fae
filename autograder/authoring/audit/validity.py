"""The tests of the tests: which known and machine-made mistakes the hidden suites kill, and which of them get their name.

``python -m autograder.authoring.audit.validity [--seeds 20]`` writes docs/validity.md.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.authoring.audit.mutants import Mutant, mutants
from autograder.course.assignment import Assignment
from autograder.course.settings import ROOT, load_course
from autograder.grading.judge import Judge
from autograder.grading.results import FunctionResult
from autograder.naming.bank import Mistake, bank, made_by_rule, mistakes_of
from autograder.naming.replay import Namer, below, reference, wrong

TARGET = ROOT / "docs" / "validity.md"
MUTANT_SEEDS = 2


@dataclass(frozen=True)
class Killed:
    """One known mistake on several course seeds: on how many it lost points, was named, was named alone; its wrong arrays."""

    mistake: Mistake
    seeds: int
    killed: int
    named: int
    alone: int
    arrays: tuple[str, ...]
    others: tuple[str, ...] = ()


def judge_of(assignment: Assignment, seed: str) -> Judge:
    """A judge of one suite that names mistakes, without its tests on cost: they tell no numbers apart."""
    return without_cost(Judge.of([assignment], seed))


def without_cost(judge: Judge) -> Judge:
    """The same judge without tests on cost, and with a memory of its own for names."""
    tests = {name: [test for test in found if not test.cost] for name, found in judge.tests.items()}
    return Judge(judge.seed, tests, namer=Namer(tests))


def grade(judge: Judge, assignment: Assignment, namespace: Mapping[str, Any], *names: str) -> dict[str, FunctionResult]:
    """These functions, a point each. Raises RuntimeError where a suite itself fails."""
    results = judge.grade(assignment, assignment.student(dict(namespace)), dict.fromkeys(names, 1.0))
    faults = [fault for result in results.values() for fault in result.faults]
    if faults:
        raise RuntimeError(f"A hidden test of {assignment} failed by its own fault: {faults[0]}")
    return results


def grade_mistake(judge: Judge, assignment: Assignment, mistake: Mistake) -> FunctionResult:
    """The function that holds a known mistake, all others right."""
    namespace = {**reference(assignment), **wrong(assignment, mistake)}
    return grade(judge, assignment, namespace, mistake.function)[mistake.function]


def wrong_arrays(result: FunctionResult) -> tuple[str, ...]:
    """The arrays that are wrong in what decides; in a test of behaviour where nothing else is wrong."""
    for behaviour in (False, True):
        names = dict.fromkeys(a.name for c in result.checks if c.behaviour == behaviour for a in c.off)
        if names:
            return tuple(names)
    return tuple(dict.fromkeys(c.sentence for c in result.checks if c.lost and c.sentence))[:1]


def kill_table(assignment: Assignment, judges: Iterable[Judge]) -> list[Killed]:
    """Every known mistake of one assignment with these judges, each of another course seed."""
    found: dict[str, list[FunctionResult]] = {m.id: [] for m in bank(assignment)}
    for judge in judges:
        for mistake in bank(assignment):
            found[mistake.id].append(grade_mistake(judge, assignment, mistake))
    return [killed(mistake, found[mistake.id]) for mistake in bank(assignment)]


def killed(mistake: Mistake, results: Sequence[FunctionResult]) -> Killed:
    """One row of the table."""
    names = [[m.id for m in result.mistakes] for result in results]
    return Killed(
        mistake,
        len(results),
        sum(result.points < result.max_points for result in results),
        sum(mistake.id in found for found in names),
        sum(found == [mistake.id] for found in names),
        tuple(dict.fromkeys(name for result in results for name in wrong_arrays(result))),
        tuple(dict.fromkeys(n for found in names for n in found if n != mistake.id)),
    )


@dataclass(frozen=True)
class Ruled:
    """The mistakes by rule of one function on one course seed: how many, how many lost points, got their own name, another."""

    function: str
    listed: int
    made: int
    killed: int
    own: int
    other: int


def rule_table(assignment: Assignment, judge: Judge) -> list[Ruled]:
    """The mistakes by rule of every function of one assignment."""
    rows = []
    for name in assignment.functions:
        made = made_by_rule(assignment, name)
        results = [(m, grade_mistake(judge, assignment, m)) for m in made]
        own = sum(any(named.id == m.id for named in r.mistakes) for m, r in results)
        other = sum(bool(r.mistakes) for _, r in results) - own
        killed = sum(r.points < r.max_points for _, r in results)
        rows.append(Ruled(name, len(mistakes_of(assignment, name)), len(made), killed, own, other))
    return rows


def alive(assignment: Assignment, seeds: Sequence[str]) -> Iterator[Mutant]:
    """The mutants that keep full points, in their own function and in all that rest on it, on all of these seeds."""
    judges = [judge_of(assignment, seed) for seed in seeds]
    names = [name for name in assignment.functions if not assignment.functions[name].in_words]
    for judge in judges:
        judge.namer = None
    for mutant in mutants(assignment):
        above = [name for name in names if mutant.function in below(assignment, name)]
        if all(survives(judge, assignment, mutant, (mutant.function, *above)) for judge in judges):
            yield mutant


def survives(judge: Judge, assignment: Assignment, mutant: Mutant, names: Sequence[str]) -> bool:
    """Whether a mutant keeps full points on one course seed."""
    namespace = assignment.namespace()
    try:
        exec(compile(mutant.code, f"<mutant of {mutant.function}>", "exec"), namespace)
    except SyntaxError:
        return False
    return all(grade(judge, assignment, namespace, name)[name].points == 1 for name in names)


# ---- the page --------------------------------------------------------------------------------------------------------


def page(
    tables: Mapping[str, Sequence[Killed]],
    ruled: Mapping[str, Sequence[Ruled]],
    living: Mapping[str, Sequence[Mutant]],
    made: Mapping[str, int],
) -> str:
    """docs/validity.md."""
    rows = [row for table in tables.values() for row in table]
    seeds = rows[0].seeds
    left = [m for mutants in living.values() for m in mutants]
    equal = sum(bool(mutant.why) for mutant in left)
    total = sum(made.values())
    graded = len(rows) * seeds
    by_rule = [row for found in ruled.values() for row in found]
    parts = [
        "# Are the tests right?",
        "Made by `make validity` (`python -m autograder.authoring.audit.validity`). Nothing on this page is written by hand.",
        f"**{len(rows)} known mistakes**, each graded on {seeds} course seeds: "
        f"{share(sum(r.killed for r in rows), graded)} lose points, {share(sum(r.named for r in rows), graded)} get "
        f"their own name, {share(sum(r.alone for r in rows), graded)} no other beside it.",
        f"**{sum(r.made for r in by_rule)} more are made by rule**, graded on one seed: {sum(r.killed for r in by_rule)} lose "
        f"points, {sum(r.own for r in by_rule)} get their own name, {sum(r.other for r in by_rule)} that of another with the "
        "same numbers.",
        f"**{total} machine-made mutants** of the reference solutions, on {MUTANT_SEEDS} seeds: {total - len(left)} "
        f"killed, {len(left)} alive, of which {equal} are argued to be right below and {len(left) - equal} are gaps.",
        "## What each rule of the fixture linter catches",
        "Single mistakes in `rnn_backward` that nobody would see if the problem broke one rule "
        "(`autograder/authoring/audit/problem_rules.py`).",
        table(
            ["a problem with", "hides", "of", "among them"],
            [[c.spoiled, str(len(c.hidden)), str(c.of), ", ".join(c.hidden[:4])] for c in hidden_by_rules()],
        ),
        "## Kill table",
        "*Killed* and *named* count seeds. An array is listed if it was wrong on any of them; a sentence where no array was.",
    ]
    for assignment, found in tables.items():
        parts += [f"### {assignment}", kills(found)]
    parts += [
        "## Mistakes by rule",
        "What people write in each place of each formula. *Another name*: that of a mistake or a rule with the same numbers.",
        table(
            ["function", "listed", "by rule", "killed", "own name", "another name"],
            [[r.function, *map(str, (r.listed, r.made, r.killed, r.own, r.other))] for r in by_rule if r.made],
        ),
    ]
    parts += ["## Mutants left alive", mutant_table(living)]
    return "\n\n".join(parts) + "\n"


def kills(found: Sequence[Killed]) -> str:
    """The kill table of one assignment."""
    rows = [
        [
            row.mistake.function,
            f"`{row.mistake.id}`",
            f"{row.killed}/{row.seeds}",
            f"{row.named}/{row.seeds}" + (f", with {', '.join(row.others)}" if row.others else ""),
            ", ".join(row.arrays),
        ]
        for row in found
    ]
    return table(["function", "mistake", "killed", "named", "arrays off"], rows)


def mutant_table(living: Mapping[str, Sequence[Mutant]]) -> str:
    """The mutants that no suite kills, with the reasons."""
    rows = [
        [
            assignment,
            mutant.function,
            f"`{mutant.change}`",
            mutant.why or "**a gap**",
        ]
        for assignment, found in living.items()
        for mutant in found
    ]
    return table(["assignment", "function", "old → new", "why it is right all the same"], rows)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def share(count: int, of: int) -> str:
    """A share in words: all, or so many percent."""
    return "all" if count == of else f"{100 * count / of:.1f} %"


def hidden_by_rules() -> list[Any]:
    """For each rule the mistakes that a problem would hide if it broke it, of the assignments that say so."""
    assignments = load_course().assignments.values()
    return [caught for a in assignments if a.has("spoiled") for caught in a.part("spoiled").catches(bank(a))]


def main() -> None:
    """Write docs/validity.md and say what it says. Exits with 1 where the tests of the tests fail."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=20, help="course seeds for the known mistakes")
    seeds = [f"validity-{number}" for number in range(parser.parse_args().seeds)]
    course = load_course().assignments
    tables = {name: kill_table(one, (judge_of(one, seed) for seed in seeds)) for name, one in course.items()}
    ruled = {name: rule_table(one, judge_of(one, seeds[0])) for name, one in course.items()}
    living = {name: list(alive(assignment, seeds[:MUTANT_SEEDS])) for name, assignment in course.items()}
    made = Counter({name: len(list(mutants(assignment))) for name, assignment in course.items()})
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(page(tables, ruled, living, made))
    rows = [row for found in tables.values() for row in found]
    bad = [row.mistake.id for row in rows if not row.seeds == row.killed == row.named]
    gaps = [m.name for found in living.values() for m in found if not m.why]
    print(
        f"{len(rows)} mistakes on {len(seeds)} seeds, {sum(made.values())} mutants: {TARGET.relative_to(ROOT)} is written."
    )
    for id in bad:
        print(f"{id}: not killed or not named on every seed.")
    for name in gaps:
        print(f"Alive, and not argued: {name}")
    sys.exit(1 if bad or gaps else 0)


if __name__ == "__main__":
    main()
