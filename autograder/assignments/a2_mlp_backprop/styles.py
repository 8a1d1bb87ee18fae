"""Right answers to a2_mlp_backprop in other styles than our own."""

from __future__ import annotations

from autograder.sample.recipes import written

ASSIGNMENT = "a2_mlp_backprop"

# Plain Python: lists and loops over samples, units and inputs; the worked example typed from a calculator.
LOOPS = written(
    ASSIGNMENT,
    """
    import math

    def squash(number):
        if number < 0:
            small = math.exp(number)
            return small / (1 + small)
        return 1 / (1 + math.exp(-number))

    def sigmoid(z):
        return np.reshape([squash(number) for number in np.ravel(z)], np.shape(z))

    def layer(rows, weight, bias):
        result = []
        for row in rows:
            units = []
            for j in range(len(bias)):
                net = bias[j]
                for i in range(len(row)):
                    net += weight[j][i] * row[i]
                units.append(squash(net))
            result.append(units)
        return result

    def mlp_forward(x, params):
        hidden = layer(x, params["weight_1"], params["bias_1"])
        prediction = layer(hidden, params["weight_2"], params["bias_2"])
        return prediction, [x, hidden, prediction, params]

    def half_squared_error(prediction, target):
        total = 0
        for row, wanted in zip(prediction, target):
            for p, y in zip(row, wanted):
                total += (p - y) ** 2
        return total / 2

    def worked_example():
        return {
            "net_1": [[0.24, 0.52, 0.8]],
            "hidden": [[0.5597, 0.6271, 0.6900]],
            "net_2": [[0.4884]],
            "prediction": [[0.6197]],
            "loss": 0.07230,
            "grads": {
                "weight_1": [[-0.0008834, -0.001104], [-0.001676, -0.002096], [-0.002300, -0.002875]],
                "bias_1": [-0.002208, -0.004191, -0.005751],
                "weight_2": [[-0.05016, -0.05620, -0.06183]],
                "bias_2": [-0.08962],
            },
        }

    def numerical_gradient(f, array, eps=1e-6):
        slopes = []
        for index in np.ndindex(np.shape(array)):
            values = []
            for step in (eps, -eps):
                moved = np.array(array, dtype=float)
                moved[index] = moved[index] + step
                values.append(f(moved))
            slopes.append((values[0] - values[1]) / (2 * eps))
        return np.reshape(slopes, np.shape(array))

    def zeros(rows, columns):
        return [[0.0] * columns for _ in range(rows)]

    def layer_backward(deltas, rows, weight):
        n_out, n_in = len(weight), len(weight[0])
        grad_rows, grad_weight, grad_bias = zeros(len(rows), n_in), zeros(n_out, n_in), [0.0] * n_out
        for n, row in enumerate(rows):
            for j in range(n_out):
                grad_bias[j] += deltas[n][j]
                for i in range(n_in):
                    grad_weight[j][i] += deltas[n][j] * row[i]
                    grad_rows[n][i] += deltas[n][j] * weight[j][i]
        return grad_rows, grad_weight, grad_bias

    def through_sigmoid(grads, values):
        return [[g * v * (1 - v) for g, v in zip(grad, row)] for grad, row in zip(grads, values)]

    def mlp_backward(grad_prediction, cache):
        x, hidden, prediction, params = cache
        deltas = through_sigmoid(grad_prediction, prediction)
        grad_hidden, weight_2, bias_2 = layer_backward(deltas, hidden, params["weight_2"])
        deltas = through_sigmoid(grad_hidden, hidden)
        grad_x, weight_1, bias_1 = layer_backward(deltas, x, params["weight_1"])
        return dict(x=grad_x, weight_1=weight_1, bias_1=bias_1, weight_2=weight_2, bias_2=bias_2)

    def softmax_row(row):
        top = max(row)
        powers = [math.exp(value - top) for value in row]
        return [power / sum(powers) for power in powers]

    def softmax(logits):
        rows = np.reshape(logits, (-1, np.shape(logits)[-1]))
        return np.reshape([softmax_row(row) for row in rows], np.shape(logits))

    def cross_entropy(logits, target):
        total = 0
        for row, right in zip(logits, target):
            top = max(row)
            total += top + math.log(sum(math.exp(value - top) for value in row)) - row[right]
        return total / len(target)

    def cross_entropy_backward(logits, target):
        grad = []
        for row, right in zip(logits, target):
            p = softmax_row(row)
            p[right] -= 1
            grad.append([value / len(target) for value in p])
        return grad

    def sgd_step(params, grads, lr):
        new = {}
        for name in params:
            new[name] = np.array(params[name]) - lr * np.array(grads[name])
        return new

    def train_mlp(x, target, params, lr, steps):
        losses = []
        for _ in range(steps):
            prediction, cache = mlp_forward(x, params)
            losses.append(half_squared_error(prediction, target))
            upstream = [[p - y for p, y in zip(row, wanted)] for row, wanted in zip(prediction, target)]
            params = sgd_step(params, mlp_backward(upstream, cache), lr)
        return params, losses
    """,
)

