"""Edge cases of a hidden test: one sample, one step, equal sizes. Each is a test of its own, with a title of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Edge:
    """One edge case: the name of its draw, the title that students read, and the sizes to draw."""

    name: str
    title: str
    sizes: dict[str, Any]


def one_step(**sizes: int) -> Edge:
    """T = 1: there is no carry."""
    return Edge("one step", "A sequence of a single step works like any other.", sizes)


def one_sample(name: str = "one sample", **sizes: Any) -> Edge:
    """N = 1: code that squeezes or broadcasts goes wrong."""
    return Edge(name, "A batch of a single sample works like any other.", sizes)


def one_input(**sizes: int) -> Edge:
    """input_size = 1: one number a step."""
    return Edge("one input", "An input of a single number works like any other.", {**sizes, "input_size": 1})


def one_unit(**sizes: int) -> Edge:
    """hidden_size = 1."""
    return Edge("one unit", "A layer of a single hidden unit works like any other.", {**sizes, "hidden_size": 1})


def equal_sizes(name: str = "equal sizes", **sizes: int) -> Edge:
    """All sizes equal: code that tells axes apart by their length goes wrong."""
    return Edge(name, "Sizes that happen to be equal change nothing.", sizes)


def edges(*cases: Edge) -> Callable[[Any], Any]:
    """Make the decorated test, which takes ``edge``, a test of behaviour of weight 1 for each case."""

    def decorate(test: Any) -> Any:
        each = [pytest.param(case, id=case.name, marks=pytest.mark.title(case.title)) for case in cases]
        return pytest.mark.weight(1)(pytest.mark.behaviour(pytest.mark.parametrize("edge", each)(test)))

    return decorate
