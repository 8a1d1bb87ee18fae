"""The tests of the hidden tests: known mistakes, machine-made mutants, rules for problems."""
