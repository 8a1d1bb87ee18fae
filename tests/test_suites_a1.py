"""The hidden suite of a1_linear_fit: what is right keeps every point, what is wrong loses it in the right place."""

from __future__ import annotations

import pytest

from tests.harness import (
    SEEDS,
    Namespace,
    grade,
    lost,
    points,
    reference,
    sentences,
    stub,
    suite_seconds,
    written,
    wrong_arrays,
)

A1 = "a1_linear_fit"


def code(*texts: str) -> Namespace:
    """The reference solutions with other code on top."""
    return written(A1, *texts)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_solution_is_right_on_every_course_seed(seed: str) -> None:
    assert lost(A1, reference(A1), seed) == {}


def test_the_points_are_those_of_the_course() -> None:
    assert sum(points(A1).values()) == 17


def test_a_stub_earns_nothing() -> None:
    assert lost(A1, stub(A1)) == dict.fromkeys(points(A1), 0.0)


def test_a_stub_below_is_named() -> None:
    results = grade(A1, code("def predict(x, w, b): raise NotImplementedError()"), only=("gradient_descent", "predict"))
    assert results["gradient_descent"].blocked_by == "predict"


DEAD = "def {name}(*args): return {value}"


@pytest.mark.parametrize(
    "value", ["None", "0.0", "float('nan')", "'text'", "[[1], [2, 3]]", "{'a': 1}", "np.zeros(10**6)", "1j"]
)
def test_nonsense_earns_nothing_and_breaks_nothing(value: str) -> None:
    namespace = code(*(DEAD.format(name=name, value=value) for name in points(A1)))
    assert set(lost(A1, namespace).values()) == {0.0}


