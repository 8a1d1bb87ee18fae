"""The command line: ``autograder demo``, ``autograder report``, ``autograder build`` … Heavy things load when needed."""

from __future__ import annotations

import pathlib
from functools import partial
from typing import Annotated

import typer

app = typer.Typer(
    help="Grade hand-written gradients against PyTorch.", no_args_is_help=True, pretty_exceptions_enable=False
)


@app.command()
def demo(
    folder: Annotated[
        pathlib.Path, typer.Argument(help="A new or empty folder, or an earlier demo, which is emptied.")
    ] = pathlib.Path("demo"),
    assignment: Annotated[list[str] | None, typer.Option(help="Only this assignment; may be given again.")] = None,
    repository: Annotated[
        pathlib.Path | None, typer.Option(help="Where assignments/ and source/ are, if not here.", file_okay=False)
    ] = None,
) -> None:
    """Make a class of sample students in FOLDER, grade it with nbgrader, and show the marks."""
    from autograder.commands.demo import main
    from autograder.course.settings import ROOT

    raise typer.Exit(main(str(folder), assignment or (), repository.resolve() if repository else ROOT))


@app.command()
def build(
    course: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="A course directory; by default this folder, or else the repository.",
            file_okay=False,
            exists=True,
        ),
    ] = None,
) -> None:
    """Build source/ and release/ from assignments/."""
    from autograder.authoring.build import main
    from autograder.course.settings import nearest_course

    main(course.resolve() if course else nearest_course(pathlib.Path.cwd()))


Course = Annotated[pathlib.Path, typer.Option(help="The course directory.", file_okay=False, exists=True)]


@app.command()
def report(
    assignment: Annotated[str, typer.Argument(help="For example a4_bptt.")],
    course: Course = pathlib.Path(),
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Numbers instead of names, in a random order that is new each time.")
    ] = False,
    research: Annotated[
        bool, typer.Option("--research", help="Also a table with a keyed hash for each student's id.")
    ] = False,
    roster: Annotated[
        pathlib.Path | None, typer.Option(help="Compare sections: a CSV file with the columns id and section.")
    ] = None,
    before: Annotated[
        pathlib.Path | None, typer.Option(help="Who improved: a table that an earlier report has written.")
    ] = None,
) -> None:
    """What the class did: who is graded, marks by question, mistakes by frequency, what needs a look; as pages and a table."""
    from rich.console import Console

    from autograder.commands.report import Options, main

    try:
        main(course, Options(assignment, anonymous, research, roster, before), Console())
    except LookupError as error:
        typer.echo(error.args[0], err=True)
        raise typer.Exit(1) from None


@app.command()
def queue(
    assignment: Annotated[str, typer.Argument(help="For example a4_bptt.")],
    done: Annotated[list[str] | None, typer.Option(help="You have looked at this student's work.")] = None,
    undo: Annotated[list[str] | None, typer.Option(help="Put this student back into the queue.")] = None,
    course: Course = pathlib.Path(),
) -> None:
    """Who needs a look and why; mark what you have looked at. Graded again, it comes back only for another reason."""
    from rich.console import Console

    from autograder.commands.queue import main

    try:
        main(course.resolve(), assignment, done or (), undo or (), Console())
    except LookupError as error:
        typer.echo(error.args[0], err=True)
        raise typer.Exit(1) from None


@app.command()
def similar(
    assignment: Annotated[str, typer.Argument(help="For example a4_bptt.")],
    course: Course = pathlib.Path(),
) -> None:
    """Which submissions share code or wrong numbers that few others have, as a table and a page; no verdict."""
    from rich.console import Console

    from autograder.commands.similar import main

    try:
        main(course.resolve(), assignment, Console())
    except (LookupError, FileNotFoundError) as error:
        typer.echo(error.args[0], err=True)
        raise typer.Exit(1) from None


@app.command()
def grade(
    assignment: Annotated[str, typer.Argument(help="For example a4_bptt.")],
    student: Annotated[list[str] | None, typer.Option(help="Only this student; may be given again.")] = None,
    feedback: Annotated[bool, typer.Option("--feedback", help="Make the feedback pages, too.")] = False,
    workers: Annotated[int, typer.Option(help="Submissions graded at once; by default one a core.", min=0)] = 0,
    dask: Annotated[str, typer.Option(help="Grade on the Dask cluster of the scheduler at this address.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Also what is graded and has not changed.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; show whose marks would move, and by how much.")
    ] = False,
    csv: Annotated[pathlib.Path | None, typer.Option(help="With --dry-run: write these marks to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say what was done as JSON.")] = False,
    course: Course = pathlib.Path(),
) -> None:
    """Grade a class in parallel: the same marks, notebooks and pages as `nbgrader autograde` and `generate_feedback`.

    Exit code 0: all is graded. 1: a submission needs a look, or could not be graded. 130: stopped.
    """
    from autograder.commands.grade import Options, main

    asked = (student or [], feedback, workers, dask, force, dry_run, csv.resolve() if csv else None, as_json)
    raise typer.Exit(main(course.resolve(), Options(assignment, *asked)))


@app.command()
def new(
    assignment: Annotated[str, typer.Argument(help="A new assignment; or one that is there, with FUNCTION.")],
    function: Annotated[str, typer.Argument(help="A new function of it.")] = "",
    arguments: Annotated[str, typer.Option(help='The function\'s arguments, as in "x h0".')] = "x",
    returns: Annotated[str, typer.Option(help="What it returns, by name: an array, or a dict of several.")] = "y",
    params: Annotated[
        str,
        typer.Option(
            help='Parameters, as in "weight bias": writes FUNCTION_forward with a cache and FUNCTION_backward.'
        ),
    ] = "",
    course: Course = pathlib.Path(),
) -> None:
    """Write the files of a new assignment, or the skeleton of a new function in all of them."""
    from autograder.authoring.new import NewError, main

    try:
        typer.echo("\n".join(main(course.resolve(), assignment, function, arguments, returns, params)))
    except NewError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@app.command()
