"""The same attacks where the wall is missing: without isolation, in a plain process, by stock programs."""

from __future__ import annotations

import json
import math
import os
import pathlib
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.exporters import HTMLExporter
from nbgrader.utils import determine_grade

from autograder.course.cells import is_test, nbgrader_of
from autograder.grading.repair import KEY
from autograder.kernels.student import Student
from autograder.kernels.submission import LocalCode
from autograder.sample.accidents import own_cell
from tests.course import named
from tests.hostile.attack import Attack, Got, in_front, script, tries
from tests.hostile.room import Room, plain_python
from tests.test_hostile import Active


def system(name: str, code: str, without: str = 'isolation = "none"', then: str = "") -> Attack:
    """A cell that tries this. without: "none", "a plain process", or "one process" for two submissions."""
    second = Attack(f"{name}, next", "", lambda room, attack: Got(), tries(then), code=then) if then else None
    controls = {'isolation = "none"': unisolated, "a plain process": plain, "one process for both": together}
    return Attack(name, without, controls[without], in_front(code) if then else tries(code), then=second, code=code)


def unisolated(room: Room, attack: Attack) -> Got:
    """The same submission, graded with isolation none."""
    return room.graded_as(attack, "none")


def plain(room: Room, attack: Attack) -> Got:
    """The same code in a plain process, as a stock kernel is one; what comes next in another one."""
    at = room.at()
    if attack.then is None:
        return plain_python(room, script(attack.code, at))
    return plain_python(room, attack.code, script(attack.then.code, at))


def together(room: Room, attack: Attack) -> Got:
    """Both pieces of code in one process."""
    assert attack.then is not None
    return plain_python(room, f"{attack.code}\n{script(attack.then.code, room.at())}")


# ---- marks ---------------------------------------------------------------------------------------------------------------

GIVEN = """
import numpy as np
def _line(x, w, b): return w * x + b
def _slopes(x, target, w, b): return np.mean(2 * (w * x + b - target) * x), np.mean(2 * (w * x + b - target))
"""
DATA = "x, target, w, b = np.array([1.0, -2.0, 3.5]), np.array([0.3, 0.1, 0.2]), 0.7, -0.4\n"
HIDDEN = {
    "predict": DATA + "expected = _line(x, w, b)\nnp.testing.assert_allclose(predict(x, w, b), expected)",
    "mse_loss": DATA + "expected = np.mean((x - target) ** 2)\nassert abs(mse_loss(x, target) - expected) < 1e-9",
    "mse_gradients": DATA
    + "expected = _slopes(x, target, w, b)\nassert np.allclose(mse_gradients(x, target, w, b), expected)",
}


def stock(name: str, code: str, **more: Any) -> Attack:
    """Code that cheats hidden tests in the same kernel, as nbgrader runs them; it solves nothing."""
    return Attack(name, "nbgrader's hidden tests", graded_in_the_kernel, in_front(code), code=code, **more)


def graded_in_the_kernel(room: Room, attack: Attack) -> Got:
    """The points that nbgrader finds where hidden tests are cells of the student's own kernel."""
    metadata = {
        "grade": True,
        "solution": False,
        "locked": True,
        "points": 2.0,
        "schema_version": 3,
        "cell_type": "code",
    }
    tests = [
        nbformat.v4.new_code_cell(code, metadata={"nbgrader": {**metadata, "grade_id": f"test_{name}"}})
        for name, code in HIDDEN.items()
    ]
    cells = [nbformat.v4.new_code_cell(code) for code in (GIVEN, attack.code)]
    notebook = nbformat.v4.new_notebook(cells=[*cells, *tests])
    try:
        NotebookClient(notebook, timeout=20, allow_errors=True, kernel_name="python3").execute(
            stderr=subprocess.DEVNULL, env=os.environ | {"HOME": str(room.folder / "home")}
        )
    except (DeadKernelError, CellTimeoutError):
        return Got()
    return Got(sum(determine_grade(cell)[0] or 0.0 for cell in tests))


def forged(name: str, change: Callable[[dict[str, Any]], None], **more: Any) -> Attack:
    """A notebook whose cells or metadata claim points; the control believes what was handed in."""

    def accident(notebook: dict[str, Any]) -> dict[str, Any]:
        change(notebook)
        return notebook

    return Attack(name, "what the file claims", claimed, lambda at: accident, **more)


def claimed(room: Room, attack: Attack) -> Got:
    """The points of the notebook as it was handed in, as nbgrader reads them off cells, and as our reports read them."""
    folder = room.submitted(attack)
    notebook = json.loads((folder / f"{attack.assignment}.ipynb").read_text())
    functions = notebook["metadata"].get(KEY, {}).get("functions", {})
    points = sum(float(told["points"]) for told in functions.values())
    for cell in notebook["cells"]:
        about = nbgrader_of(cell)
        if about.get("grade") and (cell["cell_type"] == "code" or about["points"] > 100):
            found = nbformat.from_dict({"outputs": [], **cell})
            points += about["points"] if about["points"] > 100 else determine_grade(found)[0] or 0.0
    return Got(points)


