"""How a3_rnn_cell is graded. Nothing of this package leaves the grader."""
