"""The vocabulary of hidden suites: what counts as equal, repeatable and cheap, and follow-through."""
