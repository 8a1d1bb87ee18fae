"""What the teacher reads: marks, mistakes and odd submissions, from the graded notebooks of a course directory."""
