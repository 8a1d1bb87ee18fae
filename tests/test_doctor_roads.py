"""What ``autograder doctor`` says of versions, the exchange, the rights of the course directory and a hub."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import importlib.util
import pathlib
import shutil
from collections.abc import Callable

import pytest

from autograder.commands import doctor_roads as roads
from autograder.commands.doctor_roads import Finding
from autograder.course.settings import load_course

Look = Callable[[], dict[str, Finding]]


@pytest.fixture
def course(tmp_path: pathlib.Path) -> pathlib.Path:
    """A course directory and its exchange, with all rights as docs/operator.md and nbgrader set them."""
    folder = tmp_path / "exchange" / "bptt"
    for name, rights in ((".", 0o755), ("inbound", 0o2733), ("outbound", 0o755), ("feedback", 0o711)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name).chmod(rights)
    folder.parent.chmod(0o1777)
    course = tmp_path / "course"
    course.mkdir(mode=0o700)
    (course / "nbgrader_config.py").write_text(
        f'c = get_config()\nc.CourseDirectory.course_id = "bptt"\nc.Exchange.root = "{folder.parent}"\n'
    )
    return course


@pytest.fixture
def look(course: pathlib.Path) -> Look:
    """The findings on that course, by name."""
    return lambda: {f.what: f for f in roads.roads(dataclasses.replace(load_course(), directory=course))}


def test_a_course_as_the_page_sets_it_up_is_in_order(look: Look) -> None:
    findings = look()
    names = "versions, course id, exchange, exchange's folder, inbound, feedback, outbound, course directory, hub"
    assert ", ".join(findings) == names
    assert [f for f in findings.values() if not f.ok] == []


@pytest.mark.parametrize(
    ("path", "rights", "what", "command"),
    [
        ("exchange", 0o777, "exchange", "chmod 1777"),
        ("exchange/bptt", 0o777, "exchange's folder", "chown it to"),
        ("exchange/bptt/inbound", 0o777, "inbound", "chmod 2733"),
        ("exchange/bptt/inbound", 0o755, "inbound", "chmod 2733"),
        ("exchange/bptt/feedback", 0o755, "feedback", "chmod 711"),
        ("exchange/bptt/outbound", 0o700, "outbound", "chmod 755"),
        ("course", 0o755, "course directory", "chmod 700"),
    ],
)
def test_a_wrong_right_is_named_with_the_command_that_helps(
    look: Look, tmp_path: pathlib.Path, path: str, rights: int, what: str, command: str
) -> None:
    (tmp_path / path).chmod(rights)
    (wrong,) = [finding for finding in look().values() if not finding.ok]
    assert wrong.what == what
    assert command in wrong.todo


@pytest.mark.parametrize("missing", ["exchange", "exchange/bptt"])
def test_an_exchange_that_is_not_there_is_made_by_one_command(look: Look, tmp_path: pathlib.Path, missing: str) -> None:
    shutil.rmtree(tmp_path / missing)
    (wrong,) = [finding for finding in look().values() if not finding.ok]
    assert f"mkdir -p {tmp_path / 'exchange' / 'bptt'} && chmod 1777 {tmp_path / 'exchange'}" in wrong.todo


def test_teachers_who_share_a_course_all_read_seed_and_gradebook(look: Look, course: pathlib.Path) -> None:
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("c.CourseDirectory.groupshared = True\n")
    (course.parent / "exchange" / "bptt" / "inbound").chmod(0o2773)
    course.chmod(0o2770)
    (course / ".course_seed").touch(0o640)
    assert all(finding.ok for finding in look().values())
    (course / ".course_seed").chmod(0o600)
    assert not look()["course directory"].ok
    (course / ".course_seed").chmod(0o644)
    assert not look()["course directory"].ok


def test_without_a_course_id_nothing_is_asked_of_an_exchange(look: Look, course: pathlib.Path) -> None:
    (course / "nbgrader_config.py").write_text("c = get_config()\n")
    findings = look()
    assert list(findings) == ["versions", "course id", "hub"]
    assert "by hand" in findings["course id"].tried


def test_a_mistake_in_the_configuration_is_said(look: Look, course: pathlib.Path) -> None:
    (course / "nbgrader_config.py").write_text("c = get_confg()\n")
    finding = look()["nbgrader_config.py"]
    assert not finding.ok
    assert "get_confg" in finding.tried


def test_a_version_that_is_not_the_pinned_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.8" if name == "nbgrader" else known(name))
    assert roads.versions().tried == f"nbgrader 0.8, not =={known('nbgrader')}"


@pytest.mark.parametrize("proxy", ["/usr/bin/configurable-http-proxy", None])
def test_a_hub_needs_its_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, proxy: str | None) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "jupyterhub")
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "6")
    monkeypatch.setattr(shutil, "which", lambda name: proxy)
    monkeypatch.setattr(roads, "ROOT", tmp_path)
    found = roads.hub()
    assert (found.ok, "make hub" in found.todo) == (bool(proxy), True)
