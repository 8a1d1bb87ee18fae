"""`autograder grade --dask`: the same marks on a cluster, whatever becomes of its workers; what is wrong, in a sentence."""

from __future__ import annotations

import pathlib
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from distributed import LocalCluster

from autograder.bulk import cluster, cluster_worker
from autograder.bulk.cluster import Cluster
from autograder.course.settings import load_course
from autograder.grading.executor import GradingError
from tests.commands import SCRIPTS, code_scores, ended, expected, made, started
from tests.test_bulk import CLASS, SEED, A, as_json, files_of, gradebook_of

COURSE = load_course()
SECRET = "a seed that is nowhere on the disk"


def connect(address: str) -> Cluster:
    """What `--dask ADDRESS` grades with."""
    return Cluster(address, COURSE, "cluster", A, None)


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCluster]:
    """A scheduler without workers in this process."""
    monkeypatch.setattr(cluster, "JOINS", 0.3)
    with LocalCluster(n_workers=0, threads_per_worker=1, processes=False, dashboard_address=":0") as found:
        yield found


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere", "smtp://x"])
def test_a_wrong_address_gets_a_sentence(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SECONDS", 0.3)
    with pytest.raises(GradingError, match=f"No Dask scheduler answers at {address}. Start one with `dask scheduler`"):
        connect(address)


def test_a_cluster_without_workers_gets_a_sentence(local: LocalCluster) -> None:
    with pytest.raises(GradingError, match=r"has no worker. Start one with `dask worker inproc://\S+ --nthreads 1`"):
        connect(local.scheduler_address)


def test_a_worker_of_another_version_is_refused(local: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever decides a mark must be the same there."""
    local.scale(1)
    local.wait_for_workers(1)
    asked = iter(["here", "there"])
    monkeypatch.setattr(cluster_worker, "code_digest", lambda *_: next(asked))
    with pytest.raises(
        GradingError, match=r"The Dask worker \S+ cannot grade. It has other code than the machine that asks"
    ):
        connect(local.scheduler_address)


def test_a_worker_without_students_python_is_refused(local: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    local.scale(1)
    local.wait_for_workers(1)
    monkeypatch.setattr(
        cluster_worker, "load_course", lambda _: replace(COURSE, python=pathlib.Path("/nowhere/python"))
    )
    with pytest.raises(GradingError, match=r"The Dask worker \S+ cannot grade. .*/nowhere/python"):
        connect(local.scheduler_address)


# ---- processes -----------------------------------------------------------------------------------------------------------


class Processes:
    """A scheduler and workers of Dask as processes, each with a folder of its own."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.running = folder, list[subprocess.Popen[bytes]]()
        self.start("scheduler", "--host", "127.0.0.1", "--port", "0")
        self.address = self.said("scheduler", r"Scheduler at: +(tcp://127\.0\.0\.1:\d+)")

    def start(self, kind: str, *arguments: str, name: str = "") -> subprocess.Popen[bytes]:
        """Start a process; what it says goes to a file."""
        with (self.folder / f"{name or kind}.log").open("wb") as log:
            command = [str(SCRIPTS / "dask"), kind, *arguments, "--no-dashboard"]
            process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True)
        self.running.append(process)
        return process

    def worker(self, name: str) -> subprocess.Popen[bytes]:
        """Start a worker, and wait until it has joined. It is one process, to be killed: nobody starts it again."""
        places = ["--local-directory", str(self.folder / name), "--nthreads", "1", "--no-nanny"]
        process = self.start("worker", self.address, *places, name=name)
        self.said(name, "(Registered to)")
        return process

    def said(self, name: str, pattern: str) -> str:
        """What a process has said, once it has."""
        end = time.monotonic() + 60
        while not (found := re.search(pattern, (self.folder / f"{name}.log").read_text())):
            assert time.monotonic() < end, (self.folder / f"{name}.log").read_text()
            time.sleep(0.05)
        return found[1]

    def stop(self) -> None:
        """End them all."""
        for process in self.running:
            process.kill()
            process.wait()


@pytest.fixture
def processes(tmp_path: pathlib.Path) -> Iterator[Processes]:
    """A scheduler; what it and its workers write into temporary folders is below tmp_path."""
    (tmp_path / "dask").mkdir()
    found = Processes(tmp_path / "dask")
    yield found
    found.stop()


@pytest.mark.thorough
def test_a_killed_worker_changes_nothing(processes: Processes, tmp_path: pathlib.Path) -> None:
    """Two workers, one killed half way: the gradebook, notebooks and pages of a class are those of this machine's workers."""
    here, there = made(tmp_path / "here", CLASS), made(tmp_path / "there", CLASS)
    victim, _ = processes.worker("one"), processes.worker("two")
    graded = started(
        there, "grade", A, "--feedback", "--dask", processes.address, script="autograder", COURSE_SEED=SECRET
    )
    while not list(there.glob(f"autograded/*/{A}/{A}.ipynb")):
        assert graded.poll() is None
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    ran = ended(graded)
    assert f"{len(CLASS)} graded" in ran.stdout
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert ended(started(here, "grade", A, "--feedback", script="autograder", COURSE_SEED=SECRET)).returncode == 1
    assert gradebook_of(there) == gradebook_of(here)
    for folder in ("autograded", "feedback"):
        assert files_of(there / folder) == files_of(here / folder)
    assert code_scores(there, A) == expected(CLASS)


@pytest.mark.thorough
def test_a_scheduler_that_ends_stops_the_run_and_the_next_one_completes_it(
    processes: Processes, tmp_path: pathlib.Path
) -> None:
    root = made(tmp_path / "course", CLASS)
    processes.worker("one")
    graded = started(root, "grade", A, "--dask", processes.address, script="autograder", **SEED)
    while not list(root.glob(f"autograded/*/{A}/{A}.ipynb")):
        assert graded.poll() is None
        time.sleep(0.02)
    processes.stop()
    ran = ended(graded)
    assert f"The Dask scheduler at {processes.address} has ended" in ran.stdout
    assert "Traceback" not in ran.stdout
    assert ran.returncode == 1
    said = as_json(root)
    assert len([*said["graded"], *said["unchanged"]]) == len(CLASS)
    assert said["unchanged"]
