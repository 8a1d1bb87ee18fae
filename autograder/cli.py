"""The command line: ``autograder demo``, ``autograder report``, ``autograder build`` … Heavy things load when needed."""

from __future__ import annotations

import pathlib
from typing import Annotated

import typer

app = typer.Typer(help="Grade hand-written gradients against PyTorch.", no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def demo(
    folder: Annotated[pathlib.Path, typer.Argument(help="Where the demo's course directory is made; emptied first.")] = pathlib.Path("demo"),
    assignment: Annotated[list[str] | None, typer.Option(help="Only this assignment; may be given again.")] = None,
) -> None:
    """Make a class of sample students, grade it with nbgrader, and show what came."""
    from autograder.demo import main

    raise typer.Exit(main(str(folder), assignment or ()))


@app.command()
def build() -> None:
    """Build source/ and release/ from assignments/."""
    from autograder.build import main

    main()


if __name__ == "__main__":
    app()
