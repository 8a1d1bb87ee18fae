"""The hidden suites: one pytest file an assignment. Nothing of this folder leaves the grader.

A test belongs to the function that its name begins with after ``test_``. ``weight`` is its share of that function's
points; ``behaviour`` marks what counts only as far as the function's own numbers are right. Its docstring is the title
that the student reads.
"""
