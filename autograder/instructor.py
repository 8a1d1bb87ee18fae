"""What the hidden line in each graded cell of a source notebook calls, see autograder.grading.in_notebook."""

from autograder.grading.in_notebook import run

__all__ = ["run"]
