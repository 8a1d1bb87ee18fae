"""One sample after the other: weights as sums of outer products, columns as vectors, a loss for each step."""

import numpy as np


def rnn_cell_backward(grad_h, cache):
    x, h_prev, h, params = cache
    grad_z = [g * (1 - s**2) for g, s in zip(grad_h, h)]
    return {
        "x": np.array([g @ params["weight_ih"] for g in grad_z]),
        "h_prev": np.array([g @ params["weight_hh"] for g in grad_z]),
        "weight_ih": sum(np.outer(g, row) for g, row in zip(grad_z, x)),
        "weight_hh": sum(np.outer(g, row) for g, row in zip(grad_z, h_prev)),
        "bias_ih": sum(grad_z),
        "bias_hh": np.add.reduce(grad_z),
    }


def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
    states, predictions = [], []
    for x, a in zip(xt.T, a_prev.T):
        states.append(np.tanh(Wax.dot(x) + Waa.dot(a) + ba.ravel()))
        scores = Wya.dot(states[-1]) + by.ravel()
        powers = np.exp(scores - scores.max())
        predictions.append(powers / powers.sum())
    return np.transpose(states), np.transpose(predictions)


def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
    grads = {"dxt": np.empty_like(xt), "da_prev": np.empty_like(a_prev)}
    grads |= {"dWax": np.zeros_like(Wax), "dWaa": np.zeros_like(Waa), "dba": np.zeros_like(ba)}
    for n, (da, x, a) in enumerate(zip(da_next.T, xt.T, a_prev.T)):
        dz = da * (1 - np.tanh(Wax @ x + Waa @ a + ba[:, 0]) ** 2)
        grads["dxt"][:, n], grads["da_prev"][:, n] = dz @ Wax, dz @ Waa
        grads["dWax"] += np.outer(dz, x)
        grads["dWaa"] += np.outer(dz, a)
        grads["dba"] += dz[:, None]
    return grads


def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
    shared = dict.fromkeys(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), 0.0)
    carry, found = 0.0, {}
    for name, grad_h, cache in (("x_2", grad_h2, cache_2), ("x_1", grad_h1, cache_1)):
        grads = rnn_cell_backward(grad_h + carry, cache)
        carry, found[name] = grads["h_prev"], grads["x"]
        shared = {key: total + grads[key] for key, total in shared.items()}
    return {**found, "h0": carry, **shared}


def loss_of_step(scores, classes):
    shifted = scores - scores.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    one_hot = np.eye(scores.shape[-1])[classes]
    return -(one_hot * log_p).sum() / len(classes), (np.exp(log_p) - one_hot) / len(classes)


def sequence_loss(logits, target):
    losses, grads = [], []
    for scores, classes in zip(logits, target):
        loss, grad = loss_of_step(scores, classes)
        losses.append(loss)
        grads.append(grad / len(logits))
    return [np.mean(losses), grads]
