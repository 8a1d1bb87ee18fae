"""The class's submissions of a1_linear_fit."""

from __future__ import annotations

from autograder.sample.accidents import (
    add_cell,
    cut_file,
    double_cell,
    drop_cells,
    move_function,
    no_file,
    one_after_another,
    retype_cell,
    shuffle_cells,
    split_cell,
)
from autograder.sample.editors import by_colab, by_old_jupyter, by_vs_code
from autograder.sample.recipes import Recipe, seated, written

A = "a1_linear_fit"

RIGHT = (
    Recipe(A, "plain Python loops, saved by VS Code on Windows", style="loops", accident=by_vs_code("\r\n")),
    Recipe(A, "einsum, saved by Colab", style="einsum", accident=by_colab()),
    Recipe(
        A,
        "a class, closures and callable objects, cells in another order",
        style="objects",
        accident=shuffle_cells(1),
        repaired=("not in their original order",),
    ),
    Recipe(
        A,
        "float32 throughout, two test cells and an answer cell deleted, downloaded twice",
        style="float32",
        accident=drop_cells("test_predict", "test_mse_gradients", "derive_loss_gradient"),
        file="a1_linear_fit (1).ipynb",
        repaired=("test_predict", "test_mse_gradients", "derive_loss_gradient", "named"),
    ),
)

MISTAKES = (
    Recipe(
        A,
        "one mistake: the slope by w has no factor x; a cell pasted twice",
        style="loops",
        answers=written(
            A,
            """
            def mse_gradients(x, target, w, b):
                errors = [w * x_n + b - y_n for x_n, y_n in zip(x, target)]
                return 2 * sum(errors) / len(errors), 2 * sum(errors) / len(errors)
            """,
        ),
        loses={"mse_gradients": 1 / 2},  # db is right, and gradient_descent is built rightly upon both
        accident=double_cell("mse_gradients"),
        repaired=("mse_gradients",),
    ),
    Recipe(
        A,
        "one mistake: each loss is taken after its update; a cell split in two",
        style="einsum",
        answers=written(
            A,
            """
            def gradient_descent(x, target, w, b, lr, steps):
                losses = []
                for _ in range(steps):
                    dw, db = mse_gradients(x, target, w, b)
                    w = w - lr * dw
                    b = b - lr * db
                    losses.append(mse_loss(predict(x, w, b), target))
                return w, b, np.array(losses)
            """,
        ),
        loses={"gradient_descent": 1 / 3},  # losses, of w, b and losses
        accident=split_cell("gradient_descent", "losses.append"),
        repaired=("gradient_descent",),
    ),
    Recipe(
        A,
        "one mistake: the article's rule instead of the gradient; a function moved, a code cell turned into text",
        style="objects",
        answers=written(
            A,
            """
            def online_fit(x, target, w, lr, passes, b=-6.0):
                weights = [w]
                for _ in range(passes):
                    for x_n, y_n in zip(x, target):
                        w += lr * (y_n - predict(x_n, w, b))
                        weights.append(w)
                return weights
            """,
        ),
        loses={"online_fit": 1},
        accident=one_after_another(move_function("largest_stable_lr"), retype_cell("mse_loss", "markdown")),
        repaired=("largest_stable_lr", "mse_loss"),
    ),
    Recipe(
        A,
        "two mistakes: one over the eigenvalue, not two; a sum where a mean was asked for",
        style="einsum",
        answers=written(
            A,
            """
            def mse_loss(prediction, target):
                return np.sum((prediction - target) ** 2)

            def largest_stable_lr(x):
                return 1 / np.linalg.eigvalsh(2 * design(x) @ design(x).T / len(x))[-1]
            """,
        ),
        loses={"mse_loss": 1, "largest_stable_lr": 1},  # gradient_descent's losses are those of the own mse_loss
    ),
    Recipe(
        A,
        "an early mistake, all after it right: the 2 of the square is lost in both slopes; saved by an old Jupyter",
        style="loops",
        answers=written(
            A,
            """
            def mse_gradients(x, target, w, b):
                error = np.array(predict(x, w, b)) - target
                return np.mean(error * x), np.mean(error)
            """,
        ),
        loses={"mse_gradients": 1},
        accident=by_old_jupyter(2),
    ),
)

HALF = (
    Recipe(
        A,
        "untouched",
        loses_all=True,
        stubs=(
            "predict",
            "mse_loss",
            "numerical_derivative",
            "mse_gradients",
            "gradient_descent",
            "largest_stable_lr",
            "online_fit",
            "counterexample",
        ),
    ),
    Recipe(
        A,
        "half done, and a syntax error in one cell",
        style="objects",
        stubs=("gradient_descent", "online_fit", "counterexample"),
        answers={"largest_stable_lr": "def largest_stable_lr(x):\n    return 2 / np.linalg.norm(np.cov(x)"},
        loses={"largest_stable_lr": 1},
    ),
)

TROUBLE = (
    Recipe(
        A,
        "an infinite loop in a function",
        answers=written(
            A,
            """
            def largest_stable_lr(x):
                lr = 1.0
                while np.isfinite(lr):  # until it diverges
                    lr = min(lr * 2, 1.0)
                return lr
            """,
        ),
        loses={"largest_stable_lr": 1},
    ),
    Recipe(
        A,
        "a dead kernel: one function leaves Python, and a cell of the student's own kills it",
        style="objects",
        answers=written(
            A,
            """
            def numerical_derivative(f, at, eps=1e-6):
                import os

                os._exit(0)
            """,
        ),
        loses={"numerical_derivative": 1},
        accident=add_cell("import os\n\nos._exit(1)", before="online_fit"),
        stopped=1,
    ),
    Recipe(
        A,
        "answers of the wrong type: None, a number instead of a function, other arguments, objects, a shape, NaN, an error",
        slips=True,
        answers={
            "predict": "def predict(x, w, b):\n    print(w * x + b)",
            "mse_loss": "mse_loss = 0.5",
            "numerical_derivative": "def numerical_derivative(f):\n    return lambda at: (f(at + 1e-6) - f(at - 1e-6)) / 2e-6",
            "mse_gradients": """def mse_gradients(x, target, w, b):
    error = w * x + b - target
    return np.array(2 * np.mean(error * x), dtype=object), 2 * np.mean(error)""",
            "gradient_descent": """def gradient_descent(x, target, w, b, lr, steps):
    for _ in range(steps):
        error = w * x + b - target
        w, b = w - lr * 2 * np.mean(error * x), b - lr * 2 * np.mean(error)
    return w, b""",
            "online_fit": """def online_fit(x, target, w, lr, passes, b=-6.0):
    weights = []
    for _ in range(passes):
        for x_n, y_n in zip(x, target):
            w = w - lr * (w * x_n + b - y_n) * x_n
            weights.append(w)
    return weights  # the start is not in it""",
            "largest_stable_lr": "def largest_stable_lr(x):\n    return np.array([2 / np.mean(x**2), np.nan])[1]",
            "counterexample": "def counterexample():\n    raise ValueError('there is none')",
        },
        loses={
            "predict": 1,
            "mse_loss": 1,
            "numerical_derivative": 1,
            "mse_gradients": 1 / 2,  # dw is objects, db is right
            "gradient_descent": 1,
            "online_fit": 1,
            "largest_stable_lr": 1,
            "counterexample": 1,
        },
    ),
    Recipe(A, "the upload broke off: not JSON", accident=cut_file, loses_all=True, needs_look=True),
    Recipe(A, "an empty folder", accident=no_file, loses_all=True, needs_look=True),
)

CLASS = seated(1, [*RIGHT, *MISTAKES, *HALF, *TROUBLE])