def check(
    assignment: Annotated[list[str] | None, typer.Argument(help="For example a4_bptt; all, if none is given.")] = None,
    course: Course = pathlib.Path(),
) -> None:
    """Say what an assignment still needs before it is released. Exit code 1 if anything is missing."""
    from rich.console import Console

    from autograder.authoring.check import main

    raise typer.Exit(main(course.resolve(), assignment or (), Console(soft_wrap=True, highlight=False, markup=False)))


@app.command()
def hub(
    folder: Annotated[
        pathlib.Path, typer.Argument(help="A new or empty folder, or that of an earlier hub.")
    ] = pathlib.Path("hub"),
    port: Annotated[int, typer.Option(help="Of the hub; the next two are used too.")] = 8000,
) -> None:
    """Start a JupyterHub for a demonstration, with a course, a teacher and two students. Ctrl-C ends it."""
    from autograder.commands.hub import main

    raise typer.Exit(main(folder.resolve(), port))


@app.command()
def doctor(course: Course = pathlib.Path()) -> None:
    """Try whether this machine can grade, how work gets in and out, and each wall around student code.

    Exit code 1 if grading would be refused.
    """
    from rich.console import Console

    from autograder.commands.doctor import main
    from autograder.course.settings import load_course

    raise typer.Exit(main(load_course(course.resolve()), Console(soft_wrap=True, highlight=False, markup=False)))


@app.command()
def explain(
    student: Annotated[str, typer.Argument(help="The student's id.")],
    function: Annotated[str, typer.Argument(help="For example rnn_backward; or an answer that is marked by hand.")],
    course: Course = pathlib.Path(),
    assignment: Annotated[str, typer.Option(help="Which assignment, where several have a function of this name.")] = "",
) -> None:
    """Say why a mark is what it is: a function is graded once more, check by check; of an answer, the mark and comment.

    Exit code 0: the mark stands. 1: it does not, or there is none.
    """
    from rich.console import Console

    from autograder.reports.explain import explain as replay

    try:
        stands = replay(course.resolve(), student, function, Console(), assignment)
    except LookupError as error:
        typer.echo(error.args[0], err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(0 if stands else 1)


Platform = Annotated[str, typer.Argument(help="canvas, moodle or gradescope.")]
To = Annotated[pathlib.Path | None, typer.Option(help="The file to write.")]


@app.command()
def collect_zip(
    platform: Platform,
    file: Annotated[pathlib.Path, typer.Argument(help="The zip of all submissions, as the platform made it.")],
    assignment: Annotated[str, typer.Argument(help="For example a4_bptt.")],
    course: Course = pathlib.Path(),
) -> None:
    """Put the submissions of a learning platform's zip into submitted/. Exit code 1 if any needs a look."""
    from autograder.commands import roads

    work = partial(roads.collect_zip, course.resolve(), platform, file, assignment)
    raise typer.Exit(roads.run(work, typer.echo))


@app.command()
def export(
    platform: Platform,
    assignment: Annotated[str, typer.Argument(help="For example a4_bptt.")],
    to: To = None,
    column: Annotated[str, typer.Option(help='Canvas: the column as its own export names it, "Title (12345)".')] = "",
    course: Course = pathlib.Path(),
) -> None:
    """Write an assignment's marks as the file that a learning platform imports."""
    from autograder.commands import roads

    raise typer.Exit(roads.run(partial(roads.export, course.resolve(), platform, assignment, to, column), typer.echo))


@app.command()
def publish(
    assignment: Annotated[str, typer.Argument(help="For example a4_bptt.")],
    repository: Annotated[pathlib.Path, typer.Argument(help="A git repository for students, or a new folder.")],
    course: Course = pathlib.Path(),
) -> None:
    """Commit release/ASSIGNMENT in a repository of the students', with a note on what changed."""
    from autograder.commands import roads

    work = partial(roads.publish, course.resolve(), assignment, repository.resolve())
    raise typer.Exit(roads.run(work, typer.echo))


@app.command("zip")
def pack(
    assignment: Annotated[str, typer.Argument(help="For example a4_bptt.")],
    to: To = None,
    course: Course = pathlib.Path(),
) -> None:
    """Write release/ASSIGNMENT as a zip, to upload to a learning platform."""
    from autograder.commands import roads

    raise typer.Exit(roads.run(partial(roads.pack, course.resolve(), assignment, to), typer.echo))


@app.command()
def moved(
    told: Annotated[
        pathlib.Path, typer.Argument(help="The marks that students were told, as `nbgrader export` wrote them.")
    ],
    to: To = None,
    course: Course = pathlib.Path(),
) -> None:
    """Write whose marks are others now, with both marks and the address: a table for a mail merge."""
    from autograder.commands import roads

    raise typer.Exit(roads.run(partial(roads.moved, course.resolve(), told, to), typer.echo))


@app.command()
def extend(
    assignment: Annotated[str, typer.Argument(help="For example a4_bptt.")],
    student: Annotated[str, typer.Argument(help="The student's id.")],
    hours: Annotated[float, typer.Option(help="Hours after the due date, instead of an earlier extension; 0: none.")],
    course: Course = pathlib.Path(),
) -> None:
    """Give one student more time for an assignment."""
    from autograder.commands import roads

    raise typer.Exit(roads.run(partial(roads.extend, course.resolve(), assignment, student, hours), typer.echo))


if __name__ == "__main__":
    app()
