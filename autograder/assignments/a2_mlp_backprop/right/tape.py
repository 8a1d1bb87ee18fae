"""Automatic differentiation of whole arrays, written by hand: each result remembers where it came from."""

import numpy as np


class Tape:
    def __init__(self, value, parents=()):
        self.value, self.parents = np.asarray(value), parents

    def affine(self, weight, bias):
        back = [
            (self, lambda g: g @ weight.value),
            (weight, lambda g: g.T @ self.value),
            (bias, lambda g: g.sum(axis=0)),
        ]
        return Tape(self.value @ weight.value.T + bias.value, back)

    def sigmoid(self):
        out = sigmoid(self.value)
        return Tape(out, [(self, lambda g: g * out * (1 - out))])

    def gradients(self, grad, found):
        found[id(self)] = found.get(id(self), 0) + grad
        for parent, back in self.parents:
            parent.gradients(back(grad), found)
        return found


def mlp_forward(x, params):
    leaves = {"x": Tape(x), **{name: Tape(value) for name, value in params.items()}}
    hidden = leaves["x"].affine(leaves["weight_1"], leaves["bias_1"]).sigmoid()
    top = hidden.affine(leaves["weight_2"], leaves["bias_2"]).sigmoid()
    return top.value.copy(), (top, leaves)


def worked_example():
    params = {"weight_1": [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], "bias_1": [0.1, 0.2, 0.3]}
    params |= {"weight_2": [[0.1, 0.2, 0.3]], "bias_2": [0.1]}
    leaves = {name: Tape(np.array(value)) for name, value in params.items()}
    net_1 = Tape(np.array([[0.4, 0.5]])).affine(leaves["weight_1"], leaves["bias_1"])
    hidden = net_1.sigmoid()
    net_2 = hidden.affine(leaves["weight_2"], leaves["bias_2"])
    prediction = net_2.sigmoid()
    found = prediction.gradients(prediction.value - 1, {})
    stages = {"net_1": net_1, "hidden": hidden, "net_2": net_2, "prediction": prediction}
    return {
        **{name: tape.value for name, tape in stages.items()},
        "loss": (prediction.value.item() - 1) ** 2 / 2,
        "grads": {name: found[id(leaf)] for name, leaf in leaves.items()},
    }


def mlp_backward(grad_prediction, cache):
    top, leaves = cache
    found = top.gradients(grad_prediction, {})
    return {name: found[id(leaf)] for name, leaf in leaves.items()}
