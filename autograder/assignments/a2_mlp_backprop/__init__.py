"""How a2_mlp_backprop is graded. Nothing of this package leaves the grader."""