WRONG = {
    "predict: minus b": ("def predict(x, w, b): return w * x - b", "predict", 0.0),
    "predict: a column": ("def predict(x, w, b): return (w * x + b)[:, None]", "predict", 0.0),
    "mse_loss: the sum": ("def mse_loss(p, t): return float(np.sum((p - t) ** 2))", "mse_loss", 0.0),
    "mse_loss: half": ("def mse_loss(p, t): return 0.5 * float(np.mean((p - t) ** 2))", "mse_loss", 0.0),
    "mse_loss: a column against a row": (
        "def mse_loss(p, t): return float(np.mean((p[:, None] - t) ** 2))",
        "mse_loss",
        0.0,
    ),
    "mse_loss: changes the prediction": (
        "def mse_loss(p, t):\n    p -= t\n    return float(np.mean(p**2))",
        "mse_loss",
        0.8,
    ),
    "numerical_derivative: forward": (
        "def numerical_derivative(f, at, eps=1e-6): return (f(at + eps) - f(at)) / eps",
        "numerical_derivative",
        0.0,
    ),
    "numerical_derivative: half the distance": (
        "def numerical_derivative(f, at, eps=1e-6): return (f(at + eps) - f(at - eps)) / eps",
        "numerical_derivative",
        0.0,
    ),
    "numerical_derivative: its own eps": (
        "def numerical_derivative(f, at, eps=1e-6): return (f(at + 1e-6) - f(at - 1e-6)) / 2e-6",
        "numerical_derivative",
        0.667,
    ),
    "mse_gradients: without the 2": (
        "def mse_gradients(x, t, w, b): return np.mean((w*x+b-t)*x), np.mean(w*x+b-t)",
        "mse_gradients",
        0.0,
    ),
    "mse_gradients: the sum": (
        "def mse_gradients(x, t, w, b): return 2*np.sum((w*x+b-t)*x), 2*np.sum(w*x+b-t)",
        "mse_gradients",
        0.0,
    ),
    "mse_gradients: the sign": (
        "def mse_gradients(x, t, w, b): return -2*np.mean((w*x+b-t)*x), -2*np.mean(w*x+b-t)",
        "mse_gradients",
        0.0,
    ),
    "mse_gradients: x in both": (
        "def mse_gradients(x, t, w, b): return 2*np.mean((w*x+b-t)*x), 2*np.mean((w*x+b-t)*x)",
        "mse_gradients",
        None,
    ),
    "mse_gradients: x forgotten": (
        "def mse_gradients(x, t, w, b): return 2*np.mean(w*x+b-t), 2*np.mean(w*x+b-t)",
        "mse_gradients",
        None,
    ),
    "gradient_descent: losses after": (
        """def gradient_descent(x, t, w, b, lr, steps):
            losses = []
            for _ in range(steps):
                dw, db = mse_gradients(x, t, w, b)
                w, b = w - lr * dw, b - lr * db
                losses.append(mse_loss(predict(x, w, b), t))
            return w, b, losses""",
        "gradient_descent",
        None,
    ),
    "gradient_descent: w first, then the slope of b": (
        """def gradient_descent(x, t, w, b, lr, steps):
            losses = []
            for _ in range(steps):
                losses.append(mse_loss(predict(x, w, b), t))
                w = w - lr * mse_gradients(x, t, w, b)[0]
                b = b - lr * mse_gradients(x, t, w, b)[1]
            return w, b, losses""",
        "gradient_descent",
        None,
    ),
    "gradient_descent: one step too few": (
        """def gradient_descent(x, t, w, b, lr, steps):
            losses = []
            for step in range(steps):
                losses.append(mse_loss(predict(x, w, b), t))
                if step < steps - 1:
                    dw, db = mse_gradients(x, t, w, b)
                    w, b = w - lr * dw, b - lr * db
            return w, b, losses""",
        "gradient_descent",
        None,
    ),
    "gradient_descent: uphill": (
        """def gradient_descent(x, t, w, b, lr, steps):
            losses = []
            for _ in range(steps):
                losses.append(mse_loss(predict(x, w, b), t))
                dw, db = mse_gradients(x, t, w, b)
                w, b = w + lr * dw, b + lr * db
            return w, b, losses""",
        "gradient_descent",
        0.0,
    ),
    "online_fit: the article's rule": (
        """def online_fit(x, t, w, lr, passes, b=-6.0):
            weights = [w]
            for _ in range(passes):
                for a, y in zip(x, t):
                    weights.append(weights[-1] + lr * (y - weights[-1] * a - b))
            return weights""",
        "online_fit",
        0.0,
    ),
    "online_fit: twice the slope": (
        """def online_fit(x, t, w, lr, passes, b=-6.0):
            weights = [w]
            for _ in range(passes):
                for a, y in zip(x, t):
                    weights.append(weights[-1] + 2 * lr * (y - weights[-1] * a - b) * a)
            return weights""",
        "online_fit",
        0.0,
    ),
    "online_fit: without the start": (
        """def online_fit(x, t, w, lr, passes, b=-6.0):
            weights = []
            for _ in range(passes):
                for a, y in zip(x, t):
                    w = w + lr * (y - w * a - b) * a
                    weights.append(w)
            return weights""",
        "online_fit",
        0.0,
    ),
    "online_fit: b is -6 whatever is given": (
        """def online_fit(x, t, w, lr, passes, b=-6.0):
            weights = [w]
            for _ in range(passes):
                for a, y in zip(x, t):
                    weights.append(weights[-1] + lr * (y - weights[-1] * a + 6) * a)
            return weights""",
        "online_fit",
        0.714,
    ),
    "largest_stable_lr: w alone": ("def largest_stable_lr(x): return 1 / np.mean(x**2)", "largest_stable_lr", 0.0),
    "largest_stable_lr: 1 over": (
        "def largest_stable_lr(x): return 1 / np.linalg.eigvalsh(2*np.cov(x, bias=True)*np.eye(2))[-1]",
        "largest_stable_lr",
        0.0,
    ),
    "largest_stable_lr: the smallest": (
        "def largest_stable_lr(x): return 2 / np.linalg.eigvalsh(2*np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1]]))[0]",
        "largest_stable_lr",
        0.0,
    ),
    "largest_stable_lr: the trace": (
        "def largest_stable_lr(x): return 1 / (np.mean(x**2) + 1)",
        "largest_stable_lr",
        0.0,
    ),
}


