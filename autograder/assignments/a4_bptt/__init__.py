"""How a4_bptt is graded. Nothing of this package leaves the grader."""
