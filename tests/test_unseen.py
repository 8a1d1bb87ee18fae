"""Answers by people who had never read the known mistakes: right ones keep all points, wrong ones lose some and are told why.

tests/unseen/*.txt were written from the notebooks alone, after the mechanisms of naming stood: 104 right answers, 208 with
one mistake, 48 with two. names.json has the names that each wrong one gets; every name was read against its code and is true.
"""

from __future__ import annotations

import json
import pathlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from autograder.grading.judge import Judge
from autograder.grading.results import FunctionResult
from tests.course import named
from tests.harness import COST_SHARE, grade, written

FOLDER = pathlib.Path(__file__).with_name("unseen")
HEAD = re.compile(r"^# %% (right|wrong|double) (\w+) (\w+) \| (.*)$", re.MULTILINE)
NAMES = FOLDER / "names.json"


@dataclass(frozen=True)
class Answer:
    """One section of a file: a function (with a forward of its own, if it needs one) and what its writer says of it."""

    kind: str
    assignment: str
    function: str
    title: str
    code: str

    @property
    def name(self) -> str:
        """How names.json and a failing test call it."""
        return f"{self.function}: {self.title}"

    def graded(self) -> FunctionResult:
        """The result of its function, beside right answers to all others."""
        return grade(self.assignment, written(self.assignment, self.code), "unseen", self.function)[self.function]

    def named(self) -> FunctionResult:
        """The same, with names of the mistakes; lower functions are judged too, for what rests on them."""
        one = named(self.assignment)
        result = judge(self.assignment).grade(one, one.student(written(self.assignment, self.code)), one.points)
        return result[self.function]


@cache
def judge(assignment: str) -> Judge:
    """One judge an assignment, which names mistakes."""
    return Judge.of([named(assignment)], "unseen", COST_SHARE, naming=True)


def sections(text: str) -> Iterator[Answer]:
    """The answers of one file."""
    heads = list(HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends, strict=True):
        yield Answer(*head.groups(), code=text[head.end() : end])


ANSWERS = [answer for path in sorted(FOLDER.glob("*.txt")) for answer in sections(path.read_text(encoding="utf-8"))]
RIGHT = [answer for answer in ANSWERS if answer.kind == "right"]
WRONG = [answer for answer in ANSWERS if answer.kind != "right"]


def test_the_corpus_is_whole() -> None:
    assert Counter(answer.kind for answer in ANSWERS) == {"right": 104, "wrong": 208, "double": 48}
    assert len({answer.name for answer in ANSWERS}) == len(ANSWERS)


@pytest.mark.parametrize("answer", RIGHT, ids=lambda answer: answer.name)
def test_a_right_answer_keeps_every_point(answer: Answer) -> None:
    result = answer.graded()
    assert result.points == result.max_points, [check for check in result.checks if check.lost]


@pytest.mark.thorough
@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.name)
def test_a_wrong_answer_loses_points_and_is_told_something(answer: Answer) -> None:
    """The names are those on record, and whoever gets none that explains all gets a next step."""
    result = answer.named()
    assert result.points < result.max_points
    assert result.mistakes or result.clue is not None
    assert [mistake.id for mistake in result.mistakes] == json.loads(NAMES.read_text())[answer.name]


def test_most_wrong_answers_have_a_name_on_record() -> None:
    """Three in four, of two mistakes too."""
    names = json.loads(NAMES.read_text())
    for kind, share in (("wrong", 0.7), ("double", 0.8)):
        answers = [answer for answer in WRONG if answer.kind == kind]
        assert sum(bool(names[answer.name]) for answer in answers) >= share * len(answers)


def main() -> None:
    """Write names.json: `python -m tests.test_unseen`. Read every name that changed against its code."""
    found = {answer.name: [mistake.id for mistake in answer.named().mistakes] for answer in WRONG}
    NAMES.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
