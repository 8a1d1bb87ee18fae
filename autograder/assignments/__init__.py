"""How each assignment is graded: one package an assignment, of its name; and the mathematics that they share."""
