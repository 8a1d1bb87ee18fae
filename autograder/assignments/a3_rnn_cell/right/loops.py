"""Plain Python: lists and loops over samples, units and inputs."""

import math

import numpy as np


def rnn_cell_forward(x, h_prev, params):
    h = []
    for n in range(len(x)):
        row = []
        for j in range(len(params["bias_ih"])):
            z = params["bias_ih"][j] + params["bias_hh"][j]
            for i in range(len(x[n])):
                z += params["weight_ih"][j][i] * x[n][i]
            for k in range(len(h_prev[n])):
                z += params["weight_hh"][j][k] * h_prev[n][k]
            row.append(math.tanh(z))
        h.append(row)
    return h, [x, h_prev, h, params]


def zeros(rows, columns):
    return [[0.0] * columns for _ in range(rows)]


def rnn_cell_backward(grad_h, cache):
    x, h_prev, h, params = cache
    N, D, H = len(x), len(x[0]), len(h[0])
    grads = {"x": zeros(N, D), "h_prev": zeros(N, H), "weight_ih": zeros(H, D), "weight_hh": zeros(H, H)}
    grads["bias_ih"], grads["bias_hh"] = [0.0] * H, [0.0] * H
    for n in range(N):
        for j in range(H):
            grad_z = grad_h[n][j] * (1 - h[n][j] ** 2)
            grads["bias_ih"][j] += grad_z
            grads["bias_hh"][j] += grad_z
            for i in range(D):
                grads["x"][n][i] += grad_z * params["weight_ih"][j][i]
                grads["weight_ih"][j][i] += grad_z * x[n][i]
            for k in range(H):
                grads["h_prev"][n][k] += grad_z * params["weight_hh"][j][k]
                grads["weight_hh"][j][k] += grad_z * h_prev[n][k]
    return grads


def turned(rows):
    return [list(column) for column in zip(*rows)]


def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
    nothing = [0.0] * len(ba)
    params = {"weight_ih": Wax, "weight_hh": Waa, "bias_ih": [b[0] for b in ba], "bias_hh": nothing}
    a_next, _ = rnn_cell_forward(turned(xt), turned(a_prev), params)
    predictions = []
    for row in a_next:
        logits = [sum(w * a for w, a in zip(Wya[c], row)) + by[c][0] for c in range(len(by))]
        powers = [math.exp(value - max(logits)) for value in logits]
        predictions.append([power / sum(powers) for power in powers])
    return turned(a_next), turned(predictions)


def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
    nothing = [0.0] * len(ba)
    params = {"weight_ih": Wax, "weight_hh": Waa, "bias_ih": [b[0] for b in ba], "bias_hh": nothing}
    _, cache = rnn_cell_forward(turned(xt), turned(a_prev), params)
    grads = rnn_cell_backward(turned(da_next), cache)
    return {
        "dxt": turned(grads["x"]),
        "da_prev": turned(grads["h_prev"]),
        "dWax": grads["weight_ih"],
        "dWaa": grads["weight_hh"],
        "dba": [[value] for value in grads["bias_ih"]],
    }


def added(a, b):
    return [added(p, q) for p, q in zip(a, b)] if hasattr(a, "__len__") else a + b


def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
    second = rnn_cell_backward(grad_h2, cache_2)
    first = rnn_cell_backward(added(grad_h1, second["h_prev"]), cache_1)
    grads = {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"]}
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        grads[name] = added(first[name], second[name])
    return grads


def readout_row(row, params):
    weight, bias = params["weight_ho"], params["bias_ho"]
    return [sum(w * h for w, h in zip(weight[c], row)) + bias[c] for c in range(len(bias))]


def readout_forward(outputs, params):
    if len(np.shape(outputs)) == 1:
        return readout_row(outputs, params), (outputs, params)
    return [readout_forward(part, params)[0] for part in outputs], (outputs, params)


def readout_backward(grad_logits, cache):
    outputs, params = cache
    C, H = len(params["bias_ho"]), len(params["weight_ho"][0])
    weight, bias, rows = zeros(C, H), [0.0] * C, []
    for grad, row in zip(np.reshape(grad_logits, (-1, C)), np.reshape(outputs, (-1, H))):
        rows.append([sum(grad[c] * params["weight_ho"][c][k] for c in range(C)) for k in range(H)])
        for c in range(C):
            bias[c] += grad[c]
            for k in range(H):
                weight[c][k] += grad[c] * row[k]
    return {"outputs": np.reshape(rows, np.shape(outputs)), "weight_ho": weight, "bias_ho": bias}


def sequence_loss(logits, target):
    T, N = len(target), len(target[0])
    loss, grad = 0.0, []
    for t in range(T):
        grad.append([])
        for n in range(N):
            top = max(logits[t][n])
            powers = [math.exp(value - top) for value in logits[t][n]]
            total = sum(powers)
            right = target[t][n]
            loss += (math.log(total) + top - logits[t][n][right]) / (T * N)
            grad[t].append([(power / total - (c == right)) / (T * N) for c, power in enumerate(powers)])
    return loss, grad
