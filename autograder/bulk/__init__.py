"""Grades a class at once: many submissions in parallel, one writer for the gradebook."""
