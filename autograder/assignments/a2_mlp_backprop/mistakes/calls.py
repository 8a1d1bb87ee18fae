"""Known mistakes of a2_mlp_backprop: what one call of the backward does to the next."""

from __future__ import annotations

from autograder.assignments.a2_mlp_backprop.mistakes.shared import Array, Backward, Grads, Net, Params, forward, mlp
from autograder.naming.bank import Functions, MistakesIn, Own

in_mlp_backward = MistakesIn("mlp_backward")


@in_mlp_backward(
    "writes_into_upstream",
    "grad_prediction itself is written into, and the caller's array changes",
    "3.3: grad_prediction *= … writes into the caller's array.",
    seen_in="Burton2000/CS231n-2017 #7",
)
def writes_into_upstream(own: Own) -> Functions:
    def top(g: Array, net: Net) -> Array:
        g *= net.prediction * (1 - net.prediction)
        return g

    return mlp(own, top=top)


@in_mlp_backward(
    "writes_into_cache",
    "the slope is written over the hidden layer in the cache, and the next call finds it there",
    "3.3: change nothing in cache.",
)
def writes_into_cache(own: Own) -> Functions:
    right = Backward()

    def mlp_backward(grad_prediction: Array, net: Net) -> Grads:
        grads = right(grad_prediction, net)
        net.hidden[...] = net.hidden * (1 - net.hidden)
        return grads

    return {"mlp_forward": forward, "mlp_backward": mlp_backward}


@in_mlp_backward(
    "cache_in_global",
    "the cache is a global variable, so backward sees whatever forward ran last",
    "3.1: all that backward needs is in the cache of its own forward.",
)
def cache_in_global(own: Own) -> Functions:
    kept: list[Net] = []

    def mlp_forward(x: Array, params: Params) -> tuple[Array, None]:
        prediction, net = forward(x, params)
        kept[:] = [net]
        return prediction, None

    return {
        "mlp_forward": mlp_forward,
        "mlp_backward": lambda grad_prediction, cache: Backward()(grad_prediction, *kept),
    }
