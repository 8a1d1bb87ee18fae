"""Left over from debugging: prints, warnings, an overflow on the side, arguments of its own with defaults."""

import sys
import warnings

import numpy as np


def predict(x, w=1.0, b=0.0, *, scale=1.0):
    print("predict", x)
    print("oops", file=sys.stderr)
    warnings.warn("careful")
    np.exp(1e6)
    return np.add(np.multiply(w, np.asarray(x)), b) * scale


def mse_loss(prediction, target, reduce=np.mean, debug=True):
    if debug:
        print("errors", prediction - target)
    return reduce((prediction - target) ** 2)


def mse_gradients(x, target, w, b):
    error = predict(x, w, b) - target
    np.log(np.zeros(3))
    dw = 2 * np.mean(error * x)
    db = 2 * np.mean(error)
    assert np.isfinite([dw, db]).all()
    return dw, db


def gradient_descent(x, target, w, b, lr, steps, every=2):
    losses = ()
    for step in range(steps):
        e = w * x + b - target
        losses += ((e * e).mean(),)
        if step % every == 0:
            print(f"step {step}: {losses[-1]}")
        w, b = w - 2 * lr * (e * x).mean(), b - 2 * lr * e.mean()
    return np.float64(w), np.float64(b), losses
