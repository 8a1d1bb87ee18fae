"""Functions that call themselves: back from the last step, down the leading axes, along the steps of the loss."""

import numpy as np

SHARED = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def back(grads, caches, carry):
    if not grads:
        return [], carry, dict.fromkeys(SHARED, 0.0)
    now = rnn_cell_backward(grads[-1] + carry, caches[-1])
    xs, h0, sums = back(grads[:-1], caches[:-1], now["h_prev"])
    return [*xs, now["x"]], h0, {name: sums[name] + now[name] for name in SHARED}


def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
    (x_1, x_2), h0, sums = back([grad_h1, grad_h2], [cache_1, cache_2], np.zeros_like(grad_h2))
    return {"x_1": x_1, "x_2": x_2, "h0": h0} | sums


def readout_forward(outputs, params):
    if outputs.ndim > 2:
        return np.stack([readout_forward(part, params)[0] for part in outputs]), {"o": outputs, "p": params}
    return outputs @ params["weight_ho"].T + params["bias_ho"], {"o": outputs, "p": params}


def readout_backward(grad_logits, cache):
    outputs, params = cache["o"], cache["p"]
    if grad_logits.ndim > 2:
        parts = [readout_backward(g, {"o": o, "p": params}) for g, o in zip(grad_logits, outputs)]
        grads = {name: sum(part[name] for part in parts) for name in ("weight_ho", "bias_ho")}
        return {"outputs": np.stack([part["outputs"] for part in parts]), **grads}
    return {
        "outputs": grad_logits @ params["weight_ho"],
        "weight_ho": grad_logits.T @ outputs,
        "bias_ho": grad_logits.sum(axis=0),
    }


def sums_of(logits, target):
    if len(target) > 1:
        half = len(target) // 2
        first, second = sums_of(logits[:half], target[:half]), sums_of(logits[half:], target[half:])
        return first[0] + second[0], np.concatenate([first[1], second[1]])
    log_p = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    right = np.eye(logits.shape[-1], dtype=bool)[target]
    return -log_p[right].sum(), np.exp(log_p) - right


def sequence_loss(logits, target):
    loss, grad = sums_of(logits, target)
    return loss / target.size, grad / target.size
