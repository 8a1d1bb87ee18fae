"""What `autograder check` and the audit excuse in a2_mlp_backprop, each with its reason."""

TOLERANCES = {"FOUR_DIGITS": "the article prints four digits"}

FLOAT = "a NumPy float is a float (docs/marking.md)"
NUDGE = "another small nudge, or both sides exchanged with it: the same slope to the digits that count"
FILLED = "every entry is written before it is read"
ONE_ROW = "there is one row"
MUTANTS = {
    ("half_squared_error", "(target - prediction) ** 2"): "the square of a difference does not see its sign",
    ("half_squared_error", "→ return 0.5 * np.sum"): FLOAT,
    ("worked_example", "delta_1.T * x"): "a column times a row, (3, 1) and (1, 2), is their outer product",
    ("worked_example", "[-1]"): ONE_ROW,
    ("numerical_gradient", "eps=1e-06"): NUDGE,
    ("numerical_gradient", "→ gradient = np.ones"): FILLED,
    ("cross_entropy", "→ return np.mean("): FLOAT,
    ("cross_entropy", "axis=-1"): "of two axes, -1 is axis 1",
    ("train_mlp", "→ losses = np.ones"): FILLED,
}