@pytest.mark.parametrize("title", WRONG)
def test_what_is_wrong_loses_points_where_it_is_wrong(title: str) -> None:
    text, function, share = WRONG[title]
    found = lost(A1, code(text))
    assert function in found
    if share is not None:
        assert found[function] == pytest.approx(share, abs=0.003)
    # Nothing built rightly upon it loses a point, but for slopes, which follow their own loss for half.
    assert set(found) <= {function, "mse_gradients"} or "column" in title, found


@pytest.mark.parametrize("title", WRONG)
@pytest.mark.parametrize("seed", SEEDS[1:])
def test_what_is_wrong_is_wrong_on_every_course_seed(title: str, seed: str) -> None:
    text, function, share = WRONG[title]
    found = lost(A1, code(text), seed, function)
    assert function in found
    assert share is None or found[function] == pytest.approx(share, abs=0.003)


def test_the_wrong_array_is_named() -> None:
    text = "def mse_gradients(x, t, w, b): return 2*np.mean((w*x+b-t)*x), 2*np.mean((w*x+b-t)*x)"
    assert wrong_arrays(grade(A1, code(text), only="mse_gradients")["mse_gradients"]) == {"db"}
    text = WRONG["gradient_descent: losses after"][0]
    assert wrong_arrays(grade(A1, code(text), only="gradient_descent")["gradient_descent"]) == {"losses"}


RIGHT = {
    "plain Python loops and lists": """
        def predict(x, w, b): return [w * float(a) + b for a in x]
        def mse_loss(p, t): return sum((float(a) - float(y)) ** 2 for a, y in zip(p, t)) / len(t)
        def mse_gradients(x, t, w, b):
            errors = [a - y for a, y in zip(predict(x, w, b), t)]
            return [2 * sum(e * a for e, a in zip(errors, x)) / len(x), 2 * sum(errors) / len(x)]
        def gradient_descent(x, t, w, b, lr, steps):
            losses = []
            for _ in range(steps):
                losses.append(mse_loss(predict(x, w, b), t))
                dw, db = mse_gradients(x, t, w, b)
                w -= lr * dw
                b -= lr * db
            return [w, b, losses]
        def online_fit(x, t, w, lr, passes, b=-6.0):
            weights = [w]
            for n in range(passes * len(x)):
                a, y = x[n % len(x)], t[n % len(x)]
                weights.append(weights[-1] + lr * (y - b - weights[-1] * a) * a)
            return weights
        def counterexample(): return [[-1, -2], [-8, -10], 5, 0.1]
        """,
    "float32": """
        def predict(x, w, b): return np.float32(w) * np.asarray(x, np.float32) + np.float32(b)
        def mse_loss(p, t): return np.mean((np.asarray(p, np.float32) - np.asarray(t, np.float32)) ** 2)
        def mse_gradients(x, t, w, b):
            e = predict(x, w, b) - np.asarray(t, np.float32)
            return np.float32(2 * np.mean(e * np.asarray(x, np.float32))), np.float32(2 * np.mean(e))
        def largest_stable_lr(x):
            h = 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1]])
            return np.float32(2 / np.linalg.eigvalsh(h)[-1])
        """,
    "0-d arrays": """
        def mse_loss(p, t): return np.array(np.mean((p - t) ** 2))
        def mse_gradients(x, t, w, b):
            e = w * x + b - t
            return np.array(2 * np.mean(e * x)), np.array(2 * np.mean(e))
        """,
    "an array for a pair": """
        def mse_gradients(x, t, w, b):
            return 2 * np.stack([x, np.ones_like(x)]) @ (w * x + b - t) / len(x)
        """,
    "callable objects and closures": """
        class Line:
            def __call__(self, x, w, b): return x * w + b
        predict = Line()
        def make():
            def mse_loss(p, t): return np.dot(p - t, p - t) / len(p)
            return mse_loss
        mse_loss = make()
        """,
    "one matrix for all": """
        def design(x): return np.stack([x, np.ones_like(x)], axis=1)
        def mse_gradients(x, t, w, b):
            a = design(x)
            return tuple(2 / len(x) * a.T @ (a @ [w, b] - t))
        def gradient_descent(x, t, w, b, lr, steps):
            a, p, losses = design(x), np.array([w, b]), np.zeros(steps)
            for k in range(steps):
                losses[k] = np.mean((a @ p - t) ** 2)
                p = p - lr * 2 / len(x) * a.T @ (a @ p - t)
            return p[0], p[1], losses
        def largest_stable_lr(x): return len(x) / np.linalg.norm(design(x), 2) ** 2
        """,
    "read-only and Fortran-ordered": """
        def predict(x, w, b):
            p = np.asfortranarray(w * x + b)
            p.flags.writeable = False
            return p
        def online_fit(x, t, w, lr, passes, b=-6.0):
            weights = np.zeros((passes * len(x) + 1, 2))[:, 0]
            weights[0] = w
            for n in range(passes * len(x)):
                a, y = x[n % len(x)], t[n % len(x)]
                weights[n + 1] = weights[n] - lr * (weights[n] * a + b - y) * a
            return weights
        """,
    "slopes by hand everywhere": """
        def gradient_descent(x, t, w, b, lr, steps):
            losses = ()
            for _ in range(steps):
                e = w * x + b - t
                losses += ((e * e).mean(),)
                w, b = w - 2 * lr * (e * x).mean(), b - 2 * lr * e.mean()
            return np.float64(w), np.float64(b), losses
        """,
    "noisy": """
        import sys, warnings
        def predict(x, w, b):
            print("predict", x); print("oops", file=sys.stderr); warnings.warn("careful")
            np.exp(1e6)
            return w * x + b
        """,
}


