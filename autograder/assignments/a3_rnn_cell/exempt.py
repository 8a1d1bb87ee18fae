"""What `autograder check` and the audit excuse in a3_rnn_cell, each with its reason."""

PROBLEMS = {"two_step_backward": "it has two steps by its name"}
GIVEN = {
    'z = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]': (
        "the bug hunt shows a whole cell, forward and backward; the mistake is in its backward"
    )
}
MUTANTS = {
    ("column_cell_backward", "axis=-1"): "of two axes, -1 is axis 1",
    ("readout_backward", "reshape(-2"): "NumPy takes any negative size for what is left",
    ("sequence_loss", "→ return (loss,"): "a NumPy float is a float (docs/marking.md)",
}
