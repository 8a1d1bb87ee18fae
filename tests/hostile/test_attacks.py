"""The hostile class: nobody gets a point that was not earned, or a canary; without its wall each attack succeeds."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from autograder.commands.cli import app
from autograder.commands.demo import course_api, in_folder
from autograder.plugins.grading import close_executor
from autograder.sample.recipes import Recipe
from tests.commands import code_scores, expected, made
from tests.hostile.attack import A, Attack
from tests.hostile.room import Room, open_room
from tests.hostile.table import all_attacks, tried

FAMILIES = all_attacks()
SLOW = ("cost",)  # differences take seconds: none of these in make test
FIRST = [family for family in FAMILIES if family not in SLOW]
REST = [(family, attack) for family, attacks in FAMILIES.items() for attack in attacks[0 if family in SLOW else 1 :]]
RIGHT = Recipe(A, "right", student="ada")


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    """The grader, with canaries around it."""
    with open_room() as room:
        yield room


@pytest.fixture(scope="module")
def honest(room: Room) -> tuple[float, str]:
    """What a right submission has, and is told, before any attack."""
    return room.honest()


def test_there_are_attacks_of_every_family() -> None:
    names = [(family, attack.name) for family, attacks in FAMILIES.items() for attack in attacks]
    assert len(names) == len(set(names)) >= 80
    assert len(FAMILIES) >= 15


@pytest.mark.parametrize("family", FIRST)
def test_an_attack_of_each_family(room: Room, honest: tuple[float, str], family: str) -> None:
    """It gets nothing, succeeds without its wall, and costs the honest student after it nothing."""
    assert tried(room, family, FAMILIES[family][0], honest).wrong == ""


@pytest.mark.thorough
@pytest.mark.parametrize(("family", "attack"), REST, ids=[f"{family}: {attack.name}" for family, attack in REST])
def test_every_other_attack(room: Room, honest: tuple[float, str], family: str, attack: Attack) -> None:
    assert tried(room, family, attack, honest).wrong == ""


@pytest.mark.thorough
def test_a_class_of_attackers_through_nbgrader(room: Room, tmp_path: pathlib.Path) -> None:
    """One worker for all, an honest student after every ten: each has a mark, a page and a line in the report."""
    attacks = {f"m{n:03}": a for n, (_, a) in enumerate(REST) if a.assignment == A}
    root = made(tmp_path, [replace(RIGHT, student=f"m{n:03}-honest") for n in range(0, len(REST), 10)])
    for student, attack in attacks.items():
        folder = root / "submitted" / student / A
        folder.mkdir(parents=True)
        attack.recipe(room.at(), student).hand_in(root / "submitted")
        if attack.files is not None:
            attack.files(folder, room.at())
    students = sorted(path.name for path in (root / "submitted").iterdir())
    with in_folder(root):
        api = course_api(root)
        for student in students:
            for step in (api.autograde, api.generate_feedback):
                answer = step(A, student)
                assert answer["success"], answer
        close_executor(root)
    scores = code_scores(root, A)
    assert sorted(scores) == students == sorted(path.name for path in (root / "feedback").iterdir())
    assert {s for s in students if s in attacks and scores[s] > attacks[s].earned + 0.005} == set()
    assert {scores[student] for student in students if student not in attacks} == {expected([RIGHT])["ada"]}
    assert room.changed() == ()
    report = CliRunner().invoke(app, ["report", A, "--course", str(root)])
    assert report.exit_code == 0, report.output
