"""Finds lines of the solution or of the hidden suite in what students get."""

from __future__ import annotations

import json
from collections.abc import Iterable

from autograder.authoring.audit.exempt import exempt
from autograder.course.assignment import Assignment

LONG = 40  # a shorter line may be in a text by chance
MARKERS = ("BEGIN SOLUTION", "BEGIN HIDDEN", "autograder", "torch.autograd", "else 1e9")
OPEN = ('"""', "from ", "import ", "#", "def ", "@")  # an import or the head of a function is no secret


def leaks(assignment: Assignment) -> list[str]:
    """What release/ must not hold and does, in sentences."""
    cells = json.loads(assignment.release.read_text(encoding="utf-8"))["cells"]
    notebook = "\n".join("".join(cell["source"]) for cell in cells)
    check = assignment.release.with_name("selfcheck.py")
    given = f"{notebook}\n" + (check.read_text(encoding="utf-8") if check.exists() else "")
    found = [f"the notebook has {marker!r}" for marker in MARKERS if marker in notebook]
    own, shown = secrets(solved(assignment)), exempt(assignment, "GIVEN")
    suite = (path.read_text(encoding="utf-8") for path in assignment.suite)
    found += [f"the hidden suite's line {line!r} is there" for line in secrets(suite) if line in given]
    found += [f"the solution's line {line!r} is there" for line in own if line in given and line not in shown]
    return [f"release/{assignment.name}: {words}." for words in found]


def solved(assignment: Assignment) -> list[str]:
    """What is between the markers of a solution in each cell of the source notebook."""
    regions = [code.split("### BEGIN SOLUTION")[1:] for code in assignment.solutions.values()]
    return [part.partition("### END SOLUTION")[0] for parts in regions for part in parts]


def secrets(texts: Iterable[str]) -> list[str]:
    """The long lines of some texts that only their author should know, once each."""
    lines = (line.strip() for text in texts for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if len(line) > LONG and not line.startswith(OPEN)))
