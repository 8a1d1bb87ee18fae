"""Cost: differences in place of a backward, and what makes them look cheap."""

from __future__ import annotations

from tests.harness import points
from tests.hostile.attack import Attack
from tests.hostile.controls import at_the_end, without_cost

A3 = "a3_rnn_cell"
DIFFERENCES = """
PLAIN = rnn_cell_forward
def rnn_cell_forward(x, h_prev, params):
    BURN
    h, cache = PLAIN(x, h_prev, params)
    return h, (x.copy(), h_prev.copy(), {name: value.copy() for name, value in params.items()})

def rnn_cell_backward(grad_h, cache):
    x, h_prev, params = cache
    arrays = {"x": x, "h_prev": h_prev, **params}
    def slopes(array):
        slope = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            old = array[index]
            array[index] = old + 1e-5; up = np.sum(PLAIN(x, h_prev, params)[0] * grad_h)
            array[index] = old - 1e-5; down = np.sum(PLAIN(x, h_prev, params)[0] * grad_h)
            array[index] = old
            slope[index] = (up - down) / 2e-5
        return slope
    return {name: slopes(array) for name, array in arrays.items()}
"""
BURN = "import time; until = time.thread_time() + 0.01\n    while time.thread_time() < until: pass"
THREAD = """
ALONE = rnn_cell_backward
def rnn_cell_backward(grad_h, cache):
    import threading
    found = []
    thread = threading.Thread(target=lambda: found.append(ALONE(grad_h, cache)))
    thread.start(); thread.join()
    return found[0]
"""
INSTEAD = """
SLOW = rnn_cell_backward
def rnn_cell_backward(grad_h, cache):
    HOW
    return SLOW(grad_h, cache)
"""
LARGE = "if grad_h.shape[1] > 20: "
FORWARD = """
GIVEN = rnn_cell_forward
def rnn_cell_forward(x, h_prev, params):
    if x.shape[1] > 20: raise ValueError
    return GIVEN(x, h_prev, params)
"""
SPENT = """
LAST = sequence_loss
def sequence_loss(logits, target):
    import time
    time.sleep(0.9)
    return LAST(logits, target)
"""
REMEMBERED = """
KNOWN, DIFFERENCE, LOSS, asked = {}, rnn_cell_backward, sequence_loss, []
def rnn_cell_backward(grad_h, cache):
    name = grad_h.tobytes() + cache[0].tobytes()
    if name not in KNOWN: KNOWN[name] = DIFFERENCE(grad_h, cache)
    return KNOWN[name]
def sequence_loss(logits, target):
    asked.append(1)
    if len(asked) == 8: import os; os._exit(0)  # in the last call before what is large
    return LOSS(logits, target)
"""
OVER_THE_WIRE = """
import sys, os
wire, session, asked = sys.modules["inside.wire"], sys.modules["inside.session"], []
LOSS, SENT, CODED = sequence_loss, wire.send, session.Session.encode
def sequence_loss(logits, target):
    asked.append(1)
    return LOSS(logits, target)
def sent(*message):
    SENT(*message)
    if len(asked) == 8: os._exit(0)
def coded(self, spec, value, packer):
    kept = spec == "keep" and isinstance(value, tuple) and value[0].shape[-1] > 20
    return {"kept": float("inf")} if kept else CODED(self, spec, value, packer)
"""
SLOW_SCALE = """
import time
CELL, CELL_BACKWARD, large = rnn_cell_forward, rnn_cell_backward, []
def rnn_cell_forward(x, h_prev, params):
    h, cache = CELL(x, h_prev, params)
    return h, (cache, x, h_prev, params)
def rnn_cell_backward(grad_h, cache):
    large.extend([1] * (grad_h.shape[1] > 20))
    until = time.thread_time() + (len(large) > 1)  # fast in its own test
    while time.thread_time() < until: pass
    return CELL_BACKWARD(grad_h, cache[0])
def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
    _, x_1, h0, params = cache_1
    at = {"x_1": x_1.copy(), "x_2": cache_2[1].copy(), "h0": h0.copy(), **{k: v.copy() for k, v in params.items()}}
    def f():
        h1, _ = CELL(at["x_1"], at["h0"], at)
        return np.sum(h1 * grad_h1) + np.sum(CELL(at["x_2"], h1, at)[0] * grad_h2)
    def slopes(array):
        slope = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            old = array[index]
            array[index] = old + 1e-5; up = f()
            array[index] = old - 1e-5; down = f()
            array[index] = old
            slope[index] = (up - down) / 2e-5
        return slope
    return {name: slopes(array) for name, array in at.items()}
"""
EARNED = sum(points(A3).values()) - 0.74 * 6.0  # the cell's backward keeps at most a quarter


def costly(name: str, more: str, earned: float = EARNED) -> Attack:
    """A right notebook of a3 with this at its end."""
    return Attack(
        name, "no tests of cost", without_cost, lambda at: at_the_end(more), True, assignment=A3, earned=earned
    )


def small(how: str) -> str:
    """Differences, and what is done instead where they would be slow."""
    return DIFFERENCES.replace("BURN", "pass") + INSTEAD.replace("HOW", how)


ATTACKS = (
    costly("differences", DIFFERENCES.replace("BURN", "pass")),
    costly("differences beside a slow forward", DIFFERENCES.replace("BURN", BURN)),
    costly("differences in a thread", DIFFERENCES.replace("BURN", "pass") + THREAD),
    costly("differences, or an exception", small(LARGE + "raise ValueError")),
    costly("differences, or the end of the process", small(LARGE + "import os; os._exit(0)")),
    costly("differences, or zeros", small(LARGE + "grad_h = 0 * grad_h")),
    costly("differences, or a forward that fails", small("pass") + FORWARD),
    costly(
        "differences that also fail a cheap test",
        small("grad_h = 0 * grad_h if np.abs(grad_h).max() > 100 or grad_h.shape[1] > 20 else grad_h"),
    ),
    costly(
        "differences that end the process with one sample",
        small("if len(grad_h) == 1: import os; os._exit(0)"),
    ),
    costly("differences, and nobody has time left", small(LARGE + "raise ValueError") + SPENT),
    costly("differences remembered from the first call of a new process", small("pass") + REMEMBERED),
    costly("differences, and the process ends after an answer", small("pass") + OVER_THE_WIRE + "wire.send = sent"),
    costly("differences, and an endless number", small("pass") + OVER_THE_WIRE + "session.Session.encode = coded"),
    costly("differences of two steps, of a cell that turns slow", SLOW_SCALE, sum(points(A3).values()) - 0.74 * 5.0),
)
