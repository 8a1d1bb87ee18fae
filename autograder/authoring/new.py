"""`autograder new`: the files of a new assignment, or of one more function, with an example that its author replaces.

The files are rendered from templates/: assignment_*.j2 are the heads of an assignment's files, function_*.j2 is one
function in each of them. What is left of a function's example is marked, and `autograder check` lists it.
"""

from __future__ import annotations

import ast
import keyword
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.authoring.check_files import EXAMPLE, SKELETON
from autograder.course.assignment import Assignment
from autograder.course.settings import FILE, PACKAGES, ROOT, Course, CourseError, load_course
from autograder.typed import typed

TEMPLATES = Environment(
    loader=FileSystemLoader(pathlib.Path(__file__).with_name("templates")), undefined=StrictUndefined, autoescape=False
)
HEADS = ("contract", "problems", "references", "mistakes", "suite", "sample")
LISTED = re.compile(r"^assignments\s*=\s*\[(?P<names>[^\]]*)\]", re.MULTILINE)
QUOTED = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
GRADED = re.compile(r"^# %%.*\bnbgrader=", re.MULTILINE)
CELL = re.compile(r"^# %%", re.MULTILINE)
IMPORTS: Mapping[str, tuple[str, ...]] = {  # what each function_*.j2 needs; {package} is the assignment's
    "problems": (
        "from dataclasses import dataclass",
        "import numpy as np",
        "from autograder.checks.draw import away_from_zero",
    ),
    "references": ("import numpy as np", "import torch", "from {package}.problems import {problem}"),
    "mistakes": ("from autograder.naming.bank import Functions, MistakesIn, Own",),
    "suite": (
        "import pytest",
        "from autograder.checks.compare import {compare}",
        "from autograder.checks.draw import Draw",
        "from autograder.kernels.student import Student",
        "from {package}.problems import {draw}",
        "from {package}.references import {right}",
    ),
    "selfcheck": ("from .registry import checks", "from .trial import Trial"),
}
LAYER: Mapping[str, tuple[str, ...]] = {  # what each layer_*.j2 needs besides
    "contract": ("from autograder.kernels.contract import CACHE, Function, array, arrays",),
    "problems": ("from autograder.checks.draw import Params",),
    "mistakes": ("from typing import Any", "import numpy as np"),
    "suite": (
        "import numpy as np",
        "from autograder.checks.draw import mixed",
        "from autograder.checks.follow import assert_backward, contracted, differences",
        "from autograder.checks.repeatable import assert_repeatable",
        "from {package}.problems import {problem}",
        "from {package}.references import {right}_gradients",
    ),
    "selfcheck": ("from .layers import check_gradients, layer_with_cache", "from .registry import CACHE, OWN"),
}


class NewError(ValueError):
    """Nothing is written; the message says why, in one sentence."""


@dataclass
class Files:
    """What is to be written, by path: nothing is, until all of it is known."""

    texts: dict[pathlib.Path, str] = field(default_factory=dict)

    def read(self, path: pathlib.Path) -> str:
        """A file as it will be."""
        return self.texts.get(path) or (path.read_text(encoding="utf-8") if path.exists() else "")

    def append(self, path: pathlib.Path, code: str, imports: Sequence[str] = ()) -> None:
        """Put code at the end of a Python file, and the imports that it needs at its top."""
        text = with_imports(self.read(path), imports)
        self.texts[path] = f"{text.rstrip()}\n\n\n{code.strip()}\n" if text.strip() else f"{code.strip()}\n"

    def write(self) -> None:
        """Write them; ruff sorts imports and breaks lines, where it is installed."""
        for path, text in self.texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        ruff = shutil.which("ruff", path=str(pathlib.Path(sys.executable).parent))
        code = [str(path) for path in self.texts if path.suffix == ".py"]
        if ruff:
            for command in (("check", "--select", "I", "--fix"), ("format",)):
                subprocess.run([ruff, *command, "--quiet", *code], check=False)


