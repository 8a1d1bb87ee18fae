"""What `autograder check` and the audit excuse in a4_bptt, each with its reason."""

PROBLEMS = {"draw_adder": "its inputs are two bits and its classes are the two values of a bit"}

LIKE = "the shape of any step will do"
SIGN = "a norm does not see the sign"
BOTH = "both biases have a number for each unit"
MUTANTS = {
    ("credit_matrix", "(states[s + 1] ** 2 - 1)"): SIGN,
    ("rnn_backward", "zeros_like(slope[-1])"): LIKE,
    ("rnn_backward_truncated", "zeros_like(slope[-1])"): LIKE,
    (
        "rnn_backward_truncated",
        "→ delta = walking",
    ): "walking is read before delta changes, and is a new array from then on",
    ("state_gradient_norms", "(h ** 2 - 1)"): SIGN,
    ("clip_grad_norm", "→ total_norm = np.linalg.norm"): "a NumPy float is a float (docs/marking.md)",
    ("clip_grad_norm", ">= max_norm"): "at the bound the factor is 1 either way",
    ("residual_rnn_backward", "zeros_like(slope[-1])"): LIKE,
    ("train_adder", "len(params['bias_ih'])"): BOTH,
    ("train_first_xor_last", "len(params['bias_ih'])"): BOTH,
}
