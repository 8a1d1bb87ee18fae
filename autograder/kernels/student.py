"""The student's functions as the hidden suites see them: ``student.rnn_forward(x, h0, params)``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.kernels.contract import CACHE, TEXT, Array, Function, Spec
from autograder.kernels.inside import wire
from autograder.kernels.raised import ERRORS, HIDDEN, TYPES, Vocabulary, error_in_words, names_of
from autograder.kernels.submission import Code, ProcessDied

ROOM, TIMES = 1 << 18, 32  # bytes of an answer: so many, and this multiple of the largest arguments so far
ECHOED = 1 << 18  # bytes of arguments that are asked for again after a call
SENTENCES = 2  # about exceptions of one function: what more it raises, and where, is not said


class CallFailed(Exception):
    """A call that gave nothing to compare. ``sentence`` tells the student what was expected and what was returned instead.

    kind: "missing", "stub", "raised", "died", "returned" (something of another form) or "no return" (None). full: the
    sentence where it is not shortened because the function has raised so much else.
    """

    def __init__(self, function: str, kind: str, sentence: str, full: str = "") -> None:
        super().__init__(sentence)
        self.function, self.kind, self.sentence, self.full = function, kind, sentence, full or sentence


@dataclass(frozen=True)
class Kept:
    """An object that stays in the student's process, such as a cache."""

    number: int
    generation: int


@dataclass(frozen=True)
class Odd:
    """In place of an array: the call returned something else; ``sentence`` says what."""

    sentence: str


@dataclass(frozen=True)
class Strided:
    """An array that reaches the function as a strided view (every second entry of a wider one)."""

    array: np.ndarray


@dataclass(frozen=True)
class Made:
    """A function that is an argument: made in the student's process, of a fixed family with these coefficients."""

    family: str
    coefficients: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Answer:
    """What one call gave: its value, the arguments it changed, whether NumPy warned of overflow."""

    value: Any
    changed: tuple[str, ...] = ()
    overflow: bool = False


