"""One submission in the student's process: runs its cells in IPython, then calls its functions for the worker.

Everything here shares a process with the student's code, so nothing here is trusted by the worker and nothing here
knows an answer: it takes inputs, hands them to a function of the notebook, and sends back the result.
"""

from __future__ import annotations

import collections.abc
import itertools
import signal
import socket
import sys
import types
import warnings
from typing import Any

import numpy as np

from . import wire
from .outputs import MAX_OUTPUT, OutputList, silence

MAX_TEXT = 200


class Session:
    """The student's namespace (an IPython shell), the objects kept for the worker, and the socket to it."""

    def __init__(self, shell: Any, sock: socket.socket | None, max_output: int = MAX_OUTPUT) -> None:
        self.shell = shell
        self.sock = sock
        self.max_output = max_output
        self.kept: dict[int, Any] = {}
        self.numbers = itertools.count(1)
        self.lost: dict[str, Any] = {}  # names that a cell deleted, and modules and functions whose names it gave away

    def serve(self) -> None:
        """Answer requests until the worker closes the socket."""
        assert self.sock is not None
        while True:
            try:
                head, body = wire.receive(self.sock)
            except EOFError:
                return
            packer = wire.Packer(head.get("room", wire.MAX_BODY))
            wire.send(self.sock, self.answer(head, body, packer), packer)

    def answer(self, head: dict[str, Any], body: memoryview, packer: wire.Packer) -> dict[str, Any]:
        """Do what one request asks. Never raises for what the student's code does."""
        if head["op"] == "run":
            return self.run(head["code"])
        if head["op"] == "names":
            return {"callable": [n for n in head["names"] if callable(self.shell.user_ns.get(n))]}
        return self.call(head, body, packer)

    def run(self, code: str) -> dict[str, Any]:
        """Run one cell; return its outputs in the form of nbformat, in the order they were made."""
        outputs = OutputList(self.max_output)
        before = dict(self.shell.user_ns)
        with outputs.capture(self.shell):
            result = self.shell.run_cell(code, store_history=True)
        self.lost |= {name: value for name, value in before.items() if self.is_lost(name, value)}
        return {"outputs": outputs.finished(), "ok": bool(result.success)}

    def is_lost(self, name: str, value: Any) -> bool:
        """Whether a name was deleted, or that of a module or a function is now that of something else, as in np = None."""
        names = self.shell.user_ns
        if name not in names:
            return True
        is_tool = isinstance(value, types.ModuleType) or getattr(value, "__name__", "") == name
        return is_tool and not (callable(names[name]) or isinstance(names[name], types.ModuleType))

    def call(self, head: dict[str, Any], body: memoryview, packer: wire.Packer) -> dict[str, Any]:
        """Call one function of the notebook. Where that fails, names that a cell took away are restored for another try."""
        answer = self.call_once(head, body, packer)
        lost = {name: value for name, value in self.lost.items() if self.is_lost(name, value)}
        if "failed" not in answer or not lost:
            return answer
        self.shell.user_ns.update(lost)
        return self.call_once(head, body, packer)

    def call_once(self, head: dict[str, Any], body: memoryview, packer: wire.Packer) -> dict[str, Any]:
        """What one call returned, which arguments it changed, what it warned of."""
        function = self.shell.user_ns.get(head["name"])
        if function is None:
            return {"failed": "missing"}
        if not callable(function):
            return {"failed": "not callable", "type": type(function).__name__}
        try:
            arguments = [self.decode(a, body) for a in head["args"]]
        except KeyError:
            return {"failed": "stale"}
        before = snapshot(arguments)
        with warnings.catch_warnings(record=True) as caught, silence():
            warnings.simplefilter("always")
            try:
                value = function(*arguments)
            except BaseException as error:  # the student's code may raise anything, SystemExit too
                return {"failed": "raised", **describe_error(error, head["name"])}
        answer: dict[str, Any] = {"changed": changes(before, arguments)}
        answer["overflow"] = any("overflow" in str(w.message) for w in caught)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                answer["value"] = self.encode(head["returns"], value, packer)
                if head["echo"]:
                    answer["arguments"] = {path: encode_array(array, packer) for path, array in walk(arguments)}
            except BaseException as error:  # a lazy or broken object can raise when it is looked at
                return {"failed": "raised", **describe_error(error, head["name"])}
        return answer

    def decode(self, entry: Any, body: memoryview) -> Any:
        """Build one argument. Raises KeyError for an object that was kept by an earlier process."""
        if "array" in entry:
            array = wire.unpack_array(entry["array"], body)
            return strided(array) if entry.get("layout") == "strided" else array
        if "kept" in entry:
            return self.kept[entry["kept"]]
        if "dict" in entry:
            return {k: self.decode(v, body) for k, v in entry["dict"].items()}
        if "list" in entry:
            return [self.decode(v, body) for v in entry["list"]]
        if "tuple" in entry:
            return tuple(self.decode(v, body) for v in entry["tuple"])
        if "family" in entry:
            return FAMILIES[entry["family"]](*(self.decode(v, body) for v in entry["with"]))
        return entry["value"]

    def encode(self, spec: Any, value: Any, packer: wire.Packer) -> dict[str, Any]:
        """Send what the worker expects; if it is something else, send its type instead."""
        if spec == "keep":
            number = next(self.numbers)
            self.kept[number] = value
            return {"kept": number}
        if spec == "text":
            return {"text": value[:MAX_TEXT]} if isinstance(value, str) else got(value)
        if spec == "array":
            return encode_array(value, packer)
        if isinstance(spec, dict):
            if not (isinstance(value, collections.abc.Mapping) or hasattr(value, "keys")):
                return got(value)
            return {
                "dict": {
                    k: self.encode(s, value[k], packer) if k in value else {"absent": True} for k, s in spec.items()
                }
            }
        if isinstance(value, (str, bytes, collections.abc.Mapping)) or not hasattr(value, "__len__"):
            return got(value)
        if len(value) != len(spec):
            return {**got(value), "length": len(value)}
        return {"tuple": [self.encode(s, v, packer) for s, v in zip(spec, value, strict=True)]}


