"""Hidden inputs carried out by the words of the feedback: six digits of an input, as digits or as letters.

What remains possible (the type and the line of an exception, sizes up to 9) is counted in docs/security.md.
"""

from tests.hostile.controls import leaking

DIGITS = """
import numpy as np
def d(x): return f"{abs(float(np.ravel(x)[0])):.5e}".replace(".", "")[:6]
def word(x): return "".join("abcdefghij"[int(c)] for c in d(x))
"""


def raises(name: str, error: str) -> object:
    """predict raises this."""
    return leaking(name, DIGITS + f"def predict(x, w, b): raise {error}")


ATTACKS = (
    raises("a message", "ValueError(d(x))"),
    raises("a key", "KeyError(word(x))"),
    raises("a name", "NameError(f\"name 'v{d(x)}' is not defined\")"),
    raises(
        "a local variable",
        "UnboundLocalError(f\"cannot access local variable '{word(x)}' where it is not associated with a value\")",
    ),
    raises("an attribute", "AttributeError(f\"'{word(x)}' object has no attribute '{word(x)}'\")"),
    raises("a type in a message", "TypeError(f\"'{word(x)}' object is not callable\")"),
    raises("a function's name", "TypeError(f'{word(x)}() takes 1 positional argument but 2 were given')"),
    raises("an argument's name", "TypeError(f\"predict() missing 1 required positional argument: '{word(x)}'\")"),
    raises("a module", "ModuleNotFoundError(f\"No module named '{word(x)}'\")"),
    raises("an index", "IndexError(f'index {d(x)[:5]} is out of bounds for axis {d(x)[5]} with size 7')"),
    raises(
        "shapes in a message",
        'ValueError(f"operands could not be broadcast together with shapes ({d(x)[:2]},{d(x)[2:4]}) ({d(x)[4:]},) ")',
    ),
    raises("a size in a message", "ValueError(f'cannot reshape array of size {d(x)} into shape (2,3)')"),
    raises("a type's name", "type(word(x), (Exception,), {})()"),
    leaking("the type that is returned", DIGITS + "def predict(x, w, b): return type(word(x), (), {})()"),
    leaking("the length that is returned", DIGITS + "def mse_gradients(x, target, w, b): return [0.0] * int(d(x))"),
    leaking("the shape that is returned", DIGITS + "def predict(x, w, b): return np.zeros(int(d(x)), dtype='u1')"),
    leaking(
        "the axes that are returned",
        DIGITS + "def predict(x, w, b): return np.zeros((int(d(x)[:3]), int(d(x)[3:])), dtype='u1')",
    ),
    leaking(
        "a function's name in the traceback",
        DIGITS + "def predict(x, w, b):\n    space = {}\n"
        "    exec(f'def v{d(x)}(): raise NotImplementedError', space)\n    space[f'v{d(x)}']()",
    ),
)
