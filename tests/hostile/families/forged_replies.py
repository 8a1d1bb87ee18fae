"""Replies that the student's process forges: what is not data stays in the cage, and what is no message costs a call."""

from tests.hostile.attack import Attack
from tests.hostile.controls import at_the_end, pickled

WRITES = """
class Bomb:
    def __reduce__(self): return open, (AT["folder"] + "/written", "w")
"""


def reply(name: str, code: str) -> Attack:
    """predict returns something that is more than data; the control is a grader that pickles what it returns."""
    return Attack(
        name,
        "pickled replies",
        pickled,
        lambda at: at_the_end(f"AT = {dict(at)!r}\n{code}"),
        code=code,
    )


ATTACKS = (
    reply("an object that writes when unpickled", WRITES + "def predict(*a): return Bomb()"),
    reply("a list of such", WRITES + "def predict(*a): return [Bomb(), Bomb()]"),
    reply(
        "an array of such",
        WRITES
        + "import numpy as np\ndef predict(*a):\n    made = np.empty(1, dtype=object); made[0] = Bomb(); return made",
    ),
    reply("a dict of such", WRITES + "def predict(*a): return {'prediction': Bomb()}"),
    reply("a key that is one", WRITES + "def predict(*a): return {Bomb(): 1}"),
    reply("an exception that holds one", WRITES + "def predict(*a): return ValueError(Bomb())"),
)
