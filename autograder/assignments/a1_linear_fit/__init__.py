"""How a1_linear_fit is graded. Nothing of this package leaves the grader."""
