"""Objects: a callable class whose instances are caches, bound methods, a trainer that begins anew at each call."""

import numpy as np


class Net:
    def __init__(self, x, params):
        self.x, self.params = x, params

    def run(self):
        self.h = sigmoid(self.x @ self.params["weight_1"].T + self.params["bias_1"])
        self.y = sigmoid(self.h @ self.params["weight_2"].T + self.params["bias_2"])
        return self.y


class Forward:
    def __call__(self, x, params):
        net = Net(x, params)
        return net.run(), net


mlp_forward = Forward()


class Nudge:
    def __init__(self, f, array):
        self.f, self.array = f, array

    def at(self, index, step):
        moved = self.array.copy()
        moved[index] += step
        return self.f(moved)


def numerical_gradient(f, array, eps=1e-6):
    at, gradient = Nudge(f, array).at, np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        gradient[index] = (at(index, eps) - at(index, -eps)) / (2 * eps)
    return gradient


class Backward:
    def upper(self, grad, net):
        return np.multiply(grad, net.y - net.y**2)

    def lower(self, grad, net):
        return np.dot(self.upper(grad, net), net.params["weight_2"]) * (net.h - net.h**2)

    def gradients(self, grad, net):
        upper, lower = self.upper(grad, net), self.lower(grad, net)
        return {
            "x": np.dot(lower, net.params["weight_1"]),
            "weight_1": np.dot(np.transpose(net.x), lower).T,
            "bias_1": np.add.reduce(lower),
            "weight_2": np.dot(np.transpose(net.h), upper).T,
            "bias_2": np.add.reduce(upper),
        }


mlp_backward = Backward().gradients


class Trainer:
    def __call__(self, x, target, params, lr, steps):
        self.params, self.losses = dict(params), []
        for _ in range(steps):
            self.step(x, target, lr)
        return self.params, np.array(self.losses)

    def step(self, x, target, lr):
        prediction, net = mlp_forward(x, self.params)
        self.losses.append(float(np.square(prediction - target).sum() / 2))
        for name, grad in mlp_backward(prediction - target, net).items():
            if name in self.params:
                self.params[name] = self.params[name] - lr * grad


train_mlp = Trainer()
