"""The noun of the course: one assignment, where its parts are, and what its source notebook holds."""

from __future__ import annotations

import importlib
import importlib.util
import json
import pathlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from autograder.course.answers import split_answers
from autograder.course.cells import Cell, is_test, machine_points, nbgrader_of
from autograder.kernels.contract import Function
from autograder.kernels.student import Student
from autograder.kernels.submission import LocalCode


@dataclass(frozen=True)
class Assignment:
    """One assignment by its name.

    package is the dotted name of the Python package that says how it is graded. repository holds assignments/, what its
    author wrote; directory is the course directory, which holds source/ and release/.
    """

    name: str
    package: str
    repository: pathlib.Path
    directory: pathlib.Path

    def part(self, name: str) -> Any:
        """One module of the assignment's package, such as its mistakes. Raises ModuleNotFoundError."""
        return importlib.import_module(f"{self.package}.{name}")

    def has(self, name: str) -> bool:
        """Whether the assignment's package has this module."""
        return importlib.util.find_spec(f"{self.package}.{name}") is not None

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """The functions that students write, by name, in the order of the notebook."""
        return {function.name: function for function in self.part("contract").FUNCTIONS}

    @property
    def script(self) -> pathlib.Path:
        """What the author writes for students, as text."""
        return self.repository / "assignments" / self.name / f"{self.name}.py"

    @property
    def rubric(self) -> pathlib.Path:
        """How written answers are marked."""
        return self.script.with_name("rubric.md")

    @property
    def source(self) -> pathlib.Path:
        """The notebook with solutions."""
        return self.directory / "source" / self.name / f"{self.name}.ipynb"

    @property
    def release(self) -> pathlib.Path:
        """The notebook as students get it."""
        return self.directory / "release" / self.name / f"{self.name}.ipynb"

    @cached_property
    def suite(self) -> tuple[pathlib.Path, ...]:
        """The files of its hidden suite: suite.py, or every test_*.py of suite/."""
        one = self.folder / "suite.py"
        return (one,) if one.exists() else tuple(sorted((self.folder / "suite").glob("test_*.py")))

    @cached_property
    def folder(self) -> pathlib.Path:
        """Where the assignment's package is."""
        return pathlib.Path(next(iter(importlib.import_module(self.package).__path__)))

    @cached_property
    def right(self) -> Mapping[str, Mapping[str, str]]:
        """Right answers in other styles than our own: those of each file right/STYLE.py, by function."""
        files = sorted((self.folder / "right").glob("*.py"))
        return {path.stem: split_answers(path.read_text(encoding="utf-8"), self.functions) for path in files}

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the source notebook. Raises FileNotFoundError with the command that builds it."""
        if not self.source.exists():
            raise FileNotFoundError(f"{self.source} is missing. Run `make source` to build it from assignments/.")
        notebook = json.loads(self.source.read_text(encoding="utf-8"))
        return tuple({**cell, "source": "".join(cell["source"])} for cell in notebook["cells"])

    @cached_property
    def words(self) -> frozenset[str]:
        """Every name in the code of the released notebook: those that a message of the grader may repeat."""
        try:
            cells = json.loads(self.release.read_text(encoding="utf-8"))["cells"]
        except FileNotFoundError:  # built by nbgrader alone, where its folders are named otherwise
            return frozenset()
        code = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        return frozenset(name for source in code for name in re.findall(r"[A-Za-z_]\w{0,39}", source))

    @cached_property
    def points(self) -> Mapping[str, float]:
        """Points by function, from the graded cells of the source notebook."""
        return machine_points(self.cells)

    @cached_property
    def solutions(self) -> Mapping[str, str]:
        """The code of every solution and given cell by its grade_id, in order."""
        return {
            nbgrader_of(cell)["grade_id"]: cell["source"]
            for cell in self.cells
            if cell["cell_type"] == "code" and nbgrader_of(cell) and not is_test(cell)
        }

    def namespace(self) -> dict[str, Any]:
        """A fresh namespace in which every function is defined as the source notebook has it."""
        import numpy as np

        namespace: dict[str, Any] = {"np": np, "__name__": self.name}
        exec(self.standard_imports, namespace)
        for name, code in self.solutions.items():
            exec(compile(code, f"<{self.name}: {name}>", "exec"), namespace)
        return namespace

    @cached_property
    def standard_imports(self) -> str:
        """What the notebook imports of the standard library, in the cell with its other imports."""
        cells = (c for c in self.cells if c["cell_type"] == "code" and not nbgrader_of(c))
        first = next((cell["source"] for cell in cells if "import numpy" in cell["source"]), "")
        lines = (re.fullmatch(r"import (\w+)", line) for line in first.splitlines())
        return "\n".join(found[0] for found in lines if found and found[1] in sys.stdlib_module_names)

    def student(self, namespace: dict[str, Any]) -> Student:
        """A Student whose functions are those of this process: for trusted code only."""
        return Student(LocalCode(namespace), self.functions, words=self.words)

    @cached_property
    def solved(self) -> SimpleNamespace:
        """The functions of the source notebook, to be called in this very process."""
        return SimpleNamespace(**self.namespace())

    @cached_property
    def reference(self) -> Student:
        """The Student that hands in the source notebook."""
        return self.student(self.namespace())