@pytest.mark.parametrize("title", RIGHT)
@pytest.mark.parametrize("seed", SEEDS[:2])
def test_what_is_right_keeps_every_point(title: str, seed: str) -> None:
    assert lost(A1, code(RIGHT[title]), seed) == {}


def test_float32_is_told() -> None:
    results = grade(A1, code(RIGHT["float32"]), only="predict")
    assert "float32" in sentences(results["predict"])


FOLLOWED = {
    "mse_gradients without the 2": (
        "def mse_gradients(x, t, w, b): return np.mean((w*x+b-t)*x), np.mean(w*x+b-t)",
        {"mse_gradients"},
    ),
    "mse_loss as a sum": ("def mse_loss(p, t): return float(np.sum((p - t) ** 2))", {"mse_loss"}),
    "predict minus b": ("def predict(x, w, b): return w * x - b", {"predict", "mse_gradients"}),
    "mse_loss and mse_gradients": (
        "def mse_loss(p, t): return float(np.sum((p - t) ** 2))\n"
        "def mse_gradients(x, t, w, b): return np.mean((w*x+b-t)*x), np.mean(w*x+b-t)",
        {"mse_loss", "mse_gradients"},
    ),
}


@pytest.mark.parametrize("title", FOLLOWED)
def test_a_mistake_costs_its_points_once(title: str) -> None:
    text, charged = FOLLOWED[title]
    assert set(lost(A1, code(text))) == charged


def test_a_right_walk_with_a_wrong_loss_in_it_is_followed() -> None:
    walk = """
        def mse_loss(p, t): return 3 * float(np.mean((p - t) ** 2))
        def gradient_descent(x, t, w, b, lr, steps):
            losses = []
            for _ in range(steps):
                e = w * x + b - t
                losses.append(mse_loss(w * x + b, t))
                w, b = w - 2 * lr * np.mean(e * x), b - 2 * lr * np.mean(e)
            return w, b, losses
        def mse_gradients(x, t, w, b): return np.mean((w*x+b-t)*x), np.mean(w*x+b-t)
        """
    assert set(lost(A1, code(walk))) == {"mse_loss", "mse_gradients"}


def test_slopes_of_a_wrong_line_earn_half() -> None:
    found = lost(
        A1,
        code(
            "def predict(x, w, b): return w * x - b",
            """
        def mse_gradients(x, t, w, b):
            e = w * x - b - t
            return 2 * np.mean(e * x), -2 * np.mean(e)
        """,
        ),
    )
    assert 0.3 < found["mse_gradients"] < 0.6


