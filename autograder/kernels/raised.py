"""An exception of the student's code in words, built anew: nothing that the student wrote is repeated.

A message is shown if it is one that Python or NumPy writes. Its fixed words are ours; a name in it is shown if the
contract, the released notebook, Python or NumPy has it, a number if it is small or a size of an array in that call.
Anything else becomes "…": the student's code could have put hidden inputs there.
"""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.kernels.contract import Function, arrays_in

ERRORS = frozenset(
    (
        "ArithmeticError AssertionError AttributeError AxisError FloatingPointError IndexError KeyError "
        "LinAlgError MemoryError NameError OverflowError RecursionError RuntimeError StopIteration "
        "SyntaxError TypeError UnboundLocalError ValueError ZeroDivisionError SystemExit KeyboardInterrupt "
        "OSError ImportError ModuleNotFoundError FileNotFoundError"
    ).split()
)
TYPES = frozenset(
    (
        "NoneType list tuple dict set str bytes int float complex bool function generator map zip range slice "
        "ndarray type module method builtin_function_or_method float64 float32 int64 defaultdict OrderedDict "
        "SimpleNamespace numpy.ndarray numpy.float64 numpy.float32 numpy.int64"
    ).split()
)
MESSAGES = """
operands could not be broadcast together with shapes <shapes>
shapes <shape> and <shape> not aligned: <size> (dim <size>) != <size> (dim <size>)
matmul: Input operand <size> has a mismatch in its core dimension <size>, with gufunc signature \
(n?,k),(k,m?)->(n?,m?) (size <size> is different from <size>)
matmul: Input operand <size> does not have enough dimensions (has <size>, gufunc core with signature \
(n?,k),(k,m?)->(n?,m?) requires <size>)
name '<name>' is not defined
cannot access local variable '<name>' where it is not associated with a value
'<type>' object is not subscriptable
'<type>' object is not callable
'<type>' object is not iterable
'<type>' object does not support item assignment
'<type>' object has no attribute '<name>'
module '<module>' has no attribute '<name>'
object of type '<type>' has no len()
unsupported operand type(s) for <sign>: '<type>' and '<type>'
list index out of range
tuple index out of range
string index out of range
pop from empty list
pop from an empty deque
cannot unpack non-iterable <type> object
list indices must be integers or slices, not <type>
tuple indices must be integers or slices, not <type>
index <size> is out of bounds for axis <size> with size <size>
too many indices for array: array is <size>-dimensional, but <size> were indexed
axis <size> is out of bounds for array of dimension <size>
not enough values to unpack (expected <size>, got <size>)
too many values to unpack (expected <size>)
<name>() missing <size> required positional argument: '<name>'
<name>() missing <size> required positional arguments: <names>
<name>() takes <size> positional argument but <size> were given
<name>() takes <size> positional arguments but <size> was given
<name>() takes <size> positional arguments but <size> were given
<name>() takes from <size> to <size> positional arguments but <size> were given
<name>() got an unexpected keyword argument '<name>'
'<name>'
cannot reshape array of size <size> into shape <shape>
could not broadcast input array from shape <shape> into shape <shape>
can only concatenate str (not "<type>") to str
The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()
all input arrays must have the same shape
Last 2 dimensions of the array must be square
division by zero
float division by zero
maximum recursion depth exceeded
maximum recursion depth exceeded in comparison
maximum recursion depth exceeded while calling a Python object
all the input array dimensions except for the concatenation axis must match exactly, \
but along dimension <size>, the array at index <size> has size <size> \
and the array at index <size> has size <size>
all the input arrays must have same number of dimensions, \
but the array at index <size> has <size> dimension(s) and the array at index <size> has <size> dimension(s)
setting an array element with a sequence.
only length-1 arrays can be converted to Python scalars
only 0-dimensional arrays can be converted to Python scalars
No module named '<module>'
math range error
math domain error
assignment destination is read-only
"""
SHAPE = r"\((?:\d{1,7},|\d{1,7}(?:,\d{1,7}){1,3})?\)"  # four axes at most
SLOTS = {
    "size": r"-?\d{1,7}",
    "shape": SHAPE,
    "shapes": rf"{SHAPE} {SHAPE}(?: {SHAPE})?",
    "name": r"\w{1,40}",
    "names": r"[\w', ]{1,100}",
    "type": r"[\w.]{1,40}",
    "module": r"\w{1,40}",
    "sign": r"[-+*/@%&|^<>=]{1,3}",
}
SIGNS = frozenset("+ - * / // % ** @ & | ^ << >> < <= > >= += -= *= /= //= %= @= **=".split())
MODULES = sys.stdlib_module_names | set(
    "numpy torch scipy sympy pandas sklearn jax tensorflow autograd autograder".split()
)
OF_PYTHON = frozenset((*dir(builtins), *dir(np), *dir(np.ndarray), *dir(np.linalg), "np", "plt"))
HIDDEN = "…"
SMALL = 9
LONGEST = 300  # characters of a message that are looked at
SLOT = re.compile(r"<(\w+)>")


