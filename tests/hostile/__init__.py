"""The hostile class: submissions that attack the grader, one file a family, each with its control."""
