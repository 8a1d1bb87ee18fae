"""Marks by editing the file: points, ids, outputs and metadata that the author of a notebook writes."""

from __future__ import annotations

from typing import Any

from autograder.grading.repair import KEY
from tests.hostile.controls import forged, of_graded

Notebook = dict[str, Any]


def result(text: str, html: str = "") -> Notebook:
    """A saved result."""
    data = {"text/plain": text, **({"text/html": html} if html else {})}
    return {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}


def saved_results(notebook: Notebook) -> None:
    for cell in of_graded(notebook):
        cell["outputs"] = [result(f"{cell['metadata']['nbgrader']['points']:g}")]


def more_points(notebook: Notebook) -> None:
    for cell in of_graded(notebook):
        cell["metadata"]["nbgrader"]["points"] = 1000
        cell["outputs"] = [result("1000")]


def emptied(notebook: Notebook) -> None:
    for cell in of_graded(notebook):
        cell["source"], cell["outputs"] = "", []


def twice(notebook: Notebook) -> None:
    saved_results(notebook)
    notebook["cells"] += [dict(cell) for cell in of_graded(notebook)]


def solved_by_number(notebook: Notebook) -> None:
    for cell in of_graded(notebook):
        cell["source"] = f"{cell['metadata']['nbgrader']['points']:g}"
        cell["outputs"] = [result(cell["source"])]


def tagged(notebook: Notebook) -> None:
    for cell in of_graded(notebook):
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception"]


def our_results(notebook: Notebook) -> None:
    told = {"name": "predict", "points": 17.0, "max_points": 17.0, "checks": []}
    notebook["metadata"][KEY] = {"functions": {"predict": told}, "submission": "x", "claimed": {"predict": 17.0}}


def other_ids(notebook: Notebook) -> None:
    extra = []
    for number, cell in enumerate(of_graded(notebook)):
        about = {**cell["metadata"]["nbgrader"], "grade_id": f"test_more_{number}", "points": 500}
        extra.append({**cell, "id": f"more{number}", "metadata": {"nbgrader": about}, "source": "", "outputs": []})
    notebook["cells"] += extra


def by_hand(notebook: Notebook) -> None:
    for cell in of_graded(notebook):
        cell["metadata"]["nbgrader"] |= {"solution": True, "locked": False, "points": 500}


def our_card(notebook: Notebook) -> None:
    for cell in of_graded(notebook):
        most = f"{cell['metadata']['nbgrader']['points']:g}"
        cell["outputs"] = [result(most, f"<b>{most} of {most} points</b>")]


def text_cells(notebook: Notebook) -> None:
    for number, cell in enumerate(of_graded(notebook)):
        about = {**cell["metadata"]["nbgrader"], "points": 999, "cell_type": "markdown"}
        cell |= {"cell_type": "markdown", "metadata": {"nbgrader": about}, "source": f"full points {number}"}


def older_schema(notebook: Notebook) -> None:
    saved_results(notebook)
    for cell in of_graded(notebook):
        cell["metadata"]["nbgrader"] |= {"schema_version": 1, "checksum": "0" * 32}


def negative(notebook: Notebook) -> None:
    for cell in of_graded(notebook):
        cell["metadata"]["nbgrader"]["points"] = 1e308
        cell["outputs"] = [result("1e308")]


ATTACKS = (
    forged("saved results", saved_results),
    forged("more points", more_points),
    forged("tests without text", emptied),
    forged("tests twice", twice),
    forged("a number in place of a test", solved_by_number),
    forged("tests that are skipped", tagged),
    forged("our own results", our_results),
    forged("tests of its own", other_ids),
    forged("tests to be marked by hand", by_hand),
    forged("a picture of our result", our_card),
    forged("tests that are texts", text_cells),
    forged("an older schema", older_schema),
    forged("more points than there are", negative),
)
