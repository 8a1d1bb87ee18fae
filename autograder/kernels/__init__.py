"""Starts, bounds and talks to the student's process. Knows nothing of suites, references or marks."""
