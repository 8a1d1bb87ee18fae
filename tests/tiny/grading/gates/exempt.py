"""What `autograder check` excuses in gates, each with its reason."""

SHAPES = "the self-check of this repository looks at shapes alone"
UNSEEN = {"bias_hh_forgotten": SHAPES, "tanh_gate": SHAPES, "gates_exchanged": SHAPES}
MUTANTS = {("new_state", "axis=-1"): "of two axes, -1 is axis 1"}
