"""How surely the rules on cost tell right answers from slow ones, on a busy machine.

`.venv/bin/python benchmarks/cost_rules.py --tries 1000 --busy 4`. Runs the hidden test on the cost of rnn_backward again and
again, in the cage, on one answer after another, with busy processes beside it. Right answers must pass every time, the
others never. An answer that takes longer than --seconds in all gets fewer tries; --seconds 10 gives an impression.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.checks.hidden import HiddenTest, run_test
from autograder.course.assignment import Assignment
from autograder.course.settings import load_course
from autograder.grading.judge import Judge
from autograder.kernels.cage import Cage
from autograder.kernels.student import Student
from autograder.kernels.submission import Submission

ASSIGNMENT, FUNCTION = "a4_bptt", "rnn_backward"
RIGHT = ("loops", "samples", "recursion", "folds", "objects")  # files of right/, beside our own answer
LISTS = """
    def rnn_backward(grad_outputs, cache):
        x, states, params = cache
        carry, dz = np.zeros_like(states[0]), np.zeros((0, *states[0].shape))
        for t in range(len(x) - 1, -1, -1):
            now = (grad_outputs[t] + carry) * (1 - states[t + 1] ** 2)
            dz = np.concatenate([now[None], dz])  # copies all that it has so far
            carry = now @ params["weight_hh"]
        bias = dz.sum(axis=(0, 1))
        grads = {"x": dz @ params["weight_ih"], "h0": carry, "bias_ih": bias, "bias_hh": bias}
        grads["weight_ih"] = sum([d.T @ before for d, before in zip(dz, x)])
        grads["weight_hh"] = sum([d.T @ before for d, before in zip(dz, states)])
        return grads
"""
FROM_EACH_STEP = """
    swept = rnn_backward
    def rnn_backward(grad_outputs, cache):
        for s in range(len(grad_outputs)):
            carry = grad_outputs[s]
            for t in range(s, -1, -1):
                carry = carry * (1 - cache[1][t + 1] ** 2) @ cache[2]["weight_hh"]
        return swept(grad_outputs, cache)
"""
FORWARD_AGAIN = """
    swept = rnn_backward
    def rnn_backward(grad_outputs, cache):
        for t in range(len(grad_outputs), 0, -1):
            rnn_forward(cache[0][:t], cache[1][0], cache[2])
        return swept(grad_outputs, cache)
"""
DIFFERENCES = """
    def states_of(x, h, p):
        inputs, weight = x @ p["weight_ih"].T + (p["bias_ih"] + p["bias_hh"]), p["weight_hh"].T
        for z in inputs:
            h = np.tanh(z + h @ weight)
            yield h
    ours = rnn_forward
    def rnn_forward(x, h0, params):
        end = __import__("time").process_time() + 0.002  # a forward that takes long makes no backward cheap
        while __import__("time").process_time() < end:
            pass
        return ours(x, h0, params)
    def rnn_backward(grad_outputs, cache):
        at = {"x": cache[0].copy(), "h0": cache[1][0].copy(), **{k: v.copy() for k, v in cache[2].items()}}
        total = lambda: sum((h * g).sum() for h, g in zip(states_of(at["x"], at["h0"], at), grad_outputs))
        grads = {name: np.zeros_like(value) for name, value in at.items()}
        for name, value in at.items():
            for i in np.ndindex(value.shape):
                centre = value[i]
                value[i] = centre + 1e-5
                above = total()
                value[i] = centre - 1e-5
                grads[name][i], value[i] = (above - total()) / 2e-5, centre
        return grads
"""
IN_THREADS = (
    DIFFERENCES.replace("def rnn_backward(", "def slowly(")
    + """
    def rnn_backward(grad_outputs, cache):
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(slowly, grad_outputs, cache).result()
"""
)
SLOW = {
    "from each step to the first": FROM_EACH_STEP,
    "the forward again at each step": FORWARD_AGAIN,
    "differences, burning forward": DIFFERENCES,
    "differences in a thread": IN_THREADS,
}


def main() -> None:
    """Print a line for each answer: how often it passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=1000)
    parser.add_argument("--busy", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    course = load_course()
    assignment = course.assignments[ASSIGNMENT]
    tests = Judge.of([assignment], "cost rules", course.cost_share).tests[ASSIGNMENT]
    test = next(test for test in tests if test.function == FUNCTION and test.cost)
    fast = {"ours": "", **{style: "\n".join(assignment.right[style].values()) for style in RIGHT}, "lists": LISTS}
    answers = {f"right: {name}": code for name, code in fast.items()} | {f"slow: {n}": code for n, code in SLOW.items()}
    print(f"{os.cpu_count()} cores, {options.busy} busy processes, load {os.getloadavg()[0]:.1f} before", flush=True)
    with busy(options.busy):
        for name, code in answers.items():
            if options.only in name:
                measure(name, assignment, test, code, options.tries, options.seconds)
    print(f"load {os.getloadavg()[0]:.1f} after")


def measure(name: str, assignment: Assignment, test: HiddenTest, code: str, tries: int, most: float) -> None:
    """Run the test on one answer, in a process that serves ten tries, or two seconds."""
    course, passed, seconds = load_course(), 0, list[float]()
    cage = Cage(course.python, course.limits, course.isolation, course.selfcheck)
    cage.wait()
    cells = [
        assignment.standard_imports + "\nimport numpy as np",
        *assignment.solutions.values(),
        textwrap.dedent(code),
    ]
    while len(seconds) < tries and sum(seconds) < most:
        submission = Submission(cage, cells)
        submission.begin()
        end = time.perf_counter() + 2
        for _ in range(10):
            start = time.perf_counter()
            passed += run_test(test, Student(submission, assignment.functions)).share == 1
            seconds.append(time.perf_counter() - start)
            if start + seconds[-1] > end:
                break
        submission.end()
    cage.close()
    middle = 1000 * statistics.median(seconds)
    print(f"{name:40} passed {passed:4} of {len(seconds):4}, {middle:6.0f} ms a try", flush=True)


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Processes that only compute."""
    others = [multiprocessing.Process(target=spin, daemon=True) for _ in range(count)]
    for other in others:
        other.start()
    try:
        yield
    finally:
        for other in others:
            other.kill()


def spin() -> None:
    """Compute for ever."""
    while True:
        sum(range(1000))


if __name__ == "__main__":
    main()
