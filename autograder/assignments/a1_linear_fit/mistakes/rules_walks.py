"""Known mistakes of a1_linear_fit made by rule: what people write in each place of a walk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.assignments.a1_linear_fit.mistakes.descent import WALK
from autograder.assignments.a1_linear_fit.mistakes.online import LIMIT, ONLINE, curvatures, online, stable
from autograder.assignments.a1_linear_fit.mistakes.shared import Array
from autograder.naming.bank import Functions, MistakesIn, Own

# ---- walks -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Descent:
    """gradient_descent, right by default. rate: lr at step t; slopes and step: what they make of the slopes."""

    own: Own
    rate: Callable[[float, int, int, Array], float] = lambda lr, t, steps, x: lr
    slopes: Callable[[Any, Any, Any, Any], tuple[Any, Any]] = lambda dw, db, w, b: (dw, db)
    momentum: float = 0.0
    averaged: bool = False
    reads: Callable[..., Any] = lambda now, start: now
    losses: Callable[[list[Any], Any], Any] = lambda losses, last: np.array(losses)
    ends: Callable[..., Any] = lambda walked: walked[-1]

    def __call__(self, x: Array, target: Array, w: float, b: float, lr: float, steps: int) -> tuple[Any, Any, Any]:
        def loss(at: tuple[Any, Any]) -> Any:
            return self.own["mse_loss"](self.own["predict"](x, *at), target)

        walked, losses, (vw, vb) = [(w, b)], list[Any](), (0.0, 0.0)
        for t in range(steps):
            losses.append(loss(walked[-1]))
            dw, db = self.own["mse_gradients"](x, target, *self.reads(walked[-1], walked[0]))
            dw, db = self.slopes(dw, db, *walked[-1])
            share = 1 - self.momentum if self.averaged else 1.0
            vw, vb = self.momentum * vw + share * dw, self.momentum * vb + share * db
            rate = self.rate(lr, t, steps, x)
            walked.append((walked[-1][0] - rate * vw, walked[-1][1] - rate * vb))
        return (*self.ends(walked), self.losses(losses, loss(walked[-1])))


known = MistakesIn("gradient_descent", lambda own, **slots: {"gradient_descent": Descent(own, **slots)}, by_rule=True)
WALK_RATE: dict[str, Any] = {
    "lr is divided by the number of points": lambda lr, t, steps, x: lr / len(x),
    "lr is divided by the number of steps": lambda lr, t, steps, x: lr / steps,
    "lr falls as 1/(t + 1)": lambda lr, t, steps, x: lr / (t + 1),
    "lr falls with the root of t + 1": lambda lr, t, steps, x: lr / np.sqrt(t + 1),
    "lr grows with t + 1": lambda lr, t, steps, x: lr * (t + 1),
    "the first step has length zero: lr is multiplied by t": lambda lr, t, steps, x: lr * t,
    "the step goes up the slope, and lr is divided by the number of points": lambda lr, t, steps, x: -lr / len(x),
    "lr is multiplied by the number of points": lambda lr, t, steps, x: lr * len(x),
    "lr falls in a straight line to zero": lambda lr, t, steps, x: lr * (1 - t / steps),
    **{
        f"lr is multiplied by {c} after each step": lambda lr, t, steps, x, c=c: lr * c**t
        for c in (0.5, 0.9, 0.95, 0.99, 0.999, 2, 1.1)
    },
    **{f"the given lr is not used, but {c}": lambda lr, t, steps, x, c=c: c for c in (0.1, 0.01, 0.001, 0.05, 0.5)},
}
for words, value in WALK_RATE.items():
    known(f"walk_{words}", words, WALK, rate=value)
WALK_SLOPES: dict[str, Any] = {
    "w is never moved": lambda dw, db, w, b: (0.0, db),
    "b is never moved": lambda dw, db, w, b: (dw, 0.0),
    "both are moved by the slope of w": lambda dw, db, w, b: (dw, dw),
    "both are moved by the slope of b": lambda dw, db, w, b: (db, db),
    "the two slopes are exchanged": lambda dw, db, w, b: (db, dw),
    "w goes up its slope": lambda dw, db, w, b: (-dw, db),
    "b goes up its slope": lambda dw, db, w, b: (dw, -db),
    "both go up their slopes": lambda dw, db, w, b: (-dw, -db),
    "only the signs of the slopes count": lambda dw, db, w, b: (np.sign(dw), np.sign(db)),
    "the slopes are divided by their norm": lambda dw, db, w, b: (dw / np.hypot(dw, db), db / np.hypot(dw, db)),
    "the slopes are clipped to [−1, 1]": lambda dw, db, w, b: (np.clip(dw, -1, 1), np.clip(db, -1, 1)),
    "each slope is multiplied by its parameter": lambda dw, db, w, b: (dw * w, db * b),
    "the slopes are doubled": lambda dw, db, w, b: (2 * dw, 2 * db),
    "the slopes are halved": lambda dw, db, w, b: (dw / 2, db / 2),
    "the step replaces w and b: nothing of the old ones is left": lambda dw, db, w, b: (dw, db),
    **{
        f"each weight also decays by {c} times itself": lambda dw, db, w, b, c=c: (dw + c * w, db + c * b)
        for c in (0.1, 0.01, 0.001, 1)
    },
}
for words, value in WALK_SLOPES.items():
    if not words.startswith("the step replaces"):
        known(f"walk_{words}", words, WALK, slopes=value)
for momentum in (0.5, 0.8, 0.9, 0.95, 0.99, 1):
    known(f"walk_momentum_{momentum}", f"the steps have a momentum of {momentum:g}", WALK, momentum=momentum)
    if momentum < 1:
        known(
            f"walk_average_{momentum}",
            f"each step is a running mean of the slopes, with {momentum:g} of the old one",
            WALK,
            momentum=momentum,
            averaged=True,
        )
WALK_READS: dict[str, Any] = {
    "w is never seen to move: its slope is always that of the first w": lambda now, start: (start[0], now[1]),
    "b is never seen to move: its slope is always that of the first b": lambda now, start: (now[0], start[1]),
    "every slope is that of the start": lambda now, start: start,
    "the slopes are taken at w and b exchanged": lambda now, start: now[::-1],
    "the slopes are taken at b = 0": lambda now, start: (now[0], 0.0),
}
for words, value in WALK_READS.items():
    known(f"walk_{words}", words, WALK, reads=value)
WALK_LOSSES: dict[str, Any] = {
    "each loss is the one after its step": lambda losses, last: np.array([*losses[1:], last]),
    "the last loss comes twice over, at the end": lambda losses, last: np.array([*losses, last]),
    "the first loss is missing, and the final one is there": lambda losses, last: np.array([*losses[1:], last]),
    "the first loss is missing": lambda losses, last: np.array(losses[1:]),
    "the last loss is missing": lambda losses, last: np.array(losses[:-1]),
    "only the final loss is returned": lambda losses, last: last,
    "only the last loss before a step is returned": lambda losses, last: losses[-1],
    "only the first loss is returned": lambda losses, last: losses[0],
    "the losses are in reverse order": lambda losses, last: np.array(losses[::-1]),
    "losses contains running sums": lambda losses, last: np.cumsum(losses),
    "losses contains running means": lambda losses, last: np.cumsum(losses) / np.arange(1, len(losses) + 1),
    "losses contains the first loss again and again": lambda losses, last: np.full(len(losses), losses[0]),
    "losses contains the final loss again and again": lambda losses, last: np.full(len(losses), last),
    "losses begins with a zero": lambda losses, last: np.array([0.0, *losses]),
    "losses is left at zero": lambda losses, last: np.zeros(len(losses)),
    "losses contains the differences from loss to loss": lambda losses, last: np.diff([*losses, last]),
}
for words, value in WALK_LOSSES.items():
    known(f"walk_{words}", words, f"{WALK} losses contains each loss before its step.", losses=value)
WALK_ENDS: dict[str, Any] = {
    "w and b are those of the start": lambda walked: walked[0],
    "w and b are one step short": lambda walked: walked[-2],
    "w and b are those after the first step": lambda walked: walked[1],
    "w and b are returned exchanged": lambda walked: walked[-1][::-1],
    "w and b are means over the whole walk": lambda walked: tuple(np.mean(walked, axis=0)),
    "w is that of the start": lambda walked: (walked[0][0], walked[-1][1]),
    "b is that of the start": lambda walked: (walked[-1][0], walked[0][1]),
}
for words, value in WALK_ENDS.items():
    known(f"walk_{words}", words, WALK, ends=value)

# ---- online ----------------------------------------------------------------------------------------------------------

known = MistakesIn("online_fit", online, by_rule=True)
ONLINE_SLOPE: dict[str, Any] = {
    "the step has the factor x²": lambda error, x: error * x**2,
    "the step has the factor |x|": lambda error, x: error * abs(x),
    "the step is divided by x": lambda error, x: error / x,
    "the step is divided by x²: each point is met exactly at lr = 1": lambda error, x: error / x,
    "the error is squared": lambda error, x: error**2 * x,
    "half the squared error is the step": lambda error, x: error**2 / 2,
    "only the sign of the error counts": lambda error, x: np.sign(error) * x,
    "only the signs of error and x count": lambda error, x: np.sign(error * x),
    "the error enters without its sign": lambda error, x: abs(error) * x,
    "the step is halved": lambda error, x: error * x / 2,
    "the step is the error with the other sign, without the factor x": lambda error, x: -error,
    "the step is twice the error, without the factor x": lambda error, x: 2 * error,
    "the step is x alone, without the error": lambda error, x: x,
    "each step goes up the slope, twice as far": lambda error, x: -2 * error * x,
    "the step is clipped to [−1, 1]": lambda error, x: np.clip(error * x, -1, 1),
    "no step is made": lambda error, x: 0.0,
}
for words, value in ONLINE_SLOPE.items():
    if "x²: each" not in words:
        known(f"online_{words}", words, ONLINE, slope=value)
ONLINE_KEEP: dict[str, Any] = {
    "the weight after each pass comes once, with the start missing": lambda weights, n: weights[n::n],
    "only the last weight is returned": lambda weights, n: weights[-1],
    "only the last weight is returned, as an array": lambda weights, n: weights[-1:],
    "the weights are in reverse order": lambda weights, n: weights[::-1],
    "the weights of the first pass alone are returned": lambda weights, n: weights[: n + 1],
    "the weights of the last pass alone are returned": lambda weights, n: weights[-n:],
    "the start comes twice": lambda weights, n: np.array([weights[0], *weights]),
    "the end comes twice": lambda weights, n: np.array([*weights, weights[-1]]),
    "the weights are arranged by passes: there are two axes": lambda weights, n: weights[1:].reshape(-1, n),
    "the changes of the weight are returned, not the weights": lambda weights, n: np.diff(weights),
    "running means of the weights are returned": lambda weights, n: np.cumsum(weights) / np.arange(1, len(weights) + 1),
    "the start stands for every weight": lambda weights, n: 0 * weights + weights[0],
}
for words, value in ONLINE_KEEP.items():
    known(f"online_{words}", words, "4.1: passes·N + 1 weights, first the start, last the end.", keep=value)
ONLINE_BIAS: dict[str, Any] = {
    "b has the other sign": lambda b: -b,
    "b is 6": lambda b: 6.0,
    "b is 1": lambda b: 1.0,
}
for words, value in ONLINE_BIAS.items():
    known(f"online_{words}", words, "4.1: b is −6 where none is given.", bias=value)


@dataclass(frozen=True)
class Online:
    """online_fit as a walk over (pass, place) pairs. error: of w, x, y and b. meets: whose target a point meets."""

    walk: Callable[[int, int], Any] = lambda passes, n: [(p, i) for p in range(passes) for i in range(n)]
    meets: Callable[[Array], Array] = lambda target: target
    error: Callable[..., float] = lambda w, x, y, b: w * x + b - y
    rate: Callable[..., float] = lambda lr, t, p, n: lr
    momentum: float = 0.0
    whole_pass: str = ""  # one step a pass, with the mean or the sum of its slopes

    def __call__(self, x: Array, target: Array, w: float, lr: float, passes: int, b: float = -6.0) -> Array:
        weights, speed, y, n = [w], 0.0, self.meets(target), len(x)
        for t, (p, i) in enumerate(self.walk(passes, n)):
            if self.whole_pass:
                slopes = (weights[-1] * x + b - y) * x
                speed = slopes.mean() if self.whole_pass == "mean" else slopes.sum()
            else:
                speed = self.momentum * speed + self.error(weights[-1], x[i], y[i], b) * x[i]
            weights.append(weights[-1] - self.rate(lr, t, p, n) * speed)
        return np.array(weights)


def points(own: Own, **slots: Any) -> Functions:
    """An online_fit with these slots of Online."""
    return {"online_fit": Online(**slots)}


known = MistakesIn("online_fit", points, by_rule=True)
POINTS: dict[str, Any] = {
    "each point is met passes times before the next one": {
        "walk": lambda passes, n: [(p, i) for i in range(n) for p in range(passes)]
    },
    "every second pass runs backwards": {
        "walk": lambda passes, n: [(p, i if p % 2 == 0 else n - 1 - i) for p in range(passes) for i in range(n)]
    },
    "the first point is missing from each pass": {
        "walk": lambda passes, n: [(p, i) for p in range(passes) for i in range(1, n)]
    },
    "the last point is missing from each pass": {
        "walk": lambda passes, n: [(p, i) for p in range(passes) for i in range(n - 1)]
    },
    "there is one pass only, whatever is asked for": {"walk": lambda passes, n: [(0, i) for i in range(n)]},
    "there is one pass too many": {"walk": lambda passes, n: [(p, i) for p in range(passes + 1) for i in range(n)]},
    "there is one pass too few": {"walk": lambda passes, n: [(p, i) for p in range(passes - 1) for i in range(n)]},
    "there are as many steps as passes, a point each": {"walk": lambda passes, n: [(p, p % n) for p in range(passes)]},
    "only the first point is ever used": {"walk": lambda passes, n: [(p, 0) for p in range(passes) for i in range(n)]},
    "each point meets the target of the next": {"meets": lambda target: np.roll(target, -1)},
    "each point meets the target of the one before": {"meets": lambda target: np.roll(target, 1)},
    "the targets are in reverse order": {"meets": lambda target: target[::-1]},
    "w is missing from the error": {"error": lambda w, x, y, b: x + b - y},
    "b is taken away in the error": {"error": lambda w, x, y, b: w * x - b - y},
    "the target is missing from the error": {"error": lambda w, x, y, b: w * x + b},
    "the target is added in the error": {"error": lambda w, x, y, b: w * x + b + y},
    "x is missing from the prediction": {"error": lambda w, x, y, b: w + b - y},
    "lr is divided by the number of the step": {"rate": lambda lr, t, p, n: lr / (t + 1)},
    "lr is divided by the number of the pass": {"rate": lambda lr, t, p, n: lr / (p + 1)},
    "lr is halved after each pass": {"rate": lambda lr, t, p, n: lr / 2**p},
    "lr is not used: it is taken for 1": {"rate": lambda lr, t, p, n: 1.0},
    **{f"the steps have a momentum of {m}": {"momentum": m} for m in (0.5, 0.9, 0.99)},
    "each pass makes one step, with the mean of all slopes": {
        "whole_pass": "mean",
        "walk": lambda passes, n: [(p, 0) for p in range(passes)],
    },
    "each pass makes one step, with the sum of all slopes": {
        "whole_pass": "sum",
        "walk": lambda passes, n: [(p, 0) for p in range(passes)],
    },
    "each step is taken with the mean slope of all points": {"whole_pass": "mean"},
    "each step is taken with the summed slope of all points": {"whole_pass": "sum"},
}
for words, slots in POINTS.items():
    known(f"points_{words}", words, ONLINE, **slots)

# ---- the largest stable lr -------------------------------------------------------------------------------------------

known = MistakesIn("largest_stable_lr", stable, by_rule=True)
BENT: dict[str, Callable[[Array], Any]] = {
    "the largest eigenvalue": lambda x: curvatures(x)[-1],
    "the smallest eigenvalue": lambda x: curvatures(x)[0],
    "the trace": lambda x: curvatures(x).sum(),
    "the mean of both eigenvalues": lambda x: curvatures(x).mean(),
    "the determinant": lambda x: curvatures(x).prod(),
    "the mixed entry": lambda x: 2 * np.mean(x),
    "the absolute mixed entry": lambda x: 2 * abs(np.mean(x)),
    "the entry of w": lambda x: 2 * np.mean(x**2),
    "the entry of b": lambda x: 2.0,
    "the largest entry": lambda x: 2 * max(np.mean(x**2), abs(np.mean(x)), 1.0),
    "the sum of all entries": lambda x: 2 * (np.mean(x**2) + 2 * np.mean(x) + 1),
    "the difference of both eigenvalues": lambda x: curvatures(x)[-1] - curvatures(x)[0],
    "the Frobenius norm": lambda x: np.linalg.norm(curvatures(x)),
    "the largest eigenvalue of a sum over the points": lambda x: len(x) * curvatures(x)[-1],
    "the largest x²": lambda x: np.max(x**2),
    "the largest |x|": lambda x: np.max(np.abs(x)),
    "the mean of x²": lambda x: np.mean(x**2),
    "the sum of x²": lambda x: np.sum(x**2),
    "the variance of x": np.var,
    "the root of the largest eigenvalue": lambda x: np.sqrt(curvatures(x)[-1]),
    "the square of the largest eigenvalue": lambda x: curvatures(x)[-1] ** 2,
    "the largest singular value of the columns x and 1": lambda x: np.linalg.norm(np.stack([x, 0 * x + 1]), 2),
    "the largest eigenvalue of centred x": lambda x: curvatures(x - np.mean(x))[-1],
    "the largest eigenvalue with x² in every place": lambda x: 2 * np.mean(x**2) + 2 * abs(np.mean(x)),
    "the sum of the entries of w and b's row": lambda x: 2 * np.mean(x**2) + 2 * np.mean(x),
    "the largest eigenvalue without the mixed terms' sign and 2": lambda x: np.linalg.eigvalsh(
        np.array([[np.mean(x**2), np.mean(x) / 2], [np.mean(x) / 2, 1.0]])
    )[-1],
    "the largest eigenvalue with a mixed entry of half its size": lambda x: np.linalg.eigvalsh(
        np.array([[2 * np.mean(x**2), np.mean(x)], [np.mean(x), 2.0]])
    )[-1],
    "the largest eigenvalue with a 1 for b": lambda x: np.linalg.eigvalsh(
        np.array([[2 * np.mean(x**2), 2 * np.mean(x)], [2 * np.mean(x), 1.0]])
    )[-1],
    "the largest eigenvalue with N for b": lambda x: np.linalg.eigvalsh(
        2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), len(x)]])
    )[-1],
    "the largest eigenvalue with the square of the mean of x for w": lambda x: np.linalg.eigvalsh(
        2 * np.array([[np.mean(x) ** 2, np.mean(x)], [np.mean(x), 1.0]])
    )[-1],
}
for words, bent in BENT.items():
    for over, c in (("2", 2.0), ("1", 1.0), ("4", 4.0), ("½", 0.5), ("0", 0.0)):
        if c and (words, over) != ("the largest eigenvalue", "2"):
            known(
                f"lr_{over}_{words}", f"this is {over} over {words}", LIMIT, rate=lambda x, c=c, bent=bent: c / bent(x)
            )
    known(f"lr_itself_{words}", f"{words} itself is returned, not 2 over it", LIMIT, rate=bent)
