"""Grading as an executor: a submission in, a future out; workers that die are started again, and nobody is lost."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from typing import Any

import pytest
from distributed import LocalCluster
from hypothesis import given
from hypothesis import strategies as st

from autograder.bulk import cluster_worker
from autograder.bulk.cluster import Cluster
from autograder.course.settings import load_course
from autograder.grading.executor import TRIES, Executor, Graded, GradingError, Worker
from autograder.grading.handed_in import HandedIn
from autograder.sample.recipes import Recipe
from tests.course import CLASSES

A = "a1_linear_fit"
RIGHT = Recipe(A, "right")


def handed_in(recipe: Recipe, name: str = f"{A}.ipynb") -> HandedIn:
    """A recipe's submission, without a folder."""
    data = recipe.make()
    return HandedIn(name, {} if data is None else {name: data})


def marks(graded: Graded) -> dict[str, float]:
    """Points by function."""
    return {name: function.points for name, function in graded.results.functions.items()}


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    """Two workers."""
    executor = Executor(load_course(), "executor", workers=2)
    executor.ready()
    yield executor
    executor.shutdown()


def test_marks_do_not_depend_on_the_worker_or_the_order(executor: Executor) -> None:
    recipes = CLASSES[A][:8]
    there = [executor.submit(handed_in(recipe), A) for recipe in recipes]
    back = [executor.submit(handed_in(recipe), A) for recipe in reversed(recipes)]
    assert [marks(future.result()) for future in there] == [recipe.expected() for recipe in recipes]
    assert [marks(future.result()) for future in reversed(back)] == [recipe.expected() for recipe in recipes]


def test_a_dask_cluster_grades_as_this_machine(executor: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler and a worker of Dask; what the worker grades with is here already. Processes: tests/test_cluster.py."""
    monkeypatch.setattr(executor, "shutdown", lambda: None)
    monkeypatch.setattr(cluster_worker, "Executor", lambda course, seed: executor)
    recipes = CLASSES[A][:4]
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0") as local:
        cluster = Cluster(local.scheduler_address, load_course(), "executor", A, None)
        futures = [cluster.submit(handed_in(recipe), A) for recipe in recipes]
        assert [marks(future.result()) for future in futures] == [recipe.expected() for recipe in recipes]
        cluster.shutdown()


def test_a_worker_that_dies_is_started_again_and_nothing_is_lost(executor: Executor) -> None:
    futures = [executor.submit(handed_in(RIGHT), A) for _ in range(6)]
    for worker in executor._workers:
        assert worker._process is not None
        worker._process.kill()
    assert [marks(future.result()) for future in futures] == [RIGHT.expected()] * 6


def test_what_the_machine_lacks_is_said_once(executor: Executor, capsys: pytest.CaptureFixture[str]) -> None:
    """By a run that grades a class, with what to do; not by each of its submissions."""
    executor._told, executor._workers[0].lacks = False, ["cgroups"]
    for _ in range(3):
        executor.ready()
    said = capsys.readouterr().err
    assert said.count("This machine lacks cgroups: student code runs without.") == 1
    assert "grade with `systemd-run --user --scope -p Delegate=yes nbgrader autograde …`." in said


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("deaths", "run"), [(TRIES, "text"), (TRIES + 1, "nothing"), (TRIES + 2, "stop")])
def test_a_submission_that_ends_every_worker_gets_that_reason(
    deaths: int, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its code is not run a fourth time. Where its text alone ends a worker, the empty notebook carries the reason."""
    ask, asked = Worker._ask, []

    def dying(worker: Worker, request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request)
        if len(asked) <= deaths:
            raise EOFError
        return ask(worker, request)

    monkeypatch.setattr(Worker, "_ask", dying)
    executor = Executor(load_course(), "executor")
    future = executor.submit(handed_in(RIGHT), A)
    if run == "stop":
        with pytest.raises(GradingError, match="ends whatever it is asked"):
            future.result()
    else:
        graded = future.result()
        assert f"ended the grading process {TRIES} times" in graded.results.unreadable
        assert set(marks(graded).values()) == {0.0}
        assert ("w * x + b" in str(graded.notebook["cells"])) == (run == "text")
    executor.shutdown()


def test_a_shutdown_in_the_middle_waits_for_nobody() -> None:
    executor = Executor(load_course(), "executor")
    executor.ready()
    futures = [executor.submit(handed_in(RIGHT), A) for _ in range(40)]
    futures[0].result()
    executor.shutdown()
    ends = [end_of(future) for future in futures]
    assert ends[0] is None
    assert isinstance(ends[-1], CancelledError)
    assert all(end is None or isinstance(end, (CancelledError, GradingError)) for end in ends)


def end_of(future: Future[Graded]) -> BaseException | None:
    """How a future ended; fails where it takes long."""
    try:
        return future.exception(timeout=20)
    except CancelledError as error:
        return error


@given(st.dictionaries(st.text(), st.binary() | st.text()), st.lists(st.text()))
def test_a_submission_travels_as_json(notebooks: dict[str, bytes | str], others: list[str]) -> None:
    handed = HandedIn("a.ipynb", notebooks, tuple(others))
    assert HandedIn.from_json(handed.to_json()) == handed


def test_a_folder_is_read_without_links_and_checkpoints(tmp_path: pathlib.Path) -> None:
    for name in ("a.ipynb", "sub/b.ipynb", ".ipynb_checkpoints/c.ipynb", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"{}")
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "a.ipynb")
    assert HandedIn.read(tmp_path, "a.ipynb") == HandedIn(
        "a.ipynb", {"a.ipynb": b"{}", "sub/b.ipynb": b"{}"}, ignored=("link.ipynb is a link",)
    )
