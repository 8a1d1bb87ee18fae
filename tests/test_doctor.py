"""``autograder doctor``: what it says of a machine, and that each of its trials would come through without the wall."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import sys
from collections.abc import Callable

import pytest
from rich.console import Console
from typer.testing import CliRunner

from autograder.commands import doctor
from autograder.commands.cli import app
from autograder.commands.doctor import LIMITS, MAY_LACK, TRIALS, Finding, Trial, main, seed, targets, tried
from autograder.course.settings import load_course
from autograder.kernels import cgroups
from autograder.kernels.cage import WALLS, Cage
from autograder.kernels.cage_errors import CageError, fork_refused, root_refused

Said = Callable[..., tuple[int, str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """What doctor prints of a course, and its exit code."""

    def run(isolation: str = "standard") -> tuple[int, str]:
        course = dataclasses.replace(load_course(), isolation=isolation)
        code = main(course, Console(soft_wrap=True, highlight=False, markup=False))
        return code, capsys.readouterr().out

    return run


def test_on_macos_one_sentence_names_the_ways_out(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    code, text = said()
    assert code == 1
    assert text.startswith("Student code runs on Linux only, and this is darwin. Grade on a Linux host")
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "what"),
    [(fork_refused(1, "unshare: Operation not permitted"), "user namespaces"), (root_refused("x"), "cage")],
)
@pytest.mark.parametrize("isolation", ["standard", "none"])
def test_where_no_cage_starts_the_ways_out_are_named(
    said: Said, monkeypatch: pytest.MonkeyPatch, error: CageError, what: str, isolation: str
) -> None:
    def refuse(*_: object) -> list[Finding]:
        raise error

    monkeypatch.setattr(doctor, "walls_of", refuse)
    monkeypatch.setattr(doctor, "surroundings", lambda course: [])
    code, text = said(isolation)
    assert f"{what}: {error}" in text
    assert code == (isolation == "standard")


@pytest.mark.parametrize("wall", [*MAY_LACK, "root"])
@pytest.mark.parametrize("isolation", ["strict", "standard", "none"])
def test_a_wall_that_is_missing_refuses_by_the_level(
    said: Said, monkeypatch: pytest.MonkeyPatch, wall: str, isolation: str
) -> None:
    """standard may lack three of them; what is found is not what decides with isolation off."""
    monkeypatch.setattr(doctor, "walls_of", lambda course: [Finding(wall, False, "tried it", "do this")])
    monkeypatch.setattr(doctor, "surroundings", lambda course: [])
    code, text = said(isolation)
    refused = isolation == "strict" or (isolation == "standard" and wall == "root")
    assert code == refused
    assert f"{wall}: do this." in text
    assert text.rstrip().endswith("grading is refused." if refused else "this machine can grade.")


def test_what_surrounds_the_cage_is_looked_at(tmp_path: pathlib.Path) -> None:
    course = dataclasses.replace(load_course(), directory=tmp_path)
    python, bwrap, disk, none_yet, *_ = doctor.surroundings(course)
    assert python.ok
    assert "numpy 2" in python.tried
    assert bwrap.ok
    assert "bubblewrap 0" in bwrap.tried
    assert (disk.what, none_yet.ok) == ("disk", True)
    missing = doctor.surroundings(dataclasses.replace(course, python=tmp_path / "bin" / "python"))[0]
    assert not missing.ok
    assert "course.toml" in missing.todo


def test_a_seed_that_everybody_can_read_is_named(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_SEED", raising=False)
    path = tmp_path / ".course_seed"
    path.write_text("seed")
    for mode, ok in ((0o600, True), (0o640, True), (0o644, False)):
        path.chmod(mode)
        assert seed(path).ok == ok


# ---- real cages ------------------------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_doctor_on_this_machine() -> None:
    """Every wall is on, apart from a cgroup where none is delegated."""
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 0, done.output
    lacking = [line.split()[1] for line in done.output.splitlines() if line.startswith(" NO")]
    assert lacking == (["cgroups"] if cgroups.delegated() is None else [])
    assert all(f" {trial.wall} " in done.output for trial in TRIALS)


@pytest.mark.thorough
@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.wall)
def test_without_its_wall_each_trial_comes_through(trial: Trial) -> None:
    """Otherwise doctor would call a wall whole that is not there: by a cell that fails for another reason."""
    course = load_course()
    opened = {*trial.opened, trial.wall}
    isolation = "standard" if trial.wall in WALLS or trial.wall == "limits" else "none"
    cage = Cage(course.python, LIMITS, isolation, course.selfcheck, [wall for wall in WALLS if wall not in opened])
    written = pathlib.Path("/dev/shm/autograder-doctor")
    try:
        cage.wait()
        with targets() as aims:
            small = {**aims, "memory": 0}  # the one wall that cannot be opened: less is asked for
            (finding,) = tried(cage, [trial], small)
        assert not finding.ok
    finally:
        cage.close()
        if written.exists():
            os.unlink(written)