# Every product an einsum; sigmoid by tanh, log-sum-exp by logaddexp.
EINSUM = written(
    ASSIGNMENT,
    """
    def sigmoid(z):
        return 0.5 * (1 + np.tanh(0.5 * np.asarray(z)))

    def mlp_forward(x, params):
        hidden = sigmoid(np.einsum("ni,hi->nh", x, params["weight_1"]) + params["bias_1"])
        prediction = sigmoid(np.einsum("nh,oh->no", hidden, params["weight_2"]) + params["bias_2"])
        return prediction, dict(x=x, hidden=hidden, prediction=prediction, params=params)

    def half_squared_error(prediction, target):
        error = prediction - target
        return np.einsum("no,no->", error, error) / 2

    def worked_example():
        x, label = np.array([[0.4, 0.5]]), np.array([[1.0]])
        params = {
            "weight_1": np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]),
            "bias_1": np.array([0.1, 0.2, 0.3]),
            "weight_2": np.array([[0.1, 0.2, 0.3]]),
            "bias_2": np.array([0.1]),
        }
        prediction, cache = mlp_forward(x, params)
        hidden = cache["hidden"]
        return {
            "net_1": np.log(hidden / (1 - hidden)),
            "hidden": hidden,
            "net_2": np.log(prediction / (1 - prediction)),
            "prediction": prediction,
            "loss": half_squared_error(prediction, label),
            "grads": mlp_backward(prediction - label, cache),
        }

    def numerical_gradient(f, array, eps=1e-6):
        def along(index):
            step = np.zeros(array.shape)
            step[index] = eps
            return (f(array + step) - f(array - step)) / (2 * eps)

        return np.array([along(index) for index in np.ndindex(array.shape)]).reshape(array.shape)

    def mlp_backward(grad_prediction, cache):
        x, hidden, prediction, params = (cache[key] for key in ("x", "hidden", "prediction", "params"))
        delta_2 = np.einsum("no,no,no->no", grad_prediction, prediction, 1 - prediction)
        delta_1 = np.einsum("no,oh,nh,nh->nh", delta_2, params["weight_2"], hidden, 1 - hidden)
        return {
            "x": np.einsum("nh,hi->ni", delta_1, params["weight_1"]),
            "weight_1": np.einsum("nh,ni->hi", delta_1, x),
            "bias_1": np.einsum("nh->h", delta_1),
            "weight_2": np.einsum("no,nh->oh", delta_2, hidden),
            "bias_2": np.einsum("no->o", delta_2),
            "hidden": np.einsum("no,oh->nh", delta_2, params["weight_2"]),
        }

    def log_sum(logits):
        return np.logaddexp.reduce(logits, axis=-1, keepdims=True)

    def softmax(logits):
        return np.exp(logits - log_sum(logits))

    def cross_entropy(logits, target):
        one_hot = np.eye(logits.shape[1])[target]
        return np.einsum("nc,nc->", one_hot, log_sum(logits) - logits) / len(logits)

    def cross_entropy_backward(logits, target):
        return (softmax(logits) - np.eye(logits.shape[1])[target]) / len(logits)

    def sgd_step(params, grads, lr):
        return {name: params[name] - lr * grads[name] for name in params}

    def train_mlp(x, target, params, lr, steps):
        losses = np.empty(steps)
        for step in range(steps):
            prediction, cache = mlp_forward(x, params)
            losses[step] = half_squared_error(prediction, target)
            params = sgd_step(params, mlp_backward(prediction - target, cache), lr)
        return params, losses
    """,
)

