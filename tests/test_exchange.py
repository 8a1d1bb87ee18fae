"""The exchange of a shared machine: nobody hands in under another's name, half an upload is not taken for a whole one."""

from __future__ import annotations

import os
import pathlib
import pwd
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError

from autograder.course.settings import ROOT, scripts_on_path
from autograder.plugins.converters import RELEASING
from autograder.plugins.exchange import Collect, ReleaseAssignment, ReleaseFeedback

A = "a4_bptt"
EARLY, LATE = "2026-11-01 10:00:00.000000 UTC", "2026-11-02 10:00:00.000000 UTC"
ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture(scope="module")
def empty_gradebook(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Made once: nbgrader starts a program for each."""
    scripts_on_path()
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    Gradebook(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def collect(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, empty_gradebook: pathlib.Path) -> Collect:
    """The teacher's collect; ann is a user of this machine, and not the one who runs this test."""
    shutil.copy(empty_gradebook, tmp_path)
    known = pwd.getpwnam
    ann = SimpleNamespace(pw_uid=os.getuid() + 1, pw_name="ann")
    monkeypatch.setattr(pwd, "getpwnam", lambda name: ann if name == "ann" else known(name))
    coursedir = CourseDirectory(root=str(tmp_path), course_id="bptt", db_url=f"sqlite:///{tmp_path}/gradebook.db")
    coursedir.assignment_id = A
    return Collect(coursedir=coursedir, root=str(tmp_path / "exchange"))


@contextmanager
def small_files() -> Iterator[None]:
    """No file may grow beyond 1 MiB, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def handed_in(collect: Collect, student: str, timestamp: str, text: str = "") -> pathlib.Path:
    """A folder in inbound/, made by the user who runs this test. text: what timestamp.txt says."""
    inbound = pathlib.Path(collect.root) / "bptt" / "inbound"
    folder = inbound / f"{student}+{A}+{timestamp}+x"
    folder.mkdir(parents=True)
    (folder / f"{A}.ipynb").write_text("{}")
    (folder / "timestamp.txt").write_text(text or timestamp)
    (folder / "submission_secret.txt").write_text("secret")
    return folder


def test_what_another_user_hands_in_under_a_name_is_not_collected(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor does it hide what the user of that name handed in."""
    handed_in(collect, "ann", LATE)
    handed_in(collect, ME, EARLY)
    collect.start()
    assert os.listdir(tmp_path / "submitted") == [ME]
    assert f"claims to be ann's, but belongs to {ME}." in caplog.text


def test_where_students_are_no_users_all_is_collected(collect: Collect, tmp_path: pathlib.Path) -> None:
    handed_in(collect, "somebody-of-a-hub", EARLY)
    collect.start()
    assert os.listdir(tmp_path / "submitted") == ["somebody-of-a-hub"]


def test_a_misspelt_assignment_is_said_and_makes_no_folder(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Collecting work or releasing feedback under a name that the course does not have."""
    handed_in(collect, ME, EARLY)
    before = sorted(tmp_path.rglob("*"))
    collect.coursedir.assignment_id = "a4_bpt"
    for step in (collect, ReleaseFeedback(coursedir=collect.coursedir, root=collect.root)):
        with pytest.raises(ExchangeError):
            step.start()
        assert caplog.messages.pop() == f"There is no assignment a4_bpt in {tmp_path}; the closest name is {A}."
    assert sorted(tmp_path.rglob("*")) == before


def test_feedback_that_is_not_made_is_not_released(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    handed_in(collect, ME, EARLY)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ExchangeError):
        ReleaseFeedback(coursedir=collect.coursedir, root=collect.root).start()
    assert f"There is no feedback page of {A} to release. Run `nbgrader generate_feedback {A}` first." in caplog.text
    assert sorted(tmp_path.rglob("*")) == before


def test_without_an_exchange_each_step_says_what_to_do_by_hand(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And makes no folder."""
    collect.coursedir.course_id = ""
    steps = {
        Collect: f"nothing was collected: put the work into submitted/STUDENT/{A} yourself",
        ReleaseFeedback: f"nothing was released: give each student their page from feedback/STUDENT/{A} yourself",
        ReleaseAssignment: f"nothing was released: give each student the folder release/{A} yourself",
    }
    before = sorted(tmp_path.rglob("*"))
    for step, by_hand in steps.items():
        with pytest.raises(ExchangeError):
            step(coursedir=collect.coursedir, root=collect.root).start()
        assert caplog.messages.pop() == (
            f"This course has no exchange, so {by_hand}. To set one up: docs/operator.md, The exchange."
        )
    assert sorted(tmp_path.rglob("*")) == before


def test_releasing_feedback_says_whose_went_where(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    handed_in(collect, ME, EARLY)
    for student, exchanged in (("ann", True), ("bob", True), ("eve", False)):
        folder = tmp_path / "feedback" / student / A
        folder.mkdir(parents=True)
        for name in (f"{A}.html", *(RELEASING if exchanged else ())):
            (folder / name).write_text(student)
    with caplog.at_level("INFO"):
        ReleaseFeedback(coursedir=collect.coursedir, root=collect.root).start()
    place = tmp_path / "exchange" / "bptt" / "feedback"
    assert len(list(place.glob("*.html"))) == 2
    assert f"{A}: feedback of 2 released (ann, bob) to {place}. They get it with" in caplog.text
    assert "was not handed in through it: eve. Give these students their pages" in caplog.text


def test_a_date_long_before_the_file_was_written_is_said(collect: Collect, caplog: pytest.LogCaptureFixture) -> None:
    handed_in(collect, ME, EARLY)
    collect.start()
    assert "timestamp.txt gives 2026-11-01 10:00:00 UTC, but was written at 20" in caplog.text


def test_a_date_that_is_true_is_not_remarked(collect: Collect, caplog: pytest.LogCaptureFixture) -> None:
    handed_in(collect, ME, EARLY, "2999-01-01 00:00:00 UTC")
    collect.start()
    assert "perhaps late" not in caplog.text


# ---- what goes wrong on the way --------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["timestamp.txt", "submission_secret.txt"])
@pytest.mark.parametrize("cut", [os.unlink, lambda path: os.truncate(path, 0)], ids=["missing", "empty"])
def test_half_an_upload_does_not_hide_the_whole_one_before_it(
    collect: Collect,
    tmp_path: pathlib.Path,
    caplog: pytest.LogCaptureFixture,
    missing: str,
    cut: Callable[[pathlib.Path], None],
) -> None:
    """It may still be on its way, or its student's disk was full; a student who has no other is named."""
    handed_in(collect, "bob", EARLY)
    for student in ("bob", "eve"):
        half = handed_in(collect, student, LATE)
        cut(half / missing)
    collect.start()
    assert os.listdir(tmp_path / "submitted") == ["bob"]
    assert (tmp_path / "submitted" / "bob" / A / "timestamp.txt").read_text() == EARLY
    assert "is not complete. Collect again; if it stays so, ask eve to submit again." in caplog.text


def test_a_link_is_not_followed(collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    """It would be read with the teacher's rights: another's work, a source notebook, and feedback would show it."""
    secret = tmp_path / "source"
    secret.mkdir()
    (secret / "a.txt").write_text("an answer")
    by_file, by_folder, whole = (handed_in(collect, student, EARLY) for student in ("ann2", "bob", "eve"))
    (by_file / "copy.txt").symlink_to(secret / "a.txt")
    (by_folder / "copy").symlink_to(secret)
    for name in ("timestamp.txt", "submission_secret.txt"):
        (secret / name).write_text(EARLY)
    shutil.rmtree(whole)
    whole.symlink_to(secret)
    collect.start()
    assert "an answer" not in [path.read_text() for path in (tmp_path / "submitted").rglob("*") if path.is_file()]
    assert sorted(os.listdir(tmp_path / "submitted" / "ann2" / A)) == sorted([f"{A}.ipynb", *RELEASING])
    assert "copy.txt is a link, which is not collected." in caplog.text
    assert f"eve+{A}+{EARLY}+x is not a folder." in caplog.text
    assert not (tmp_path / "submitted" / "eve").exists()


def test_what_is_collected_is_open_to_nobody_else(collect: Collect, tmp_path: pathlib.Path) -> None:
    """Whatever rights it has in the exchange; teachers who share a course may write it."""
    handed_in(collect, "bob", EARLY)
    for shared, rights in ((False, {0o700, 0o600}), (True, {0o2770, 0o660})):
        collect.coursedir.groupshared = shared
        collect.start()
        folder = tmp_path / "submitted" / "bob" / A
        assert {path.stat().st_mode & 0o7777 for path in (folder, *folder.iterdir())} == rights
        shutil.rmtree(folder)


def test_odd_folders_in_inbound_cost_nobody_else_anything(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody may put a folder there: it is passed over, or collected as far as it can be. Nor is a link to other work taken."""
    handed_in(collect, ME, EARLY)
    inbound = pathlib.Path(collect.root) / "bptt" / "inbound"
    for name in ("pipe", "timestamp.txt"):
        folder = handed_in(collect, f"hub-{name}", EARLY)
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)
    handed_in(collect, "hub-no-date", "yesterday\x1b[2J")
    handed_in(collect, "..", EARLY)
    handed_in(collect, "hub-date-in-file", EARLY, "yesterday")
    (inbound / f"hub-file+{A}+{EARLY}+x").write_text("")
    (inbound / f"hub-dangling+{A}+{EARLY}+x").symlink_to("nowhere")
    (tmp_path / "draft").mkdir()
    (inbound / f"{ME}+{A}+{LATE}+x").symlink_to(tmp_path / "draft")
    for _ in range(2):  # the second time, the dates that are there already are read
        collect.start()
    assert sorted(os.listdir(tmp_path / "submitted")) == ["hub-date-in-file", "hub-pipe", ME]
    assert (tmp_path / "submitted" / ME / A / f"{A}.ipynb").exists()
    assert "\x1b" not in caplog.text
    assert not (tmp_path / A).exists()
    assert "\x1b" not in caplog.text


@pytest.mark.parametrize("name", [f"bob+{A}+yesterday+x", f"+{A}+{LATE}+x"])
def test_a_folder_with_a_name_of_its_own_is_named_and_skipped(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    folder = handed_in(collect, ME, EARLY)
    shutil.copytree(folder, folder.parent / name)
    collect.start()
    assert os.listdir(tmp_path / "submitted") == [ME]
    assert f"{name} is not named STUDENT+ASSIGNMENT+DATE+CODE." in caplog.text


def test_what_cannot_be_copied_is_named_and_the_others_are_collected(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder above nbgrader's max_dir_size; nothing of it is left in submitted/, so that the next collect takes it."""
    large = handed_in(collect, "bob", EARLY)
    handed_in(collect, "eve", EARLY)
    with (large / "data.bin").open("wb") as file:
        file.truncate(1000 * collect.coursedir.max_dir_size)
    with pytest.raises(ExchangeError, match="Not collected: bob; the reasons are above"):
        collect.start()
    assert [path.name for path in tmp_path.glob("submitted/*/*")] == [A]
    assert f"bob: {large} was not copied: it has 100000" in caplog.text
    (large / "data.bin").unlink()
    collect.start()
    assert sorted(path.parent.name for path in tmp_path.glob("submitted/*/*")) == ["bob", "eve"]


@pytest.mark.parametrize("step", [Collect, ReleaseAssignment])
def test_a_full_disk_leaves_no_half_copy(
    collect: Collect, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture, step: type
) -> None:
    """One sentence; once there is space, the same command does all of it."""
    shutil.copytree(ROOT / "release" / A, tmp_path / "release" / A)
    for folder in (handed_in(collect, "bob", EARLY), tmp_path / "release" / A):
        (folder / "zeros.txt").write_bytes(bytes(2 << 20))
    arguments = {"coursedir": collect.coursedir, "root": collect.root}
    with small_files(), pytest.raises(ExchangeError):
        step(**arguments).start()
    assert "File too large" in caplog.text
    assert not [*tmp_path.glob("submitted/bob/*"), *tmp_path.glob("exchange/*/outbound/*")]
    step(**arguments).start()
    assert [*tmp_path.glob(f"submitted/bob/{A}"), *tmp_path.glob(f"exchange/*/outbound/{A}")]


def test_a_student_who_handed_in_nothing_is_named(collect: Collect, caplog: pytest.LogCaptureFixture) -> None:
    handed_in(collect, "bobby", EARLY)
    collect.coursedir.student_id = "boby"
    with pytest.raises(ExchangeError):
        collect.start()
    assert caplog.messages[-1] == "There is nothing of boby to collect; the closest name is bobby."
