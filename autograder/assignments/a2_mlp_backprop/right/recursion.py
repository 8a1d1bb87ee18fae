"""Functions that call themselves: back through a list of layers, and the rest of the training after one step."""

from collections import namedtuple

import numpy as np

Layer = namedtuple("Layer", "input output weight")


def mlp_forward(x, params):
    layers = []
    for number in (1, 2):
        out = sigmoid(x @ params[f"weight_{number}"].T + params[f"bias_{number}"])
        layers.append(Layer(x, out, params[f"weight_{number}"]))
        x = out
    return x, layers


def mlp_backward(grad, layers):
    if not layers:
        return {"x": grad}
    *below, top = layers
    delta = grad * top.output * (1 - top.output)
    number = len(layers)
    return {
        f"weight_{number}": delta.T @ top.input,
        f"bias_{number}": delta.sum(0),
        **mlp_backward(delta @ top.weight, below),
    }


def train_mlp(x, target, params, lr, steps):
    if not steps:
        return params, []
    prediction, layers = mlp_forward(x, params)
    grads = mlp_backward(prediction - target, layers)
    end, losses = train_mlp(x, target, {k: v - lr * grads[k] for k, v in params.items()}, lr, steps - 1)
    return end, [0.5 * np.linalg.norm(prediction - target) ** 2, *losses]