def of_graded(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """The graded cells of a notebook that are code."""
    return [cell for cell in notebook["cells"] if is_test(cell)]


def believing(
    name: str, code: str, believes: Callable[[dict[str, Any]], bool], worth: float = 3.0, **more: Any
) -> Attack:
    """Lower functions that answer anything, and an upper one that fits them; the control compares with them alone."""

    def control(room: Room, attack: Attack) -> Got:
        namespace: dict[str, Any] = {}
        exec(code, namespace)
        return Got(worth if believes(namespace) else 0.0)

    return Attack(name, "own functions believed", control, lambda at: at_the_end(code), code=code, **more)


def at_the_end(code: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A cell after all others."""

    def accident(notebook: dict[str, Any]) -> dict[str, Any]:
        notebook["cells"].append(own_cell(code))
        return notebook

    return accident


def without_cost(room: Room, attack: Attack) -> Got:
    """The points without the tests of cost."""
    judge = room.judge(attack.assignment)
    cheap = {attack.assignment: [test for test in judge.tests[attack.assignment] if not test.cost]}
    room.judges[attack.assignment] = replace(judge, tests=cheap)
    try:
        return room.walled(attack)
    finally:
        room.judges[attack.assignment] = judge


# ---- what is told, shown, copied and read ----------------------------------------------------------------------------------


class Overheard(LocalCode):
    """Code whose answers are written down."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        super().__init__(namespace)
        self.said: list[str] = []

    def request(self, head: dict[str, Any], packer: Any) -> Any:
        """As LocalCode.request."""
        answer, body = super().request(head, packer)
        self.said.append(json.dumps({key: value for key, value in answer.items() if key != "seconds"}))
        return answer, body


def leaking(name: str, code: str) -> Attack:
    """A function that puts digits of a hidden input into what the student's process says of a call."""

    def control(room: Room, attack: Attack) -> Got:
        assignment = named(attack.assignment)
        namespace = assignment.namespace()
        exec(code, namespace)
        heard = Overheard(namespace)
        points = dict.fromkeys(attack.recipe(room.at()).expected(), 1.0)
        room.judge(attack.assignment).grade(assignment, Student(heard, assignment.functions), points)
        return Got(0.0, ("a hidden input",) if room.leaks(" ".join(heard.said), attack.assignment) else ())

    return Attack(
        name, "the process repeated", control, lambda at: at_the_end(code), code=code, solved=True, earned=math.inf
    )


def shown(name: str, change: Callable[[dict[str, Any]], None]) -> Attack:
    """A notebook that would do something on a page; the control is nbconvert's own page of it."""

    def accident(notebook: dict[str, Any]) -> dict[str, Any]:
        change(notebook)
        return notebook

    return Attack(name, "nbconvert's page", nbconverted, lambda at: accident)


def nbconverted(room: Room, attack: Attack) -> Got:
    """What is active on the page that nbconvert makes of the attacker's cells, with their outputs as they were."""
    notebook = nbformat.read(room.submitted(attack) / f"{attack.assignment}.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.metadata.get("mine")]
    html, _ = HTMLExporter(template_name="basic").from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    return Got(0.0, tuple(Active(html).found[:1]))


def copied(room: Room, attack: Attack) -> Got:
    """What is in the folder of a submission that was copied as nbgrader copies it, and read by name."""
    folder = room.submitted(attack)
    copy = room.folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    try:
        shutil.copytree(folder, copy)
    except OSError as error:
        return Got(0.0, (f"not copied: {type(error).__name__}",))
    text = b"".join(path.read_bytes() for path in sorted(copy.rglob("*")) if path.is_file())
    return Got(0.0, ("the secret",) if room.secret.encode() in text else ())


def lost(room: Room, attack: Attack) -> Got:
    """Whether nbformat and nbgrader's own reading lose the submission."""
    folder = room.submitted(attack)
    files = sorted(pathlib.Path(folder).glob("*.ipynb"))
    try:
        nbformat.validate(nbformat.read(files[0], as_version=4))
        HTMLExporter().from_filename(str(files[0]))[0].encode()
    except Exception as error:
        return Got(0.0, (f"lost: {type(error).__name__}",))
    return Got()


def pickled(room: Room, attack: Attack) -> Got:
    """What a grader gets that pickles what a function returned."""
    return plain_python(
        room, f"AT = {dict(room.at())!r}\n{attack.code}\nimport pickle\npickle.loads(pickle.dumps(predict()))"
    )