@dataclass
class Student:
    """Calls the functions of one submission by name. A function whose call killed the process is not called again.

    words: the names of the released notebook, which an exception may repeat.
    """

    code: Code
    functions: Mapping[str, Function]
    dead: dict[str, str] = field(default_factory=dict)
    faults: dict[str, CallFailed] = field(default_factory=dict)
    name_errors: bool = False
    stopped: Mapping[str, str] = field(default_factory=dict)  # cells that ended with an exception, with its type
    words: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._names = self.words | names_of(self.functions)
        self._largest = 0  # bytes of arguments
        self._raised: dict[str, set[str]] = {}
        self._sizes: dict[int, frozenset[int]] = {}  # of the calls that objects were kept from

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_") or name not in self.functions:
            raise AttributeError(name)
        return lambda *arguments: self.ask(name, *arguments).value

    def ask(self, name: str, *arguments: Any) -> Answer:
        """Call one function and keep what is known beside its value. Raises CallFailed."""
        try:
            return self._ask(self.functions[name], arguments)
        except CallFailed as failure:
            self.faults.setdefault(name, failure)
            raise

    def _ask(self, function: Function, arguments: Sequence[Any]) -> Answer:
        name = function.name
        if name in self.dead:
            raise self._died(function)
        packer = wire.Packer()
        head = {"op": "call", "name": name, "args": [encode(a, packer) for a in arguments], "returns": function.wire}
        self._largest = max(self._largest, packer.size)
        echo = packer.size if packer.size <= ECHOED else 0
        head |= {"echo": echo > 0, "room": ROOM + TIMES * self._largest + echo}
        sizes = self._sizes_of(arguments)
        try:
            head, body = self.code.request(head, packer)
        except ProcessDied as death:
            self.dead[name] = f"{name} was stopped: {death}. Its other checks were skipped."
            raise self._died(function) from None
        try:
            if "failed" in head:
                raise self._failure(function, head, Vocabulary(self._names, sizes))
            value = decode(function, head["value"], body, self.code.generation, sizes)
            self._sizes |= {kept.number: sizes for kept in kept_in(value)}
            paths = [*map(str, head["changed"]), *(altered(arguments, head["arguments"], body) if echo else ())]
            changed = tuple(dict.fromkeys(argument_name(function, path) for path in paths))
            return Answer(value, changed, bool(head["overflow"]))
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError, wire.ProtocolError):
            raise CallFailed(name, "returned", f"{name} returned something that cannot be read.") from None

    def _died(self, function: Function) -> CallFailed:
        """A call that ended the process; if a function that this one needs had ended it before, that one is named."""
        guilty = next((name for name in function.needs if name in self.dead), function.name)
        return CallFailed(guilty, "died", self.dead[guilty])

    def _sizes_of(self, arguments: Sequence[Any]) -> frozenset[int]:
        """The lengths of axes, and the numbers of entries, of all arrays in a call or in one that it got objects from."""
        found = {size for _, array in arrays_in(arguments) for size in (*array.shape, array.size)}
        return frozenset(found.union(*(self._sizes.get(kept.number, ()) for kept in kept_in(arguments))))

    def _failure(self, function: Function, head: dict[str, Any], vocabulary: Vocabulary) -> CallFailed:
        name, kind = function.name, head["failed"]
        if kind == "missing" and self.stopped.get(name) in ERRORS:
            error = self.stopped[name]
            return CallFailed(name, "missing", f"The cell of {name} stopped with a {error}, so {name} is not defined.")
        if kind == "missing":
            return CallFailed(name, "missing", f"The notebook defines no function {name}.")
        if kind == "not callable":
            return CallFailed(name, "missing", f"{name} is {an(type_name(head.get('type')))}, not a function.")
        if kind == "stale":
            return CallFailed(name, "died", f"{name} could not be called: the kernel had to be restarted.")
        if head.get("type") == "NotImplementedError":
            unwritten = next((n for n in function.needs if n == head.get("where")), name)
            return CallFailed(unwritten, "stub", f"{unwritten} is not written yet.")
        self.name_errors = self.name_errors or head.get("type") in ("NameError", "UnboundLocalError")
        full = f"{name} raised {error_in_words(head, vocabulary, name)}"
        raised = self._raised.setdefault(name, set())
        if len(raised) < SENTENCES:
            raised.add(full)
        return CallFailed(name, "raised", full if full in raised else f"{name} raised another exception.", full)


def encode(argument: Any, packer: wire.Packer) -> dict[str, Any]:
    """One argument as JSON and bytes."""
    if isinstance(argument, np.ndarray):
        return packer.array(argument)
    if isinstance(argument, Strided):
        return {**packer.array(argument.array), "layout": "strided"}
    if isinstance(argument, Kept):
        return {"kept": argument.number}
    if isinstance(argument, Made):
        return {"family": argument.family, "with": [packer.array(c) for c in argument.coefficients]}
    if isinstance(argument, Mapping):
        return {"dict": {key: encode(value, packer) for key, value in argument.items()}}
    if isinstance(argument, (list, tuple)):
        return {type(argument).__name__: [encode(value, packer) for value in argument]}
    return {"value": argument}


