"""Styles of a1_linear_fit."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from functools import reduce
from itertools import accumulate, pairwise, repeat
from typing import Any

import numpy as np

from tests.styles import Functions, Own, style


@style("predict")
def polynomial(own: Own) -> Functions:
    return {"predict": lambda x, w, b: np.polyval([w, b], x)}


@style("predict")
def comprehension(own: Own) -> Functions:
    return {"predict": lambda x, w, b: [w * x_n + b for x_n in x]}


@style("predict")
def matrix(own: Own) -> Functions:
    return {"predict": lambda x, w, b: np.column_stack([x, np.ones_like(x)]) @ np.array([w, b])}


@style("predict")
def keywords(own: Own) -> Functions:
    def predict(x, w=1.0, b=0.0, *, scale=1.0):
        return np.add(np.multiply(w, np.asarray(x)), b) * scale

    return {"predict": predict}


@style("mse_loss")
def dot(own: Own) -> Functions:
    return {"mse_loss": lambda prediction, target: (e := np.subtract(prediction, target)) @ e / len(e)}


@style("mse_loss")
def plain_python(own: Own) -> Functions:
    def mse_loss(prediction, target):
        total = 0.0
        for p, t in zip(prediction.tolist(), target.tolist(), strict=True):
            total += (p - t) ** 2
        return total / len(target)

    return {"mse_loss": mse_loss}


@style("mse_loss")
def zero_d(own: Own) -> Functions:
    return {
        "mse_loss": lambda prediction, target: np.array(np.var(prediction - target) + np.mean(prediction - target) ** 2)
    }


@style("mse_loss")
def norm(own: Own) -> Functions:
    return {"mse_loss": lambda prediction, target: np.linalg.norm(target - prediction) ** 2 / target.size}


@style("numerical_derivative")
def halves(own: Own) -> Functions:
    return {"numerical_derivative": lambda f, at, eps=1e-6: 0.5 * (f(at + eps) - f(at - eps)) / eps}


@style("numerical_derivative")
def mean_of_two_sides(own: Own) -> Functions:
    def numerical_derivative(f, at, eps=1e-6):
        here = f(at)
        return ((f(at + eps) - here) / eps + (here - f(at - eps)) / eps) / 2

    return {"numerical_derivative": numerical_derivative}


@style("mse_gradients")
def normal_equations(own: Own) -> Functions:
    def mse_gradients(x, target, w, b):
        design = np.stack([x, np.ones_like(x)])
        return tuple(2 * design @ (design.T @ [w, b] - target) / len(x))

    return {"mse_gradients": mse_gradients}


@style("mse_gradients")
def moments(own: Own) -> Functions:
    def mse_gradients(x, target, w, b):
        m = np.mean
        return [2 * (w * m(x * x) + b * m(x) - m(x * target)), 2 * (w * m(x) + b - m(target))]

    return {"mse_gradients": mse_gradients}


@style("mse_gradients")
def sample_loop(own: Own) -> Functions:
    def mse_gradients(x, target, w, b):
        dw = db = 0.0
        for x_n, y_n in zip(x, target, strict=True):
            error = w * x_n + b - y_n
            dw += 2 * error * x_n / len(x)
            db += 2 * error / len(x)
        return dw, db

    return {"mse_gradients": mse_gradients}


@style("mse_gradients")
def fractions(own: Own) -> Functions:
    def mse_gradients(x, target, w, b):
        n, w, b = len(x), Fraction(float(w)), Fraction(float(b))
        errors = [w * Fraction(x_n) + b - Fraction(y_n) for x_n, y_n in zip(x.tolist(), target.tolist(), strict=True)]
        dw = sum(e * Fraction(x_n) for e, x_n in zip(errors, x.tolist(), strict=True))
        return float(2 * dw / n), float(2 * sum(errors) / n)

    return {"mse_gradients": mse_gradients}


@style("mse_gradients")
def as_array(own: Own) -> Functions:
    def mse_gradients(x, target, w, b):
        gap = target - own["predict"](x, w, b)
        return np.array([-2 * np.average(gap * x), -2 * np.average(gap)])

    return {"mse_gradients": mse_gradients}


# ---- gradient_descent ------------------------------------------------------------------------------------------------


@style("gradient_descent")
def upon_lower_functions(own: Own) -> Functions:
    def gradient_descent(x, target, w, b, lr, steps):
        losses = []
        for _ in range(steps):
            losses.append(own["mse_loss"](own["predict"](x, w, b), target))
            slopes = own["mse_gradients"](x, target, w, b)
            w, b = (value - lr * slope for value, slope in zip((w, b), slopes, strict=True))
        return w, b, losses

    return {"gradient_descent": gradient_descent}


@style("gradient_descent")
def plain_floats(own: Own) -> Functions:
    def gradient_descent(x, target, w, b, lr, steps):
        x, target, w, b, n = x.tolist(), target.tolist(), float(w), float(b), len(x)
        losses = [0.0] * steps
        for step in range(steps):
            errors = [w * x_n + b - y_n for x_n, y_n in zip(x, target, strict=True)]
            losses[step] = sum(e * e for e in errors) / n
            w, b = w - 2 * lr * sum(e * x_n for e, x_n in zip(errors, x, strict=True)) / n, b - 2 * lr * sum(errors) / n
        return w, b, losses

    return {"gradient_descent": gradient_descent}


@style("gradient_descent")
def one_vector(own: Own) -> Functions:
    def gradient_descent(x, target, w, b, lr, steps):
        design, theta, losses = np.vander(x, 2), np.array([float(w), float(b)]), np.zeros(steps)
        for step in range(steps):
            residual = design @ theta - target
            losses[step] = residual @ residual / len(x)
            theta -= lr * 2 / len(x) * design.T @ residual
        return *theta, losses

    return {"gradient_descent": gradient_descent}


@style("gradient_descent")
def recursion(own: Own) -> Functions:
    def gradient_descent(x, target, w, b, lr, steps):
        if steps == 0:
            return w, b, np.zeros(0)
        error = w * x + b - target
        after = gradient_descent(x, target, w - 2 * lr * np.mean(error * x), b - 2 * lr * np.mean(error), lr, steps - 1)
        return after[0], after[1], np.concatenate([[np.mean(error**2)], after[2]])

    return {"gradient_descent": gradient_descent}


@style("gradient_descent")
def with_reduce(own: Own) -> Functions:
    def gradient_descent(x, target, w, b, lr, steps):
        def step(state, _):
            w, b, losses = state
            error = w * x + b - target
            slope_w, slope_b = 2 * np.mean(error * x), 2 * np.mean(error)
            return w - lr * slope_w, b - lr * slope_b, (*losses, float(np.mean(error**2)))

        return reduce(step, range(steps), (w, b, ()))

    return {"gradient_descent": gradient_descent}


@style("gradient_descent")
def affine_map(own: Own) -> Functions:
    """One step is theta → A theta + c; the losses are a quadratic form."""

    def gradient_descent(x, target, w, b, lr, steps):
        hessian = 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])
        pull = 2 * np.array([np.mean(x * target), np.mean(target)])
        walk = [np.array([w, b], dtype=float)]
        for _ in range(steps):
            walk.append(walk[-1] - lr * (hessian @ walk[-1] - pull))
        losses = [theta @ hessian @ theta / 2 - pull @ theta + np.mean(target**2) for theta in walk[:-1]]
        return walk[-1][0], walk[-1][1], np.array(losses)

    return {"gradient_descent": gradient_descent}


@style("gradient_descent")
def generator(own: Own) -> Functions:
    def walk(x, target, w, b, lr):
        while True:
            error = w * x + b - target
            yield w, b, np.mean(error**2)
            w, b = w - lr * np.mean(2 * error * x), b - lr * np.mean(2 * error)

    def gradient_descent(x, target, w, b, lr, steps):
        seen = [state for state, _ in zip(walk(x, target, w, b, lr), range(steps + 1), strict=False)]
        return seen[-1][0], seen[-1][1], np.array([loss for *_, loss in seen[:-1]])

    return {"gradient_descent": gradient_descent}


@style("gradient_descent")
def with_accumulate(own: Own) -> Functions:
    def gradient_descent(x, target, w, b, lr, steps):
        def step(theta, _):
            error = theta[0] * x + theta[1] - target
            return theta - 2 * lr * np.array([np.mean(error * x), np.mean(error)])

        path = np.array(list(accumulate(repeat(None, steps), step, initial=np.array([w, b], dtype=float))))
        losses = np.mean((path[:-1, :1] * x + path[:-1, 1:] - target) ** 2, axis=1)
        return path[-1, 0], path[-1, 1], losses

    return {"gradient_descent": gradient_descent}


class Descent:
    """A class with __call__, keeping nothing between calls."""

    def __call__(self, x, target, w, b, lr, steps):
        queue: deque[float] = deque()
        while len(queue) < steps:
            error = np.add(np.dot(w, x), b) - target
            queue.append(np.dot(error, error) / error.size)
            w = w - lr * np.einsum("n,n->", error, x) * 2 / error.size
            b = b - lr * error.sum() * 2 / error.size
        return [np.array(w), np.array(b), np.array(queue)]


@style("gradient_descent")
def callable_class(own: Own) -> Functions:
    return {"gradient_descent": Descent()}


@style("gradient_descent")
def float32(own: Own) -> Functions:
    def gradient_descent(x, target, w, b, lr, steps):
        x, target = x.astype(np.float32), target.astype(np.float32)
        w, b, losses = np.float32(w), np.float32(b), np.zeros(steps, dtype=np.float32)
        for step in range(steps):
            error = w * x + b - target
            losses[step] = np.mean(error**2)
            w, b = w - np.float32(lr) * 2 * np.mean(error * x), b - np.float32(lr) * 2 * np.mean(error)
        return w, b, losses

    return {"gradient_descent": gradient_descent}


@style("gradient_descent")
def rows_of_a_table(own: Own) -> Functions:
    def gradient_descent(x, target, w, b, lr, steps):
        table = np.zeros((steps + 1, 3))
        table[0, :2] = w, b
        for old, new in pairwise(table):
            error = old[0] * x + old[1] - target
            old[2] = np.mean(np.square(error))
            new[:2] = old[:2] - lr * 2 * np.mean([error * x, error], axis=1)
        losses = table[:-1, 2]
        losses.setflags(write=False)
        return table[-1, 0], table[-1, 1], losses

    return {"gradient_descent": gradient_descent}


# ---- online_fit, largest_stable_lr, counterexample -------------------------------------------------------------------


@style("online_fit")
def one_loop(own: Own) -> Functions:
    def online_fit(x, target, w, lr, passes, b=-6.0):
        weights = np.full(passes * len(x) + 1, float(w))
        for step in range(passes * len(x)):
            n = step % len(x)
            weights[step + 1] = weights[step] - lr * (weights[step] * x[n] + b - target[n]) * x[n]
        return weights

    return {"online_fit": online_fit}


@style("online_fit")
def tiled(own: Own) -> Functions:
    def online_fit(x, target, w, lr, passes, b=-6.0):
        points = zip(np.tile(x, passes), np.tile(target, passes), strict=True)
        return list(accumulate(points, lambda w, p: w * (1 - lr * p[0] ** 2) + lr * p[0] * (p[1] - b), initial=w))

    return {"online_fit": online_fit}


@style("online_fit")
def nested_functions(own: Own) -> Functions:
    def online_fit(x, target, w, lr, passes, b=-6.0):
        history = [w]

        def visit(n: int) -> None:
            error = own["predict"](x[n : n + 1], history[-1], b)[0] - target[n]
            history.append(history[-1] - lr * error * x[n])

        for _ in range(passes):
            list(map(visit, range(len(x))))
        return tuple(history)

    return {"online_fit": online_fit}


@style("largest_stable_lr")
def closed_form(own: Own) -> Functions:
    def largest_stable_lr(x):
        a, m = np.mean(x**2), np.mean(x)
        return 2 / (a + 1 + np.sqrt((a - 1) ** 2 + 4 * m**2))

    return {"largest_stable_lr": largest_stable_lr}


@style("largest_stable_lr")
def singular_values(own: Own) -> Functions:
    return {"largest_stable_lr": lambda x: len(x) / np.linalg.norm(np.vander(x, 2), 2) ** 2}


@style("largest_stable_lr")
def general_eigenvalues(own: Own) -> Functions:
    def largest_stable_lr(x):
        design = np.stack([x, np.ones(len(x))], axis=1)
        return np.array(2 / max(np.linalg.eigvals(2 * design.T @ design / len(x)).real))

    return {"largest_stable_lr": largest_stable_lr}


@style("counterexample")
def other_numbers(own: Own) -> Functions:
    return {"counterexample": lambda: ([-3.0, -1.0, -2.0], [-12.0, -8.0, -10.0], 4, 0.05)}


@style("counterexample")
def noisy(own: Own) -> Functions:
    def counterexample() -> list[Any]:
        x = np.linspace(-1.5, -0.5, 4)
        return [x, 2 * x - 6 + np.array([0.1, -0.1, 0.05, 0.0]), np.float64(-3.0), np.array(0.1)]

    return {"counterexample": counterexample}
