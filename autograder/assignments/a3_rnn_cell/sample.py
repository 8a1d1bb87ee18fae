"""The class's submissions of a3_rnn_cell."""

from __future__ import annotations

from autograder.sample.accidents import (
    add_cell,
    double_cell,
    drop_cells,
    merge_conflict,
    move_function,
    no_file,
    one_after_another,
    retype_cell,
    shuffle_cells,
    split_cell,
)
from autograder.sample.editors import by_colab, by_ipython_notebook, by_vs_code
from autograder.sample.recipes import Recipe, in_style, seated, written

A = "a3_rnn_cell"
EINSUM = in_style(A, "einsum")

RIGHT = (
    Recipe(
        A,
        "plain Python loops, cells in another order",
        style="loops",
        accident=shuffle_cells(3),
        repaired=("not in their original order",),
    ),
    Recipe(
        A,
        "einsum, saved as a notebook of format 3",
        style="einsum",
        accident=by_ipython_notebook,
        repaired=("nbformat",),
    ),
    Recipe(A, "an instance of a class as cache, saved by Colab", style="instances", accident=by_colab()),
    Recipe(
        A,
        "float32 throughout, every test cell deleted and the given one too, under the name of another assignment",
        style="float32",
        accident=drop_cells("given_softmax", *(f"test_{name}" for name in EINSUM)),
        file="a2_mlp_backprop.ipynb",
        repaired=("given_softmax", "test_rnn_cell_backward", "cells were missing", "named"),
    ),
)

MISTAKES = (
    Recipe(
        A,
        "one mistake: weight_hh is paired with the state that leaves the step; an answer and a test cell pasted twice",
        style="loops",
        answers=written(
            A,
            """
            def rnn_cell_backward(grad_h, cache):
                x, h_prev, h, params = cache
                grads = {name: np.zeros(np.shape(params[name])) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
                grads["x"], grads["h_prev"] = np.zeros(np.shape(x)), np.zeros(np.shape(h_prev))
                for n in range(len(x)):
                    for j in range(len(h[n])):
                        grad_z = grad_h[n][j] * (1 - h[n][j] ** 2)
                        grads["x"][n] += grad_z * params["weight_ih"][j]
                        grads["h_prev"][n] += grad_z * params["weight_hh"][j]
                        grads["weight_ih"][j] += grad_z * np.array(x[n])
                        grads["weight_hh"][j] += grad_z * np.array(h[n])
                        grads["bias_ih"][j] += grad_z
                        grads["bias_hh"][j] += grad_z
                return grads
            """,
        ),
        # weight_hh, of two inputs and four parameters; what is built upon it is right upon it
        loses={"rnn_cell_backward": 1 / 6},
        accident=one_after_another(double_cell("rnn_cell_backward"), double_cell("test_sequence_loss")),
        repaired=("rnn_cell_backward", "test_sequence_loss"),
    ),
    Recipe(
        A,
        "one mistake: the gradient of the loss is not divided by T N; a cell split in two",
        style="einsum",
        answers=written(
            A,
            """
            def sequence_loss(logits, target):
                log_p = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
                one_hot = np.eye(logits.shape[-1])[target]
                loss = -np.sum(one_hot * log_p) / target.size
                grad_logits = np.exp(log_p) - one_hot
                return loss, grad_logits
            """,
        ),
        loses={"sequence_loss": 2 / 3},  # the loss is right, and counts a third
        accident=split_cell("sequence_loss", "grad_logits = "),
        repaired=("sequence_loss",),
    ),
    Recipe(
        A,
        "a gradient by differences: right numbers, far too dear; a function moved, a code cell turned into text",
        style="einsum",
        answers=written(
            A,
            """
            def rnn_cell_backward(grad_h, cache):
                names = ("x", "h_prev", "weight_ih", "weight_hh", "bias_ih", "bias_hh")
                arrays = {name: np.array(cache[name], dtype=complex) for name in names}
                grads = {}
                for name, array in arrays.items():
                    grads[name] = np.zeros(array.shape)
                    for index in np.ndindex(array.shape):
                        array[index] += 1e-30j
                        h, _ = rnn_cell_forward(arrays["x"], arrays["h_prev"], arrays)
                        grads[name][index] = np.sum(grad_h * h.imag) / 1e-30
                        array[index] = array[index].real
                return grads

            def rnn_cell_forward(x, h_prev, params):
                z = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]
                h = np.tanh(z)
                kept = {name: params[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
                return h, {"x": x, "h_prev": h_prev, "slope": 1 - h**2, **kept}
            """,
        ),
        loses={"rnn_cell_backward": 3 / 4},  # differences keep a quarter
        accident=one_after_another(move_function("readout_backward"), retype_cell("column_cell_forward", "markdown")),
        repaired=("readout_backward", "column_cell_forward"),
    ),
    Recipe(
        A,
        "two mistakes: dba is left flat, and the second step's gradient does not reach the first",
        style="instances",
        answers=written(
            A,
            """
            def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
                dz = da_next * (1 - np.tanh(Wax @ xt + Waa @ a_prev + ba) ** 2)
                return dict(dxt=Wax.T @ dz, da_prev=Waa.T @ dz, dWax=dz @ xt.T, dWaa=dz @ a_prev.T, dba=dz.sum(axis=1))

            def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
                second, first = cache_2.back(grad_h2), cache_1.back(grad_h1)
                total = {name: first[name] + second[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
                return {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"], **total}
            """,
        ),
        loses={"column_cell_backward": 1 / 5, "two_step_backward": 6 / 7},  # x_2 alone is right
    ),
    Recipe(
        A,
        "an early mistake, all after it right: the slope of tanh is missing; saved by VS Code on Windows",
        style="float32",
        answers=written(
            A,
            """
            def rnn_cell_backward(grad_h, cache):
                x, h_prev, h, params = cache
                grad_z = single(grad_h)
                grads = {"x": grad_z @ params["weight_ih"], "h_prev": grad_z @ params["weight_hh"]}
                grads |= {"weight_ih": grad_z.T @ x, "weight_hh": grad_z.T @ h_prev}
                return grads | {"bias_ih": grad_z.sum(axis=0), "bias_hh": grad_z.sum(axis=0)}
            """,
        ),
        loses={"rnn_cell_backward": 1},
        accident=by_vs_code("\r\n"),
    ),
)

