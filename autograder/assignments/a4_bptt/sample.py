"""The class's submissions of a4_bptt."""

from __future__ import annotations

from autograder.sample.accidents import (
    add_cell,
    double_cell,
    drop_cells,
    empty_file,
    move_function,
    no_file,
    one_after_another,
    retype_cell,
    shuffle_cells,
    split_cell,
)
from autograder.sample.editors import by_colab, by_old_jupyter, by_vs_code
from autograder.sample.recipes import Recipe, in_style, seated, written

A = "a4_bptt"
OBJECTS = in_style(A, "objects")

RIGHT = (
    Recipe(
        A,
        "loops over steps, samples and units, saved by Windows' Jupyter with a byte order mark",
        style="loops",
        accident=by_old_jupyter(2, mark=b"\xef\xbb\xbf"),
        repaired=("byte order mark",),
    ),
    Recipe(
        A,
        "einsum, cells in another order",
        style="einsum",
        accident=shuffle_cells(4),
        repaired=("not in their original order",),
    ),
    Recipe(A, "an instance and a closure as caches, saved by VS Code", style="objects", accident=by_vs_code()),
    Recipe(
        A,
        "float32 throughout, a test cell, a given cell and an answer cell deleted, a draft's name",
        style="float32",
        accident=drop_cells("test_rnn_backward", "given_readout", "derive_bptt"),
        file="a4_bptt_final_v2.ipynb",
        repaired=("test_rnn_backward", "given_readout", "derive_bptt", "named"),
    ),
)

MISTAKES = (
    Recipe(
        A,
        "one mistake: weight_hh is paired with the state that leaves a step; a cell pasted twice",
        style="objects",
        answers=written(
            A,
            """
            def rnn_backward(grad_outputs, cache):
                total, carry, grad_x = Sum(), 0, []
                for step, injected in zip(reversed(cache), grad_outputs[::-1]):
                    delta = (injected + carry) * (1 - step.h**2)
                    carry, grad_x_t, grads = step.back(injected + carry)
                    grad_x.insert(0, grad_x_t)
                    total += {**grads, "weight_hh": delta.T @ step.h}
                return {**total, "x": np.array(grad_x), "h0": carry}
            """,
        ),
        # one of six arrays; loss_and_gradients and both trainings are right upon it
        loses={"rnn_backward": 1 / 6},
        accident=one_after_another(double_cell("rnn_backward"), double_cell("test_train_adder")),
        repaired=("rnn_backward", "test_train_adder"),
    ),
    Recipe(
        A,
        "right numbers, but a sweep back from each step: quadratic in T; a cell split in two",
        style="einsum",
        answers=written(
            A,
            """
            def rnn_backward(grad_outputs, cache):
                slope, weight = cache["slope"], cache["params"]["weight_hh"]
                total, h0 = np.zeros_like(slope), np.zeros_like(slope[0])
                for s in range(len(slope)):
                    share = grad_outputs[s]
                    for t in range(s, -1, -1):
                        share = share * slope[t]
                        total[t] += share
                        share = share @ weight
                    h0 += share
                return from_grad_z(total, cache, h0)
            """,
        ),
        loses={"rnn_backward": 0.3},  # a quadratic sweep keeps 70 %
        accident=split_cell("rnn_backward", "h0 += share"),
        repaired=("rnn_backward",),
    ),
    Recipe(
        A,
        "one mistake: no step's error reaches h0; a function moved, a code cell turned into raw text",
        style="einsum",
        answers=written(
            A,
            """
            def rnn_backward_truncated(grad_outputs, cache, k):
                slope, weight = cache["slope"], cache["params"]["weight_hh"]
                total = np.zeros_like(slope)
                for s in range(len(slope)):
                    share = grad_outputs[s]
                    for t in range(s, max(-1, s - k - 1), -1):
                        grad_z = share * slope[t]
                        total[t] += grad_z
                        share = grad_z @ weight
                return from_grad_z(total, cache, np.zeros_like(slope[0]))
            """,
        ),
        loses={"rnn_backward_truncated": 1 / 6},  # h0, of two inputs and four parameters
        accident=one_after_another(move_function("clip_grad_norm"), retype_cell("state_gradient_norms", "raw")),
        repaired=("clip_grad_norm", "state_gradient_norms"),
    ),
    Recipe(
        A,
        "two mistakes: the residual carry forgets the short way, and each array is clipped alone",
        style="float32",
        answers=written(
            A,
            """
            def residual_rnn_backward(grad_outputs, cache):
                return rnn_backward(grad_outputs, cache)

            def clip_grad_norm(grads, max_norm):
                norms = {name: np.linalg.norm(grad) for name, grad in grads.items()}
                return {name: grads[name] * min(1, max_norm / norms[name]) for name in grads}, max(norms.values())
            """,
        ),
        # nothing is right but the last step's x; train_first_xor_last is right upon the own clip_grad_norm
        loses={"residual_rnn_backward": 1, "clip_grad_norm": 1},
    ),
    Recipe(
        A,
        "an early mistake, all after it right: the carry is dropped; pasted into a new Colab notebook, no metadata left",
        style="float32",
        answers=written(
            A,
            """
            def rnn_backward(grad_outputs, cache):
                x, states, params, tanhs = cache
                delta = single(grad_outputs) * (1 - tanhs**2)
                return gather(delta, x, states, params, delta[0] @ params["weight_hh"])
            """,
        ),
        loses={"rnn_backward": 1},
        accident=by_colab(keeps_nbgrader=False),
        repaired=("cells had lost their ids", "given_rnn_cell_forward"),
    ),
)