# The cache is a closure: the forward returns the function that goes back.
CLOSURES = written(
    ASSIGNMENT,
    """
    def sigmoid(z):
        z = np.asarray(z, dtype=float)
        result = np.empty_like(z)
        positive = z >= 0
        result[positive] = 1 / (1 + np.exp(-z[positive]))
        result[~positive] = np.exp(z[~positive]) / (1 + np.exp(z[~positive]))
        return result

    def dense(weight, bias):
        def forward(rows):
            values = sigmoid(rows @ weight.T + bias)

            def backward(upstream):
                delta = upstream * values * (1 - values)
                return delta @ weight, delta.T @ rows, delta.sum(axis=0)

            return values, backward

        return forward

    def mlp_forward(x, params):
        hidden, first = dense(params["weight_1"], params["bias_1"])(x)
        prediction, second = dense(params["weight_2"], params["bias_2"])(hidden)

        def backward(upstream):
            grads = {}
            grad_hidden, grads["weight_2"], grads["bias_2"] = second(upstream)
            grads["x"], grads["weight_1"], grads["bias_1"] = first(grad_hidden)
            return grads

        return prediction, backward

    def half_squared_error(prediction, target):
        return 0.5 * np.linalg.norm(np.subtract(prediction, target)) ** 2

    def worked_example():
        x, label = np.array([[0.4, 0.5]]), 1.0
        W, B1 = np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]), np.array([0.1, 0.2, 0.3])
        V, B2 = np.array([[0.1], [0.2], [0.3]]), np.array([0.1])
        prediction, backward = mlp_forward(x, {"weight_1": W.T, "bias_1": B1, "weight_2": V.T, "bias_2": B2})
        hidden = sigmoid(x @ W + B1)
        grads = backward(prediction - label)
        loss = half_squared_error(prediction, label)
        return dict(net_1=x @ W + B1, hidden=hidden, net_2=hidden @ V + B2, prediction=prediction, loss=loss, grads=grads)

    def numerical_gradient(f, array, eps=1e-6):
        gradient = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            kept = array[index].copy()
            array[index] = kept + eps
            gradient[index] = f(array)
            array[index] = kept - eps
            gradient[index] -= f(array)
            array[index] = kept
        return gradient / (2 * eps)

    def mlp_backward(grad_prediction, cache):
        return cache(grad_prediction)

    def log_softmax(logits):
        moved = logits - logits.max(axis=-1, keepdims=True)
        return moved - np.log(np.exp(moved).sum(axis=-1, keepdims=True))

    def softmax(logits):
        return np.exp(log_softmax(logits))

    def cross_entropy(logits, target):
        return -np.take_along_axis(log_softmax(logits), target[:, None], axis=1).mean()

    def cross_entropy_backward(logits, target):
        grad = np.exp(log_softmax(logits))
        grad[range(len(target)), target] -= 1
        grad /= len(target)
        return grad

    class Params(dict):
        def __sub__(self, other):
            return Params({name: self[name] - other[name] for name in self})

    def sgd_step(params, grads, lr):
        return Params(params) - {name: lr * grads[name] for name in params}

    def train_mlp(x, target, params, lr, steps):
        losses = []
        for _ in range(steps):
            prediction, backward = mlp_forward(x, params)
            losses.append(half_squared_error(prediction, target))
            params = sgd_step(params, backward(prediction - target), lr)
        return params, losses
    """,
)

# float32 throughout: right to 7 digits.
SINGLE = written(
    ASSIGNMENT,
    """
    def single(value):
        return np.asarray(value, dtype=np.float32)

    def sigmoid(z):
        shrunk = np.exp(-np.abs(single(z)))
        return np.where(single(z) >= 0, 1, shrunk) / (1 + shrunk)

    def mlp_forward(x, params):
        x, params = single(x), {name: single(value) for name, value in params.items()}
        hidden = sigmoid(x @ params["weight_1"].T + params["bias_1"])
        prediction = sigmoid(hidden @ params["weight_2"].T + params["bias_2"])
        return prediction, (x, hidden, prediction, params)

    def half_squared_error(prediction, target):
        return np.sum((single(prediction) - single(target)) ** 2) / 2

    def worked_example():
        params = {"weight_1": [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], "bias_1": [0.1, 0.2, 0.3]}
        params |= {"weight_2": [[0.1, 0.2, 0.3]], "bias_2": [0.1]}
        prediction, cache = mlp_forward([[0.4, 0.5]], params)
        x, hidden, _, arrays = cache
        return {
            "net_1": x @ arrays["weight_1"].T + arrays["bias_1"],
            "hidden": hidden,
            "net_2": hidden @ arrays["weight_2"].T + arrays["bias_2"],
            "prediction": prediction,
            "loss": half_squared_error(prediction, 1),
            "grads": mlp_backward(prediction - 1, cache),
        }

    def numerical_gradient(f, array, eps=1e-6):
        gradient = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            above, below = array.copy(), array.copy()
            above[index] += eps
            below[index] -= eps
            gradient[index] = (f(above) - f(below)) / (above[index] - below[index])
        return gradient

    def mlp_backward(grad_prediction, cache):
        x, hidden, prediction, params = cache
        delta_2 = single(grad_prediction) * prediction * (1 - prediction)
        delta_1 = delta_2 @ params["weight_2"] * hidden * (1 - hidden)
        grads = {"x": delta_1 @ params["weight_1"], "weight_1": delta_1.T @ x, "weight_2": delta_2.T @ hidden}
        return grads | {"bias_1": delta_1.sum(axis=0), "bias_2": delta_2.sum(axis=0)}

    def softmax(logits):
        powers = np.exp(single(logits) - single(logits).max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)

    def cross_entropy(logits, target):
        logits = single(logits)
        top = logits.max(axis=1)
        log_sum = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
        return np.mean(log_sum - logits[np.arange(len(target)), target])

    def cross_entropy_backward(logits, target):
        gradient = softmax(logits)
        gradient[np.arange(len(target)), target] -= 1
        return gradient / np.float32(len(target))

    def sgd_step(params, grads, lr):
        return {name: single(value) - np.float32(lr) * single(grads[name]) for name, value in params.items()}

    def train_mlp(x, target, params, lr, steps):
        losses = np.zeros(steps, dtype=np.float32)
        for step in range(steps):
            prediction, cache = mlp_forward(x, params)
            losses[step] = half_squared_error(prediction, target)
            params = sgd_step(params, mlp_backward(prediction - single(target), cache), lr)
        return params, losses
    """,
)