@pytest.mark.parametrize(
    "constant",
    [
        "def mse_gradients(x, t, w, b): return 0.0, 0.0",
        "def mse_gradients(x, t, w, b): return 1.0, 2.0",
        "def mse_loss(p, t): return 1.0",
        "def predict(x, w, b): return np.zeros_like(x)",
    ],
)
def test_a_constant_below_carries_nothing(constant: str) -> None:
    walk = """
        def gradient_descent(x, t, w, b, lr, steps):
            losses = []
            for _ in range(steps):
                losses.append(mse_loss(predict(x, w, b), t))
                dw, db = mse_gradients(x, t, w, b)
                w, b = w - lr * dw, b - lr * db
            return w, b, losses
        """
    assert "gradient_descent" in lost(A1, code(constant, walk))
    everything = """
        def mse_gradients(x, t, w, b): return 0.0, 0.0
        def mse_loss(p, t): return 0.0
        def predict(x, w, b): return 0 * x
        """
    found = lost(A1, code(everything, walk))
    assert found["gradient_descent"] == found["mse_gradients"] == found["mse_loss"] == found["predict"] == 0


COUNTER = {
    "negative x": ("[-1.0, -2.0], [-8.0, -10.0], 5.0, 0.1", True),
    "off any line": ("[-1.0, -2.0, -3.0], [-7.0, -10.0, -13.0], 5.0, 0.05", True),
    "one is positive": ("[0.5, -2.0], [-5.0, -10.0], 5.0, 0.1", True),
    "start below": ("np.array([-1, -3]), np.array([-8, -12]), -5, 0.1", True),
    "the article's own points": ("[2., 1, 3, 5, 6], [-2., -4, 0, 4, 6], 5.0, 0.1", False),
    "both diverge": ("[-10.0, -20.0], [-26.0, -46.0], 5.0, 1.0", False),
    "equal x": ("[-1.0, -1.0], [-8.0, -8.0], 5.0, 0.1", False),
    "lr of zero": ("[-1.0, -2.0], [-8.0, -10.0], 5.0, 0.0", False),
    "lr below zero": ("[1.0, 2.0], [-4.0, -2.0], 5.0, -0.1", False),
    "infinite": ("[-1.0, -2.0], [-8.0, float('inf')], 5.0, 0.1", False),
    "lengths differ": ("[-1.0, -2.0], [-8.0], 5.0, 0.1", False),
    "a matrix": ("[[-1.0, -2.0]], [[-8.0, -10.0]], 5.0, 0.1", False),
    "w an array": ("[-1.0, -2.0], [-8.0, -10.0], [5.0], 0.1", False),
    "nothing": ("[], [], 5.0, 0.1", False),
    "begins at the best": ("[-1.0, -2.0], [-8.0, -10.0], 2.0, 0.1", False),
    "the rule runs to infinity": ("[-1e300, -2e300], [-8.0, -10.0], 5.0, 1e200", False),
    "text": ("'abc', 'def', 5.0, 0.1", False),
    "complex": ("[-1j, -2.0], [-8.0, -10.0], 5.0, 0.1", False),
    "zeros": ("[0.0, 0.0, 1e-200], [1.0, 2.0, 3.0], 5.0, 0.1", False),
}


@pytest.mark.parametrize("title", COUNTER)
def test_counterexamples_are_believed_when_both_rules_have_run(title: str) -> None:
    values, right = COUNTER[title]
    found = lost(A1, code(f"def counterexample(): return {values}"), only="counterexample")
    assert found == ({} if right else {"counterexample": 0.0})


def test_a_counterexample_that_changes_costs_a_little() -> None:
    text = "def counterexample(): return [-1.0, -2.0], [-8.0, -10.0], 5 + float(np.random.rand()), 0.1"
    assert lost(A1, code(text), only="counterexample") == {"counterexample": 0.875}


def test_the_suites_own_time_is_small() -> None:
    namespace = reference(A1)
    assert min(suite_seconds(A1, namespace) for _ in range(5)) < 0.005  # 0.6 ms, on a busy machine more