def pattern(message: str) -> re.Pattern[str]:
    """A message with its slots as groups."""
    parts = SLOT.split(message)
    return re.compile("".join(f"({SLOTS[p]})" if i % 2 else re.escape(p) for i, p in enumerate(parts)))


KNOWN = [(message, pattern(message)) for message in MESSAGES.strip().splitlines()]


@dataclass(frozen=True)
class Vocabulary:
    """What may be repeated in one call: names beside those of Python and NumPy, and sizes."""

    names: Collection[str] = frozenset()
    sizes: Collection[int] = frozenset()

    def word(self, slot: str, found: str) -> str:
        """What is shown for what was found in a slot."""
        if slot in ("size", "shape", "shapes"):
            return re.sub(r"\d+", lambda number: self.number(int(number[0])), found)
        if slot == "names":
            return HIDDEN
        return found if found in self._known(slot) else HIDDEN

    def number(self, value: int) -> str:
        """A number, if it is small or a size."""
        return str(value) if abs(value) <= SMALL or value in self.sizes else HIDDEN

    def _known(self, slot: str) -> Collection[str]:
        if slot == "name":
            return OF_PYTHON | frozenset(self.names)
        return {"type": TYPES, "module": MODULES, "sign": SIGNS}[slot]


def error_in_words(head: Mapping[str, Any], vocabulary: Vocabulary, called: str = "") -> str:
    """An exception of the student's code: its type, its message if that is a known one, its line and in whose cell."""
    name = head.get("type") if head.get("type") in ERRORS else "an exception"
    said = message_in_words(head.get("message"), vocabulary)
    line = head.get("line")
    cell = head.get("cell", called)
    whose = (
        "its cell"
        if cell == called
        else f"the cell of {cell}"
        if isinstance(cell, str) and cell in vocabulary.names
        else "another cell"
    )
    where = f" (line {line} of {whose})" if isinstance(line, int) and 0 < line < 500 else ""
    return f"{name}{': ' * bool(said)}{said.rstrip('.')}{where}."


def message_in_words(message: Any, vocabulary: Vocabulary) -> str:
    """A message of Python or NumPy, made anew; empty for any other."""
    if not isinstance(message, str) or len(message) > LONGEST:
        return ""
    for known, form in KNOWN:
        if match := form.fullmatch(message.rstrip(" ")):
            return filled(known, match.groups(), vocabulary)
    return ""


def filled(message: str, found: Sequence[str], vocabulary: Vocabulary) -> str:
    """A message with its slots filled."""
    said = iter(found)
    return SLOT.sub(lambda slot: vocabulary.word(slot[1], next(said)), message)


def names_of(functions: Mapping[str, Function]) -> frozenset[str]:
    """The names of a contract: functions, their arguments, the arrays that they take and return."""
    found = set(functions)
    for function in functions.values():
        found |= {*function.arguments, *keys_in((function.arguments, function.returns))}
        found |= {array.name for array in arrays_in((function.arguments, function.returns))}
    return frozenset(found)


def keys_in(spec: Any) -> Iterator[str]:
    """Every key of a spec."""
    if isinstance(spec, Mapping):
        yield from spec
    if isinstance(spec, (Mapping, tuple)):
        for part in spec.values() if isinstance(spec, Mapping) else spec:
            yield from keys_in(part)
