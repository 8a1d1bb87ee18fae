"""The class's submissions of a2_mlp_backprop."""

from __future__ import annotations

from autograder.sample.accidents import (
    add_cell,
    double_cell,
    drop_cells,
    edit_cell,
    login_page,
    move_function,
    no_file,
    one_after_another,
    retype_cell,
    shuffle_cells,
    split_cell,
)
from autograder.sample.editors import by_colab, by_old_jupyter, by_vs_code
from autograder.sample.recipes import Recipe, in_style, seated, written

A = "a2_mlp_backprop"

RIGHT = (
    Recipe(A, "plain Python loops, saved by an old Jupyter", style="loops", accident=by_old_jupyter(4)),
    Recipe(A, "einsum, saved by VS Code", style="einsum", accident=by_vs_code()),
    Recipe(
        A,
        "a closure as cache, pasted into a new Colab notebook: no metadata left",
        style="closures",
        accident=by_colab(keeps_nbgrader=False),
        repaired=("cells had lost their ids", "given_nets"),
    ),
    Recipe(
        A,
        "float32 throughout, a given cell edited and a test cell deleted, a name of the student's own",
        style="float32",
        accident=one_after_another(edit_cell("given_spirals", "spirals = None"), drop_cells("test_mlp_backward")),
        file="my homework.ipynb",
        repaired=("given_spirals", "test_mlp_backward", "named"),
    ),
)

MISTAKES = (
    Recipe(
        A,
        "one mistake: the bias of the hidden layer is summed before the slope of its sigmoid; a test cell pasted twice",
        style="einsum",
        answers=written(
            A,
            """
            def mlp_backward(grad_prediction, cache):
                x, hidden, prediction, params = (cache[key] for key in ("x", "hidden", "prediction", "params"))
                delta_2 = grad_prediction * prediction * (1 - prediction)
                grad_hidden = delta_2 @ params["weight_2"]
                delta_1 = grad_hidden * hidden * (1 - hidden)
                grads = {"weight_2": delta_2.T @ hidden, "bias_2": delta_2.sum(axis=0)}
                return grads | {"weight_1": delta_1.T @ x, "bias_1": grad_hidden.sum(axis=0), "x": delta_1 @ params["weight_1"]}
            """,
        ),
        # bias_1, of x and four parameters; worked_example and train_mlp are right upon it
        loses={"mlp_backward": 1 / 5},
        accident=one_after_another(double_cell("test_mlp_backward"), double_cell("derive_mlp")),
        repaired=("test_mlp_backward", "derive_mlp"),
    ),
    Recipe(
        A,
        "one mistake: the one-hot is not subtracted; a cell split in two",
        style="loops",
        answers=written(
            A,
            """
            def cross_entropy_backward(logits, target):
                grad = []
                for row in logits:
                    grad.append([p / len(target) for p in softmax_row(row)])
                return grad
            """,
        ),
        loses={"cross_entropy_backward": 1},
        accident=split_cell("cross_entropy_backward", "return grad"),
        repaired=("cross_entropy_backward",),
    ),
    Recipe(
        A,
        "a gradient by differences: right numbers, far too dear; a function moved, a code cell turned into raw text",
        answers=written(
            A,
            """
            def mlp_forward(x, params):
                hidden = sigmoid(x @ params["weight_1"].T + params["bias_1"])
                return sigmoid(hidden @ params["weight_2"].T + params["bias_2"]), {"x": x, **params}

            def mlp_backward(grad_prediction, cache):
                grads = {}
                for name, array in cache.items():
                    moved, grads[name] = array.copy(), np.zeros(array.shape)
                    for index in np.ndindex(array.shape):
                        values = []
                        for step in (1e-6, -1e-6):
                            moved[index] = array[index] + step
                            params = {**cache, name: moved}
                            values.append(np.vdot(grad_prediction, mlp_forward(params["x"], params)[0]))
                        moved[index] = array[index]
                        grads[name][index] = (values[0] - values[1]) / 2e-6
                return grads
            """,
        ),
        loses={"mlp_backward": 3 / 4},  # differences keep a quarter
        accident=one_after_another(move_function("softmax", "# see the end"), retype_cell("sgd_step", "raw")),
        repaired=("softmax", "sgd_step"),
    ),
    Recipe(
        A,
        "two mistakes: a one-sided difference; mean where a sum was asked for",
        style="closures",
        answers=written(
            A,
            """
            def numerical_gradient(f, array, eps=1e-6):
                gradient, here = np.zeros(array.shape), f(array)
                for index in np.ndindex(array.shape):
                    kept = array[index].copy()
                    array[index] = kept + eps
                    gradient[index] = (f(array) - here) / eps
                    array[index] = kept
                return gradient

            def half_squared_error(prediction, target):
                return 0.5 * np.mean((prediction - target) ** 2)
            """,
        ),
        loses={"numerical_gradient": 1, "half_squared_error": 1},  # one output: the worked example's loss is right
    ),
    Recipe(
        A,
        "an early mistake, all after it right: sigmoid has lost its minus; cells in another order",
        style="einsum",
        answers=written(
            A,
            """
            def sigmoid(z):
                return 0.5 * (1 - np.tanh(0.5 * np.asarray(z)))

            def worked_example():
                x, label = np.array([[0.4, 0.5]]), 1.0
                W, B1 = np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]), np.array([0.1, 0.2, 0.3])
                V, B2 = np.array([[0.1], [0.2], [0.3]]), np.array([0.1])
                hidden = 1 / (1 + np.exp(-x @ W - B1))
                p = 1 / (1 + np.exp(-hidden @ V - B2))
                delta_2 = (p - label) * p * (1 - p)
                delta_1 = delta_2 * V.T * hidden * (1 - hidden)
                grads = dict(weight_1=delta_1.T @ x, bias_1=delta_1[0], weight_2=delta_2 * hidden, bias_2=delta_2[0])
                stages = dict(net_1=x @ W + B1, hidden=hidden, net_2=hidden @ V + B2, prediction=p)
                return dict(stages, loss=half_squared_error(p, label), grads=grads)

            def mlp_backward(grad_prediction, cache):
                x, hidden, prediction, params = (cache[key] for key in ("x", "hidden", "prediction", "params"))
                delta_2 = -grad_prediction * prediction * (1 - prediction)
                delta_1 = -delta_2 @ params["weight_2"] * hidden * (1 - hidden)
                grads = {"weight_2": delta_2.T @ hidden, "bias_2": delta_2.sum(axis=0)}
                return grads | {"weight_1": delta_1.T @ x, "bias_1": delta_1.sum(axis=0), "x": delta_1 @ params["weight_1"]}
            """,
        ),
        # mlp_forward and train_mlp are right upon sigmoid; mlp_backward is so but for the sign of 2 arrays of 5
        loses={"sigmoid": 1, "mlp_backward": 2 / 5},
        accident=shuffle_cells(2),
        repaired=("not in their original order",),
    ),
)