@dataclass(frozen=True)
class Example:
    """The example function: its name, its arguments, what it returns, and the word that marks what is to be replaced.

    params: the names of a layer's parameters. Then it is two functions, NAME_forward with a dict of parameters and a
    cache, and NAME_backward.
    """

    name: str
    arguments: tuple[str, ...] = ("x",)
    returns: tuple[str, ...] = ("y",)
    mark: str = SKELETON
    params: tuple[str, ...] = ()

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that students write."""
        return (f"{self.name}_forward", f"{self.name}_backward") if self.params else (self.name,)

    def render(self, kind: str) -> str:
        """What one kind of file gets."""
        return render(f"{'layer' if self.params else 'function'}_{kind}", self.words())

    def imports(self, kind: str) -> tuple[str, ...]:
        """The lines that its code in one kind of file needs."""
        return (*IMPORTS.get(kind, ()), *(LAYER.get(kind, ()) if self.params else ()))

    def words(self) -> dict[str, object]:
        """What the templates say of it."""
        output = self.returns[0]
        layer = {
            "forward": self.functions[0],
            "backward": self.functions[-1],
            "params": list(self.params),
            "output": output,
            "upstream": f"grad_{output}",
            "scale": " + ".join(f'params["{name}"]' for name in self.params),
            "told": f"the sum of {' and '.join(self.arguments)} times the sum of {' and '.join(self.params)}",
            "own": f"own_{self.name}_gradients",
            "run": f"run_{self.name}",
            "leaves": f"leaves_of_{self.name}",
        }
        return layer | {
            "f": self.name,
            "arguments": list(self.arguments),
            "returns": list(self.returns),
            "many": len(self.returns) > 1,
            "given": ", ".join(self.arguments),
            "typed": ", ".join(f"{name}: np.ndarray" for name in self.arguments),
            "sum": " + ".join(self.arguments),
            "twice": f"2 * ({' + '.join(self.arguments)})" if self.arguments[1:] else f"2 * {self.arguments[0]}",
            "mark": self.mark,
            "problem": "".join(part.capitalize() for part in self.name.split("_")) + "Problem",
            "draw": f"draw_{self.name}",
            "right": f"right_{self.name}",
            "compare": "assert_arrays" if len(self.returns) > 1 else "assert_same",
        }


# ---- a new assignment --------------------------------------------------------------------------------------------------


def new_assignment(directory: pathlib.Path, name: str) -> list[pathlib.Path]:
    """Write a complete small assignment and list it in course.toml; return the files written. Raises NewError."""
    course, entry, folder = author_course(directory), *place_of(directory, name)
    one = Assignment(name, entry if "." in entry else f"{PACKAGES}.{entry}", directory, directory)
    check = course.selfcheck / f"{name}.py"
    for path in (one.script.parent, folder, check):
        if path.exists():
            raise NewError(f"{path.relative_to(directory)} exists already: choose another name.")
    files, words = Files(), {"name": name, "entry": entry, "ours": has_trials(course)}
    files.texts[directory / FILE] = listed(directory / FILE, entry)
    files.texts[one.script] = render("assignment_notebook.py", words)
    files.texts[one.rubric] = render("assignment_rubric", words)
    files.texts[folder / "__init__.py"] = f'"""How {name} is graded."""\n'
    for head in HEADS:
        files.texts[folder / f"{head}.py"] = render(f"assignment_{head}.py", words)
    if has_trials(course):
        files.texts[check] = render("assignment_selfcheck.py", words)
    files.texts[folder / "right" / "loops.py"] = ""
    add_function(files, one, folder, check, Example(EXAMPLE.lower(), mark=EXAMPLE))
    files.write()
    return list(files.texts)


def author_course(directory: pathlib.Path) -> Course:
    """The course of a repository in which assignments are written. Raises NewError."""
    if not (directory / FILE).exists():
        raise NewError(f"There is no course.toml in {directory}: run this in the repository that has assignments/.")
    try:
        course = load_course(directory)
    except CourseError as error:
        raise NewError(str(error)) from None
    if course.repository != directory:
        raise NewError(f"This course takes its assignments from {course.repository}: run this there.")
    if not (directory / "assignments").is_dir():
        raise NewError(f"{directory} has no assignments/: run this in the repository that has it.")
    return course


def place_of(directory: pathlib.Path, name: str) -> tuple[str, pathlib.Path]:
    """How course.toml lists a new assignment, and the folder of its package: beside the last one. Raises NewError."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise NewError(f"{name!r} cannot be a Python module: take letters, digits and _, such as a5_attention.")
    course = load_course(directory)
    if name in course.assignments:
        raise NewError(
            f"{name} is an assignment already; `{typed(f'autograder new {name} FUNCTION')}` adds a function to it."
        )
    last = list(course.assignments.values())[-1]
    package = last.package.rpartition(".")[0]
    if package == PACKAGES and directory != ROOT:
        raise NewError(f"The assignments of this course are in {ROOT}: run this there.")
    return (name if package == PACKAGES else f"{package}.{name}"), last.folder.parent / name


