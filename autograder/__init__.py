"""The instructor's side of the course: hidden suites, references, known mistakes, kernels, grading, reports."""
