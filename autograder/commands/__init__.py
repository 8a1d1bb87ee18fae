"""The command line: `autograder demo`, `autograder report`, `autograder new` and the others."""
