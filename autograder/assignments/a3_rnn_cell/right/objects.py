"""Objects that are called; a cache that the backward writes into, a counter on the class, a loss that is unpacked."""

import numpy as np


class Forward:
    def __call__(self, x, h_prev, params):
        z = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]
        return np.tanh(z), {"x": x, "h_prev": h_prev, "z": z, "params": params}


rnn_cell_forward = Forward()


class Backward:
    calls = 0

    def __call__(self, grad_h, cache):
        Backward.calls += 1
        cache["grad_z"] = grad_z = grad_h / np.cosh(cache["z"]) ** 2  # a cache is the student's business
        print("called", Backward.calls)
        weights, bias = cache["params"], grad_z.sum(0)
        grads = {"x": grad_z @ weights["weight_ih"], "h_prev": grad_z @ weights["weight_hh"]}
        grads.update(weight_ih=grad_z.T @ cache["x"], weight_hh=grad_z.T @ cache["h_prev"])
        return {**grads, "bias_ih": bias, "bias_hh": bias}


rnn_cell_backward = Backward()


class Readout:
    def forward(self, outputs, params):
        self.outputs, self.params = outputs, params
        return np.inner(outputs, params["weight_ho"]) + params["bias_ho"]

    def backward(self, grad_logits):
        rows = grad_logits.reshape(-1, grad_logits.shape[-1])
        self.grads = {"outputs": grad_logits @ self.params["weight_ho"], "bias_ho": rows.sum(0)}
        self.grads["weight_ho"] = rows.T @ self.outputs.reshape(len(rows), -1)
        return self.grads


def readout_forward(outputs, params):
    readout = Readout()
    return readout.forward(outputs, params), readout


readout_backward = lambda grad_logits, cache: Readout.backward(cache, grad_logits)


class Loss:
    def __init__(self, logits, target):
        self.logits, self.target = logits, target
        self.p = np.apply_along_axis(softmax, -1, logits)

    def __iter__(self):
        log_p = [[self.log_p(t, n) for n in range(self.p.shape[1])] for t in range(len(self.p))]
        yield -np.mean(log_p)
        yield (self.p - np.eye(self.p.shape[2])[self.target]) / self.target.size

    def log_p(self, t, n):
        row = self.logits[t, n]
        return row[self.target[t, n]] - row.max() - np.log(np.sum(np.exp(row - row.max())))


sequence_loss = lambda logits, target: tuple(Loss(logits, target))
