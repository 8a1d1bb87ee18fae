"""How nbgrader reads a submission when it grades: whatever is in the folder goes to our worker and comes back graded."""

from __future__ import annotations

import os
import pathlib
from dataclasses import replace
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter

from autograder.course.seed import VARIABLE, SeedError, course_seed, fingerprint
from autograder.course.settings import Course, CourseError, build_command, load_course, points_differ
from autograder.grading.executor import Executor, Graded, GradingError
from autograder.grading.repair import KEY
from autograder.grading.results import Flag, FlagKind, SubmissionResult
from autograder.plugins import records
from autograder.plugins.ahead import taken
from autograder.plugins.dates import no_date
from autograder.plugins.formgrader import harmless
from autograder.plugins.rubrics import rubrics, with_rubrics

NEW_SEED = "COURSE_SEED_IS_NEW"
EXECUTORS: dict[pathlib.Path, Executor] = {}


def shared_executor(root: pathlib.Path) -> Executor:
    """One executor for all that this process grades in a course directory; another one when course.toml or seed change."""
    course, seed = load_course(root), course_seed(root)
    executor = EXECUTORS.get(root)
    if executor is not None and (executor.course, executor.seed) != (course, seed):
        close_executor(root)
        executor = None
    if executor is None:
        executor = EXECUTORS[root] = Executor(course, seed)
    return executor


def close_executor(root: pathlib.Path) -> None:
    """End the executor of a course directory, if there is one."""
    executor = EXECUTORS.pop(root, None)
    if executor is not None:
        executor.shutdown()


def check_setup(converter: Any, *, start: bool = True) -> Executor:
    """The executor that grades, once all that can be checked before it is ready is right: no folder is touched before.

    With start its worker loads torch and the cage meanwhile. Raises CourseError or SeedError with what to do.
    """
    coursedir = converter.coursedir
    root = pathlib.Path(coursedir.root)
    executor = shared_executor(root)
    assignment = executor.course.assignment(coursedir.assignment_id)
    if start:
        executor.start()
    if not assignment.source.exists():
        raise CourseError(f"{assignment.source} is missing. Run `{build_command(root)}` to build it from assignments/.")
    differ = points_differ(executor.course, coursedir.assignment_id)
    if differ:
        raise CourseError(differ)
    refuse_other_seed(coursedir, root)
    return executor


def refuse_other_seed(coursedir: Any, root: pathlib.Path) -> None:
    """Raise where the class was graded with another course seed: half a class would meet other numbers."""
    if os.environ.get(NEW_SEED):
        return
    name = coursedir.assignment_id
    pattern = coursedir.format_path(coursedir.autograded_directory, "*", name)
    for folder in sorted(pathlib.Path(root).glob(os.path.relpath(pattern, root))):
        graded = records.results(folder / f"{name}.ipynb")
        if graded is not None and graded.seed not in ("", fingerprint(course_seed(root))):
            raise SeedError(
                f"{folder} was graded with another course seed than {VARIABLE} or .course_seed now gives. Restore the old "
                f"seed, or set {NEW_SEED}=1 and grade the whole class again with --force."
            )
        if graded is not None:
            return


class SubmissionExporter(NotebookExporter):  # type: ignore[misc]
    """Turns a submission's folder into the graded notebook; nbgrader's preprocessors then save its marks."""

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> Any:
        """The graded notebook. Grading that is broken for everybody ends the run: nobody else loses what they have."""
        path = pathlib.Path(filename)
        resources.setdefault("metadata", {}).update(name=path.stem, path=str(path.parent))
        coursedir = self.parent.coursedir
        student = resources["nbgrader"]["student"]
        executor = shared_executor(pathlib.Path(coursedir.root))
        sent = taken(executor, coursedir, path)
        try:
            graded = sent.graded.result()
        except GradingError as error:
            self.log.error(str(error))
            raise SystemExit(1) from error
        except BaseException:
            close_executor(pathlib.Path(coursedir.root))  # ends what a thread still grades: Ctrl-C waits for nobody
            raise
        notebook, results = completed(graded, self.parent, executor.course, path.parent, sent.submission)
        for line in results.repairs:
            self.log.info("%s: %s", student, line)
        return self.from_notebook_node(nbformat.from_dict(notebook), resources=resources)

    def from_notebook_node(self, nb: Any, resources: Any = None, **kwargs: Any) -> tuple[str, Any]:
        """The notebook as a file. nbconvert would copy it twice on the way."""
        resources = self._init_resources(resources)
        _, nb = nbformat.validator.normalize(nb)
        for preprocessor in self._preprocessors:
            nb, resources = preprocessor(nb, resources)
        nbformat.validate(nb, relax_add_props=True)
        return nbformat.writes(nb, version=self.nbformat_version) + "\n", resources


def completed(
    graded: Graded, converter: Any, course: Course, folder: pathlib.Path, submission: str
) -> tuple[dict[str, Any], SubmissionResult]:
    """The graded notebook as teachers see it, and its results with what decides when it is graded again."""
    results = replace(graded.results, settings=getattr(converter, "settings", ""), submission=submission)
    if unknown := no_date(converter.coursedir, str(folder)):
        results = replace(results, flags=(*results.flags, Flag(FlagKind.NO_DATE, unknown)))
    graded.notebook["metadata"][KEY] = results.to_json()
    notebook = with_rubrics(graded.notebook, rubrics(course.assignment(converter.coursedir.assignment_id).rubric))
    return harmless(notebook, folder), results
