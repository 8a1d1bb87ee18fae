"""Functions of functions: map, reduce, lambdas and functions inside functions; results are tuples."""

import numpy as np

predict = lambda x, w, b: tuple(map(lambda x_n: w * x_n + b, x))

mse_loss = lambda prediction, target: (e := np.subtract(prediction, target)) @ e / len(e)


def numerical_derivative(f, at, eps=1e-6):
    here = f(at)
    sides = map(lambda step: (f(at + step) - here) / step, (eps, -eps))
    return sum(sides) / 2


from functools import reduce


def gradient_descent(x, target, w, b, lr, steps):
    def step(state, _):
        w, b, losses = state
        error = w * x + b - target
        slope_w, slope_b = 2 * np.mean(error * x), 2 * np.mean(error)
        return w - lr * slope_w, b - lr * slope_b, (*losses, float(np.mean(error**2)))

    return reduce(step, range(steps), (w, b, ()))


def online_fit(x, target, w, lr, passes, b=-6.0):
    history = [w]

    def visit(n):
        error = predict(x[n : n + 1], history[-1], b)[0] - target[n]
        history.append(history[-1] - lr * error * x[n])

    for _ in range(passes):
        list(map(visit, range(len(x))))
    return tuple(history)