def arrays_in(value: Any, path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Every array among some arguments, each with its path such as ``1.weight_hh``."""
    if isinstance(value, (np.ndarray, Strided)):
        yield path, value.array if isinstance(value, Strided) else value
    elif isinstance(value, (Mapping, list, tuple)):
        for key, part in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from arrays_in(part, f"{path}.{key}".strip("."))


def kept_in(value: Any) -> Iterator[Kept]:
    """Every object in a value that is in the student's process."""
    if isinstance(value, Kept):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from kept_in(part)


def altered(arguments: Sequence[Any], now: Mapping[str, Any], body: memoryview) -> list[str]:
    """The paths of the arguments that are not, byte for byte, what was sent. Raises ProtocolError."""
    paths = []
    for path, array in arrays_in(arguments):
        came = wire.unpack_array(now[path]["array"], body) if "array" in now.get(path, ()) else None
        if came is None or (came.shape, came.dtype, came.tobytes()) != (array.shape, array.dtype, array.tobytes()):
            paths.append(path)
    return paths


def decode(
    function: Function, entry: Mapping[str, Any], body: memoryview, generation: int, sizes: frozenset[int]
) -> Any:
    """The value that was expected. An array inside a dict or tuple that is something else becomes Odd.

    Raises CallFailed where the value as a whole has another form.
    """
    value = decode_part(function.wire, entry, body, generation, Vocabulary(sizes=sizes))
    if not isinstance(value, Odd):
        return value
    said = f"{function.name}: expected {expected(function.returns)}, got {value.sentence}"
    if entry.get("got") == "NoneType":
        raise CallFailed(function.name, "no return", f"{said}: is the return missing?")
    raise CallFailed(function.name, "returned", f"{said}.")


def decode_part(spec: Any, entry: Mapping[str, Any], body: memoryview, generation: int, vocabulary: Vocabulary) -> Any:
    """As decode, with Odd for what has another form."""
    if "got" in entry or "absent" in entry:
        return Odd(odd_in_words(entry, vocabulary))
    if spec == "keep":
        return Kept(int(entry["kept"]), generation)
    if spec == "text":
        return str(entry["text"])
    if spec == "array":
        array = wire.unpack_array(entry["array"], body)
        free = [vocabulary.number(length) for length in array.shape]
        return Odd("an empty array") if array.size == 0 and HIDDEN in free else array
    if isinstance(spec, dict):
        return {key: decode_part(part, entry["dict"][key], body, generation, vocabulary) for key, part in spec.items()}
    parts = zip(spec, entry["tuple"], strict=True)
    return tuple(decode_part(part, each, body, generation, vocabulary) for part, each in parts)


def expected(returns: Spec) -> str:
    """What a function should return, in words, with the names of the contract."""
    if isinstance(returns, Mapping):
        return f"a dict with {', '.join(returns)}"
    if isinstance(returns, tuple):
        return f"({', '.join(part.name if isinstance(part, Array) else expected(part) for part in returns)})"
    if isinstance(returns, Array):
        return "a number" if returns.axes == () else "an array"
    return {CACHE: "cache", TEXT: "a string"}[returns]


def type_name(name: Any) -> str:
    """A type's name if it is a common one: a name of the student's own making could carry anything."""
    return {"NoneType": "None"}.get(str(name), str(name)) if name in TYPES else "object of another type"


def an(name: str) -> str:
    """The name with its article."""
    return name if name == "None" else f"an {name}" if name[0] in "aeiou" or name == "ndarray" else f"a {name}"


def odd_in_words(entry: Mapping[str, Any], vocabulary: Vocabulary) -> str:
    """What was returned instead of an array."""
    if "absent" in entry:
        return "nothing under this key"
    name = an(type_name(entry["got"]))
    if isinstance(entry.get("length"), int):
        length = vocabulary.number(entry["length"])
        return f"{name} of another length" if length == HIDDEN else f"{name} of length {length}"
    if entry.get("ragged"):
        return f"{name} whose rows have different lengths"
    if "large" in entry:
        return f"{name} that is far too large"
    if "dtype" in entry:
        return f"{name} of objects, not of numbers" if entry["dtype"] == "O" else f"{name} of text, not of numbers"
    return name


def argument_name(function: Function, path: str) -> str:
    """The name of an argument from its path: ``2.weight_hh`` of rnn_forward is params["weight_hh"].

    The path comes from the student's process, so only the contract's own names are repeated.
    """
    first, _, rest = path.partition(".")
    places = {str(place): name for place, name in enumerate(function.arguments)}
    if first not in places:
        return "one of its arguments"
    name = places[first]
    group = function.arguments[name]
    return f'{name}["{rest}"]' if isinstance(group, Mapping) and rest in group else name