def encode_array(value: Any, packer: wire.Packer) -> dict[str, Any]:
    """Whatever np.asarray turns into an array of numbers."""
    if value is None or isinstance(value, (str, bytes, collections.abc.Mapping, collections.abc.Set)):
        return got(value)
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return {**got(value), "ragged": True}
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)  # a long double: more than was asked for
    if array.ndim > wire.MAX_DIMENSIONS or packer.size + array.nbytes > packer.room:
        return {**got(value), "large": True}
    try:
        return packer.array(array)
    except wire.ProtocolError:
        return {**got(value), "dtype": array.dtype.kind}


def got(value: Any) -> dict[str, Any]:
    """What was returned instead of what was expected: a type's name, never a value."""
    return {"got": type(value).__name__[:MAX_TEXT]}


def describe_error(error: BaseException, called: str) -> dict[str, Any]:
    """Type, message, line and innermost function of what was raised; the worker decides what of it is shown.

    cell: the first function on the way that the line's cell defines; called where that is the cell of what was called.
    """
    line, where, cell = None, "", ""
    first: dict[str, str] = {}  # of each cell, the function that was called first
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        where = code.co_name[:MAX_TEXT]
        if code.co_filename.startswith(("<ipython", "/tmp/ipykernel")):
            line, cell = traceback.tb_lineno, first.setdefault(code.co_filename, where)
            if where == called:
                first[code.co_filename] = cell = called
        traceback = traceback.tb_next
    if called not in first.values() and cell == next(iter(first.values()), ""):
        cell = called  # a lambda or an object that is called, whose code has another name
    try:
        message = str(error)[:MAX_TEXT]
    except Exception:  # an exception whose own __str__ fails says nothing
        message = ""
    return {"type": type(error).__name__[:MAX_TEXT], "message": message, "line": line, "where": where, "cell": cell}


def snapshot(arguments: list[Any]) -> list[tuple[str, np.ndarray, tuple[Any, ...]]]:
    """Every array among the arguments with a copy of its bytes, its dtype and shape."""
    return [(path, array, (array.tobytes(), array.dtype.str, array.shape)) for path, array in walk(arguments)]


