"""The student's functions as the hidden suites see them: ``student.rnn_forward(x, h0, params)``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.kernels.contract import Function
from autograder.kernels.inside import wire
from autograder.kernels.submission import Code, ProcessDied


class CallFailed(Exception):
    """A call that gave nothing to compare. ``sentence`` tells the student what was expected and what was returned instead.

    kind: "missing", "stub", "raised", "died" or "returned" (something of another form).
    """

    def __init__(self, function: str, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.function, self.kind, self.sentence = function, kind, sentence


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
    """What one call gave: its value, the arguments it changed, whether NumPy warned of overflow, CPU seconds.

    cpu is the whole call by the kernel's clock, arrays packed and unpacked too. inside is the function alone, as the
    student's process says, never more than cpu: fit for what a student would want to be long, such as a forward.
    """

    value: Any
    changed: tuple[str, ...] = ()
    overflow: bool = False
    cpu: float = 0.0
    inside: float = 0.0


@dataclass
class Student:
    """Calls the functions of one submission by name. A function whose call killed the process is not called again."""

    code: Code
    functions: Mapping[str, Function]
    dead: dict[str, str] = field(default_factory=dict)
    faults: dict[str, CallFailed] = field(default_factory=dict)
    name_errors: bool = False
    stopped: Mapping[str, str] = field(default_factory=dict)  # cells that ended with an exception, with its type

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
        try:
            before = self.code.cpu_seconds()
            head, body = self.code.request(head, packer)
            cpu = self.code.cpu_seconds() - before
        except ProcessDied as death:
            self.dead[name] = f"{name} was stopped: {death}. Its other checks were skipped."
            raise self._died(function) from None
        if "failed" in head:
            raise self._failure(function, head)
        try:
            value = decode(function.wire, head["value"], body, self.code.generation, name)
            changed = tuple(argument_name(function, str(path)) for path in head["changed"])
            return Answer(value, changed, bool(head["overflow"]), cpu, min(max(float(head["seconds"]), 0.0), cpu))
        except (KeyError, TypeError, AttributeError, ValueError, wire.ProtocolError):
            raise CallFailed(name, "returned", f"{name} returned something that cannot be read.") from None

    def _died(self, function: Function) -> CallFailed:
        """A call that ended the process; if a function that this one needs had ended it before, that one is named."""
        guilty = next((name for name in function.needs if name in self.dead), function.name)
        return CallFailed(guilty, "died", self.dead[guilty])

    def _failure(self, function: Function, head: dict[str, Any]) -> CallFailed:
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
        return CallFailed(name, "raised", f"{name} raised {error_in_words(head)}")


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


def decode(spec: Any, entry: Mapping[str, Any], body: memoryview, generation: int, name: str) -> Any:
    """The value that was expected. An array inside a dict or tuple that is something else becomes Odd.

    Raises CallFailed where the value as a whole has another form.
    """
    value = decode_part(spec, entry, body, generation)
    if isinstance(value, Odd):
        raise CallFailed(name, "returned", f"{name} should return {expected(spec)}, but returned {value.sentence}.")
    return value


def decode_part(spec: Any, entry: Mapping[str, Any], body: memoryview, generation: int) -> Any:
    """As decode, with Odd for what has another form."""
    if "got" in entry or "absent" in entry:
        return Odd(odd_in_words(entry))
    if spec == "keep":
        return Kept(int(entry["kept"]), generation)
    if spec == "text":
        return str(entry["text"])
    if spec == "array":
        return wire.unpack_array(entry["array"], body)
    if isinstance(spec, dict):
        return {key: decode_part(part, entry["dict"][key], body, generation) for key, part in spec.items()}
    return tuple(decode_part(p, e, body, generation) for p, e in zip(spec, entry["tuple"], strict=True))


def expected(spec: Any) -> str:
    """What a function should return, in words."""
    if isinstance(spec, dict):
        return "a dict with " + ", ".join(spec)
    if isinstance(spec, tuple) and set(spec) == {"array"}:
        return f"a tuple of {len(spec)} arrays or numbers"
    if isinstance(spec, tuple):
        return "a tuple of " + ", ".join("the cache" if s == "keep" else expected(s) for s in spec)
    return {"array": "an array or a number", "keep": "a cache", "text": "a string"}[spec]


TYPE_NAMES = frozenset(
    (
        "NoneType list tuple dict set str bytes int float complex bool function generator map zip range "
        "ndarray type module method builtin_function_or_method float64 float32 defaultdict OrderedDict "
        "SimpleNamespace"
    ).split()
)


def type_name(name: Any) -> str:
    """A type's name if it is a common one: a name of the student's own making could carry anything."""
    return {"NoneType": "None"}.get(str(name), str(name)) if name in TYPE_NAMES else "object of another type"


def an(name: str) -> str:
    """The name with its article."""
    return name if name == "None" else f"an {name}" if name[0] in "aeiou" or name == "ndarray" else f"a {name}"


def odd_in_words(entry: Mapping[str, Any]) -> str:
    """What was returned instead of an array."""
    if "absent" in entry:
        return "nothing under this key"
    name = an(type_name(entry["got"]))
    if isinstance(entry.get("length"), int):
        return f"{name} of length {min(entry['length'], 10**6)}"
    if entry.get("ragged"):
        return f"{name} whose rows have different lengths"
    if "shape" in entry:
        return f"{name} that is far too large"
    if "dtype" in entry:
        return f"{name} of objects, not of numbers" if entry["dtype"] == "O" else f"{name} of text, not of numbers"
    return name


SMALL = r"\(?[\d, ()]{1,40}\)?"
ERRORS = frozenset(
    (
        "ArithmeticError AssertionError AttributeError AxisError FloatingPointError IndexError KeyError "
        "LinAlgError MemoryError NameError OverflowError RecursionError RuntimeError StopIteration "
        "SyntaxError TypeError UnboundLocalError ValueError ZeroDivisionError SystemExit KeyboardInterrupt "
        "OSError ImportError ModuleNotFoundError FileNotFoundError"
    ).split()
)
# Messages of Python and NumPy that help and hold nothing but names and sizes. Any other message is not shown: a
# student's own text could carry the hidden inputs out.
SAFE_MESSAGES = [
    r"operands could not be broadcast together with (remapped )?shapes ?[\d, ()]{1,160}",
    rf"shapes {SMALL} and {SMALL} not aligned: \d+ \(dim \d\) != \d+ \(dim \d\)",
    r"matmul: Input operand 1 has a mismatch in its core dimension 0.{0,60}size \d+ is different from \d+\)",
    r"matmul: Input operand \d does not have enough dimensions.{0,90}",
    r"name '\w{1,30}' is not defined",
    r"cannot access local variable '\w{1,30}' where it is not associated with a value",
    r"'\w{1,20}' object is not (subscriptable|callable|iterable)",
    r"'\w{1,20}' object has no attribute '\w{1,20}'",
    r"unsupported operand type\(s\) for [-+*/@%&|^<>=]{1,3}: '\w{1,20}' and '\w{1,20}'",
    r"(list|tuple|string) index out of range",
    r"(list|tuple) indices must be integers or slices, not \w{1,20}",
    r"index -?\d{1,5} is out of bounds for axis \d with size \d{1,5}",
    r"(not enough|too many) values to unpack \(expected \d(, got \d)?\)",
    r"\w{1,40}\(\) missing \d required positional arguments?: [\w', ]{1,60}",
    r"\w{1,40}\(\) takes (from )?\d+ (to \d+ )?positional arguments? but \d+ (was|were) given",
    r"'\w{1,30}'",
    r"cannot reshape array of size \d{1,6} into shape " + SMALL,
    r"(float )?division by zero",
    r"maximum recursion depth exceeded.{0,40}",
    r"too many indices for array: array is \d-dimensional, but \d were indexed",
    r"(all the input|setting an array element with a).{0,40}",
    r"No module named '\w{1,20}'",
    r"math range error",
    r"assignment destination is read-only",
]
LONGEST = 300  # characters of a message that is looked at
SAFE = re.compile("|".join(f"(?:{message})" for message in SAFE_MESSAGES))


def error_in_words(head: Mapping[str, Any]) -> str:
    """An exception of the student's code: its type, its message if that is a known one, its line."""
    name = head.get("type") if head.get("type") in ERRORS else "an exception"
    message = head.get("message")
    safe = isinstance(message, str) and len(message) <= LONGEST and SAFE.fullmatch(message)
    said = f": {message}" if safe else ""
    line = head.get("line")
    where = f" (line {line} of its cell)" if isinstance(line, int) and 0 < line < 500 else ""
    return f"{name}{said}{where}."


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
