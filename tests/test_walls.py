"""Who may import whom, and what may reach students."""

import ast
import pathlib
import re
import subprocess
import sys

import pytest

from autograder.authoring.audit.leaks import leaks
from autograder.authoring.check_files import EXAMPLE
from autograder.course.settings import ROOT
from tests.course import NAMES, named

PACKAGE = ROOT / "autograder"
# A folder or module, and what of our own it may import (docs/architecture.md).
# The rooms from the ground up: each imports only what comes before it in this list.
ROOMS = (
    "typed",
    "kernels",
    "course",
    "checks",
    "naming",
    "grading",
    "sample",
    "assignments",
    "plugins",
    "bulk",
    "reports",
    "authoring",
    "lms",
    "instructor",
    "commands",
)
ENGINE = [room for room in ROOMS if room != "assignments"]


def imports(path: pathlib.Path) -> set[str]:
    """The modules that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files(part: str) -> list[pathlib.Path]:
    """The files of a folder or module of the package."""
    folder = PACKAGE / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_one_way(room: str) -> None:
    below = {*ROOMS[: ROOMS.index(room) + 1]}
    for path in files(room):
        ours = {m.split(".")[1] for m in imports(path) if m.startswith("autograder.")}
        assert ours <= below, f"{path.relative_to(ROOT)} imports {ours - below}"


def test_every_room_has_its_place_in_the_order() -> None:
    found = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert found - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("room", ENGINE)
def test_the_engine_names_no_assignment(room: str) -> None:
    for path in files(room):
        assert not any(m.startswith("autograder.assignments") for m in imports(path)), path
        assert [word for word in words(path) if any(name in word for name in NAMES)] == [], path


@pytest.mark.parametrize("room", ENGINE)
def test_the_engine_names_no_function_of_an_assignment(room: str) -> None:
    """Only name_the_mistake is an exercise that the build itself fills, and `autograder new` writes an example."""
    functions = {function for name in NAMES for function in named(name).functions} - {
        "name_the_mistake",
        EXAMPLE.lower(),
    }
    for path in files(room):
        assert functions.isdisjoint(words(path)), path


def words(path: pathlib.Path) -> set[str]:
    """Every name and every string of a file's code. Sentences are left out: they may take an assignment as their example."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value.strip():
            found.add(node.value)
    return found


def test_a_name_in_the_code_is_noticed(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        '"""Grades a1_linear_fit, for example."""\n'
        'if name == "a2_mlp_backprop":\n'
        '    course.a4_bptt = f"source/a3_rnn_cell/{x}"\n'
    )
    assert words(path) >= {"a2_mlp_backprop", "a4_bptt", "source/a3_rnn_cell/"}
    assert not [word for word in words(path) if "a1_linear_fit" in word]


def test_what_runs_in_the_cage_stands_alone() -> None:
    for path in files("kernels/inside"):
        assert not any(m.startswith("autograder") for m in imports(path)), path


def test_assignments_know_nothing_of_the_autograder() -> None:
    for path in (ROOT / "assignments").rglob("*.py"):
        assert "autograder" not in path.read_text(), path


def test_students_files_import_only_what_students_have() -> None:
    allowed = {"numpy", "matplotlib", "selfcheck"} | sys.stdlib_module_names
    for path in (ROOT / "assignments").rglob("*.py"):
        assert {m.split(".")[0] for m in imports(path)} <= allowed, path


@pytest.mark.parametrize(
    "module", ["autograder.plugins.grading", "autograder.commands.cli", "autograder.commands.demo"]
)
def test_the_front_loads_neither_torch_nor_suites(module: str) -> None:
    code = (
        f"import sys, {module}; "
        "print([m for m in sys.modules if m == 'torch' or m.startswith(('autograder.assignments',))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("assignment", NAMES)
def test_release_holds_what_students_need_and_nothing_else(assignment: str) -> None:
    folder = ROOT / "release" / assignment
    assert {p.name for p in folder.iterdir()} == {
        f"{assignment}.ipynb",
        "selfcheck.py",
        "requirements.txt",
        "README.md",
    }
    assert leaks(named(assignment)) == []


def test_the_contract_is_the_notebooks() -> None:
    for assignment in NAMES:
        script = (ROOT / "assignments" / assignment / f"{assignment}.py").read_text()
        graded = re.findall(r'"grade_id": "test_(\w+)"', script)
        assert sorted(graded) == sorted(named(assignment).functions), assignment
