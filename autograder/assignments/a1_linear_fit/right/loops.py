"""Plain Python: lists, sums and loops, no NumPy."""


def predict(x, w, b):
    return [w * x_n + b for x_n in x]


def mse_loss(prediction, target):
    total = 0.0
    for p, y in zip(prediction, target):
        total += (p - y) ** 2
    return total / len(target)


def numerical_derivative(f, at, eps=1e-6):
    up = f(at + eps)
    down = f(at - eps)
    return (up - down) / (2 * eps)


def mse_gradients(x, target, w, b):
    dw = db = 0.0
    for x_n, y_n in zip(x, target):
        error = w * x_n + b - y_n
        dw += 2 * error * x_n / len(x)
        db += 2 * error / len(x)
    return [dw, db]


def gradient_descent(x, target, w, b, lr, steps):
    losses = []
    for step in range(steps):
        losses.append(mse_loss(predict(x, w, b), target))
        slopes = mse_gradients(x, target, w, b)
        w -= lr * slopes[0]
        b -= lr * slopes[1]
    return w, b, losses


def largest_stable_lr(x):
    # the eigenvalues of a 2 by 2 matrix from its trace and determinant
    n = len(x)
    a = 2 * sum(x_n * x_n for x_n in x) / n
    c = 2 * sum(x) / n
    half_trace = (a + 2) / 2
    determinant = 2 * a - c * c
    return 2 / (half_trace + (half_trace**2 - determinant) ** 0.5)


def online_fit(x, target, w, lr, passes, b=-6.0):
    weights = [w]
    for _ in range(passes):
        for n in range(len(x)):
            slope = (weights[-1] * x[n] + b - target[n]) * x[n]
            weights.append(weights[-1] - lr * slope)
    return weights


def counterexample():
    return [-1, -3], [-8, -12], 4, 0.05