def changes(before: list[tuple[str, np.ndarray, tuple[Any, ...]]], arguments: list[Any]) -> list[str]:
    """The paths of arguments that are no longer what they were."""
    now = dict(walk(arguments))
    changed = [p for p, a, old in before if now.get(p) is not a or (a.tobytes(), a.dtype.str, a.shape) != old]
    known = {path for path, _, _ in before}
    return changed + [p for p in now if p not in known]


def walk(value: Any, path: str = "") -> collections.abc.Iterator[tuple[str, np.ndarray]]:
    """Arrays in lists, tuples and dicts, each with its path such as ``1.weight_hh``."""
    if isinstance(value, np.ndarray):
        yield path, value
    elif type(value) is dict:
        for key, item in value.items():
            yield from walk(item, f"{path}.{key}".strip("."))
    elif type(value) in (list, tuple):
        for index, item in enumerate(value):
            yield from walk(item, f"{path}.{index}".strip("."))


def strided(array: np.ndarray) -> np.ndarray:
    """The same values in memory with holes, every second entry of a wider array: no flat view of it exists."""
    if array.ndim == 0:
        return array
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1] + 1), dtype=array.dtype)
    view = wide[..., :-1:2]
    view[...] = array
    return view


# Functions that are arguments: numerical_derivative and numerical_gradient take f. They are built here, from
# coefficients, because code never travels.
FAMILIES: dict[str, Any] = {
    "cubic": lambda c: lambda at: float(c[0] + c[1] * at + c[2] * at**2 + c[3] * at**3),
    "wave": lambda c: lambda at: float(c[0] * np.sin(c[1] * at + c[2])),
    "ridge": lambda a, b: lambda array: float(np.sum(np.sin(a * array)) + 0.5 * np.sum(b * array) ** 2),
}


def make_shell() -> Any:
    """An IPython shell without history, terminal or files, whose outputs go to the current OutputList."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.text import SList
    from traitlets.config import Config

    class Hook(DisplayHook):  # type: ignore[misc]
        """Turns the value of a cell's last line into an execute_result."""

        def __call__(self, result: Any = None) -> None:
            self.check_for_underscore()
            if result is None or self.quiet():
                return
            data, metadata = self.compute_format_data(result)
            self.update_user_ns(result)
            if data:
                self.shell.outputs.show("execute_result", data, metadata)

    class Publisher(DisplayPublisher):  # type: ignore[misc]
        """Turns display(…) and figures into display_data."""

        def publish(self, data: dict[str, Any], metadata: Any = None, **kwargs: Any) -> None:
            self.shell.outputs.show("display_data", data, metadata or {})

        def clear_output(self, wait: bool = False) -> None:
            self.shell.outputs.items.clear()

    class Shell(InteractiveShell):  # type: ignore[misc]
        """A shell with no window system behind it."""

        displayhook_class = Hook
        display_pub_class = Publisher

        def enable_gui(self, gui: Any = None) -> None:
            """Figures are inline; there is no event loop to start."""

        def system(self, cmd: str) -> None:
            """``!pip install …``, ``%pip``: no program is run, and the rest of the cell goes on."""
            print("Shell commands are not run while grading.", file=sys.stderr)
            self.user_ns["_exit_code"] = 1

        def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
            """``files = !ls``: nothing comes back."""
            self.system(cmd)
            return SList() if split else ""

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.autoindent = False
    shell = Shell.instance(config=config)
    shell.outputs = OutputList(MAX_OUTPUT)

    def show_error(etype: Any, evalue: Any, stb: list[str]) -> None:
        lines = [line for text in stb for line in str(text).split("\n")]
        shell.outputs.error(etype.__name__, str(evalue), lines)

    shell._showtraceback = show_error
    return shell


def warm_up(shell: Any) -> None:
    """Do once, before any fork, what every submission would pay for: imports, a cell, a figure's machinery."""
    import matplotlib

    matplotlib.use("module://matplotlib_inline.backend_inline")
    import matplotlib.pyplot

    shell.run_line_magic("matplotlib", "inline")
    shell.run_cell("import numpy as np\n1 + 1", store_history=False)
    shell.reset(new_session=True)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
