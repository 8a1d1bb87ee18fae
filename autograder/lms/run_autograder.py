#!/usr/bin/env python3
"""Gradescope runs this for each submission: it shows the marks that were given elsewhere. No code of a student runs."""

import json
import pathlib
import sys

NOT_YET = {"score": 0, "output": "This submission is not marked yet.", "visibility": "visible", "tests": []}


def main(root: pathlib.Path) -> None:
    """Copy the results of the submission that Gradescope names."""
    number = json.loads((root / "submission_metadata.json").read_text())["id"]
    marks = root / "source" / "marks" / f"{int(number)}.json"
    results = marks.read_text() if marks.exists() else json.dumps(NOT_YET)
    (root / "results").mkdir(exist_ok=True)
    (root / "results" / "results.json").write_text(results)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/autograder"))