def listed(path: pathlib.Path, entry: str) -> str:
    """course.toml with one more assignment, everything else as it is. Raises NewError."""
    text = path.read_text(encoding="utf-8")
    before, found = tomllib.loads(text), LISTED.search(text)
    if "assignments" not in before and not found:
        return text  # then every assignment of the package is in the course
    last = list(QUOTED.finditer(found["names"])) if found else []
    changed = text
    if found and last:
        end = found.start("names") + last[-1].end()
        changed = f'{text[:end]}, "{entry}"{text[end:]}'
    try:
        right = tomllib.loads(changed) == {**before, "assignments": [*before["assignments"], entry]}
    except tomllib.TOMLDecodeError:
        right = False
    if not right:
        raise NewError(f'course.toml could not be changed: add "{entry}" to its assignments, then run this again.')
    return changed


# ---- a new function ----------------------------------------------------------------------------------------------------


def new_function(directory: pathlib.Path, assignment: str, example: Example) -> list[pathlib.Path]:
    """Write the skeleton of a function into every file of an assignment; return the files changed. Raises NewError."""
    course = author_course(directory)
    for word in (example.name, *example.arguments, *example.returns, *example.params):
        if not word.isidentifier() or keyword.iskeyword(word):
            raise NewError(f"{word!r} is no name in Python: take letters, digits and _.")
    if not example.arguments or not example.returns:
        raise NewError('A function needs an argument and a result: --arguments "x h0" --returns "y".')
    try:
        one = course.assignment(assignment)
    except CourseError as error:
        raise NewError(str(error)) from None
    if example.params and len(example.returns) != 1:
        raise NewError('A layer returns one array and its cache: --returns "outputs".')
    if len({*example.arguments, *example.returns, *example.params}) < len(
        (*example.arguments, *example.returns, *example.params)
    ):
        raise NewError("Two of these names are the same: give each argument, parameter and result a name of its own.")
    for name in example.functions:
        if name in one.functions:
            raise NewError(f"{name} is a function of {assignment} already: choose another name.")
    files = Files()
    add_function(files, one, one.folder, course.selfcheck / f"{assignment}.py", example)
    files.write()
    return list(files.texts)


def add_function(files: Files, one: Assignment, folder: pathlib.Path, check: pathlib.Path, example: Example) -> None:
    """Put an example function into every place of an assignment."""
    words = example.words()
    files.texts[one.script] = with_cells(files.read(one.script), example.render("cells.py"))
    contract = folder / "contract.py"
    files.texts[contract] = with_row(files.read(contract), example.render("contract.py"), contract)
    if example.params:
        files.texts[contract] = with_imports(files.texts[contract], example.imports("contract"))

    def add(path: pathlib.Path, kind: str, *more: str) -> None:
        for name in ("problem", "draw", "right"):
            if re.search(rf"^(def|class) {words[name]}\b", files.read(path), re.MULTILINE):
                raise NewError(f"{path.name} has {words[name]} already: choose another name for the function.")
        needed = (line.format(package=one.package, **words) for line in (*example.imports(kind), *more))
        files.append(path, example.render(f"{kind}.py"), list(needed))

    add(folder / "problems.py", "problems")
    add(folder / "references.py", "references")
    add(module_for(files, folder, "suite", f"test_{example.name}"), "suite")
    add(module_for(files, folder, "mistakes", example.name), "mistakes", *["import numpy as np"] * bool(words["many"]))
    if check.exists() or check in files.texts:
        add(check, "selfcheck")
    for style in styles_of(files, one, folder):
        files.append(style, example.render("right.py"), ["import numpy as np"] * bool(example.params))


