"""Names for mistakes: a bank of wrong references, replay, and patterns in what has no name."""