ALL = (*OBJECTS, "name_the_mistake")

HALF = (
    Recipe(A, "untouched", stubs=ALL),
    Recipe(
        A,
        "half done, and a syntax error in one cell",
        style="einsum",
        stubs=(
            "residual_rnn_forward",
            "residual_rnn_backward",
            "loss_and_gradients",
            "train_adder",
            "train_first_xor_last",
        ),
        answers={
            "credit_matrix": "def credit_matrix(grad_outputs, cache):\n    return np.zeros(len(cache) len(cache))"
        },
        loses={"credit_matrix": 1},
    ),
)

CLIP_IN_PLACE = """def clip_grad_norm(grads, max_norm):
    total = np.sqrt(sum(np.sum(grad**2) for grad in grads.values()))
    for grad in grads.values():
        grad *= min(1.0, max_norm / total) if total else 1.0
    return grads, total"""

TROUBLE = (
    Recipe(
        A,
        "an infinite loop in a function",
        style="float32",
        answers=written(
            A,
            """
            def rnn_backward_truncated(grad_outputs, cache, k):
                x, states, params, tanhs = cache
                t, walked = len(x) - 1, 0
                while walked <= k:
                    t -= 1
                    if t >= 0:
                        walked += 1
                return rnn_backward(grad_outputs, cache)
            """,
        ),
        loses={"rnn_backward_truncated": 1},
    ),
    Recipe(
        A,
        "a dead kernel: one function leaves Python, one asks for all memory, a cell of the student's own leaves it",
        style="einsum",
        answers=written(
            A,
            """
            def credit_matrix(grad_outputs, cache):
                steps = []
                while True:
                    steps.append(np.zeros((1000, 1000)))  # 8 MB each

            def state_gradient_norms(grad_last, cache):
                import os

                os._exit(1)
            """,
        ),
        loses={"credit_matrix": 1, "state_gradient_norms": 1},
        accident=add_cell("import os\n\nos._exit(0)", before="rnn_backward"),
        stopped=1,
    ),
    Recipe(
        A,
        "answers of the wrong type: NaN, other arguments, a state too few, an argument changed, objects, None, a million keys",
        slips=True,
        style="objects",
        answers={
            "credit_matrix": OBJECTS["credit_matrix"].replace("np.zeros(len(cache))", "np.full(len(cache), np.nan)"),
            "rnn_backward_truncated": "def rnn_backward_truncated(grad_outputs):\n    return rnn_backward(grad_outputs)",
            "state_gradient_norms": OBJECTS["state_gradient_norms"].replace("norms[::-1]", "norms[:0:-1]"),
            "clip_grad_norm": CLIP_IN_PLACE,
            "residual_rnn_backward": "def residual_rnn_backward(grad_outputs, cache):\n    grads = cache(grad_outputs)",
            "train_adder": "def train_adder(batches, params, lr):\n    return params, [None for _ in batches]",
            "train_first_xor_last": "def train_first_xor_last(batches, params, lr, max_norm):\n    raise SystemExit(batches)",
            "name_the_mistake": "def name_the_mistake():\n    return dict.fromkeys(range(1_000_000), 'overwritten')",
        },
        loses={
            "credit_matrix": 1,
            "rnn_backward_truncated": 1,
            "state_gradient_norms": 1,
            "clip_grad_norm": 1 / 6,  # the weight of the test that looks at the arguments
            "residual_rnn_backward": 1,
            "train_adder": 1,
            "train_first_xor_last": 1,
            "name_the_mistake": 1,
        },
    ),
    Recipe(A, "a file of no bytes", accident=empty_file, loses_all=True, needs_look=True),
    Recipe(A, "an empty folder", accident=no_file, loses_all=True, needs_look=True),
)

CLASS = seated(13, [*RIGHT, *MISTAKES, *HALF, *TROUBLE])