def styles_of(files: Files, one: Assignment, folder: pathlib.Path) -> list[pathlib.Path]:
    """The files right/STYLE.py that get an answer too: those that answer most functions already."""
    if not folder.exists():
        return [path for path in files.texts if path.parent.name == "right"]
    most = max((len(answers) for answers in one.right.values()), default=0)
    return [folder / "right" / f"{style}.py" for style, answers in one.right.items() if len(answers) == most]


def module_for(files: Files, folder: pathlib.Path, part: str, name: str) -> pathlib.Path:
    """Where one more function goes: PART.py, or a module of its own in PART/."""
    package = folder / part
    if not package.is_dir():
        return folder / f"{part}.py"
    path, first = package / f"{name}.py", package / "__init__.py"
    if not path.exists():
        kind = "Hidden tests" if part == "suite" else "Known mistakes"
        files.texts[path] = f'"""{kind} of {name.removeprefix("test_")}."""\n\nfrom __future__ import annotations\n'
        if part == "mistakes":
            files.texts[first] = f"{files.read(first).rstrip()}\nfrom . import {name} as {name}\n"
    return path


def with_cells(script: str, cells: str) -> str:
    """A script with more cells below its last cell that nbgrader knows."""
    last = [found.end() for found in GRADED.finditer(script)]
    after = CELL.search(script, last[-1]) if last else None
    end = after.start() if after else len(script)
    return f"{script[:end].rstrip()}\n\n{cells.strip()}\n\n{script[end:]}".rstrip() + "\n"


def with_row(text: str, row: str, path: pathlib.Path) -> str:
    """A contract with one more row in FUNCTIONS. Raises NewError."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple) and defines(node, "FUNCTIONS"):
            lines = text.splitlines(keepends=True)
            end = (node.value.end_lineno or 1) - 1
            if lines[end].strip() != ")":
                break
            return "".join([*lines[:end], row.rstrip("\n") + "\n", *lines[end:]])
    raise NewError(f"{path.name} has no FUNCTIONS = (…) that ends on a line of its own: write it so first.")


def defines(node: ast.Assign, name: str) -> bool:
    """Whether a statement gives a value to this name."""
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def with_imports(text: str, lines: Sequence[str]) -> str:
    """Python code with these imports below its own, where they are missing."""
    body = ast.parse(text).body
    there = {ast.unparse(node) for node in body}
    missing = [line for line in lines if ast.unparse(ast.parse(line)) not in there]
    heads: list[ast.stmt] = [node for node in body[:1] if isinstance(node, ast.Expr)]
    heads += [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
    if not missing:
        return text
    end, rows = (heads[-1].end_lineno or 0) if heads else 0, text.splitlines()
    return "\n".join([*rows[:end], *missing, *rows[end:]]) + "\n"


def has_trials(course: Course) -> bool:
    """Whether this repository's self-check is of the form that our template is written for."""
    return (course.selfcheck / "registry.py").exists()


def render(name: str, words: Mapping[str, object]) -> str:
    """One template with its words filled in."""
    return TEMPLATES.get_template(f"{name}.j2").render(words) + "\n"


# ---- the command -------------------------------------------------------------------------------------------------------


def main(
    directory: pathlib.Path, assignment: str, function: str, arguments: str, returns: str, params: str
) -> list[str]:
    """Make what is asked for; return what to print, file by file, then the next commands. Raises NewError."""
    if function:
        example = Example(function, tuple(arguments.split()), tuple(returns.split()), params=tuple(params.split()))
        written = new_function(directory, assignment, example)
        steps = [f"autograder check {assignment}", "autograder build --course .", "make test"]
    else:
        written = new_assignment(directory, assignment)
        steps = [
            "autograder build --course .",
            f"autograder check {assignment}",
            f"autograder new {assignment} FUNCTION",
        ]
    lines = [f"wrote {path.relative_to(directory)}" for path in written]
    if not any(path.parent.name == "selfcheck" for path in written):
        lines.append(
            f"assignments/selfcheck/{assignment}.py is yours to write: this repository's self-check has its own form."
        )
    return [*lines, "Next:", *(f"  {typed(step)}" for step in steps)]
