"""How the assignments of this repository are graded: nothing of it is in autograder/."""