ALL = (*in_style(A, "einsum"), "name_the_mistake")
HALF = (
    Recipe(A, "untouched", stubs=ALL),
    Recipe(
        A,
        "half done, and a syntax error in one cell",
        style="loops",
        stubs=("cross_entropy_backward", "sgd_step", "train_mlp", "name_the_mistake"),
        answers={
            "cross_entropy": "def cross_entropy(logits, target)\n    return -np.log(softmax(logits))[:, target].mean()"
        },
        loses={"cross_entropy": 1},
    ),
)

TROUBLE = (
    Recipe(
        A,
        "an infinite loop in a function",
        style="float32",
        answers=written(
            A,
            """
            def numerical_gradient(f, array, eps=1e-6):
                gradient, index = np.zeros(array.size), 0
                while index < array.size:
                    moved = array.ravel().copy()
                    moved[index] += eps
                    gradient[index] = f(moved.reshape(array.shape)) / eps
                return gradient.reshape(array.shape)
            """,
        ),
        loses={"numerical_gradient": 1},
    ),
    Recipe(
        A,
        "a dead kernel: one function crashes Python, and a cell of the student's own leaves it",
        answers=written(
            A,
            """
            def softmax(logits):
                import ctypes

                return ctypes.string_at(0)
            """,
        ),
        loses={"softmax": 1, "cross_entropy_backward": 1},  # which calls softmax
        accident=add_cell("import os\n\nos._exit(3)"),
        stopped=1,
    ),
    Recipe(
        A,
        "answers of the wrong type: 100 MB printed, NaN, a wrong key, a list, other arguments, a million keys, None",
        slips=True,
        style="einsum",
        answers={
            "numerical_gradient": in_style(A, "einsum")["numerical_gradient"].replace(
                "    return np.array", '    print("g" * 100_000_000)\n    return np.array'
            ),
            "half_squared_error": "def half_squared_error(prediction, target):\n    return np.nan",
            "worked_example": "def worked_example(x):\n    return x",
            "mlp_backward": in_style(A, "einsum")["mlp_backward"].replace('"bias_1"', '"b1"'),
            "cross_entropy": "def cross_entropy(logits, target):\n    return [-np.log(p) for p in softmax(logits)]",
            "cross_entropy_backward": "def cross_entropy_backward(logits, target, eps=None, *, axis):\n    return logits",
            "sgd_step": "MANY = dict.fromkeys(range(1_000_000), 0.0)\n\n\ndef sgd_step(params, grads, lr):\n    return MANY",
            "train_mlp": "def train_mlp(x, target, params, lr, steps):\n    params = None",
            "name_the_mistake": 'def name_the_mistake():\n    return ["A", "B", "C", "D", "E", "F"]',
        },
        loses={
            "half_squared_error": 1,
            "worked_example": 1,
            "mlp_backward": 1 / 5,
            "cross_entropy": 1,
            "cross_entropy_backward": 1,
            "sgd_step": 1,
            "train_mlp": 1,
            "name_the_mistake": 1,
        },
    ),
    Recipe(A, "a log-in page instead of the notebook", accident=login_page, loses_all=True, needs_look=True),
    Recipe(A, "an empty folder", accident=no_file, loses_all=True, needs_look=True),
)

CLASS = seated(5, [*RIGHT, *MISTAKES, *HALF, *TROUBLE])
