"""Random inputs of the hidden suites, drawn from the course seed by name: the same numbers for a whole class."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

Params = dict[str, np.ndarray]


Problem = TypeVar("Problem")


def rng_for(seed: str, name: str) -> np.random.Generator:
    """The generator of one named problem: the same for a whole class, another for each name and each course seed."""
    return np.random.default_rng([int.from_bytes(seed.encode(), "big"), zlib.crc32(name.encode())])


@dataclass(frozen=True)
class Draw:
    """Draws problems by name and keeps them: ``draw(draw_rnn, "long", steps=400)``.

    The same class meets the same numbers, and PyTorch's answers to them are computed once.
    """

    seed: str
    suite: str
    drawn: dict[Any, Any]

    def __call__(self, kind: Callable[..., Problem], name: str = "main", **sizes: Any) -> Problem:
        key = (self.seed, self.suite, kind.__name__, name, *sorted(sizes.items()))
        if key not in self.drawn:
            self.drawn[key] = kind(rng_for(self.seed, "/".join(map(str, key[1:]))), **sizes)
        return self.drawn[key]  # type: ignore[no-any-return]


def mixed(params: Params, **others: np.ndarray) -> Params:
    """The same parameters by name, but in another order and after others: code that goes by their order goes wrong."""
    return {**others, **dict(reversed(params.items()))}


def away_from_zero(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Normal numbers none of which is near 0, so that no entry of a product vanishes by chance. float64, any shape."""
    values = rng.standard_normal(shape)
    return np.sign(values) * (0.2 + np.abs(values))
