"""Your code seen from here: the notebook that called, the line that failed, the functions that a function calls."""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, TracebackType
from typing import Any

from .values import shortened


def notebook() -> Mapping[str, Any]:
    """The names of the notebook whose cell called."""
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        is_ours(frame.f_code.co_filename) or frame.f_code.co_filename == contextlib.__file__
    ):
        frame = frame.f_back
    return frame.f_globals


HERE = notebook.__code__.co_filename  # this file, however it was loaded


def is_ours(filename: str) -> bool:
    """Is this the file of the self-check? Its authors have it as a package: one folder of files."""
    return filename == HERE or (bool(__package__) and os.path.dirname(filename) == os.path.dirname(HERE))


def codes_in(trace: TracebackType | None) -> Iterator[tuple[CodeType, int]]:
    """The code and the line of every frame that an exception came through, without ours."""
    while trace is not None:
        code = trace.tb_frame.f_code
        if not is_ours(code.co_filename):
            yield code, trace.tb_lineno
        trace = trace.tb_next


def functions_in(error: BaseException) -> list[str]:
    """Names of your functions that an exception came through, the innermost last."""
    return [code.co_name for code, _ in codes_in(error.__traceback__)]


def line_of(error: BaseException) -> str:
    """Where in your code an exception arose: the last frame that is no library's."""
    found = ""
    for code, number in codes_in(error.__traceback__):
        library = code.co_filename.startswith(("<frozen", os.path.dirname(os.__file__)))
        if not library and "site-packages" not in code.co_filename:
            source = shortened(linecache.getline(code.co_filename, number), 80)
            line = number - code.co_firstlineno + 1
            found = f" ({code.co_name}, line {line}{': ' if source else ''}{source})"
    return found


def is_untouched(error: BaseException) -> bool:
    """Is the line above the one that raised still the notebook's own, so that nothing is written there?"""
    lines = [linecache.getline(code.co_filename, number - 1) for code, number in codes_in(error.__traceback__)]
    return bool(lines) and "YOUR CODE HERE" in lines[-1]


def unwritten_function(error: BaseException, names: Sequence[str]) -> str | None:
    """The function that is not written: the innermost frame of a NotImplementedError, or an undefined name."""
    if isinstance(error, NameError):
        return error.name if error.name in names else None
    inside = functions_in(error) if isinstance(error, NotImplementedError) else []
    return inside[-1] if inside and inside[-1].isidentifier() else None


def only_raises(function: Any) -> bool:
    """Is this nothing but a raise, as the stub that you were given?"""
    code = getattr(function, "__code__", None)
    return isinstance(code, CodeType) and len({line for *_, line in code.co_lines() if line}) <= 2


def is_stub(function: Any) -> bool:
    return only_raises(function) and "NotImplementedError" in function.__code__.co_names


def names_used(function: Any, space: Mapping[str, Any]) -> set[str]:
    """The names of the notebook that a function's code mentions, and those that its helpers mention."""
    found: set[str] = set()
    codes = [getattr(function, "__code__", None)]
    while codes:
        code = codes.pop()
        if isinstance(code, CodeType):
            new = set(code.co_names) - found
            found |= new
            codes += [getattr(space.get(name), "__code__", None) for name in new]
            codes += code.co_consts  # functions inside the function
    return found


class PrintCounter(io.TextIOBase):
    """Counts what is printed and forgets it."""

    count = 0

    def write(self, text: str) -> int:
        self.count += len(text)
        return len(text)


def open_figures() -> set[int]:
    """Numbers of the open figures; none before matplotlib is imported."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()
