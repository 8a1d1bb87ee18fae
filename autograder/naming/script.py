"""What a hidden test asks of a right answer, kept as calls: a known mistake answers them in a fraction of a replay's time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.hidden import Call, HiddenTest, run_test
from autograder.kernels.contract import CACHE, Array, Function
from autograder.naming.bank import Functions, Own

Key = tuple[int, str]  # which call of the tested function, and which of its arrays
Answers = dict[Key, np.ndarray]


@dataclass(frozen=True)
class Script:
    """The calls of one hidden test, in order, with what a right answer gave."""

    function: Function
    contract: Mapping[str, Function]
    calls: tuple[Call, ...]

    @classmethod
    def of(cls, test: HiddenTest, right: Own) -> Script:
        """Run the test once on right functions, and write down what it calls."""
        calls: list[Call] = []
        contract = test.assignment.functions

        def recorded(name: str) -> Callable[..., Any]:
            def call(*arguments: Any) -> Any:
                given = copied(contract[name], arguments, {})
                value = right[name](*arguments)
                calls.append(Call(name, tuple(given), value))
                return value

            return call

        run_test(
            test, test.assignment.student({**right, **{name: recorded(name) for name in contract if name in right}})
        )
        return cls(contract[test.function], contract, tuple(calls))

    def varied(self, right: Own) -> Script:
        """The same calls with other numbers, of every sign: what agrees there too is no coincidence of one draw."""
        rng = np.random.default_rng(len(self.calls))
        held: dict[int, Any] = {}
        calls = []
        for call in self.calls:
            row = self.contract[call.name]
            given = [
                one if spec in ("cache", "function") else other_numbers(one, rng)
                for spec, one in zip(row.arguments.values(), copied(row, call.arguments, held), strict=False)
            ]
            value = right[call.name](*copied(row, given, {}))
            held |= zip(map(id, kept(row.returns, call.value)), kept(row.returns, value), strict=True)
            calls.append(Call(call.name, tuple(given), value))
        return Script(self.function, self.contract, tuple(calls))

    def answers(self, functions: Functions, right: Own) -> Answers:
        """What these functions over right ones answer; {} where one fails or answers with anything but finite numbers."""
        with np.errstate(all="ignore"):
            return self.asked(lambda name, arguments: functions.get(name, right[name])(*arguments))

    def asked(self, ask: Callable[[str, Sequence[Any]], Any]) -> Answers:
        """What somebody answers who is asked these calls, each with the caches that he gave before."""
        held: dict[int, Any] = {}
        values = []
        try:
            for call in self.calls:
                row = self.contract[call.name]
                value = ask(call.name, copied(row, call.arguments, held))
                held |= zip(map(id, kept(row.returns, call.value)), kept(row.returns, value), strict=True)
                if call.name == self.function.name:
                    values.append(value)
            return answers_of(self.function, values)
        except Exception:  # whatever a wrong function does: it has no numbers to compare here
            return {}

    def given_by(self, calls: Sequence[Call]) -> Answers:
        """The same of a student's calls in this test; {} where they are not numbers."""
        name = self.function.name
        asked = sum(call.name == name for call in self.calls)
        values = [call.value for call in calls if call.name == name][:asked]
        return answers_of(self.function, values) if len(values) == asked else {}


def answers_of(function: Function, values: Sequence[Any]) -> Answers:
    """The arrays of some answers; {} where one is no array of finite numbers."""
    found: Answers = {}
    for number, value in enumerate(values):
        for name, part in parts(function.returns, value, function.name):
            array = np.asarray(part)
            if array.dtype.kind not in "fiub" or array.size == 0 or not np.isfinite(array).all():
                return {}
            found[number, name] = array
    return found


def parts(spec: Any, value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every array of an answer by its name in the contract."""
    if isinstance(spec, Array):
        yield spec.name or name, value
    elif isinstance(spec, Mapping):
        for key, part in spec.items():
            yield from parts(part, value[key], key)
    elif isinstance(spec, tuple):
        for part, one in zip(spec, value, strict=True):
            yield from parts(part, one, name)


def kept(spec: Any, value: Any) -> list[Any]:
    """The caches in an answer."""
    if spec == CACHE:
        return [value]
    return [one for part, one in zip(spec, value, strict=True) if part == CACHE] if isinstance(spec, tuple) else []


def copied(function: Function, arguments: Sequence[Any], held: Mapping[int, Any]) -> list[Any]:
    """The arguments in new arrays, as each call gets them; in place of an earlier answer's cache, what is held for it."""
    specs = [*function.arguments.values(), *[None] * len(arguments)]
    return [
        held.get(id(one), one) if spec == "cache" else one if spec == "function" else deepcopy(one)
        for spec, one in zip(specs, arguments, strict=False)
    ]


def other_numbers(value: Any, rng: np.random.Generator) -> Any:
    """Values of the same form: numbers of every sign and about the same size, whole numbers in another order."""
    if isinstance(value, Mapping):
        return {key: other_numbers(part, rng) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(other_numbers(part, rng) for part in value)
    if isinstance(value, float):
        return value * rng.uniform(0.7, 1.3)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value * rng.uniform(0.5, 1.5, value.shape) * rng.choice([-1.0, 1.0], value.shape)
    return rng.permutation(value) if isinstance(value, np.ndarray) and value.ndim else value
