"""How the tiny assignment is graded."""
