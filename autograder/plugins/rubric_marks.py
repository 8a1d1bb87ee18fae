"""A mark as steps of a rubric: what is chosen becomes a score and a comment, and can be read from them again."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from autograder.plugins.rubrics import STEPS, step_points

SHARES = (0.0, 0.5, 1.0)
MAX_TEXT = 10_000  # characters of a person's own words
COLUMN = re.compile(r"(?<!\\)\|")
WRONG_TURNS = re.compile(r"(?:#+ |\*\*).*wrong turns", re.IGNORECASE)
STEP_LINE = re.compile(r"- Step (?P<number>\d{1,3}), (?P<points>[\d.]+) of [\d.]+[:.]")


@dataclass(frozen=True)
class Step:
    """A step of a right answer, in Markdown, and its points."""

    text: str
    points: float


@dataclass(frozen=True)
class Rubric:
    """The steps of one question, and the wrong turns that students often take, each a line of Markdown."""

    steps: tuple[Step, ...] = ()
    turns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """What a person chose for an answer.

    shares: 0, 0.5 or 1 of each step, or none where no step was chosen. turns: the numbers of the wrong turns, from 0.
    score: points that were typed; they count instead of those of the steps.
    """

    shares: tuple[float, ...] = ()
    turns: tuple[int, ...] = ()
    text: str = ""
    score: float | None = None


def read_rubric(section: str) -> Rubric:
    """The steps and wrong turns in a question's section of a rubric.md."""
    table = STEPS.search(section)
    rows = table[0].splitlines()[2:] if table else []
    steps = (Step(COLUMN.split(row.strip().removesuffix("|"))[-2].strip(), step_points(row)) for row in rows)
    return Rubric(tuple(steps), tuple(wrong_turns(section.splitlines())))


def wrong_turns(lines: list[str]) -> list[str]:
    """The items of the list below the heading that names wrong turns."""
    turns: list[str] = []
    below = False
    for line in lines:
        if WRONG_TURNS.match(line):
            below = True
        elif below and line.startswith(("* ", "- ")):
            turns.append(line[2:].strip())
        elif turns and line.startswith(" "):
            turns[-1] += f" {line.strip()}"
        elif turns and line.strip():
            break
    return turns


def score_of(rubric: Rubric, choice: Choice, most: float) -> float:
    """The points of a choice. Raises ValueError, with what to do, for a choice that is none."""
    if len(choice.shares) not in (0, len(rubric.steps)) or not set(choice.shares) <= set(SHARES):
        raise ValueError("The rubric has changed. Load the page again.")
    if not set(choice.turns) <= set(range(len(rubric.turns))):
        raise ValueError("The rubric has changed. Load the page again.")
    if len(choice.text) > MAX_TEXT:
        raise ValueError(f"The comment is longer than {MAX_TEXT} characters.")
    if choice.score is not None:
        if not (math.isfinite(choice.score) and 0 <= choice.score <= most):
            raise ValueError(f"The score must be a number from 0 to {most:g}.")
        return choice.score
    if not choice.shares:
        raise ValueError("Nothing is chosen: choose steps, or type a score.")
    return min(most, points_of(rubric, choice))


def points_of(rubric: Rubric, choice: Choice) -> float:
    """The points of the steps that were chosen."""
    chosen = zip(rubric.steps, choice.shares, strict=True)
    return round(sum(step.points * share for step, share in chosen), 4)


def comment_of(rubric: Rubric, choice: Choice, quoted: bool) -> str:
    """A choice as a comment: the steps that are not wholly there, the wrong turns, and the person's own words.

    quoted: with the text of the steps, for students who may see it.
    """
    lines = list(step_lines(rubric, choice, quoted))
    lines += [f"- {rubric.turns[number]}" for number in sorted(set(choice.turns))]
    return "\n\n".join(filter(None, ["\n".join(lines), unix(choice.text).strip()]))


def step_lines(rubric: Rubric, choice: Choice, quoted: bool) -> Iterator[str]:
    """A line for each step that is not wholly there."""
    if not choice.shares:
        return
    for number, (step, share) in enumerate(zip(rubric.steps, choice.shares, strict=True), 1):
        if share < 1:
            what = f": {step.text}" if quoted else "."
            yield f"- Step {number}, {step.points * share:g} of {step.points:g}{what}"


def choice_of(rubric: Rubric, score: float | None, comment: str, most: float) -> Choice:
    """What was chosen, read from a score and a comment; where no step is named, those of a full mark are all there."""
    everything = (1.0,) * len(rubric.steps)
    shares, turns, own = list(everything), [], []
    known = {f"- {turn}": number for number, turn in enumerate(rubric.turns)}
    for line in unix(comment).split("\n"):
        step = STEP_LINE.match(line)
        if step and 1 <= int(step["number"]) <= len(shares):
            shares[int(step["number"]) - 1] = 0.0 if step["points"] == "0" else 0.5
        elif line in known:
            turns.append(known[line])
        else:
            own.append(line)
    choice = Choice(tuple(shares), tuple(turns), "\n".join(own).strip())
    if choice.shares == everything and score != min(most, points_of(rubric, choice)):
        choice = replace(choice, shares=())
    of_steps = min(most, points_of(rubric, choice)) if choice.shares else None
    return choice if score == of_steps else replace(choice, score=score)


def unix(text: str) -> str:
    """Text with line ends as a browser's text field has them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
