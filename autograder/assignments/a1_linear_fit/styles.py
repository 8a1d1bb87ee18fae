"""Right answers to a1_linear_fit in other styles than our own."""

from __future__ import annotations

from autograder.sample.recipes import written

ASSIGNMENT = "a1_linear_fit"

# Plain Python: lists, sums and loops, no NumPy.
LOOPS = written(
    ASSIGNMENT,
    """
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
    """,
)

# Everything as a product: einsum, and the whole line as one vector of two parameters.
EINSUM = written(
    ASSIGNMENT,
    """
    def design(x):
        return np.stack([x, np.ones_like(x)])

    def predict(x, w, b):
        return np.einsum("p,pn->n", np.array([w, b]), design(x))

    def mse_loss(prediction, target):
        error = prediction - target
        return np.einsum("n,n->", error, error) / error.size

    def numerical_derivative(f, at, eps=1e-6):
        above, below = (f(at + step) for step in (eps, -eps))
        return np.einsum("s,s->", [above, below], [0.5 / eps, -0.5 / eps])

    def mse_gradients(x, target, w, b):
        error = predict(x, w, b) - target
        return tuple(np.einsum("pn,n->p", design(x), error) * 2 / len(x))

    def gradient_descent(x, target, w, b, lr, steps):
        theta, losses = np.array([w, b], dtype=float), np.zeros(steps)
        for step in range(steps):
            losses[step] = mse_loss(predict(x, *theta), target)
            theta = theta - lr * np.array(mse_gradients(x, target, *theta))
        return theta[0], theta[1], losses

    def largest_stable_lr(x):
        curvature = 2 * np.einsum("pn,qn->pq", design(x), design(x)) / len(x)
        return 2 / np.linalg.norm(curvature, 2)

    def online_fit(x, target, w, lr, passes, b=-6.0):
        weights = np.full(passes * len(x) + 1, float(w))
        for step, n in enumerate(np.tile(np.arange(len(x)), passes)):
            weights[step + 1] = weights[step] - lr * (weights[step] * x[n] + b - target[n]) * x[n]
        return weights

    def counterexample():
        return np.array([-1.0, 0.5]), np.array([-8.0, -5.0]), 6.0, 0.2
    """,
)

# Objects that are called: a class whose instances keep what they need, closures, partial functions.
OBJECTS = written(
    ASSIGNMENT,
    """
    class Line:
        def __init__(self, w, b):
            self.w, self.b = w, b

        def __call__(self, x):
            return self.w * x + self.b

        def slopes(self, x, target):
            double = 2 * (self(x) - target)
            return np.mean(double * x), np.mean(double)

        def step(self, slopes, lr):
            return Line(self.w - lr * slopes[0], self.b - lr * slopes[1])

    def predict(x, w, b):
        return Line(w, b)(x)

    class MeanSquare:
        def __call__(self, prediction, target):
            return np.square(np.subtract(prediction, target)).mean()

    mse_loss = MeanSquare()

    numerical_derivative = lambda f, at, eps=1e-6: (f(at + eps) - f(at - eps)) / (2 * eps)

    def mse_gradients(x, target, w, b):
        return Line(w, b).slopes(x, target)

    def gradient_descent(x, target, w, b, lr, steps):
        line, losses = Line(w, b), []
        while len(losses) < steps:
            losses.append(mse_loss(line(x), target))
            line = line.step(line.slopes(x, target), lr)
        return line.w, line.b, losses

    def largest_stable_lr(x):
        return 2 / np.linalg.eigvals([[2 * np.mean(x * x), 2 * np.mean(x)], [2 * np.mean(x), 2]]).max()

    def walker(x, target, lr, b):
        def walk(w):
            for x_n, y_n in zip(x, target):
                w = w - lr * (Line(w, b)(x_n) - y_n) * x_n
                yield w

        return walk

    def online_fit(x, target, w, lr, passes, b=-6.0):
        weights, walk = [w], walker(x, target, lr, b)
        for _ in range(passes):
            weights.extend(walk(weights[-1]))
        return weights

    def counterexample():
        x = np.linspace(-3, -1, 4)
        return x, 1.5 * x - 6, 3.0, 0.02
    """,
)

# float32 throughout: right to 7 digits.
SINGLE = written(
    ASSIGNMENT,
    """
    def single(*values):
        return [np.asarray(value, dtype=np.float32) for value in values]

    def predict(x, w, b):
        x, w, b = single(x, w, b)
        return w * x + b

    def mse_loss(prediction, target):
        prediction, target = single(prediction, target)
        return np.mean((prediction - target) ** 2)

    def numerical_derivative(f, at, eps=1e-6):
        return np.float32((f(at + eps) - f(at - eps)) / (2 * eps))

    def mse_gradients(x, target, w, b):
        x, target, w, b = single(x, target, w, b)
        error = w * x + b - target
        return 2 * np.mean(error * x), 2 * np.mean(error)

    def gradient_descent(x, target, w, b, lr, steps):
        x, target, w, b, lr = single(x, target, w, b, lr)
        losses = np.zeros(steps, dtype=np.float32)
        for step in range(steps):
            losses[step] = mse_loss(predict(x, w, b), target)
            dw, db = mse_gradients(x, target, w, b)
            w, b = w - lr * dw, b - lr * db
        return w, b, losses

    def largest_stable_lr(x):
        (x,) = single(x)
        hessian = 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1]], dtype=np.float32)
        return np.float32(2) / np.linalg.eigvalsh(hessian)[-1]

    def online_fit(x, target, w, lr, passes, b=-6.0):
        x, target, w, lr, b = single(x, target, w, lr, b)
        weights = [w]
        for _ in range(passes):
            for x_n, y_n in zip(x, target):
                w = w - lr * (w * x_n + b - y_n) * x_n
                weights.append(w)
        return np.stack(weights)

    def counterexample():
        x = np.array([-2.0, -4.0, 0.5], dtype=np.float32)
        return x, 2 * x - 6, np.float32(5), np.float32(0.05)
    """,
)