HALF = (
    Recipe(A, "untouched", stubs=tuple(EINSUM)),
    Recipe(
        A,
        "half done, and a syntax error in one cell",
        style="loops",
        stubs=("two_step_backward", "readout_forward", "sequence_loss"),
        answers={
            "readout_backward": "def readout_backward(grad_logits, cache):\n    return {'outputs': grad_logits @ weight"
        },
        loses={"readout_backward": 1},
    ),
)

TROUBLE = (
    Recipe(
        A,
        "an infinite loop in a function",
        style="einsum",
        answers=written(
            A,
            """
            def sequence_loss(logits, target):
                t, loss = 0, 0.0
                while t < len(target):
                    loss -= np.sum(logits[t])
                return loss, logits
            """,
        ),
        loses={"sequence_loss": 1},
    ),
    Recipe(
        A,
        "a dead kernel: one function leaves Python, and a cell of the student's own crashes it",
        style="float32",
        answers=written(
            A,
            """
            def readout_backward(grad_logits, cache):
                import os

                os._exit(grad_logits.shape[0])
            """,
        ),
        loses={"readout_backward": 1},
        accident=add_cell("import ctypes\n\nctypes.string_at(0)", before="test_rnn_cell_forward"),
        stopped=1,
    ),
    Recipe(
        A,
        "answers of the wrong type: turned axes, other keys, an error, no tuple, objects, other arguments, None",
        style="einsum",
        answers={
            "column_cell_forward": """def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
    a_next = np.tanh(Wax @ xt + Waa @ a_prev + ba)
    return a_next.T, softmax((Wya @ a_next + by).T)""",
            "column_cell_backward": EINSUM["column_cell_backward"].replace('"dWaa"', '"dwaa"').replace('"dxt"', '"dx"'),
            "two_step_backward": "def two_step_backward(grad_h1, grad_h2, cache):\n    return cache",
            "readout_forward": "def readout_forward(outputs, params):\n    return np.array(outputs, dtype=object), params",
            "readout_backward": "def readout_backward(grad_logits, cache):\n    return cache['weights_ho']",
            "sequence_loss": "def sequence_loss(logits, target):\n    return -np.mean(logits)",
        },
        loses={
            "column_cell_forward": 1,
            "column_cell_backward": 2 / 5,
            "two_step_backward": 1,
            "readout_forward": 1,
            "readout_backward": 1,
            "sequence_loss": 1,
        },
    ),
    Recipe(A, "the file contains merge conflict markers", accident=merge_conflict, loses_all=True, needs_look=True),
    Recipe(A, "an empty folder", accident=no_file, loses_all=True, needs_look=True),
)

CLASS = seated(9, [*RIGHT, *MISTAKES, *HALF, *TROUBLE])
