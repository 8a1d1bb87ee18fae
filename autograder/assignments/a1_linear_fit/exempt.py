"""What `autograder check` and the audit excuse in a1_linear_fit, each with its reason."""

MISTAKES = {"counterexample": "any data that fool the wrong rule are right: the suite runs both rules on them"}
TWINS = {("loss_absolute", "loss_not_squared"): "the same numbers where every prediction is too high"}

FLOAT = "a NumPy float is a float (docs/marking.md)"
NUDGE = "another small nudge, or both sides exchanged with it: the same slope to the digits that count"
MUTANTS = {
    ("mse_loss", "→ return np.mean("): FLOAT,
    ("mse_loss", "(target - prediction) ** 2"): "the square of a difference does not see its sign",
    ("numerical_derivative", "eps=1e-06"): NUDGE,
    ("mse_gradients", "→ return (2 * np.mean(error * x), float"): FLOAT,
    ("mse_gradients", ", 2 * np.mean(error))"): FLOAT,
    ("largest_stable_lr", "→ return 2 / np.linalg"): FLOAT,
    ("largest_stable_lr", "eigvalsh(hessian)[1]"): "of two eigenvalues, number 1 is the last",
    ("largest_stable_lr", "→ y([[np.mean(x ** 2), np.sum(x)]"): "eigvalsh reads the lower triangle alone",
    ("counterexample", ""): "still a counterexample: the suite runs both rules on it",
}
